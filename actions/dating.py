"""When is it due? Start, stop and re-derive the clocks of a case; rules.clock does the counting."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from config.calendars import calendar_for
from config.settings import settings
from models.case import Case, Item
from models.clock import (
    ClockRow,
    SpecialProcedure,
    clocks_in_play,
    fired_in,
    procedures_of,
)
from models.offices import office_calendar, office_calendars
from models.stopping import stop_running
from models.version import bundle_of_version
from rules.bundle import Bundle, ItemSpec, Limit
from rules.calendar import WorkCalendar
from rules.clock import Clock, ClockKind, due_of, reading
from rules.lights import Rung, Step, rungs
from rules.limits import DELIVERY, NOTICE, bundle_limit, received_at, statutory_start
from rules.selecting import promise_of
from rules.states import ItemState
from rules.thresholds import Thresholds


def start_notice_clock(session: Session, case: Case, *, at: datetime) -> None:
    """收件: within five working days tell what is missing, or it counts as accepted."""
    strict = settings().receipt_mode == "strict"
    received = received_at(at, hall_calendar(), strict=strict)
    _start(session, case, None, {ClockKind.NOTICE: (NOTICE, received)})


def start_case_clocks(
    session: Session, case: Case, bundle: Bundle, items: list[Item], *, at: datetime
) -> None:
    """受理: the promise runs from acceptance, the law's limit from when the file was complete."""
    limits = {ClockKind.PROMISED: (bundle.promise, at)}
    specs = [bundle.item(item.code) for item in items]
    start = at if case.reopened_at else statutory_start(at, case.complete_at)
    if legal := bundle_limit(bundle, specs, start=start, calendar=hall_calendar()):
        limits[ClockKind.STATUTORY] = (legal, start)
    _start(session, case, None, limits)


def start_item_clocks(session: Session, case: Case, item: Item, spec: ItemSpec, *, at: datetime) -> None:
    """分办: the department's promise runs from the hand-over, the law's limit from what counts as acceptance."""
    promise = promise_of(spec, case.answers)
    if item.added:
        promise = shorter_of(promise, left_of_promise(session, case, at=at), at=at)
    limits = {ClockKind.PROMISED: (promise, at)}
    if spec.legal:
        limits[ClockKind.STATUTORY] = (spec.legal, _accepted_by_law(case, item, at))
    _start(session, case, item, limits)


def left_of_promise(session: Session, case: Case, *, at: datetime) -> Limit | None:
    """What is left of the promise of the case; nothing or less once it has run out, None where none runs."""
    ledger = in_play(session, case)
    for row in ledger.rows:
        if not row.item_number and row.kind is ClockKind.PROMISED and row.stopped_at is None:
            left = reading(row.clock(ledger.procedures_for(row)), ledger.calendar, at).remaining
            return Limit(left, row.unit, "联合承诺期限的剩余时间", row.source)
    return None


def shorter_of(own: Limit, left: Limit | None, *, at: datetime) -> Limit:
    """What an item added later has: its own promise or what is left, whichever ends first, and at least one unit."""
    if left is None:
        return own
    some = replace(left, n=max(1, left.n))
    ends = {limit: due_of(Clock(limit, at), hall_calendar()).at for limit in (own, some)}
    return min(own, some, key=lambda limit: ends[limit] or at)


def start_delivery_clock(session: Session, case: Case, item: Item, *, at: datetime) -> None:
    """准予: the certificate is due within ten working days of each grant (art. 44)."""
    _start(session, case, item, {ClockKind.DELIVERY: (DELIVERY, at)})


def start_step_clock(session: Session, case: Case, item: Item, limit: Limit, *, at: datetime) -> None:
    """环节: a part of the item that has a time of its own, such as the procedure the applicant was told of."""
    _start(session, case, item, {ClockKind.STEP: (limit, at)})


def start_clock(
    session: Session, case: Case, item: Item | None, kind: ClockKind, limit: Limit, *, at: datetime
) -> ClockRow:
    """A clock of the case, or of one of its items, from now on."""
    return _start(session, case, item, {kind: (limit, at)})[0]


def hall_calendar() -> WorkCalendar:
    """The calendar of this installation's region."""
    return calendar_for(settings().region)


def stop_clocks(
    session: Session, case: Case, item: Item | None, *, at: datetime, kind: ClockKind | None = None
) -> None:
    """What was decided, concluded or stopped does not run any more; what it had reached is still told of."""
    stop_running(session, case.number, item.number if item else "", kind, at=at)


