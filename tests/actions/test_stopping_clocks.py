"""Clocks are stopped by one statement: whoever holds one, or has just started it, must see that it has stopped."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from actions.dating import start_step_clock, stop_clocks
from actions.deciding import grant
from models.case import Case, Item, items_of
from models.clock import ClockRow, running_clocks
from rules.bundle import Limit, Unit
from rules.clock import ClockKind
from tests.people import MORNING, a_case, a_city, account

LATER = MORNING + timedelta(hours=1)
TWO_DAYS = Limit(2, Unit.WORKING_DAY, "测试用")


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


@pytest.fixture
def case(db: Session) -> Case:
    case = a_case(db)
    grant(db, case.number, "B1-1", by=account(db, "market"), at=MORNING)
    return case


@pytest.fixture
def item(db: Session, case: Case) -> Item:
    return next(one for one in items_of(db, case.number) if one.code == "B1-4")


def running(db: Session, case: Case, item: Item) -> dict[ClockKind, ClockRow]:
    return {row.kind: row for row in running_clocks(db, case.number, item.number)}


def test_a_clock_that_somebody_holds_has_stopped(db: Session, case: Case, item: Item) -> None:
    held = running(db, case, item)
    assert held
    stop_clocks(db, case, item, at=LATER)
    assert {row.stopped_at for row in held.values()} == {LATER}
    assert not running(db, case, item)


def test_a_clock_started_in_the_same_act_stops_too(db: Session, case: Case, item: Item) -> None:
    start_step_clock(db, case, item, TWO_DAYS, at=MORNING)
    stop_clocks(db, case, item, at=LATER, kind=ClockKind.STEP)
    assert ClockKind.STEP not in running(db, case, item)


def test_what_was_changed_on_a_clock_before_is_kept(db: Session, case: Case, item: Item) -> None:
    held = running(db, case, item)[ClockKind.PROMISED]
    held.source = "改过的依据"
    stop_clocks(db, case, item, at=LATER)
    assert (held.source, held.stopped_at) == ("改过的依据", LATER)


def test_only_the_kind_that_is_named_stops(db: Session, case: Case, item: Item) -> None:
    start_step_clock(db, case, item, TWO_DAYS, at=MORNING)
    before = set(running(db, case, item))
    stop_clocks(db, case, item, at=LATER, kind=ClockKind.STEP)
    assert set(running(db, case, item)) == before - {ClockKind.STEP}


def test_the_clocks_of_other_items_and_of_the_case_run_on(db: Session, case: Case, item: Item) -> None:
    others = [one for one in items_of(db, case.number) if one.number != item.number]
    before = {one.number: set(running(db, case, one)) for one in others}
    of_case = len(running_clocks(db, case.number))
    stop_clocks(db, case, item, at=LATER)
    assert {one.number: set(running(db, case, one)) for one in others} == before
    assert len(running_clocks(db, case.number)) == of_case


def test_a_rung_that_was_reached_is_still_to_be_fired(db: Session, case: Case, item: Item) -> None:
    held = running(db, case, item)[ClockKind.PROMISED]
    reached = held.next_rung_at
    assert reached is not None
    stop_clocks(db, case, item, at=reached + timedelta(days=1))
    assert held.next_rung_at == reached


def test_a_rung_not_reached_yet_never_will_be(db: Session, case: Case, item: Item) -> None:
    held = running(db, case, item)[ClockKind.PROMISED]
    stop_clocks(db, case, item, at=LATER)
    assert held.next_rung_at is None
