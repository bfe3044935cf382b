"""交接班: which drafts and cases did one clerk leave to the next, with what note, and who took them over?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, or_, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, col, select

from models.account import Account
from models.case import Case
from models.case_lists import cases_for_a_list
from models.columns import moment
from models.leaf import Leaf, leaf_of
from models.owing import accepted_and_owing, owes
from models.table import Table
from rules.districts import reaches
from rules.errors import NotFound
from rules.people import Role
from rules.states import BEFORE_ACCEPTANCE

OPEN = "taken_at IS NULL AND recalled_at IS NULL"
MOST_AT_ONCE = 200  # cases of each kind offered for one hand-over; the window's day is shorter


class ShiftChange(Table, table=True):
    """One hand-over at the end of a shift. It stays as the record of who had what, and from when."""

    __tablename__ = "shift_change"
    __table_args__ = (
        # What the home page asks: what waits to be taken over?
        Index("shift_change_open", "given_at", postgresql_where=text(OPEN)),
        Index("shift_change_given", "given_by", "given_at"),
        Index("shift_change_taken", "taken_by", "given_at"),
        # What a case's page asks: has it changed hands?
        Index("shift_change_of_case", "cases", postgresql_using="gin"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    given_by: str = Field(max_length=50)
    given_to: str = Field(default="", max_length=50)  # '' is whoever comes next
    note: str = Field(default="", max_length=2000)
    cases: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))  # their numbers
    drafts: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))  # their tokens
    given_at: datetime = Field(sa_column=moment(nullable=False))
    taken_by: str = Field(default="", max_length=50)
    taken_at: datetime | None = Field(default=None, sa_column=moment())
    recalled_at: datetime | None = Field(default=None, sa_column=moment())


def lock_shift_change(session: Session, change_id: UUID) -> ShiftChange:
    """The hand-over, locked: of two who take it over one is first."""
    query = select(ShiftChange).where(ShiftChange.id == change_id).with_for_update()
    found = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("没有这次交接。")
    return found


def shift_changes_waiting(session: Session, username: str) -> list[ShiftChange]:
    """What this clerk may take over, the oldest first."""
    mine = (col(ShiftChange.given_to).in_(("", username)), col(ShiftChange.given_by) != username)
    query = select(ShiftChange).where(text(OPEN), *mine).order_by(col(ShiftChange.given_at)).limit(20)
    return list(session.exec(query))


def shift_changes_of(session: Session, username: str, page: int = 1) -> Leaf[ShiftChange]:
    """What this clerk has given or taken, the latest first."""
    where = or_(col(ShiftChange.given_by) == username, col(ShiftChange.taken_by) == username)
    query = select(ShiftChange).where(where).order_by(col(ShiftChange.given_at).desc(), col(ShiftChange.id))
    return leaf_of(session, query, page)


def shift_changes_of_case(session: Session, number: str) -> list[ShiftChange]:
    """How a case changed hands at the window, first to last."""
    query = select(ShiftChange).where(
        col(ShiftChange.cases).contains([number]), col(ShiftChange.taken_at).is_not(None)
    )
    return list(session.exec(query.order_by(col(ShiftChange.taken_at))))


def in_open_changes(session: Session, username: str) -> tuple[set[str], set[str]]:
    """Cases and drafts that this clerk has laid out already and nobody has taken yet."""
    query = select(ShiftChange).where(text(OPEN), ShiftChange.given_by == username)
    rows = list(session.exec(query))
    return {one for row in rows for one in row.cases}, {one for row in rows for one in row.drafts}


def in_hand_of(session: Session, username: str) -> list[Case]:
    """What this clerk looks after: cases before acceptance, then those that still owe something at the window."""
    query = cases_for_a_list().where(Case.window_clerk == username, col(Case.state).in_(BEFORE_ACCEPTANCE))
    before = list(session.exec(query.order_by(col(Case.submitted_at)).limit(MOST_AT_ONCE)))
    return before + accepted_and_owing(session, username, MOST_AT_ONCE)


def give_cases_to(session: Session, numbers: Iterable[str], username: str) -> list[str]:
    """These cases are this clerk's from now on; the numbers of those that still need somebody at the window."""
    needs_somebody = or_(col(Case.state).in_(BEFORE_ACCEPTANCE), owes())
    wanted: Any = (col(Case.number).in_(sorted(numbers)), needs_somebody)
    query = update(Case).where(*wanted).values(window_clerk=username).returning(col(Case.number))
    return sorted(session.execute(query).scalars())


def clerks(session: Session) -> list[Account]:
    """Who works at a window."""
    query = select(Account).where(Account.role == Role.CLERK, col(Account.active))
    return list(session.exec(query.order_by(col(Account.username))))


def successors(session: Session, giver: Account) -> list[Account]:
    """Who may take over this clerk's shift: whoever sees all that the giver may have."""
    others = (one for one in clerks(session) if one.username != giver.username)
    return [one for one in others if reaches(one.district, giver.district)]
