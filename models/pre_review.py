"""预审与补正: which cases may still be looked through, which wait for their applicants, what became of them?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case as when
from sqlalchemy import func
from sqlmodel import Session, col, select

from models.case import Case, Item
from models.case_lists import cases_for_a_list
from models.clock import ClockRow
from models.leaf import Leaf, leaf_of
from models.supplement import Gap, SupplementNotice
from rules.clock import ClockKind
from rules.states import CASE_CLOSED, CaseState, ItemState

# After acceptance a department has the case on its desk anyway.
BEFORE_A_DESK = frozenset({CaseState.SUBMITTED, CaseState.CORRECTION}) | CASE_CLOSED - {CaseState.CONCLUDED}


@dataclass(frozen=True)
class Waiting:
    """How a notice stands that the applicant has still to answer."""

    notice: SupplementNotice
    answered: int  # gaps
    told: int
    due_on: date | None  # None: its time is over
    provisional: bool


def to_look_through(session: Session, department: str, page: int = 1) -> Leaf[Case]:
    """预审: received, not accepted yet, with an item of this department; the longest waiting first."""
    mine = select(Item.case_number).where(Item.department_code == department, Item.state == ItemState.PENDING)
    where = (col(Case.number).in_(mine), Case.state == CaseState.SUBMITTED)
    query = cases_for_a_list().where(*where).order_by(col(Case.submitted_at), col(Case.number))
    return leaf_of(session, query, page)


def asked_by(session: Session, department: str, page: int = 1) -> Leaf[Case]:
    """What became of what this department asked for: those that still wait first, then the latest."""
    told = select(Gap.case_number).where(
        Gap.department_code == department,
        col(Gap.notice_number).is_not(None),
        col(Gap.dropped_at).is_(None),
    )
    where = (col(Case.number).in_(told), col(Case.state).in_(BEFORE_A_DESK))
    waiting_first = when((col(Case.state) == CaseState.CORRECTION, 0), else_=1)
    query = cases_for_a_list().where(*where).order_by(waiting_first, col(Case.submitted_at).desc())
    return leaf_of(session, query.order_by(col(Case.number)), page)


def in_correction(session: Session, page: int = 1) -> Leaf[Case]:
    """The window's: those whose time is over first, for somebody must decide; then as they were told."""
    waits = (Case.state == CaseState.CORRECTION,)
    query = (
        cases_for_a_list()
        .join(SupplementNotice, col(SupplementNotice.case_number) == Case.number)
        .where(*waits, col(SupplementNotice.closed_at).is_(None))
        .order_by(col(SupplementNotice.lapsed).desc(), col(SupplementNotice.sent_at), col(Case.number))
    )
    return leaf_of(session, query, page)


def lapsed_count(session: Session) -> int:
    """How many cases stand on the window's desk because nobody answered in time."""
    query = (
        select(func.count())
        .select_from(Case)
        .join(SupplementNotice, col(SupplementNotice.case_number) == Case.number)
        .where(
            Case.state == CaseState.CORRECTION,
            col(SupplementNotice.closed_at).is_(None),
            col(SupplementNotice.lapsed),
        )
    )
    return session.exec(query).one()


def waiting(session: Session, numbers: Iterable[str]) -> dict[str, Waiting]:
    """How the open notices of these cases stand; three queries for all of them."""
    cases = list(numbers)
    if not cases:
        return {}
    notices = select(SupplementNotice).where(
        col(SupplementNotice.case_number).in_(cases), col(SupplementNotice.closed_at).is_(None)
    )
    counts = (
        select(Gap.notice_number, func.count(), func.count(col(Gap.answered_at)))
        .where(
            col(Gap.case_number).in_(cases),
            col(Gap.notice_number).is_not(None),
            col(Gap.dropped_at).is_(None),
        )
        .group_by(col(Gap.notice_number))
    )
    told = {number: (total, answered) for number, total, answered in session.execute(counts)}
    due = {row.case_number: row for row in _running(session, cases, ClockKind.SUPPLEMENT)}
    found = {}
    for notice in session.exec(notices):
        total, answered = told.get(notice.number, (0, 0))
        row = due.get(notice.case_number)
        found[notice.case_number] = Waiting(
            notice,
            answered,
            total,
            row.due_on if row else None,
            row.provisional if row else False,
        )
    return found


def received(session: Session, numbers: Iterable[str]) -> dict[str, datetime]:
    """When the papers came in that are looked through now, by case."""
    cases = list(numbers)
    if not cases:
        return {}
    return {row.case_number: row.started_at for row in _running(session, cases, ClockKind.NOTICE)}


def _running(session: Session, numbers: list[str], kind: ClockKind) -> list[ClockRow]:
    query = select(ClockRow).where(
        col(ClockRow.case_number).in_(numbers), ClockRow.kind == kind, col(ClockRow.stopped_at).is_(None)
    )
    return list(session.exec(query))
