"""After the decision: what is handed over or posted, and what is checked later."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, and_, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, col, select

from models.case import Case, Item, items_of
from models.clock import ClockRow
from models.columns import moment
from models.leaf import PAGE, Leaf, leaf_of, leaf_out_of
from models.table import Table
from models.worklists import in_this_order
from rules.clock import ClockKind
from rules.states import ItemState

RESULTS_COUNTED = 5000  # that lie ready: a window with more has other worries than how many
RESULTS_OF_A_CASE = 20  # at most
MOST_CHECKS = 50  # lines on a desk; the rest follows as these are done


class Delivery(Table, table=True):
    """送达: some results of a case on one way to the applicant: over the counter or by courier."""

    __tablename__ = "delivery"
    __table_args__ = (
        # What the window asks: which parcels are with the courier, the longest first?
        Index(
            "delivery_on_the_way",
            "sent_at",
            postgresql_where=text("delivered_at IS NULL AND returned_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    items: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))  # item numbers
    courier: str = Field(default="", max_length=50)  # '' over the counter
    tracking_number: str = Field(default="", max_length=50)
    recipient: str = Field(default="", max_length=100)  # who signed for it
    sent_by: str = Field(max_length=50)
    sent_at: datetime = Field(sa_column=moment(nullable=False))
    delivered_at: datetime | None = Field(default=None, sa_column=moment())
    returned_at: datetime | None = Field(default=None, sa_column=moment())
    return_reason: str = Field(default="", max_length=2000)


class PostCheck(Table, table=True):
    """事后核查: what was granted on a commitment is checked within so many days; false, it is revoked."""

    __tablename__ = "post_check"
    __table_args__ = (
        # What a department's desk asks: what have we still to check, or found to be not as promised?
        Index("post_check_open", "department_code", postgresql_where=text("passed IS NOT TRUE")),
    )

    item_number: str = Field(foreign_key="item.number", primary_key=True, max_length=54)
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    department_code: str = Field(foreign_key="department.code", max_length=32)
    commitment: str = Field(default="", max_length=2000)
    passed: bool | None = None
    finding: str = Field(default="", max_length=2000)
    checked_by: str = Field(default="", max_length=50)
    checked_at: datetime | None = Field(default=None, sa_column=moment())


def deliveries_of(session: Session, case_number: str) -> list[Delivery]:
    """What has gone out to the applicant, first to last."""
    query = select(Delivery).where(Delivery.case_number == case_number)
    return list(session.exec(query.order_by(col(Delivery.sent_at), col(Delivery.id))))


def deliveries_of_cases(session: Session, case_numbers: Collection[str]) -> list[Delivery]:
    """The same for a page of cases."""
    query = select(Delivery).where(col(Delivery.case_number).in_(list(case_numbers)))
    return list(session.exec(query.order_by(col(Delivery.sent_at), col(Delivery.id))))


def on_the_way(session: Session, case_number: str) -> list[Delivery]:
    """Parcels of the case that are with the courier."""
    return [one for one in deliveries_of(session, case_number) if not (one.delivered_at or one.returned_at)]


def lying_ready(session: Session, case_number: str) -> list[Item]:
    """Granted, the result made, and not handed over since: what went out before a case was opened again is another."""
    sent = [one for one in deliveries_of(session, case_number) if one.returned_at is None]
    return [
        item
        for item in items_of(session, case_number)
        if item.state is ItemState.GRANTED and item.result_number and handed_over(item, sent) is None
    ]


def refusals_lying_ready(session: Session, case: Case) -> list[Item]:
    """Refused, the joint answer given, and the decision (art. 38) not handed over since; no ten days run for it."""
    if case.issued_at is None:
        return []
    sent = [one for one in deliveries_of(session, case.number) if one.returned_at is None]
    return [
        item
        for item in items_of(session, case.number)
        if item.state is ItemState.REFUSED and handed_over(item, sent) is None
    ]


def handed_over(item: Item, deliveries: list[Delivery]) -> Delivery | None:
    """How the present result of the item left, if it did."""
    return next(
        (
            one
            for one in reversed(deliveries)
            if item.number in one.items
            and one.returned_at is None
            and item.decided_at is not None
            and one.sent_at >= item.decided_at
        ),
        None,
    )


def came_back(items: Iterable[Item], deliveries: Iterable[Delivery]) -> dict[str, Delivery]:
    """退回: item number -> the parcel in which its present result came back, unless it has left again since."""
    last = {number: one for one in deliveries for number in one.items}
    return {
        item.number: last[item.number]
        for item in items
        if item.number in last
        and last[item.number].returned_at
        and item.decided_at is not None
        and last[item.number].sent_at >= item.decided_at
    }


def cases_to_hand_over(session: Session, page: int = 1) -> Leaf[Case]:
    """待发放: cases with results that lie ready, the one whose ten days end first at the top.

    Read along the clocks that run, the first to end first, no further than a page tells.
    """
    most = max(RESULTS_COUNTED, (page + 1) * PAGE * RESULTS_OF_A_CASE)
    # A scalar subquery, asked of each clock: else the planner goes through every result that was ever made.
    made = (
        select(Item.number)
        .where(Item.number == ClockRow.item_number, Item.state == ItemState.GRANTED, Item.result_number != "")
        .limit(1)
        .correlate(ClockRow)
    )
    running = (
        select(ClockRow.case_number)
        .where(
            ClockRow.kind == ClockKind.DELIVERY,
            col(ClockRow.stopped_at).is_(None),
            made.scalar_subquery().is_not(None),
        )
        .order_by(col(ClockRow.due_on), col(ClockRow.case_number))
        .limit(most)
    )
    results = session.exec(running).all()
    ready = leaf_out_of(list(dict.fromkeys(results)), page, beyond=len(results) == most)
    return ready.of(in_this_order(session, ready.rows))


def parcels_on_the_way(session: Session, page: int = 1) -> Leaf[Delivery]:
    """在途: what has been posted and has neither arrived nor come back, the longest first."""
    with_courier = (col(Delivery.delivered_at).is_(None), col(Delivery.returned_at).is_(None))
    query = select(Delivery).where(*with_courier).order_by(col(Delivery.sent_at), col(Delivery.id))
    return leaf_of(session, query, page)


def delivery_dates(session: Session, case_numbers: list[str]) -> dict[str, date | None]:
    """Item number -> by when its result must be sent, of the results of these cases that are still here."""
    query = select(ClockRow).where(
        col(ClockRow.case_number).in_(case_numbers),
        ClockRow.kind == ClockKind.DELIVERY,
        col(ClockRow.stopped_at).is_(None),
    )
    return {row.item_number: row.due_on for row in session.exec(query)}


@dataclass(frozen=True)
class ToCheck:
    """A grant on a commitment that is still to be checked, or was found to be not as promised."""

    check: PostCheck
    item: Item
    clock: ClockRow | None


def checks_at_desk(session: Session, department: str) -> list[ToCheck]:
    """What this department has still to check after granting it, the most urgent first."""
    clock = and_(
        col(ClockRow.item_number) == PostCheck.item_number,
        col(ClockRow.kind) == ClockKind.POST_CHECK,
        col(ClockRow.stopped_at).is_(None),
    )
    query = (
        select(PostCheck, Item, ClockRow)
        .join(Item, col(Item.number) == PostCheck.item_number)
        .join(ClockRow, clock, isouter=True)
        .where(
            PostCheck.department_code == department,
            col(PostCheck.passed).is_not(True),
            col(Item.state) == ItemState.GRANTED,
        )
        .order_by(col(ClockRow.due_on).nulls_last(), col(PostCheck.item_number))
        .limit(MOST_CHECKS)
    )
    return [ToCheck(*row) for row in session.exec(query)]


def post_checks_of(session: Session, case_number: str) -> list[PostCheck]:
    """What is or was to be checked after the grant."""
    query = select(PostCheck).where(PostCheck.case_number == case_number)
    return list(session.exec(query.order_by(col(PostCheck.item_number))))
