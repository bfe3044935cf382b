"""When may a message that can wait reach a person? Not at night, and not on a day of rest."""

from datetime import datetime, time, timedelta

from rules.calendar import WorkCalendar
from rules.moments import CHINA
from rules.notices import ANSWERS, STATUTORY, Event

# 21:00 to 08:00: source: assumption; no law sets the hours of a courtesy message.
EVENING, MORNING = time(21), time(8)
ONE_DAY = timedelta(days=1)


def may_wait(event: Event, *, statutory: bool) -> bool:
    """便民提醒: neither told by law, nor the answer to somebody who stands there and waits."""
    return not statutory and event not in STATUTORY | ANSWERS


def is_quiet(at: datetime, calendar: WorkCalendar) -> bool:
    """Is the hall at rest, and with it the people it writes to?"""
    there = at.astimezone(CHINA)
    return not (MORNING <= there.time() < EVENING and calendar.is_working(there.date()))


def next_waking(at: datetime, calendar: WorkCalendar) -> datetime:
    """This moment, or 08:00 of the next working day."""
    if not is_quiet(at, calendar):
        return at
    there = at.astimezone(CHINA)
    day = there.date() if there.time() < MORNING else there.date() + ONE_DAY
    while not calendar.is_working(day):
        day += ONE_DAY
    return datetime.combine(day, MORNING, CHINA)


def last_waking(at: datetime, calendar: WorkCalendar) -> datetime:
    """This moment, or the last before 21:00 of a working day: what came up to then may have left by now, as
    `next_waking` says; what came later may not."""
    if not is_quiet(at, calendar):
        return at
    there = at.astimezone(CHINA)
    day = there.date() if there.time() >= EVENING else there.date() - ONE_DAY
    while not calendar.is_working(day):
        day -= ONE_DAY
    return datetime.combine(day, EVENING, CHINA) - timedelta.resolution
