"""What do managers ask of all cases? What is urgent and where; lists by day and hour; whole lists to take out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, cast, extract, func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from models.audit import AuditEntry
from models.case import Case, Item
from models.leaf import Leaf
from models.worklists import AT_ONCE, Wanted, cases_leaf, items_by_case, narrowed
from models.worklists import ORDERS as COMMON_ORDERS
from rules.moments import CHINA
from rules.spans import Span
from rules.states import ITEM_OPEN_AT_DESK, Act, CaseState

ENDS = (Act.CONCLUDE, Act.DECLINE, Act.WITHDRAW, Act.VOID)

# Spelt as in the index case_file_urgent, which answers it without sorting.
URGENT = case((col(Case.state) == CaseState.ACCEPTED.value, col(Case.promised_due_on)))
ORDERS: dict[str, tuple[Any, ...]] = {
    "urgent": (URGENT.asc().nulls_last(), col(Case.submitted_at).desc(), col(Case.number).desc()),
    **COMMON_ORDERS,
}


@dataclass(frozen=True)
class Overseen(Wanted):
    """What the manager's list is narrowed to beside what every list knows."""

    due: Span | None = None  # open, promised for one of these days
    received: Span | None = None
    weekday: int | None = None  # of receipt, from 0
    hour: int | None = None  # of receipt
    open: bool = False  # not ended
    closed: Span | None = None  # ended in whatever way
    concluded: Span | None = None
    in_time: bool | None = None  # of the concluded: by the promised day?
    failing: bool = False  # the conductor cannot go on
    sort: str = "urgent"


@dataclass(frozen=True)
class Pressing:
    """What is open with a bundle or a department, and how much of it presses."""

    code: str
    open: int
    overdue: int
    today: int
    near: int

    @property
    def share(self) -> float:
        """Which part is overdue."""
        return self.overdue / self.open if self.open else 0.0


def cases_overseen(session: Session, asked: Overseen, today: date) -> Leaf[Case]:
    """One page of the list."""
    return cases_leaf(session, asked, _where(asked, today), ORDERS[asked.sort])


def cases_taken_out(session: Session, asked: Overseen, today: date) -> Iterator[tuple[Case, list[Item]]]:
    """The whole list with the items of each case, fetched piece by piece."""
    query = select(Case).where(*_where(asked, today)).order_by(*ORDERS[asked.sort])
    for piece in session.exec(query.execution_options(yield_per=AT_ONCE)).partitions():
        items = items_by_case(session, [one.number for one in piece])
        for one in piece:
            yield one, items[one.number]


def pressing_by_bundle(session: Session, today: date, near: date) -> list[Pressing]:
    """Open cases by bundle."""
    due = col(Case.promised_due_on)
    query = columns(col(Case.bundle_code), *_pressing(due, today, near)).where(
        col(Case.state) == CaseState.ACCEPTED
    )
    return _sorted(session, query.group_by(col(Case.bundle_code)))


def pressing_by_department(session: Session, today: date, near: date) -> list[Pressing]:
    """Open items by department."""
    due = col(Item.due_on)
    query = columns(col(Item.department_code), *_pressing(due, today, near)).where(
        col(Item.state).in_(ITEM_OPEN_AT_DESK)
    )
    return _sorted(session, query.group_by(col(Item.department_code)))


def failing_count(session: Session) -> int:
    """How many cases the conductor could not take on at its latest try."""
    return session.exec(select(func.count()).select_from(Case).where(col(Case.failures) > 0)).one()


def open_by_day(session: Session, bundle: str = "") -> dict[date, int]:
    """Day of receipt -> how many of its cases have not ended."""
    day = cast(func.timezone(str(CHINA), col(Case.submitted_at)), Date)
    query = columns(day, func.count()).where(_open(), *_of_bundle(bundle)).group_by(day)
    return dict(session.execute(query).tuples().all())


def received_before_today(session: Session) -> date | None:
    """The day on which the first case came in."""
    first = session.exec(select(func.min(Case.submitted_at))).one()
    return first.astimezone(CHINA).date() if first else None


def _pressing(due: Any, today: date, near: date) -> Sequence[ColumnElement[int]]:
    return (
        func.count(),
        func.count().filter(due < today),
        func.count().filter(due == today),
        func.count().filter(and_(due > today, due <= near)),
    )


def _sorted(session: Session, query: Any) -> list[Pressing]:
    """The worst first."""
    found = [Pressing(*row) for row in session.execute(query)]
    return sorted(found, key=lambda one: (-one.overdue, -one.today, -one.near, -one.open, one.code))


def _where(asked: Overseen, today: date) -> list[ColumnElement[bool]]:
    where = narrowed(asked, today)
    if asked.due:
        within = col(Case.promised_due_on).between(asked.due.first, asked.due.last)
        where += [col(Case.state) == CaseState.ACCEPTED, within]
    if asked.open:
        where.append(_open())
    if asked.failing:
        where.append(col(Case.failures) > 0)
    return [*where, *_by_receipt(asked), *_by_end(asked)]


def _by_receipt(asked: Overseen) -> Iterator[ColumnElement[bool]]:
    local = func.timezone(str(CHINA), col(Case.submitted_at))
    if asked.received:
        begin, end = asked.received.moments
        yield from (col(Case.submitted_at) >= begin, col(Case.submitted_at) < end)
    if asked.weekday is not None:
        yield extract("isodow", local) == asked.weekday + 1
    if asked.hour is not None:
        yield extract("hour", local) == asked.hour


def _by_end(asked: Overseen) -> Iterator[ColumnElement[bool]]:
    if asked.closed:
        begin, end = asked.closed.moments
        entry = (col(AuditEntry.act).in_([act.value for act in ENDS]), col(AuditEntry.item_number).is_(None))
        then = (col(AuditEntry.at) >= begin, col(AuditEntry.at) < end)
        yield col(Case.number).in_(select(AuditEntry.case_number).where(*entry, *then))
    if asked.concluded:
        begin, end = asked.concluded.moments
        yield from (col(Case.concluded_at) >= begin, col(Case.concluded_at) < end)
    if asked.in_time is not None:
        on = cast(func.timezone(str(CHINA), col(Case.concluded_at)), Date)
        kept = func.coalesce(on <= col(Case.promised_due_on), True)  # nothing promised, nothing missed
        yield kept if asked.in_time else ~kept


def _open() -> ColumnElement[bool]:
    return col(Case.state).in_([CaseState.SUBMITTED, CaseState.CORRECTION, CaseState.ACCEPTED])


def _of_bundle(bundle: str) -> tuple[ColumnElement[bool], ...]:
    return (col(Case.bundle_code) == bundle,) if bundle else ()
