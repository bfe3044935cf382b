"""When in a day is the office open, and how much office time has passed?"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from rules.errors import Refused
from rules.moments import CHINA

NINE_TO_FIVE = ((time(9), time(12)), (time(13, 30), time(17, 30)))
_DAY = date(2000, 1, 1)  # any day: only the time of day matters


@dataclass(frozen=True)
class OfficeHours:
    """办公时间: one or more spans of one day, in order, in China's time."""

    spans: tuple[tuple[time, time], ...] = NINE_TO_FIVE

    def __post_init__(self) -> None:
        ends = [moment for span in self.spans for moment in span]
        if not ends or any(later <= earlier for earlier, later in pairwise(ends)):
            raise Refused("办公时间应是先后相接、互不重叠的时段，例如 09:00–12:00、13:30–17:30。")

    @property
    def text(self) -> str:
        """As people read it: 09:00–12:00、13:30–17:30."""
        return "、".join(f"{begin:%H:%M}–{end:%H:%M}" for begin, end in self.spans)

    @property
    def length(self) -> timedelta:
        """Office time in a whole day."""
        return self.passed(time.max)

    def opens(self, day: date) -> datetime:
        return datetime.combine(day, self.spans[0][0], CHINA)

    def closes(self, day: date) -> datetime:
        """Close of business: where there are business hours the last day ends with them (民法典 art. 203)."""
        return datetime.combine(day, self.spans[-1][1], CHINA)

    def passed(self, until: time) -> timedelta:
        """Office time from opening until this time of day."""
        return sum(
            (_length(begin, min(end, until)) for begin, end in self.spans if begin < until), timedelta()
        )

    def moment(self, day: date, passed: timedelta) -> datetime:
        """When that much office time has passed on this day: 3 hours from 09:00 is 12:00, not 13:30."""
        for begin, end in self.spans:
            if passed <= _length(begin, end):
                return datetime.combine(day, begin, CHINA) + passed
            passed -= _length(begin, end)
        raise ValueError("more office time than the day has")


def _length(begin: time, end: time) -> timedelta:
    return datetime.combine(_DAY, end) - datetime.combine(_DAY, begin)
