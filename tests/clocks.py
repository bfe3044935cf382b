"""Clocks and calendars as the tests of the clock write them."""

from datetime import date, datetime, time

from config.calendars import SHIPPED, calendar_for
from rules.bundle import Limit, Unit
from rules.calendar import DayKind, TableDay, WorkCalendar, YearTable
from rules.clock import Clock, ClockKind, Extension
from rules.moments import CHINA
from rules.suspending import Suspension

UNITS = {"wd": Unit.WORKING_DAY, "d": Unit.CALENDAR_DAY, "h": Unit.HOUR}


def the_calendar() -> WorkCalendar:
    """2025 and 2026 as published."""
    return calendar_for(folders=[SHIPPED])


def day(text: str) -> date:
    """03-06 is in 2026."""
    return date.fromisoformat(text if len(text) == 10 else f"2026-{text}")


def moment(text: str) -> datetime:
    """In China: 2026-03-06T16:50, or 2026-03-06 at ten."""
    at = datetime.fromisoformat(text)
    return (at if "T" in text else datetime.combine(at, time(10))).replace(tzinfo=CHINA)


def pause(span: str, **about: object) -> Suspension:
    """03-09:03-20, or 03-09: while it is going on."""
    start, _, end = span.partition(":")
    return Suspension(day(start), day(end) if end else None, **about)  # type: ignore[arg-type]


def a_clock(
    limit: str,
    start: str,
    *spans: str,
    extend: int = 0,
    may_extend: int = 0,
    kind: ClockKind = ClockKind.STATUTORY,
) -> Clock:
    """a_clock("20wd", "2026-03-02", "03-09:03-20", extend=10)."""
    digits = limit.rstrip("wdh")
    unit = UNITS[limit[len(digits) :]] if limit != "0" else Unit.IMMEDIATE
    extension = Extension(extend, "周明", "情况复杂") if extend else None
    budget = Limit(int(digits), unit, extend=may_extend)
    return Clock(budget, moment(start), extension, tuple(pause(span) for span in spans), kind)


def local_holiday(text: str, name: str = "本地节日") -> YearTable:
    """One extra day off of a fictional region."""
    off = day(text)
    return YearTable(off.year, {off: TableDay(DayKind.OFF, name)}, "本地放假通知", region="000000")
