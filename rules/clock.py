"""When is it due, and how much is left? A limit, its start, what was added and what does not count."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from math import ceil

from rules.bundle import Limit, Unit
from rules.calendar import WorkCalendar, check_in_range
from rules.errors import Refused
from rules.moments import CHINA, china_day
from rules.named import Named
from rules.suspending import Suspension, pauses

HOUR = timedelta(hours=1)


class ClockKind(Named):
    """期限种类."""

    NOTICE = "notice", "补正告知期限"
    PROMISED = "promised", "承诺期限"
    STATUTORY = "statutory", "法定期限"
    DELIVERY = "delivery", "送达期限"
    STEP = "step", "环节期限"
    SUPPLEMENT = "supplement", "补正期限"
    DEFERRAL = "deferral", "容缺补齐期限"
    SILENCE = "silence", "默示同意期限"
    POST_CHECK = "post_check", "事后核查期限"
    RECTIFICATION = "rectification", "整改期限"
    OPINION = "opinion", "反馈意见期限"


# What the applicant owes us; its end is no fault of an office.
APPLICANTS = frozenset({ClockKind.SUPPLEMENT, ClockKind.DEFERRAL, ClockKind.RECTIFICATION})
# What may be done on the progress page at any hour ends with the day, not with office hours (民法典 art. 203).
ROUND_THE_CLOCK = frozenset({ClockKind.SUPPLEMENT, ClockKind.DEFERRAL})
PROMISES = frozenset({ClockKind.PROMISED, ClockKind.STEP})  # ours to keep; the rest is set by law


@dataclass(frozen=True)
class Extension:
    """延长审批: n more units, once (行政许可法 art. 42)."""

    n: int
    by: str = ""
    why: str = ""
    document: str = ""
    on: date | None = None


@dataclass(frozen=True)
class Clock:
    """A limit that runs: everything its dates are derived from, and nothing derived."""

    limit: Limit
    start: datetime  # aware; its day in China is day 0
    extension: Extension | None = None
    suspensions: tuple[Suspension, ...] = ()
    kind: ClockKind = ClockKind.STATUTORY

    @cached_property
    def day_0(self) -> date:
        return china_day(self.start)

    @property
    def units(self) -> int:
        """The whole budget: the limit and what was added to it."""
        if self.limit.unit is Unit.IMMEDIATE:
            return 0
        return self.limit.n + (self.extension.n if self.extension else 0)

    @cached_property
    def stops(self) -> tuple[Suspension, ...]:
        """The special procedures that stop this clock."""
        if self.kind in PROMISES:
            return tuple(stop for stop in self.suspensions if stop.stops_promised)
        return tuple(stop for stop in self.suspensions if stop.stops_statutory)


@dataclass(frozen=True)
class Due:
    """The last day, and the moment it ends; None while a special procedure is going on."""

    day: date | None
    at: datetime | None
    provisional: bool  # the span touches a year whose table has not been published (domain R16)


@dataclass(frozen=True)
class Reading:
    """A clock as it stands. Overdue, `remaining` is negative; used + remaining is always the budget."""

    due: date | None
    due_at: datetime | None
    provisional: bool
    used: int
    remaining: int


def reading(clock: Clock, calendar: WorkCalendar, as_of: date | datetime | None = None) -> Reading:
    """The clock at a moment, or at the end of a day; without either, as it was set."""
    due = due_of(clock, calendar)
    used = 0 if as_of is None else used_by(clock, calendar, as_of)
    return Reading(due.day, due.at, due.provisional, used, clock.units - used)


def due_of(clock: Clock, calendar: WorkCalendar) -> Due:
    """When the clock runs out, by the unit of its limit."""
    day: date | None
    at: datetime | None
    if clock.limit.unit is Unit.IMMEDIATE:
        day = _while_open(clock, calendar)
        at = calendar.hours.closes(day)
    elif clock.limit.unit is Unit.HOUR:
        at = moment_counted(clock, calendar, clock.units)
        day = china_day(at) if at else None
    else:
        day = day_counted(clock, calendar, clock.units)
        if clock.limit.unit is Unit.CALENDAR_DAY and day:
            day = _rolled(clock, calendar, day)
        at = _end_of(day, clock, calendar) if day else None
    return Due(day, at, provisional=not calendar.covers_span(*_span(clock, day)))


def _while_open(clock: Clock, calendar: WorkCalendar) -> date:
    """即办: the day itself while its office is still open, else the next one on which it is (民法典 art. 203)."""
    if calendar.is_working(clock.day_0) and clock.start < calendar.hours.closes(clock.day_0):
        return clock.day_0
    return calendar.working_day(1, clock.day_0)


def _end_of(day: date, clock: Clock, calendar: WorkCalendar) -> datetime:
    if clock.kind in ROUND_THE_CLOCK:
        return datetime.combine(day, time.max, CHINA)
    return calendar.hours.closes(day)


def day_counted(clock: Clock, calendar: WorkCalendar, n: int) -> date | None:
    """The day that is counted as the n-th, or None if the clock stands still before it comes."""
    after, left = clock.day_0, n
    for begin, end in pauses(clock.stops):
        before = _days(clock, calendar, after, begin)
        if before >= left:
            break
        if end is None:
            return None
        after, left = max(after, end), left - before
    return _nth(clock, calendar, after, left)


def moment_counted(clock: Clock, calendar: WorkCalendar, hours: int) -> datetime | None:
    """The moment the n-th office hour has passed, or None if the clock stands still before it comes."""
    left = hours * HOUR
    today = office_time(clock, calendar, clock.day_0)
    if left <= today:
        return calendar.hours.moment(clock.day_0, _skipped(clock, calendar) + left)
    left -= today
    days = ceil(left / calendar.hours.length)
    day = day_counted(clock, calendar, days)
    return calendar.hours.moment(day, left - (days - 1) * calendar.hours.length) if day else None


def used_by(clock: Clock, calendar: WorkCalendar, as_of: date | datetime) -> int:
    """How many units have been counted by then: a day from its beginning, an hour once it is over."""
    day = china_day(as_of) if isinstance(as_of, datetime) else as_of
    if clock.limit.unit is Unit.IMMEDIATE or day < clock.day_0:
        return 0
    if clock.limit.unit is Unit.WORKING_DAY:
        return _counted_days(clock, calendar, day)
    if clock.limit.unit is Unit.CALENDAR_DAY:
        return _counted_calendar_days(clock, calendar, day)
    end_of_day = datetime.combine(day, time.max, CHINA)
    moment = as_of.astimezone(CHINA) if isinstance(as_of, datetime) else end_of_day
    return _counted_time(clock, calendar, moment) // HOUR


def extended(clock: Clock, extension: Extension, calendar: WorkCalendar, *, at: datetime) -> Clock:
    """The clock with more units; once, and only while it has not run out (domain R9)."""
    if clock.extension:
        raise Refused("期限只能延长一次，此前已经延长过。")
    if clock.limit.unit is Unit.IMMEDIATE:
        raise Refused("即办事项没有可以延长的期限。")
    if not 1 <= extension.n <= clock.limit.extend:
        raise Refused(f"最多可以延长 {clock.limit.extend}{clock.limit.unit.label}。")
    due = due_of(clock, calendar)
    if due.at and at > due.at:
        raise Refused(f"期限已于 {due.day} 届满，届满后不能再延长。")
    return replace(clock, extension=extension)


def _counted_days(clock: Clock, calendar: WorkCalendar, until: date) -> int:
    counted = _days(clock, calendar, clock.day_0, until)
    for begin, end in pauses(clock.stops):
        first, last = max(begin, clock.day_0), min(end or until, until)
        counted -= _days(clock, calendar, first, last)
    return counted


def _counted_calendar_days(clock: Clock, calendar: WorkCalendar, until: date) -> int:
    """The days off that a last day is rolled over use nothing up."""
    counted, due = _counted_days(clock, calendar, until), due_of(clock, calendar).day
    if due and until > due:
        return clock.units + counted - _counted_days(clock, calendar, due)
    return min(counted, clock.units)


def _counted_time(clock: Clock, calendar: WorkCalendar, until: datetime) -> timedelta:
    day = until.date()
    passed = calendar.hours.passed(until.time())
    if day == clock.day_0:
        passed -= _skipped(clock, calendar)
        return max(timedelta(), min(passed, office_time(clock, calendar, day)))
    whole_days = _counted_days(clock, calendar, day - timedelta(days=1)) * calendar.hours.length
    today = min(passed, office_time(clock, calendar, day))
    return office_time(clock, calendar, clock.day_0) + whole_days + today


def office_time(clock: Clock, calendar: WorkCalendar, day: date) -> timedelta:
    """The office time this day gives the clock; on day 0 from its start on (民法典 art. 201)."""
    if day < clock.day_0 or not calendar.is_working(day) or _left_out(clock, day):
        return timedelta()
    return calendar.hours.length - (_skipped(clock, calendar) if day == clock.day_0 else timedelta())


def _skipped(clock: Clock, calendar: WorkCalendar) -> timedelta:
    """Office time of day 0 that was over before the clock started."""
    return calendar.hours.passed(clock.start.astimezone(CHINA).time())


def _rolled(clock: Clock, calendar: WorkCalendar, day: date) -> date | None:
    """A last day that is a day off gives way to the next working day that counts (民法典 art. 203)."""
    while not calendar.is_working(day) or _left_out(clock, day):
        if any(stop.end is None and stop.after < day for stop in clock.stops):
            return None
        day += timedelta(days=1)
    return day


def _left_out(clock: Clock, day: date) -> bool:
    return any(stop.leaves_out(day) for stop in clock.stops)


def _span(clock: Clock, due: date | None) -> tuple[date, date]:
    """The days the answer rests on: day 0 is not counted, but hours run on it and what is 即办 may be done on it."""
    on_day_0 = clock.limit.unit in (Unit.HOUR, Unit.IMMEDIATE)
    first = clock.day_0 if on_day_0 else clock.day_0 + timedelta(days=1)
    standing_since = max((begin for begin, end in pauses(clock.stops) if end is None), default=first)
    return first, max(first, due or standing_since)


def _days(clock: Clock, calendar: WorkCalendar, after: date, until: date) -> int:
    if until <= after:
        return 0
    if clock.limit.unit is Unit.CALENDAR_DAY:
        return (until - after).days
    return calendar.working_days_between(after, until)


def _nth(clock: Clock, calendar: WorkCalendar, after: date, n: int) -> date:
    if n == 0:
        return after
    if clock.limit.unit is not Unit.CALENDAR_DAY:
        return calendar.working_day(n, after)
    day = after + timedelta(days=n)
    check_in_range(day)
    return day
