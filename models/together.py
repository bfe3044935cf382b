"""Work between departments: opinions asked for, joint visits and meetings, stand-ins, what must be put right."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, bindparam, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, col, select

from models.account import Account
from models.case import Item
from models.clock import ClockRow
from models.columns import code, moment, one_of
from models.table import Table
from rules.clock import ClockKind
from rules.named import Named
from rules.states import ITEM_OPEN, ITEM_OPEN_AT_DESK


class OpinionKind(Named):
    """Who must have spoken before the item can be decided?"""

    COUNTERSIGN = "countersign", "会签"  # gates the decision
    ADDED = "added", "加签"  # gates the decision; asked of one more person or department
    ADVICE = "advice", "征求意见"  # does not


class GatheringKind(Named):
    VISIT = "visit", "联合踏勘"
    MEETING = "meeting", "联合会审"


class Opinion(Table, table=True):
    """意见: asked of another department about an item, and what it said."""

    __tablename__ = "opinion"
    __table_args__ = (
        one_of("kind", OpinionKind),
        # What a department's desk asks: whose questions wait for us?
        Index(
            "opinion_open",
            "department_code",
            postgresql_where=text("answered_at IS NULL AND cancelled_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    item_number: str = Field(foreign_key="item.number", max_length=54)
    kind: OpinionKind = Field(sa_column=code(OpinionKind))
    department_code: str = Field(foreign_key="department.code", max_length=32)  # that is asked
    clock_id: UUID = Field(foreign_key="clock.id")  # until when it is to answer
    question: str = Field(max_length=2000)
    asked_by: str = Field(max_length=50)
    asked_at: datetime = Field(sa_column=moment(nullable=False))
    agrees: bool | None = None
    answer: str = Field(default="", max_length=2000)
    answered_by: str = Field(default="", max_length=50)
    answered_at: datetime | None = Field(default=None, sa_column=moment())
    cancelled_at: datetime | None = Field(default=None, sa_column=moment())


class Gathering(Table, table=True):
    """联合踏勘或会审: one date for all departments of a case that need it; minutes, and at least two officers."""

    __tablename__ = "gathering"
    __table_args__ = (
        one_of("kind", GatheringKind),
        # What a department's desk asks: where do we go next?
        Index(
            "gathering_ahead",
            "planned_at",
            postgresql_where=text("held_at IS NULL AND cancelled_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    kind: GatheringKind = Field(sa_column=code(GatheringKind))
    items: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))  # item numbers
    planned_at: datetime = Field(sa_column=moment(nullable=False))
    place: str = Field(default="", max_length=400)
    arranged_by: str = Field(max_length=50)
    arranged_at: datetime = Field(sa_column=moment(nullable=False))
    officers: list[str] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False)
    )  # who took part
    findings: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False)
    )  # item number -> {"passed", "finding"}
    minutes: str = Field(default="", max_length=4000)
    recorded_by: str = Field(default="", max_length=50)
    held_at: datetime | None = Field(default=None, sa_column=moment())
    cancelled_at: datetime | None = Field(default=None, sa_column=moment())
    cancel_reason: str = Field(default="", max_length=2000)


class Delegation(Table, table=True):
    """委托代办: who acts for whose post, from which day to which."""

    __tablename__ = "delegation"
    __table_args__ = (Index("delegation_of_stand_in", "stand_in", "until_day"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    username: str = Field(foreign_key="account.username", max_length=50)  # whose post it is
    stand_in: str = Field(foreign_key="account.username", max_length=50)
    from_day: date
    until_day: date  # included
    reason: str = Field(max_length=2000)
    made_by: str = Field(max_length=50)
    made_at: datetime = Field(sa_column=moment(nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=moment())


class Rectification(Table, table=True):
    """整改: what must be put right before an item is inspected again."""

    __tablename__ = "rectification"
    __table_args__ = (
        Index(
            "one_open_rectification", "item_number", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    item_number: str = Field(foreign_key="item.number", max_length=54)
    requirement: str = Field(max_length=2000)
    required_by: str = Field(max_length=50)
    required_at: datetime = Field(sa_column=moment(nullable=False))
    finding: str = Field(default="", max_length=2000)
    ended_by: str = Field(default="", max_length=50)
    ended_at: datetime | None = Field(default=None, sa_column=moment())


_OPEN = (col(Opinion.answered_at).is_(None), col(Opinion.cancelled_at).is_(None))


def opinions_of(session: Session, case_number: str) -> list[Opinion]:
    """Every opinion asked for in a case, first to last."""
    query = select(Opinion).where(Opinion.case_number == case_number)
    return list(session.exec(query.order_by(col(Opinion.asked_at), col(Opinion.id))))


def gatherings_of(session: Session, case_number: str) -> list[Gathering]:
    """The joint visits and meetings of a case, first to last."""
    query = select(Gathering).where(Gathering.case_number == case_number)
    return list(session.exec(query.order_by(col(Gathering.arranged_at), col(Gathering.id))))


def open_opinions(session: Session, item_number: str) -> list[Opinion]:
    """The opinions asked for about this item that are still to come."""
    return list(session.exec(_OPEN_OPINIONS, params={"item": item_number}))


_OPEN_OPINIONS = (  # every decision asks it: put together once
    select(Opinion)
    .where(
        Opinion.item_number == bindparam("item"),
        col(Opinion.answered_at).is_(None),
        col(Opinion.cancelled_at).is_(None),
    )
    .order_by(col(Opinion.asked_at), col(Opinion.id))
)


def open_rectification(session: Session, item_number: str) -> Rectification | None:
    """What must still be put right before this item is inspected again."""
    query = select(Rectification).where(
        Rectification.item_number == item_number, col(Rectification.ended_at).is_(None)
    )
    return session.exec(query).one_or_none()


def rectifications_of(session: Session, case_number: str) -> list[Rectification]:
    """What had to be put right in a case, first to last."""
    query = select(Rectification).where(Rectification.case_number == case_number)
    return list(session.exec(query.order_by(col(Rectification.required_at))))


def asked_departments(session: Session, clocks: Iterable[UUID]) -> dict[UUID, str]:
    """Clock of an opinion -> the department that is to answer by then."""
    query = select(Opinion.clock_id, Opinion.department_code).where(col(Opinion.clock_id).in_(list(clocks)))
    return dict(session.execute(query).tuples().all())


def lock_delegations(session: Session, username: str) -> list[Delegation]:
    """The delegations of a post that were not ended, locked with the post until the transaction ends."""
    session.execute(select(Account.username).where(Account.username == username).with_for_update())
    query = select(Delegation).where(Delegation.username == username, col(Delegation.ended_at).is_(None))
    return list(session.exec(query.execution_options(populate_existing=True)))


def delegations_of(session: Session, department: str, since: date) -> list[Delegation]:
    """Those of a department's posts that are not over, the first to begin first; a closed account has none to give."""
    query = (
        select(Delegation)
        .join(Account, col(Account.username) == Delegation.username)
        .where(
            Account.department_code == department,
            col(Account.active),
            col(Delegation.ended_at).is_(None),
            col(Delegation.until_day) >= since,
        )
    )
    return list(session.exec(query.order_by(col(Delegation.from_day), col(Delegation.made_at))))


