"""What do managers ask of the items of all departments? What is late where, and what was decided when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, exists, func
from sqlmodel import Session, col, select

from models.case import Case, Item
from models.leaf import Leaf
from models.worklists import AT_ONCE, AtDesk, desk_leaf
from rules.moments import CHINA
from rules.spans import Span
from rules.states import ITEM_OPEN_AT_DESK

ORDERS: dict[str, tuple[Any, ...]] = {
    "due": (col(Item.due_on).nulls_last(), col(Item.number)),
    "decided": (col(Item.decided_at).desc().nulls_last(), col(Item.number)),
    "longest": (col(Item.handed_over_at).nulls_last(), col(Item.number)),
}


@dataclass(frozen=True)
class ItemsAsked:
    """What the list is narrowed to: what is open at a desk unless days of decision are given."""

    department: str = ""
    bundle: str = ""
    overdue: bool = False
    due: Span | None = None
    decided: Span | None = None
    in_time: bool | None = None  # of the decided: by the promised day?
    sort: str = "due"
    page: int = 1


def items_overseen(session: Session, asked: ItemsAsked, departments: list[str], today: date) -> Leaf[AtDesk]:
    """One page of the list."""
    return desk_leaf(session, _where(asked, departments, today), ORDERS[asked.sort], asked.page)


def items_taken_out(
    session: Session, asked: ItemsAsked, departments: list[str], today: date
) -> Iterator[AtDesk]:
    """The whole list, fetched piece by piece."""
    query = (
        select(Item, Case)
        .join(Case, col(Case.number) == Item.case_number)
        .where(*_where(asked, departments, today))
        .order_by(*ORDERS[asked.sort])
    )
    for piece in session.exec(query.execution_options(yield_per=AT_ONCE)).partitions():
        yield from (AtDesk(item, case) for item, case in piece)


def _where(asked: ItemsAsked, departments: list[str], today: date) -> list[ColumnElement[bool]]:
    # All of them by name, so that the indexes of a department's desk answer for all departments too.
    where: list[ColumnElement[bool]] = [
        col(Item.department_code).in_([asked.department] if asked.department else departments)
    ]
    if asked.bundle:
        of_case = select(Case.number).where(Case.number == Item.case_number)
        where.append(exists(of_case.where(Case.bundle_code == asked.bundle).correlate(Item)))
    if asked.decided is None:
        where.append(col(Item.state).in_(ITEM_OPEN_AT_DESK))
    else:
        begin, end = asked.decided.moments
        where += [col(Item.decided_at) >= begin, col(Item.decided_at) < end]
    if asked.overdue:
        where.append(col(Item.due_on) < today)
    if asked.due:
        where.append(col(Item.due_on).between(asked.due.first, asked.due.last))
    if asked.in_time is not None:
        on = cast(func.timezone(str(CHINA), col(Item.decided_at)), Date)
        kept = func.coalesce(on <= col(Item.promised_due_on), True)  # nothing promised, nothing missed
        where.append(kept if asked.in_time else ~kept)
    return where
