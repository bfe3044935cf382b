"""When is it due? Start, stop and re-derive the clocks of a case; rules.clock does the counting."""

from datetime import date, datetime

from sqlmodel import Session

from config.calendars import calendar_for
from config.settings import settings
from models.case import Case, Item
from models.clock import ClockRow, procedures_of, running_clocks
from rules.bundle import Bundle, ItemSpec, Limit, Unit
from rules.clock import ClockKind, due_of

NOTICE_LIMIT = Limit(5, Unit.WORKING_DAY, basis="行政许可法第三十二条第一款第四项")


def start_notice_clock(session: Session, case: Case, *, at: datetime) -> None:
    """收件: within five working days tell what is missing, or it counts as accepted."""
    _start(session, case, None, ClockKind.NOTICE, NOTICE_LIMIT, at)


def start_case_clocks(session: Session, case: Case, bundle: Bundle, items: list[Item]) -> None:
    """受理: the promised and the joint statutory clock, from the day of acceptance."""
    assert case.accepted_at is not None, "the caller accepts first"
    stop_clocks(session, case, None, at=case.accepted_at)
    _start(session, case, None, ClockKind.PROMISED, bundle.promise, case.accepted_at)
    if legal := _joint_limit(bundle, items):
        _start(session, case, None, ClockKind.STATUTORY, legal, case.accepted_at)


def start_item_clocks(session: Session, case: Case, item: Item, spec: ItemSpec, *, at: datetime) -> None:
    """分办: the department's own clocks, from the hand-over."""
    _start(session, case, item, ClockKind.PROMISED, spec.promise, at)
    if spec.legal:
        _start(session, case, item, ClockKind.STATUTORY, spec.legal, at)


def stop_clocks(session: Session, case: Case, item: Item | None, *, at: datetime) -> None:
    """What was decided, concluded or stopped does not run any more."""
    for row in running_clocks(session, case.number, item.number if item else ""):
        row.stopped_at, row.next_rung_at = at, None


def derive(session: Session, case: Case, item: Item | None, row: ClockRow) -> None:
    """Set the dates of a clock anew from its ledger, and the index columns of its case or item."""
    procedures = procedures_of(session, case.number, row.item_number)
    due = due_of(row.clock(procedures), calendar_for(settings().region))
    row.due_on, row.due_at, row.provisional = due.day, due.at, due.provisional
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
    derive(session, case, item, row)
    session.add(row)


def _joint_limit(bundle: Bundle, items: list[Item]) -> Limit | None:
    """45 (+15) working days where licences of two or more departments are handled jointly, else the longest (R12)."""
    specs = [bundle.item(item.code) for item in items]
    licensing = {spec.department for spec in specs if spec.item_type == "01"}
    if bundle.joint_licence and bundle.legal and len(licensing) >= 2:
        return bundle.legal
    days = [spec.legal for spec in specs if spec.legal and spec.legal.unit is Unit.WORKING_DAY]
    return max(days, key=lambda limit: limit.n, default=None)


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
