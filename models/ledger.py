"""How fare the notices? What managers read of the ledger: rows, figures, and what needs a person."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from models.case import Case
from models.case_lists import cases_for_a_list
from models.finding import of_tail
from models.leaf import Leaf, leaf_of
from models.notice import Notice
from models.telling import Receipt
from rules.notices import Channel, Event, NoticeState
from rules.searching import Kind
from rules.searching import Sought as Words
from rules.spans import Span

HANDED_OVER = frozenset(
    {NoticeState.HANDED_OVER, NoticeState.DELIVERED, NoticeState.EXPIRED, NoticeState.UNKNOWN}
)
IN_TROUBLE = (NoticeState.UNKNOWN, NoticeState.REJECTED, NoticeState.EXPIRED)
MOST_EXPORTED = 20_000  # rows a table program opens without trouble
MEDIAN_OF = 2_000  # of the latest, whichever gateway took them

Gateway = tuple[Channel, str]  # and by which one; '': nothing has taken it yet

ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": (col(Notice.created_at).desc(), col(Notice.case_number), col(Notice.serial).desc()),
    "oldest": (col(Notice.created_at), col(Notice.case_number), col(Notice.serial)),
    "case": (col(Notice.case_number), col(Notice.serial)),
    "attempts": (col(Notice.attempts).desc(), col(Notice.created_at).desc(), col(Notice.serial)),
}


@dataclass(frozen=True)
class Sought:
    """What the ledger is narrowed to; empty means all."""

    state: NoticeState | None = None
    channel: Channel | None = None
    event: Event | None = None
    days: Span | None = None  # on which it was written
    case: Words | None = None  # a number, or its end
    statutory: bool = False
    sort: str = "newest"
    page: int = 1


@dataclass(frozen=True)
class Figure:
    """How one gateway of a channel has done in a time."""

    channel: Channel
    via: str  # '': nothing has taken it yet
    counts: dict[NoticeState, int]
    segments: int  # charged by the carrier
    minutes: int | None  # full ones from being queued to being handed over; of the latest, the median

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def of(self, *states: NoticeState) -> int:
        """How many are in one of these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def delivered_share(self) -> float | None:
        """Of what the carrier took; it is not known where carriers send no receipts."""
        taken = self.of(*HANDED_OVER)
        return self.of(NoticeState.DELIVERED) / taken if self.of(NoticeState.DELIVERED) else None


def notices_sought(session: Session, sought: Sought) -> Leaf[Notice]:
    """One page of the ledger."""
    query = select(Notice).where(*_narrowed(sought)).order_by(*ORDERS[sought.sort])
    return leaf_of(session, query, sought.page)


def notices_exported(session: Session, sought: Sought) -> Iterable[Notice]:
    """All of them, up to what a table program opens."""
    query = select(Notice).where(*_narrowed(sought)).order_by(*ORDERS[sought.sort]).limit(MOST_EXPORTED)
    return session.exec(query.execution_options(yield_per=500))


def figures(session: Session, since: datetime) -> list[Figure]:
    """By channel and gateway, of what was queued since then.

    Where a city is large these are hundreds of thousands: how long they took is read off the latest.
    """
    counts: dict[Gateway, Counter[NoticeState]] = {}
    charged: Counter[Gateway] = Counter()
    for channel, via, state, number, pieces in _counted(session, since):
        counts.setdefault((channel, via), Counter())[state] += number
        charged[channel, via] += pieces
    waits = _latest_waits(session, since)
    return [
        Figure(*gateway, dict(of_it), charged[gateway], _minutes(waits.get(gateway)))
        for gateway, of_it in sorted(counts.items())
    ]


def _counted(session: Session, since: datetime) -> Sequence[Row[Any]]:
    kinds = (col(Notice.channel), col(Notice.via), col(Notice.state))
    rows = columns(*kinds, func.count(), func.coalesce(func.sum(Notice.segments), 0))
    return session.execute(rows.where(col(Notice.created_at) >= since).group_by(*kinds)).all()


def _latest_waits(session: Session, since: datetime) -> dict[Gateway, list[timedelta]]:
    """How long each of the latest waited that have been handed over."""
    query = columns(col(Notice.channel), col(Notice.via), col(Notice.created_at), col(Notice.sent_at))
    query = query.where(col(Notice.created_at) >= since).order_by(*ORDERS["newest"]).limit(MEDIAN_OF)
    waits: dict[Gateway, list[timedelta]] = {}
    for channel, via, queued, sent in session.execute(query):
        if sent is not None:
            waits.setdefault((channel, via), []).append(sent - queued)
    return waits


def _minutes(waits: list[timedelta] | None) -> int | None:
    return median_low(waits) // timedelta(minutes=1) if waits else None


def in_trouble(session: Session, since: datetime, limit: int) -> tuple[dict[NoticeState, int], list[Notice]]:
    """What was queued since and failed for good, is unknown or ran out: how many, and the latest of them."""
    where = (col(Notice.state).in_(IN_TROUBLE), col(Notice.created_at) >= since)
    counted = select(Notice.state, func.count()).where(*where).group_by(col(Notice.state))
    latest = select(Notice).where(*where).order_by(col(Notice.created_at).desc(), col(Notice.serial))
    return dict(session.execute(counted).tuples().all()), list(session.exec(latest.limit(limit)))


def carriers(session: Session, notices: Iterable[Notice]) -> dict[UUID, Notice]:
    """The messages that told what was merged into them, by their id."""
    wanted = {notice.merged_into for notice in notices if notice.merged_into}
    return {one.id: one for one in session.exec(select(Notice).where(col(Notice.id).in_(wanted)))}


def receipts_by_notice(session: Session, notices: Iterable[Notice]) -> dict[UUID, list[Receipt]]:
    """What the carriers said of these notices, the earliest first."""
    found: dict[UUID, list[Receipt]] = {notice.id: [] for notice in notices}
    query = select(Receipt).where(col(Receipt.notice_id).in_(list(found)))
    for receipt in session.exec(query.order_by(col(Receipt.received_at))):
        if receipt.notice_id is not None:
            found[receipt.notice_id].append(receipt)
    return found


def cases_named(session: Session, numbers: Iterable[str]) -> dict[str, Case]:
    """The cases of these numbers."""
    query = cases_for_a_list().where(col(Case.number).in_(set(numbers)))
    return {case.number: case for case in session.exec(query)}


def _of_case(words: Words) -> ColumnElement[bool]:
    if words.kind is Kind.NUMBER:
        return col(Notice.case_number) == words.value
    return col(Notice.case_number).in_(select(Case.number).where(of_tail(words.value)))


def _narrowed(sought: Sought) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if sought.state:
        where.append(col(Notice.state) == sought.state)
    if sought.channel:
        where.append(col(Notice.channel) == sought.channel)
    if sought.event:
        where.append(col(Notice.event) == sought.event)
    if sought.days:
        begin, end = sought.days.moments
        where += [col(Notice.created_at) >= begin, col(Notice.created_at) < end]
    if sought.case:
        where.append(_of_case(sought.case))
    if sought.statutory:
        where.append(col(Notice.statutory).is_(True))
    return where
