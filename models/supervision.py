"""What do pages, commands and the patrol read of clocks and cards? Each clock as it stands, with its reasons."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session, col, select

from config.calendars import calendar_for
from config.settings import settings
from models.account import Account, short_names
from models.case import Case, Item, find_case, items_of
from models.clock import (
    STOPPABLE,
    ClockRow,
    SpecialProcedure,
    clocks_of,
    overdue_clocks,
    procedures_of,
    provisional_count,
)
from models.offices import office_calendar, office_calendars
from models.together import asked_departments
from models.version import bundle_of_version
from rules.bundle import Bundle
from rules.calendar import WorkCalendar
from rules.clock import APPLICANTS, Clock, ClockKind, Reading, reading
from rules.lights import PASSED, Light, light, worst
from rules.moments import china_day
from rules.tracing import TraceLine, trace


@dataclass(frozen=True)
class ClockView:
    """One clock as people are shown it, the same in forms, lists, documents, messages and JSON."""

    row: ClockRow
    item: Item | None  # None: of the case
    clock: Clock
    now: Reading
    light: Light
    procedures: tuple[SpecialProcedure, ...]  # that stop it or stopped it

    @property
    def running(self) -> bool:
        return self.row.stopped_at is None

    @property
    def suspended(self) -> bool:
        return self.running and self.now.due is None

    @property
    def extended(self) -> bool:
        return self.row.extended_n > 0

    @property
    def overdue(self) -> bool:
        """It ran out before it was stopped, or has run out now."""
        if PASSED[self.row.kind] is Light.NEAR:  # also the light of one that nearly has
            return self.now.remaining < 0
        return self.light is PASSED[self.row.kind] and self.now.remaining <= 0

    @property
    def marks(self) -> tuple[str, ...]:
        """What must be said beside the date."""
        return marks(
            self.now.provisional and self.now.due is not None, self.suspended, self.extended, self.overdue
        )


@dataclass(frozen=True)
class Standing:
    """A case or an item in a list: what its running clocks say together."""

    light: Light = Light.GREEN
    provisional: bool = False
    suspended: bool = False
    extended: bool = False
    overdue: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """What must be said beside the date."""
        return marks(self.provisional, self.suspended, self.extended, self.overdue)


def marks(provisional: bool, suspended: bool, extended: bool, overdue: bool) -> tuple[str, ...]:
    """The words for what is not plain about a date: the same everywhere."""
    said = {"暂定": provisional, "暂停计时": suspended, "已延长": extended, "已超期": overdue}
    return tuple(word for word, holds in said.items() if holds)


def clock_views(session: Session, number: str, *, at: datetime, item: str = "") -> list[ClockView]:
    """The clocks of a case, or of its item with this code or number: of the case first, then item by item."""
    case = find_case(session, number)
    items = {one.number: one for one in items_of(session, number)}
    procedures = procedures_of(session, number)
    bundle, calendar = bundle_of_version(session, case.bundle_digest), calendar_for(settings().region)
    people, offices = names_of(session), office_calendars(session, [number])
    views = [
        _named(
            _view(
                row,
                items.get(row.item_number),
                procedures,
                bundle,
                offices.get(row.item_number, calendar),
                at,
            ),
            people,
        )
        for row in clocks_of(session, number)
    ]
    return [view for view in views if not item or (view.item and item in (view.item.code, view.item.number))]


def trace_of(view: ClockView) -> tuple[TraceLine, ...]:
    """Why this date? A line a day, with who suspended and who extended it."""
    if view.item is None:
        return trace(view.clock, calendar_for(settings().region))
    return trace(view.clock, office_calendar(view.item.department_code))


def standings(session: Session, numbers: Iterable[str], *, at: datetime) -> dict[str, Standing]:
    """How a page of cases and their items stand, by case and item number; three queries for all of them.

    The light of a case is the worst of all its clocks: a late item counts though the case is in time.
    """
    views: dict[str, list[ClockView]] = defaultdict(list)
    for view in _running_views(session, list(numbers), at):
        views[view.row.case_number].append(view)
    found: dict[str, Standing] = {}
    for number, of_case in views.items():
        by_holder: dict[str, list[ClockView]] = defaultdict(list)
        for view in of_case:
            by_holder[view.row.item_number].append(view)
        found |= {holder or number: _standing(own, own) for holder, own in by_holder.items()}
        found[number] = _standing(by_holder[""], of_case)
    return found


def open_dates_beyond_tables(session: Session) -> tuple[int, date | None]:
    """How many open dates rest on a year without a holiday table, and until when there are tables."""
    return provisional_count(session), calendar_for(settings().region).covered_until


@dataclass(frozen=True)
class Overdue:
    """A line of the list of the overdue: nothing of the applicant."""

    case_number: str
    item: str
    department: str
    clock: str
    due: date | None
    working_days_late: int


def overdue_listed(session: Session, *, at: datetime, limit: int = 500) -> list[Overdue]:
    """What has run out and is still open, the longest overdue first."""
    rows = overdue_clocks(session, at, limit)
    of_items, of_cases = {row.item_number for row in rows}, {row.case_number for row in rows}
    items = {item.number: item for item in session.exec(select(Item).where(col(Item.number).in_(of_items)))}
    cases = {case.number: case for case in session.exec(select(Case).where(col(Case.number).in_(of_cases)))}
    names = short_names(session)
    asked = asked_departments(session, [row.id for row in rows if row.kind is ClockKind.OPINION])
    calendar, today = calendar_for(settings().region), china_day(at)
    found = []
    for row in rows:
        item = items.get(row.item_number)
        lead = bundle_of_version(session, cases[row.case_number].bundle_digest).lead_department
        found.append(
            Overdue(
                case_number=row.case_number,
                item=item.name if item else "",
                department=names[asked.get(row.id) or (item.department_code if item else lead)],
                clock=row.kind.label,
                due=row.due_on,
                working_days_late=calendar.working_days_between(row.due_on or today, today),
            )
        )
    return found


def names_of(session: Session) -> dict[str, str]:
    """Account -> the person's name, for whoever reads a card."""
    return dict(session.execute(select(Account.username, Account.name)).tuples().all())


