"""一次性告知 and 补正 as the tests play them: two departments, three papers, received on a Monday."""

from datetime import datetime

import pytest
from sqlmodel import Session

from actions.doing import possible
from actions.listing_gaps import list_gap
from actions.supplementing import Answer, answer_gap, ask_supplement
from models.audit import timeline
from models.case import Case, materials_of
from models.clock import ClockRow, running_clocks
from models.notice import Notice, notices_of
from models.supplement import Gap
from rules.application import Supplied
from rules.bundle import Bundle, OnSilence, Supplement
from rules.clock import ClockKind
from rules.material import MaterialState
from rules.moments import CHINA
from rules.notices import Event
from rules.states import Act
from tests.actions.small import FORM, PLAN, SIGN, a_bundle, a_case_of, an_item, working_days
from tests.people import CLERK, a_city, account

BACK = ("M-FORM", "缺负责人签字")


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def at(day: str, hour: int = 10, minute: int = 0) -> datetime:
    """03-02 at ten in the hall, in 2026."""
    month, number = (int(part) for part in day.split("-"))
    return datetime(2026, month, number, hour, minute, tzinfo=CHINA)


RECEIVED = at("03-02")  # Monday, domain T17


def two_desks(silence: OnSilence = OnSilence.ASK, answer: int = 15) -> Bundle:
    """market needs form and plan, fire the plan and the sign; market leads."""
    law = working_days(20, "行政许可法第四十二条")
    return a_bundle(
        an_item(1, materials=("M-FORM", "M-PLAN"), legal=law),
        an_item(2, "fire", materials=("M-PLAN", "M-SIGN"), legal=law),
        materials=(FORM, PLAN, SIGN),
        supplement=Supplement(working_days(2), working_days(answer), silence),
    )


@pytest.fixture
def case(db: Session, monkeypatch: pytest.MonkeyPatch) -> Case:
    return a_case_of(db, two_desks(), monkeypatch, accepted=False, at=RECEIVED)


def lists(
    db: Session, case: Case, who: str, spec: str, what: str, when: datetime = RECEIVED, **more: object
) -> Gap:
    gap = list_gap(db, case.number, spec, what, by=account(db, who), at=when, **more)  # type: ignore[arg-type]
    db.flush()
    return gap


def asks(db: Session, case: Case, when: datetime = RECEIVED) -> str:
    return ask_supplement(db, case.number, by=account(db, CLERK), at=when).number


def answers(db: Session, case: Case, spec: str, when: datetime, answer: Answer | None = None) -> bool:
    given = answer or Answer(file=Supplied(spec, "新.pdf", "f" * 32, "application/pdf", 9, "a" * 64))
    return answer_gap(db, case.number, spec, given, by=None, at=when)


def asked(db: Session, case: Case, *specs: str) -> str:
    """A notice of these papers, from the window, on the day of receipt."""
    for spec in specs or ("M-PLAN",):
        lists(db, case, CLERK, spec, "看不清，请重新提交")
    return asks(db, case)


def told(db: Session, case: Case, event: Event) -> list[Notice]:
    return [one for one in notices_of(db, case.number) if one.event is event]


def clock(db: Session, case: Case, kind: ClockKind) -> ClockRow:
    return next(row for row in running_clocks(db, case.number) if row.kind is kind)


def latest(db: Session, case: Case, spec: str) -> tuple[int, MaterialState]:
    return next((one.version, one.state) for one in materials_of(db, case.number) if one.spec_id == spec)


def acts(db: Session, case: Case) -> list[Act]:
    return [entry.act for entry in timeline(db, case.number)]


def open_to(db: Session, case: Case, who: str, when: datetime = RECEIVED) -> set[str]:
    return {one.doing.name for one in possible(db, case.number, account(db, who), at=when)}
