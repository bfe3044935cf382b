"""Lists have pages: which rows does one hold, and how many are there?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, literal, select
from sqlmodel import Session

PAGE = 20  # rows a page shows
COUNTED = 10_000  # rows a page counts: nobody reads further, and the count would grow with the record
Row = TypeVar("Row")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Leaf(Generic[Row]):
    """One page of a list, and whether there is more."""

    rows: list[Row]
    total: int
    number: int  # from 1
    size: int = PAGE
    beyond: bool = False  # there are more than `total`: so far was counted, at least to the end of this page

    def of(self, rows: list[Other]) -> "Leaf[Other]":
        """The same page, of other rows."""
        return Leaf(rows, self.total, self.number, self.size, self.beyond)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def goes_on(self) -> bool:
        """Is there a page after this one?"""
        return self.number < self.pages or self.beyond

    @property
    def said(self) -> str:
        """How many there are, as people read it."""
        return f"{self.total} 多" if self.beyond else str(self.total)


def leaf_of(
    session: Session,
    query: Select[Any],
    page: int,
    *,
    total: int | None = None,
    size: int = PAGE,
    made: Callable[[Any], Any] = itemgetter(0),
) -> Leaf[Any]:
    """One page of what is asked for, each row `made` what the page shows.

    Without a total it is counted, as far as a page tells, and at least as far as the page that is asked for. The last
    page needs no counting: one row more than a page shows is read, and where there is none, the rows say how many.
    """
    number = max(1, page)
    rows = _rows(session, query, number, size)
    if len(rows) <= size and (rows or number == 1):
        return Leaf([made(row) for row in rows], (number - 1) * size + len(rows), number, size)
    most = max(COUNTED, number * size)
    found = count_of(session, query.limit(most + 1)) if total is None else total
    beyond = total is None and found > most
    counted = most if beyond else found
    last = max(1, -(-counted // size))
    if number > last:  # the list has become shorter than it was when the link was made
        number, rows = last, _rows(session, query, last, size)
    return Leaf([made(row) for row in rows[:size]], counted, number, size, beyond)


def _rows(session: Session, query: Select[Any], number: int, size: int) -> Sequence[Any]:
    """The rows of a page, and one more if there is one."""
    return session.execute(query.limit(size + 1).offset((number - 1) * size)).all()


def leaf_out_of(rows: Sequence[Row], page: int, *, beyond: bool) -> Leaf[Row]:
    """One page of rows that are all at hand; `beyond`: there are more than these."""
    number = min(max(1, page), max(1, -(-len(rows) // PAGE)))  # the list may have become shorter
    return Leaf(list(rows[(number - 1) * PAGE : number * PAGE]), len(rows), number, beyond=beyond)


def count_of(session: Session, query: Select[Any]) -> int:
    """How many rows are asked for."""
    rows = query.order_by(None).with_only_columns(literal(1), maintain_column_froms=True).subquery()
    return int(session.execute(select(func.count()).select_from(rows)).scalar_one())
