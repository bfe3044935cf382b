"""What will the coming days bring? What the same weekday brought of late: the middle, and the range around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from rules.calendar import WorkCalendar

WEEKS = 8  # looked back over
LEAST = 4  # days to compare with; fewer say nothing

Counts = Mapping[date, Mapping[int, int]]  # day -> hour -> how many came


@dataclass(frozen=True)
class Range:
    """Half of the days compared brought less than `middle`; none less than `low` or more than `high`."""

    low: int
    middle: float
    high: int


@dataclass(frozen=True)
class Expected:
    """One coming day. `total` is None on a day off, and where there are too few days to compare with."""

    day: date
    working: bool
    compared: int  # days
    total: Range | None = None
    hours: Mapping[int, Range] | None = None

    @property
    def peak(self) -> int | None:
        """The hour with the most."""
        if not self.hours:
            return None
        return max(self.hours, key=lambda hour: (self.hours[hour].middle, -hour))  # type: ignore[index]


def forecast(counts: Counts, today: date, calendar: WorkCalendar, days: int = 7) -> list[Expected]:
    """The days after today. A rest day brings nothing; a working Saturday is compared with all working days."""
    worked = [day for day in sorted(counts) if _compares(day, today, calendar)]
    return [_expected(today + timedelta(n), worked, counts, calendar) for n in range(1, days + 1)]


def _compares(day: date, today: date, calendar: WorkCalendar) -> bool:
    return today - timedelta(weeks=WEEKS) <= day < today and calendar.is_working(day)


def _expected(day: date, worked: Sequence[date], counts: Counts, calendar: WorkCalendar) -> Expected:
    if not calendar.is_working(day):
        return Expected(day, working=False, compared=0)
    alike = [other for other in worked if day.weekday() > 4 or other.weekday() == day.weekday()]
    if len(alike) < LEAST:
        return Expected(day, working=True, compared=len(alike))
    hours = sorted({hour for other in alike for hour in counts[other]})
    return Expected(
        day,
        working=True,
        compared=len(alike),
        total=_range([sum(counts[other].values()) for other in alike]),
        hours={hour: _range([counts[other].get(hour, 0) for other in alike]) for hour in hours},
    )


def _range(values: Sequence[int]) -> Range:
    return Range(min(values), median(values), max(values))