def posts_of_stand_in(session: Session, username: str, day: date) -> list[Account]:
    """The posts that this account fills on this day for others; the rights of a closed account rest with it."""
    query = (
        select(Account)
        .join(Delegation, col(Delegation.username) == Account.username)
        .where(
            Delegation.stand_in == username,
            col(Account.active),
            col(Delegation.from_day) <= day,
            col(Delegation.until_day) >= day,
            col(Delegation.ended_at).is_(None),
        )
    )
    return list(session.exec(query.order_by(col(Account.username))))


def opinions_waiting(session: Session, department: str) -> list[tuple[Opinion, Item, ClockRow]]:
    """What this department was asked and has not answered, the first to be due first (待反馈意见)."""
    query = (
        select(Opinion, Item, ClockRow)
        .join(Item, col(Item.number) == Opinion.item_number)
        .join(ClockRow, col(ClockRow.id) == Opinion.clock_id)
        .where(Opinion.department_code == department, *_OPEN, col(Item.state).in_(ITEM_OPEN_AT_DESK))
    )
    return [(one, item, clock) for one, item, clock in session.exec(query.order_by(col(ClockRow.due_on)))]


def is_asked(session: Session, case_number: str, department: str) -> bool:
    """Does this department still owe an opinion in this case?"""
    query = (
        select(Opinion.id)
        .join(Item, col(Item.number) == Opinion.item_number)
        .where(
            Opinion.case_number == case_number,
            Opinion.department_code == department,
            *_OPEN,
            col(Item.state).in_(ITEM_OPEN_AT_DESK),
        )
    )
    return session.exec(query.limit(1)).first() is not None


def gatherings_ahead(session: Session, department: str) -> list[Gathering]:
    """The visits and meetings to which this department goes, the next one first."""
    taking_part = (
        select(Item.number)
        .where(
            Item.case_number == Gathering.case_number,
            Item.department_code == department,
            col(Item.state).in_(ITEM_OPEN),
            col(Gathering.items).contains(func.to_jsonb(col(Item.number))),
        )
        .exists()
    )
    ahead = (col(Gathering.held_at).is_(None), col(Gathering.cancelled_at).is_(None), taking_part)
    return list(session.exec(select(Gathering).where(*ahead).order_by(col(Gathering.planned_at))))


def rectifications_overdue(session: Session, items: Collection[Item], at: datetime) -> set[str]:
    """Those of these items that were not put right in time."""
    query = select(ClockRow.item_number).where(
        col(ClockRow.case_number).in_({item.case_number for item in items}),  # as the index has it
        col(ClockRow.item_number).in_([item.number for item in items]),
        ClockRow.kind == ClockKind.RECTIFICATION,
        col(ClockRow.stopped_at).is_(None),
        col(ClockRow.due_at) < at,
    )
    return set(session.exec(query))


def urged_open(session: Session, limit: int = 1000) -> list[Item]:
    """Open items that the manager has urged (督办), the latest first."""
    query = select(Item).where(col(Item.urged_at).is_not(None), col(Item.state).in_(ITEM_OPEN_AT_DESK))
    return list(session.exec(query.order_by(col(Item.urged_at).desc()).limit(limit)))