@dataclass(frozen=True)
class InPlay:
    """The clocks of a case that still matter, with everything their dates are derived from, fetched once."""

    rows: list[ClockRow]
    procedures: list[SpecialProcedure]
    fired: dict[UUID, set[str]]
    calendar: WorkCalendar
    thresholds: Thresholds
    offices: Mapping[str, WorkCalendar] = field(default_factory=dict)  # of items whose office has own hours

    def procedures_for(self, row: ClockRow) -> list[SpecialProcedure]:
        """The clock of an item knows the item's procedures, that of the case the union of all (R12)."""
        return [one for one in self.procedures if row.item_number in ("", one.item_number)]

    def calendar_of(self, row: ClockRow) -> WorkCalendar:
        """An office's day ends when that office closes."""
        return self.offices.get(row.item_number, self.calendar)

    def left(self, row: ClockRow) -> list[Rung]:
        """The rungs still to be fired; a clock that has stopped reaches no further ones."""
        clock = row.clock(self.procedures_for(row))
        return [
            rung
            for rung in rungs(clock, self.calendar_of(row), thresholds=self.thresholds)
            if rung.code not in self.fired.get(row.id, ())
            and (row.stopped_at is None or reached(rung, row.stopped_at))
        ]

    def set_dates(self, row: ClockRow) -> None:
        """Write the dates of a clock, which are kept only as an index."""
        if row.stopped_at is None:
            due = due_of(row.clock(self.procedures_for(row)), self.calendar_of(row))
            row.due_on, row.due_at, row.provisional = due.day, due.at, due.provisional
        self.set_next_rung(row)

    def set_next_rung(self, row: ClockRow) -> None:
        """When the patrol must look at this clock again."""
        row.next_rung_at = min((rung.at for rung in self.left(row)), default=None)


def reached(rung: Rung, at: datetime) -> bool:
    """Has its moment come? What is done at the very end of a limit is done in time."""
    return rung.at < at or (rung.at == at and rung.step is not Step.PASSED)


def in_play(session: Session, case: Case) -> InPlay:
    """What the dates of the case are derived from now: three queries, whatever the number of clocks."""
    return InPlay(
        clocks_in_play(session, case.number),
        procedures_of(session, case.number),
        fired_in(session, case.number),
        hall_calendar(),
        _thresholds(session, case),
        office_calendars(session, [case.number]),
    )


def redate(session: Session, case: Case, items: Iterable[Item]) -> list[ClockRow]:
    """Derive every date of the case anew from its ledger; the clocks that run."""
    ledger = in_play(session, case)
    for row in ledger.rows:
        ledger.set_dates(row)
    running = [row for row in ledger.rows if row.stopped_at is None]
    _index_case(case, running)
    for item in items:
        _index_item(item, running)
    return running


def _start(
    session: Session, case: Case, item: Item | None, limits: dict[ClockKind, tuple[Limit, datetime]]
) -> list[ClockRow]:
    """New clocks have no history: nothing is read for them, and each is written once with its dates."""
    calendar = office_calendar(item.department_code) if item else hall_calendar()
    ledger = InPlay([], [], {}, calendar, _thresholds(session, case))
    rows = [_new_row(case, item, kind, limit, at) for kind, (limit, at) in limits.items()]
    for row in rows:
        ledger.set_dates(row)
    session.add_all(rows)
    if item is not None:
        _index_item(item, rows)
    else:
        _index_case(case, rows)
    return rows


def _accepted_by_law(case: Case, item: Item, handed_over: datetime) -> datetime:
    """What is handed over with the acceptance is accepted with the case (R4, R5); the rest waited for others.

    What was added later, or is handled anew after a review, is accepted when it is handed over.
    """
    if item.state is ItemState.PENDING and case.accepted_at and not (item.added or case.reopened_at):
        return statutory_start(case.accepted_at, case.complete_at)
    return handed_over


def _new_row(case: Case, item: Item | None, kind: ClockKind, limit: Limit, at: datetime) -> ClockRow:
    return ClockRow(
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


def _thresholds(session: Session, case: Case) -> Thresholds:
    return bundle_of_version(session, case.bundle_digest).supervision


def _index_item(item: Item, rows: Iterable[ClockRow]) -> None:
    """The dates the desk sorts by. An item whose clocks have stopped keeps the dates it was decided under."""
    own = {row.kind: row for row in rows if row.item_number == item.number}
    promised, legal = own.get(ClockKind.PROMISED), own.get(ClockKind.STATUTORY)
    if promised is None and legal is None:
        return
    item.promised_due_on = promised.due_on if promised else None
    item.legal_due_on = legal.due_on if legal else None
    item.due_on = _earlier(item.legal_due_on, item.promised_due_on)
    item.due_provisional = any(
        row.provisional for row in (promised, legal) if row and row.due_on and row.due_on == item.due_on
    )


def _index_case(case: Case, rows: Iterable[ClockRow]) -> None:
    own = {row.kind: row for row in rows if not row.item_number}
    promised, legal = own.get(ClockKind.PROMISED), own.get(ClockKind.STATUTORY)
    if promised is None and legal is None:
        return
    case.promised_due_on = promised.due_on if promised else None
    case.legal_due_on = legal.due_on if legal else None
    case.due_provisional = any(row.provisional for row in (promised, legal) if row)


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day), default=None)
