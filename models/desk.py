"""A department's desk as somebody wants to see it: narrowed, sorted, counted, and what comes next."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from models.account import Account
from models.case import Case, Item
from models.finding import newest_meant
from models.leaf import PAGE, Leaf
from models.together import Delegation, Opinion, OpinionKind
from models.worklists import MOST_URGENT, AtDesk, desk_leaf
from rules.named import Named
from rules.searching import Sought
from rules.spans import Span
from rules.states import ITEM_OPEN_AT_DESK, DeskStep, ItemState

WHOLE_BATCH = 50  # lines of one and the same item on a page: what may be granted together
CANDIDATES = 200  # looked through for the next one; a longer list is not worked off in one go


class Pressing(Named):
    """How near is the day to which the desk works?"""

    LATE = "late", "已超期"
    NEAR = "near", "快到期"
    FINE = "fine", "不急"
    PAUSED = "paused", "期限暂停"


class Order(Named):
    """What comes first?"""

    URGENT = "", "最急的在前"
    OLDEST = "oldest", "先到的在前"
    NEWEST = "newest", "新到的在前"
    ITEM = "item", "按事项"


ORDERS: dict[Order, tuple[Any, ...]] = {
    Order.URGENT: MOST_URGENT,
    Order.OLDEST: (col(Item.handed_over_at), col(Item.number)),
    Order.NEWEST: (col(Item.handed_over_at).desc(), col(Item.number)),
    Order.ITEM: (col(Item.code), *MOST_URGENT),
}


@dataclass(frozen=True)
class DeskWanted:
    """What the desk is narrowed to; empty means all."""

    claimed_by: tuple[str, ...] | None = None  # '' is nobody
    bundle: str = ""
    item: str = ""
    pressing: Pressing | None = None
    order: Order = Order.URGENT
    page: int = 1


@dataclass(frozen=True)
class Days:
    """Today, and the last day that is called near."""

    today: date
    near: date


def desk_listed(session: Session, department: str, wanted: DeskWanted, days: Days) -> Leaf[AtDesk]:
    """What this department has to do, as it was asked for; what nobody has claimed is everybody's."""
    where = _narrowed(department, wanted, days)
    if wanted.claimed_by is not None:
        where.append(col(Item.assignee).in_(wanted.claimed_by))
    size = WHOLE_BATCH if wanted.item else PAGE
    return desk_leaf(session, where, ORDERS[wanted.order], wanted.page, size)


@dataclass(frozen=True)
class OpenHere:
    """What lies open at a desk, counted in one go."""

    claims: dict[str, int]  # how many each colleague has claimed; '' is nobody
    items: list[tuple[str, str, int]]  # code, name, how many; by code
    overdue: int  # of all these, past the day to which the desk works


def open_here(session: Session, department: str, today: date) -> OpenHere:
    """Whose are the open items of this department, which are they, and how many have passed their date?"""
    late = func.count().filter(col(Item.due_on) < today)
    query = (
        columns(col(Item.assignee), col(Item.code), func.min(Item.name), func.count(), late)
        .where(*_open(department))
        .group_by(col(Item.assignee), col(Item.code))
    )
    claims: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    overdue = 0
    for assignee, code, name, count, of_them in session.execute(query):
        claims[assignee] += count
        counts[code] += count
        names[code] = min(name, names.get(code, name))
        overdue += of_them
    return OpenHere(dict(claims), [(code, names[code], counts[code]) for code in sorted(counts)], overdue)


def next_ones(
    session: Session,
    department: str,
    people: Collection[str],
    wanted: DeskWanted,
    days: Days,
    *,
    head: bool = False,
) -> list[Item]:
    """What these people may do now: their own first, then what nobody has, in the order asked for.

    What has come to the head's step is for the head; what a colleague must review is not for who handled it;
    what waits for another department's word waits.
    """
    own = col(Item.assignee).in_(people)
    where = [
        *_narrowed(department, wanted, days),
        col(Item.state) == ItemState.IN_REVIEW,
        or_(own, col(Item.assignee) == ""),
        ~_unheard(),
    ]
    if not head:
        where += [~_past_officers(), ~_handled_by(people)]
    query = select(Item).where(*where).order_by(own.desc(), *ORDERS[wanted.order], col(Item.number))
    return list(session.exec(query.limit(CANDIDATES)))


