"""An office's last day ends when that office closes; the others keep the hall's hours."""

from dataclasses import replace
from datetime import time

import pytest
from sqlmodel import Session

from actions.deciding import grant
from actions.extending import extend_item
from config.catalogue import departments
from models.case import items_of
from models.clock import clocks_of
from models.supervision import clock_views, standings
from rules.clock import ClockKind
from rules.lights import Light
from rules.moments import CHINA
from rules.office_hours import OfficeHours
from tests.people import MORNING, a_case, a_city, account, head_of

UNTIL_TWO = OfficeHours(((time(8), time(14)),))


@pytest.fixture(autouse=True)
def city(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    a_city(db)
    monkeypatch.setitem(departments(), "fire", replace(departments()["fire"], office_hours=UNTIL_TWO))


def ends(db: Session, number: str) -> dict[tuple[str, ClockKind], str]:
    codes = {item.number: item.code for item in items_of(db, number)}
    return {
        (codes[row.item_number], row.kind): f"{row.due_at.astimezone(CHINA):%m-%d %H:%M}"
        for row in clocks_of(db, number)
        if row.item_number and row.due_at
    }


def test_each_office_closes_at_its_own_time(db: Session) -> None:
    case = a_case(db)
    grant(db, case.number, "B1-1", by=account(db, "market"), at=MORNING)
    db.flush()
    found = ends(db, case.number)
    assert found["B1-4", ClockKind.STATUTORY] == "03-20 14:00"
    assert found["B1-2", ClockKind.STATUTORY] == "04-03 17:30"
    extend_item(
        db, case.number, "B1-2", "复杂", by=head_of(db, "market"), at=MORNING
    )  # dates all of them anew
    db.flush()
    assert ends(db, case.number)["B1-4", ClockKind.STATUTORY] == "03-20 14:00"


def test_pages_and_lights_go_by_the_same_hours(db: Session) -> None:
    case = a_case(db)
    grant(db, case.number, "B1-1", by=account(db, "market"), at=MORNING)
    db.flush()
    [fire] = [item for item in items_of(db, case.number) if item.code == "B1-4"]
    views = clock_views(db, case.number, at=MORNING, item="B1-4")
    promised = next(view for view in views if view.row.kind is ClockKind.PROMISED)
    assert promised.now.due_at == promised.row.due_at
    assert promised.row.due_at
    a_minute_late = promised.row.due_at.replace(minute=1)
    assert promised.row.due_at.astimezone(CHINA).hour == 14
    assert standings(db, [case.number], at=a_minute_late)[fire.number].light is Light.YELLOW
    assert standings(db, [case.number], at=promised.row.due_at)[fire.number].light is not Light.YELLOW
