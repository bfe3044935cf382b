"""Which light does a clock show, and at which moments must somebody be told (domain 3.3)?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from rules.bundle import Unit
from rules.calendar import WorkCalendar
from rules.clock import (
    ROUND_THE_CLOCK,
    Clock,
    ClockKind,
    Reading,
    day_counted,
    due_of,
    moment_counted,
    reading,
)
from rules.named import Named
from rules.thresholds import DEFAULT, Thresholds


class Light(Named):
    """监察状态, from good to bad. NEAR only colours a list; from WARNING on a card is written."""

    GREEN = "green", "绿灯"
    NEAR = "near", "临近"
    WARNING = "warning", "预警"
    YELLOW = "yellow", "黄牌"
    RED = "red", "红牌"


class Step(Named):
    """A step of the ladder."""

    NEAR_END = "near_end", "期限将满"
    PASSED = "passed", "期限已过"


# What it means that a clock has run out. A late step is a warning: the whole may still be in time.
PASSED: Mapping[ClockKind, Light] = {
    ClockKind.NOTICE: Light.RED,  # deemed acceptance
    ClockKind.PROMISED: Light.YELLOW,
    ClockKind.STATUTORY: Light.RED,
    ClockKind.DELIVERY: Light.RED,
    ClockKind.STEP: Light.WARNING,
    ClockKind.OPINION: Light.WARNING,
    ClockKind.POST_CHECK: Light.YELLOW,
    # These end in an act by rule, not in somebody's lateness.
    ClockKind.SUPPLEMENT: Light.NEAR,
    ClockKind.DEFERRAL: Light.NEAR,
    ClockKind.RECTIFICATION: Light.NEAR,
    ClockKind.SILENCE: Light.NEAR,
}

# A few days inside an item: only their end is worth a word.
SHORT = frozenset({ClockKind.STEP, ClockKind.OPINION})


@dataclass(frozen=True)
class Rung:
    """One moment of the ladder. `code` is unique for a clock: each is fired once however often one looks."""

    code: str
    step: Step
    light: Light
    at: datetime  # from this moment on it is to be fired


def light(
    clock: Clock,
    calendar: WorkCalendar,
    *,
    at: datetime,
    thresholds: Thresholds = DEFAULT,
    now: Reading | None = None,
) -> Light:
    """The light of a clock that is still running. `now`: its reading at that moment, if the caller has it."""
    now = now or reading(clock, calendar, at)
    if now.due_at and at > now.due_at:
        return PASSED[clock.kind]
    if clock.limit.unit is Unit.IMMEDIATE or clock.kind in SHORT:
        return Light.GREEN
    if now.remaining <= thresholds.warning_at(clock.units):
        return Light.WARNING
    return Light.GREEN if now.remaining > thresholds.green_above(clock.units) else Light.NEAR


def worst(lights: Iterable[Light]) -> Light:
    """The light of the whole: the worst of its parts'."""
    order = list(Light)
    return max(lights, key=order.index, default=Light.GREEN)


def rungs(clock: Clock, calendar: WorkCalendar, *, thresholds: Thresholds = DEFAULT) -> tuple[Rung, ...]:
    """The ladder of a clock, in order. A clock that stands still has no rung beyond where it stopped."""
    return tuple(rung for rung in (_near_end(clock, calendar, thresholds), _passed(clock, calendar)) if rung)


def _near_end(clock: Clock, calendar: WorkCalendar, thresholds: Thresholds) -> Rung | None:
    if clock.limit.unit is Unit.IMMEDIATE or clock.kind in SHORT:
        return None
    counted = max(0, clock.units - thresholds.warning_at(clock.units))
    at = _moment(clock, calendar, counted)
    # An extension sets a new end, of which people are warned anew.
    code = f"{Step.NEAR_END}_extended" if clock.extension else Step.NEAR_END.value
    return Rung(code, Step.NEAR_END, Light.WARNING, at) if at else None


def _passed(clock: Clock, calendar: WorkCalendar) -> Rung | None:
    due = due_of(clock, calendar)
    at = due.at
    if due.day and clock.kind in ROUND_THE_CLOCK:
        at = calendar.hours.opens(calendar.working_day(1, due.day))  # nobody is told at midnight
    return Rung(Step.PASSED.value, Step.PASSED, PASSED[clock.kind], at) if at else None


def _moment(clock: Clock, calendar: WorkCalendar, counted: int) -> datetime | None:
    """When so many units have been counted. A day counts from its beginning; people are told at opening."""
    if clock.limit.unit is Unit.HOUR:
        at = moment_counted(clock, calendar, counted)
    else:
        day = day_counted(clock, calendar, counted)
        at = calendar.hours.opens(_told_on(day, calendar)) if day else None
    return max(clock.start, at) if at else None


def _told_on(day: date, calendar: WorkCalendar) -> date:
    return day if calendar.is_working(day) else calendar.working_day(1, day)