def standing_in(
    session: Session, username: str, department: str, day: date
) -> list[tuple[Delegation, Account]]:
    """Whose posts this person fills on this day, and until when."""
    query = (
        select(Delegation, Account)
        .join(Account, col(Account.username) == Delegation.username)
        .where(
            Delegation.stand_in == username,
            Account.department_code == department,
            col(Account.active),
            col(Delegation.from_day) <= day,
            col(Delegation.until_day) >= day,
            col(Delegation.ended_at).is_(None),
        )
    )
    return list(session.execute(query.order_by(col(Delegation.until_day))).tuples().all())


@dataclass(frozen=True)
class DoneAsked:
    """What the list of what is done is narrowed to; empty means all."""

    words: Sought | None = None
    days: Span | None = None  # on which it was decided
    decided_by: str = ""  # by this account
    page: int = 1


def done_at_desk(session: Session, department: str, asked: DoneAsked) -> Leaf[AtDesk]:
    """What this department has decided, the latest first."""
    # The moment says what the state would (decided_with_moment), and stands in the index.
    where = [col(Item.department_code) == department, col(Item.decided_at).is_not(None)]
    if asked.days:
        begin, end = asked.days.moments
        where += [col(Item.decided_at) >= begin, col(Item.decided_at) < end]
    if asked.decided_by:
        where.append(col(Item.decided_by) == asked.decided_by)
    if asked.words:
        where.append(col(Item.case_number).in_(newest_meant(asked.words)))
    return desk_leaf(session, where, (col(Item.decided_at).desc(),), asked.page)


def items_named(session: Session, numbers: Iterable[str]) -> list[AtDesk]:
    """The items with these numbers and their cases, by number; what does not exist is left out."""
    query = (
        select(Item, Case)
        .join(Case, col(Case.number) == Item.case_number)
        .where(col(Item.number).in_(list(numbers)))
    )
    return [AtDesk(item, case) for item, case in session.exec(query.order_by(col(Item.number)))]


def _open(department: str) -> list[ColumnElement[bool]]:
    return [col(Item.department_code) == department, col(Item.state).in_(ITEM_OPEN_AT_DESK)]


def _narrowed(department: str, wanted: DeskWanted, days: Days) -> list[ColumnElement[bool]]:
    where = _open(department)
    if wanted.bundle:
        of_bundle = select(Case.number).where(Case.number == Item.case_number)
        where.append(exists(of_bundle.where(Case.bundle_code == wanted.bundle).correlate(Item)))
    if wanted.item:
        where.append(col(Item.code) == wanted.item)
    due = col(Item.due_on)
    match wanted.pressing:
        case Pressing.LATE:
            where.append(due < days.today)
        case Pressing.NEAR:
            where += [due >= days.today, due <= days.near]
        case Pressing.FINE:
            where.append(due > days.near)
        case Pressing.PAUSED:
            where.append(col(Item.state) != ItemState.IN_REVIEW)
    return where


def _past_officers() -> ColumnElement[bool]:
    return and_(col(Item.step) == DeskStep.APPROVE, col(Item.handled_by) != "")


def _handled_by(people: Collection[str]) -> ColumnElement[bool]:
    return and_(col(Item.step) == DeskStep.REVIEW, col(Item.handled_by).in_(people))


def _unheard() -> ColumnElement[bool]:
    """会签 or 加签 is asked for and has not come."""
    asked = select(Opinion.id).where(
        Opinion.case_number == Item.case_number,
        Opinion.item_number == Item.number,
        col(Opinion.kind) != OpinionKind.ADVICE,
        col(Opinion.answered_at).is_(None),
        col(Opinion.cancelled_at).is_(None),
    )
    return exists(asked)
