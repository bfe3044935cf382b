"""期限改按另一限额: items come and go (R12), the case moves to another version, an extension is told of."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from actions.dating import hall_calendar, in_play, redate, start_clock
from models.case import Case, Item, items_of
from models.clock import ClockRow, running_clocks
from models.version import bundle_of_version
from rules.bundle import Limit
from rules.clock import Clock, ClockKind, due_of
from rules.limits import bundle_limit, is_joint, statutory_start
from rules.states import ItemState

# Items the case does not call for any more.
GONE = frozenset({ItemState.WITHDRAWN, ItemState.DROPPED, ItemState.NOT_NEEDED})


def limit_by_items(session: Session, case: Case, *, at: datetime) -> str:
    """The law's limit of the case follows the items it still calls for (R12): 45 days for two licences, else their own.

    Returns why the limit stays as it was although the rule says otherwise; '' where it is as the rule says. A limit is
    not shortened into the past: nobody can keep a day that the change itself has put behind us.
    """
    if case.accepted_at is None:
        return ""
    session.flush()
    items = items_of(session, case.number)
    bundle = bundle_of_version(session, case.bundle_digest)
    start = case.reopened_at or statutory_start(case.accepted_at, case.complete_at)
    specs = [bundle.item(item.code) for item in items if item.state not in GONE]
    limit = bundle_limit(bundle, specs, start=start, calendar=hall_calendar())
    kept = change_limit(session, case, None, ClockKind.STATUTORY, limit, start=start, at=at) if specs else ""
    move_the_whole(session, case, items, redate(session, case, items), at)
    return f"{kept}，仍按原期限计算。" if kept else ""


def change_limit(
    session: Session,
    case: Case,
    item: Item | None,
    kind: ClockKind,
    limit: Limit | None,
    *,
    start: datetime,
    at: datetime,
) -> str:
    """Count by another limit what runs under this kind; why it stays as it was, '' where nothing hinders.

    The clock that ran so far stays in the ledger, stopped. The caller dates the case anew.
    """
    row = running(session, case, item, kind)
    if row is None:
        if limit:
            start_clock(session, case, item, kind, limit, at=start)
        return ""
    if limit and stays(row, limit):
        return ""
    if limit and (why := hindered(session, case, row, limit, at)):
        return why
    row.stop(at)
    session.flush()  # of a kind there is one at a time
    if limit:
        start_clock(session, case, item, kind, limit, at=row.started_at)
    return ""


def promise_as_told(session: Session, case: Case, row: ClockRow, at: datetime) -> None:
    """The applicant is told by which day it is done now, the last of the longer limit: that is the promise now.

    What was promised before stays in the ledger, stopped; a card it has earned stays too.
    """
    for promise in running_clocks(session, case.number, row.item_number):
        if promise.kind is ClockKind.PROMISED:
            promise.stop(at)
            session.flush()  # of a kind there is one at a time
            session.add(row.again(ClockKind.PROMISED))


def move_the_whole(
    session: Session, case: Case, items: list[Item], dated: Iterable[ClockRow], at: datetime
) -> None:
    """A case is not done before its items: a date of the whole that lies before an extended item's moves with it.

    `dated`: what runs, as it has just been dated. What stood still at the extension is met when it has a date again.
    The law's joint limit (art. 42 ¶2) is the government's to extend, and nothing is promised beyond it.
    """
    running = list(dated)
    longer = [
        row for row in running if row.item_number and row.kind is ClockKind.STATUTORY and row.extended_n
    ]
    if not longer:
        return
    bundle = bundle_of_version(session, case.bundle_digest)
    joint = is_joint(bundle, [bundle.item(item.code) for item in items if item.state not in GONE])
    bound = case.legal_due_on if joint else None
    by_day = {row.due_on: row for row in longer if row.due_on and not (bound and row.due_on > bound)}
    last = max(by_day, default=None)
    for own in running:
        follows = own.kind is ClockKind.PROMISED or (own.kind is ClockKind.STATUTORY and not joint)
        if last and follows and not own.item_number and own.due_on and own.due_on < last:
            own.stop(at)
            session.flush()  # of a kind there is one at a time
            session.add(by_day[last].again(own.kind, of_case=True))
    redate(session, case, items)


def stays(row: ClockRow, limit: Limit) -> bool:
    """The same time, whatever its words; or a promise that was told together with an extension, which is kept."""
    own = row.limit
    told = row.kind is ClockKind.PROMISED and row.extended_n > 0
    return told or (own.n, own.unit, own.extend) == (limit.n, limit.unit, limit.extend)


def hindered(session: Session, case: Case, row: ClockRow, limit: Limit, at: datetime) -> str:
    """An extension was granted for the limit that ran; and no limit is shortened into the past."""
    ledger = in_play(session, case)
    stops = tuple(one.suspension() for one in ledger.procedures_for(row))
    due = due_of(Clock(limit, row.started_at, suspensions=stops, kind=row.kind), ledger.calendar_of(row))
    longer = due.at is None or (row.due_at is not None and due.at >= row.due_at)
    if longer:
        return ""
    if row.extended_n:
        return f"{row.kind.label}已经延长过，不能改按{limit.text}计算"
    if due.at is not None and due.at <= at:
        return f"{row.kind.label}改按{limit.text}计算已于 {due.day} 届满"
    return ""


def running(session: Session, case: Case, item: Item | None, kind: ClockKind) -> ClockRow | None:
    """The clock of this kind that runs now."""
    number = item.number if item else ""
    for row in in_play(session, case).rows:
        if row.item_number == number and row.kind is kind and row.stopped_at is None:
            return row
    return None
