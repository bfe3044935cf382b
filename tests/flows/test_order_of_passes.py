"""What is immediate is passed before what has weeks, and little waits where nobody can put it in order."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from models.case import Case, Item, items_of
from models.conducting import asked_for, cases_to_ask_for, note_asked, note_told
from models.desk import Days, DeskWanted, desk_listed
from models.heartbeat import Pulse, beat, present
from rules.states import ItemState, Lane
from tests.people import MORNING, a_case, a_city

AGAIN = timedelta(seconds=20)
LATER = MORNING + timedelta(hours=2)
TODAY, TOMORROW, WEEKS = date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 30)


@pytest.fixture
def backlog(db: Session) -> list[Case]:
    """Twelve long cases that have waited the whole morning."""
    a_city(db)
    return [long_case(db, MORNING + timedelta(minutes=minute)) for minute in range(12)]


def long_case(db: Session, at: datetime) -> Case:
    case = a_case(db, at=at)
    case.promised_due_on = WEEKS
    for item in items_of(db, case.number):
        item.promised_due_on = item.due_on = WEEKS
    db.flush()
    return case


def a_held_item(db: Session, case: Case) -> Item:
    return next(item for item in items_of(db, case.number) if item.state is ItemState.IN_REVIEW)


def asked(db: Session, limit: int = 3) -> list[str]:
    return [case.number for case in cases_to_ask_for(db, LATER, AGAIN, limit)]


def test_without_anything_immediate_who_waits_longest_is_first(db: Session, backlog: list[Case]) -> None:
    assert asked(db, 12) == [case.number for case in backlog]


@pytest.mark.parametrize("due", [TODAY, TOMORROW])
def test_an_item_promised_for_today_or_tomorrow_is_passed_next(
    db: Session, backlog: list[Case], due: date
) -> None:
    late = long_case(db, LATER)
    a_held_item(db, late).promised_due_on = due
    db.flush()
    assert asked(db) == [late.number, backlog[0].number, backlog[1].number]


def test_what_a_rule_has_granted_is_passed_next(db: Session, backlog: list[Case]) -> None:
    late = long_case(db, LATER)
    a_held_item(db, late).lane = Lane.RULE
    db.flush()
    assert asked(db)[0] == late.number


def test_a_case_promised_within_a_day_is_passed_next_also_for_its_certificates(
    db: Session, backlog: list[Case]
) -> None:
    late = long_case(db, LATER)
    late.promised_due_on = TOMORROW
    db.flush()
    assert asked(db)[0] == late.number


def test_once_prefect_shows_the_item_its_case_waits_like_the_others(db: Session, backlog: list[Case]) -> None:
    late = long_case(db, LATER)
    item = a_held_item(db, late)
    item.promised_due_on, item.task_run_id = TODAY, uuid4()
    db.flush()
    note_told(db, item.number, item.task_run_id, item.state, LATER)
    assert late.number not in asked(db)
    assert asked(db, 13)[-1] == late.number


def test_what_waits_for_a_worker_is_counted_until_it_is_begun(db: Session, backlog: list[Case]) -> None:
    for case in backlog[:5]:
        note_asked(db, case.number, uuid4(), LATER)
    db.expire_all()
    assert asked_for(db, LATER, AGAIN, 100) == 5
    assert asked_for(db, LATER, AGAIN, 3) == 3, "no more than is asked"
    backlog[0].lease_holder, backlog[0].lease_until = "worker", LATER + AGAIN
    db.flush()
    assert asked_for(db, LATER, AGAIN, 100) == 4, "a worker has begun it"
    assert asked_for(db, LATER + 2 * AGAIN, AGAIN, 100) == 0, "nobody ran them: they are asked for again"


def test_what_was_asked_for_in_vain_waits_behind_what_was_not_asked_for_yet(
    db: Session, backlog: list[Case]
) -> None:
    """Nobody may be there for its district: it must not stand before all the others for ever."""
    for case in backlog[:5]:
        note_asked(db, case.number, uuid4(), LATER - 2 * AGAIN)
    db.expire_all()
    assert asked(db, 12) == [case.number for case in [*backlog[5:], *backlog[:5]]]


def test_the_more_workers_are_there_the_more_may_wait_for_them(db: Session) -> None:
    for pid in (1, 2):
        pulse = Pulse("worker")
        pulse.name, pulse.pid = f"worker-{pid}", pid
        beat(db, pulse)
    beat(db, Pulse("conductor"))
    assert present(db, "worker") == 2
    db.connection().execute(
        text("UPDATE heartbeat SET seen_at = now() - interval '1 minute' WHERE name = 'worker-1'")
    )
    assert present(db, "worker") == 1


def test_the_desk_has_what_is_immediate_first_as_well(db: Session, backlog: list[Case]) -> None:
    late = long_case(db, LATER)
    item = a_held_item(db, late)
    item.promised_due_on = item.due_on = TODAY
    db.flush()
    listed = desk_listed(db, item.department_code, DeskWanted(), Days(TODAY, TOMORROW)).rows
    assert listed[0].item.number == item.number