def _running_views(session: Session, numbers: list[str], at: datetime) -> list[ClockView]:
    versions = dict(
        session.execute(select(Case.number, Case.bundle_digest).where(col(Case.number).in_(numbers)))
        .tuples()
        .all()
    )
    procedures: dict[str, list[SpecialProcedure]] = defaultdict(list)
    for procedure in session.exec(
        select(SpecialProcedure).where(col(SpecialProcedure.case_number).in_(numbers))
    ):
        procedures[procedure.case_number].append(procedure)
    running = select(ClockRow).where(
        col(ClockRow.case_number).in_(numbers),
        col(ClockRow.stopped_at).is_(None),
        col(ClockRow.kind).not_in(APPLICANTS),  # what the applicant owes makes no office late
    )
    calendar, found = calendar_for(settings().region), []
    offices = office_calendars(session, numbers)
    for row in session.exec(running):
        bundle = bundle_of_version(session, versions[row.case_number])
        hours = offices.get(row.item_number, calendar)
        found.append(_view(row, None, procedures[row.case_number], bundle, hours, at))
    return found


def _standing(own: list[ClockView], lit: list[ClockView]) -> Standing:
    return Standing(
        light=worst(view.light for view in lit),
        provisional=any(view.now.provisional and view.now.due for view in own),
        suspended=any(view.suspended for view in own),
        extended=any(view.extended for view in own),
        overdue=any(view.overdue for view in own),
    )


def _view(
    row: ClockRow,
    item: Item | None,
    procedures: Iterable[SpecialProcedure],
    bundle: Bundle,
    calendar: WorkCalendar,
    at: datetime,
) -> ClockView:
    own = tuple(one for one in procedures if row.item_number in ("", one.item_number) and _stops(one, row))
    clock, moment = row.clock(own), row.stopped_at or at
    now = reading(clock, calendar, moment)
    lit = light(clock, calendar, at=moment, thresholds=bundle.supervision, now=now)
    return ClockView(row, item, clock, now, lit, own)


def _stops(procedure: SpecialProcedure, row: ClockRow) -> bool:
    if row.kind not in STOPPABLE:
        return False
    return procedure.stops_promised if row.kind is ClockKind.PROMISED else procedure.stops_statutory


def _named(view: ClockView, people: dict[str, str]) -> ClockView:
    """People read who approved, not under which account."""
    clock = view.clock
    stops = tuple(
        replace(stop, approver=people.get(stop.approver, stop.approver)) for stop in clock.suspensions
    )
    given = clock.extension and replace(
        clock.extension, by=people.get(clock.extension.by, clock.extension.by)
    )
    return replace(view, clock=replace(clock, suspensions=stops, extension=given))
