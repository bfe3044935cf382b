"""Every example lives to its end by the hands of its departments: what `yjs demo` shows, without the platform."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from actions.accepting import accept
from actions.applying import submit
from actions.gatherings import Minutes, arrange, hold, wanting
from cli.application_file import read_application_file
from cli.demo import step_on
from models.case import Case, items_of
from models.together import GatheringKind
from rules.errors import WrongState
from rules.states import CaseState, ItemState, Lane, Outcome
from tests.people import CLERK, MORNING, a_city, account

EXAMPLES = sorted((Path(__file__).parent.parent.parent / "examples").glob("*.yaml"))
VISIT = GatheringKind.VISIT
NOON = MORNING + timedelta(hours=2)


def round_of_decisions(db: Session, case: Case, at: datetime) -> bool:
    """Every department does what it can; was there anything?"""
    done = False
    for item in items_of(db, case.number):
        if item.state is ItemState.IN_REVIEW:
            try:
                with db.begin_nested():
                    step_on(db, case.number, item.code, at=at)
                done = True
            except WrongState:
                continue  # waits for another department
    return done


def visit(db: Session, case: Case) -> None:
    """One joint visit for all items that need one."""
    clerk, kind = account(db, CLERK), GatheringKind.VISIT
    if visited := tuple(item.code for item in wanting(db, case, kind)):
        arrange(db, case.number, kind, NOON, "示例路1号", by=clerk, at=MORNING)
        hold(db, case.number, kind, Minutes(("王芳", "张伟"), "符合要求。", visited), by=clerk, at=NOON)
        db.flush()


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_it_is_concluded(db: Session, file: Path) -> None:
    a_city(db)
    application, _ = read_application_file(file)
    clerk = account(db, CLERK)
    case = submit(db, application, by=clerk, region="000000", at=MORNING)
    accept(db, case.number, by=clerk, at=MORNING)
    if visited := [item.code for item in wanting(db, case, VISIT)]:
        arrange(db, case.number, VISIT, NOON, case.address, by=clerk, at=MORNING)
        minutes = Minutes(("王芳", "张伟"), "逐项查看，符合要求。", tuple(visited))
        hold(db, case.number, VISIT, minutes, by=clerk, at=NOON)
    visit(db, case)
    while case.state is CaseState.ACCEPTED:
        assert round_of_decisions(db, case, NOON), "nobody can go on"
    assert (case.state, case.outcome) == (CaseState.CONCLUDED, Outcome.ALL_GRANTED)
    by_rule = [item.code for item in items_of(db, case.number) if item.lane is Lane.RULE]
    assert by_rule == (["B3-9"] if case.bundle_code == "B3" else [])
