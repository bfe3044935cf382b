"""When is it due? Start, stop and re-derive the clocks of a case; rules.clock does the counting."""

from datetime import date, datetime

from sqlmodel import Session

from config.calendars import calendar_for
from config.settings import settings
from models.case import Case, Item
from models.clock import ClockRow, fired_rungs, procedures_of, running_clocks
from rules.bundle import Bundle, ItemSpec, Limit
from rules.calendar import WorkCalendar
from rules.clock import ClockKind, due_of
from rules.lights import rungs
from rules.limits import DELIVERY, NOTICE, bundle_limit
from rules.selecting import promise_of


def start_notice_clock(session: Session, case: Case, *, at: datetime) -> None:
    """收件: within five working days tell what is missing, or it counts as accepted."""
    _start(session, case, None, ClockKind.NOTICE, NOTICE, at)


def start_case_clocks(
    session: Session, case: Case, bundle: Bundle, items: list[Item], *, at: datetime
) -> None:
    """受理: the promised and the joint statutory clock, from the moment of acceptance; the notice clock stops."""
    stop_clocks(session, case, None, at=at)
    _start(session, case, None, ClockKind.PROMISED, bundle.promise, at)
    specs = [bundle.item(item.code) for item in items]
    legal = bundle_limit(bundle, specs, start=at, calendar=hall_calendar())
    if legal:
        _start(session, case, None, ClockKind.STATUTORY, legal, at)


def start_item_clocks(session: Session, case: Case, item: Item, spec: ItemSpec, *, at: datetime) -> None:
    """分办: the department's own clocks, from the hand-over."""
    _start(session, case, item, ClockKind.PROMISED, promise_of(spec, case.answers), at)
    if spec.legal:
        _start(session, case, item, ClockKind.STATUTORY, spec.legal, at)


def start_delivery_clock(session: Session, case: Case, item: Item, *, at: datetime) -> None:
    """准予: the certificate is due within ten working days of each grant (art. 44)."""
    _start(session, case, item, ClockKind.DELIVERY, DELIVERY, at)


def hall_calendar() -> WorkCalendar:
    """The calendar of this installation's region."""
    return calendar_for(settings().region)


def stop_clocks(session: Session, case: Case, item: Item | None, *, at: datetime) -> None:
    """What was decided, concluded or stopped does not run any more."""
    for row in running_clocks(session, case.number, item.number if item else ""):
        row.stopped_at, row.next_rung_at = at, None


def derive(session: Session, case: Case, item: Item | None, row: ClockRow) -> None:
    """Set the dates of a clock anew from its ledger, and the index columns of its case or item."""
    clock = row.clock(procedures_of(session, case.number, row.item_number))
    due = due_of(clock, hall_calendar())
    row.due_on, row.due_at, row.provisional = due.day, due.at, due.provisional
    fired = fired_rungs(session, row.id)
    row.next_rung_at = min(
        (rung.at for rung in rungs(clock, hall_calendar()) if rung.code not in fired), default=None
    )
    if item is not None:
        _index_item(item, row)
    else:
        _index_case(case, row)


def _start(
    session: Session, case: Case, item: Item | None, kind: ClockKind, limit: Limit, at: datetime
) -> None:
    row = ClockRow(
        case_number=case.number,
        item_number=item.number if item else "",
        kind=kind,
        n=limit.n,
        unit=limit.unit,
        basis=limit.basis,
        source=limit.source,
        extend=limit.extend,
        started_at=at,
    )
    session.add(row)
    derive(session, case, item, row)


def _index_item(item: Item, row: ClockRow) -> None:
    if row.kind is ClockKind.STATUTORY:
        item.legal_due_on = row.due_on
    elif row.kind is ClockKind.PROMISED:
        item.promised_due_on = row.due_on
    item.due_on = _earlier(item.legal_due_on, item.promised_due_on)
    item.due_provisional = row.provisional if item.due_on == row.due_on else item.due_provisional


def _index_case(case: Case, row: ClockRow) -> None:
    if row.kind is ClockKind.STATUTORY:
        case.legal_due_on = row.due_on
    elif row.kind is ClockKind.PROMISED:
        case.promised_due_on = row.due_on
    case.due_provisional = case.due_provisional or row.provisional


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day), default=None)
