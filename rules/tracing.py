"""Why this date? A line for every day from day 0 to the last: counted or not, and what says so."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from rules.bundle import Unit
from rules.calendar import WorkCalendar
from rules.clock import Clock, day_counted, due_of, office_time
from rules.suspending import pauses

ONE_DAY = timedelta(days=1)
OVER = "当日办公时间已过，不计"


@dataclass(frozen=True)
class TraceLine:
    """One day. The counted lines add up to the limit; for a limit in hours, their office time does."""

    day: date
    counted: bool
    why: str
    office_time: timedelta = timedelta()


def trace(clock: Clock, calendar: WorkCalendar) -> tuple[TraceLine, ...]:
    """From day 0 to the last day; while the clock stands still, to the day it stopped."""
    if clock.limit.unit is Unit.IMMEDIATE:
        return tuple(_lines_at_once(clock, calendar))
    if clock.limit.unit is Unit.HOUR:
        return tuple(_hour_lines(clock, calendar))
    return tuple(_day_lines(clock, calendar))


def _lines_at_once(clock: Clock, calendar: WorkCalendar) -> Iterator[TraceLine]:
    *before, last = (clock.day_0, *_days_after(clock, calendar))
    for day in before:
        yield TraceLine(day, False, _why_not(clock, calendar, day) or OVER)
    yield TraceLine(last, False, "即办事项：当场办结")


def _day_lines(clock: Clock, calendar: WorkCalendar) -> Iterator[TraceLine]:
    last_counted = day_counted(clock, calendar, clock.units)
    yield TraceLine(clock.day_0, False, "期限开始当日，不计入（民法典第201条）")
    count = 0
    for day in _days_after(clock, calendar):
        if last_counted and day > last_counted:
            yield TraceLine(day, False, _why_rolled(clock, calendar, day, last_counted))
        elif why_not := _why_not(clock, calendar, day):
            yield TraceLine(day, False, why_not)
        else:
            count += 1
            yield TraceLine(day, True, _why_counted(clock, calendar, day, count))
    yield from _standstill(clock, calendar)


def _hour_lines(clock: Clock, calendar: WorkCalendar) -> Iterator[TraceLine]:
    budget, counted = timedelta(hours=clock.units), timedelta()
    for day in (clock.day_0, *_days_after(clock, calendar)):
        passed = min(budget - counted, office_time(clock, calendar, day))
        counted += passed
        if passed:
            extension = _extension(clock) if counted > timedelta(hours=clock.limit.n) else ""
            why = f"计入办公时间 {_duration(passed)}：{calendar.why(day)}{extension}"
        else:
            why = _why_not(clock, calendar, day) or OVER
        yield TraceLine(day, bool(passed), why, passed)
    yield from _standstill(clock, calendar)


def _days_after(clock: Clock, calendar: WorkCalendar) -> Iterator[date]:
    """The days after day 0 up to the due date, or to where the clock stands still."""
    due = due_of(clock, calendar).day
    last = due or max(clock.day_0, _standing_since(clock))
    for number in range(1, (last - clock.day_0).days + 1):
        yield clock.day_0 + timedelta(days=number)


def _standstill(clock: Clock, calendar: WorkCalendar) -> Iterator[TraceLine]:
    """One line for all the days of a procedure that has not ended: nobody knows how many they will be."""
    if due_of(clock, calendar).day is None:
        day = max(clock.day_0, _standing_since(clock)) + ONE_DAY
        yield TraceLine(day, False, f"{_procedures(clock, day)}，自本日起暂停计时，尚未结束")


def _standing_since(clock: Clock) -> date:
    return next(begin for begin, end in pauses(clock.stops) if end is None)


def _why_not(clock: Clock, calendar: WorkCalendar, day: date) -> str:
    """Why the day is not counted, or nothing. A day off is off, whether suspended or not."""
    if clock.limit.unit is not Unit.CALENDAR_DAY and not calendar.is_working(day):
        return f"不计：{calendar.why(day)}"
    procedures = _procedures(clock, day)
    return f"暂停计时：{procedures}" if procedures else ""


def _why_counted(clock: Clock, calendar: WorkCalendar, day: date, count: int) -> str:
    extension = _extension(clock) if count > clock.limit.n else ""
    return f"第 {count} {clock.limit.unit.label}：{calendar.why(day)}{extension}"


def _why_rolled(clock: Clock, calendar: WorkCalendar, day: date, last_counted: date) -> str:
    if why_not := _procedures(clock, day):
        return f"顺延中，暂停计时：{why_not}"
    if not calendar.is_working(day):
        return f"顺延：{calendar.why(day)}"
    return f"期限最后一日 {last_counted} 是休息日，顺延至本日（民法典第203条）：{calendar.why(day)}"


def _procedures(clock: Clock, day: date) -> str:
    stops = [stop for stop in clock.stops if stop.leaves_out(day)]
    return "、".join(
        f"{stop.kind}（{stop.start} 起{f'，{stop.approver}批准' if stop.approver else ''}）" for stop in stops
    )


def _extension(clock: Clock) -> str:
    """By whom and why there are more units than the limit has."""
    given = clock.extension
    if given is None:
        return ""
    told = [f"{given.by}批准" if given.by else "", given.document, given.why]
    details = "，".join(part for part in told if part)
    return f"；延长 {given.n} {clock.limit.unit.label}{f'（{details}）' if details else ''}"


def _duration(passed: timedelta) -> str:
    hours, minutes = divmod(passed // timedelta(minutes=1), 60)
    return " ".join(part for part in (f"{hours} 小时" if hours else "", f"{minutes} 分钟" if minutes else ""))
