"""Which days do offices work, who says so, and how far do the published tables reach?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import accumulate

from rules.errors import Refused
from rules.named import Named
from rules.office_hours import OfficeHours

WEEKDAYS = "一二三四五六日"
FIRST, LAST = date(1990, 1, 1), date(2100, 12, 31)  # what may be asked about; bounds the index below
_DAYS = (LAST - FIRST).days + 1


class DayKind(Named):
    """What a table says of a day."""

    OFF = "off", "放假"
    WORK = "work", "调休上班"


@dataclass(frozen=True)
class TableDay:
    """A day that is not what its weekday says."""

    kind: DayKind
    name: str  # the holiday it belongs to


@dataclass(frozen=True)
class YearTable:
    """One year's published table: of the whole country, or the extra local holidays of a region."""

    year: int
    days: Mapping[date, TableDay]
    title: str  # of the notice, as it is cited in a trace
    sources: tuple[str, ...] = ()
    region: str = ""  # empty: the whole country


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """Working days by the yearly tables, the region's own holidays laid over them (domain R1)."""

    tables: tuple[YearTable, ...]
    local: tuple[YearTable, ...] = ()
    hours: OfficeHours = field(default_factory=OfficeHours)

    def is_working(self, day: date) -> bool:
        """A table's word first, else Monday to Friday. Ask `covers` whether a table was there to be asked."""
        if found := self._named.get(day):
            return found[0].kind is DayKind.WORK
        return day.weekday() < 5

    def why(self, day: date) -> str:
        """What makes this day a working day or a day off, with the notice that says so."""
        weekday = f"周{WEEKDAYS[day.weekday()]}"
        if found := self._named.get(day):
            entry, table = found
            return f"{weekday}，{entry.name}{entry.kind.label}（《{table.title}》）"
        if self.covers(day):
            return weekday
        return f"{weekday}（{day.year}年节假日安排尚未公布，暂按周一至周五计）"

    def covers(self, day: date) -> bool:
        """Has the table of this day's year been published?"""
        return day.year in self.years

    def covers_span(self, first: date, last: date) -> bool:
        return all(year in self.years for year in range(first.year, last.year + 1))

    @cached_property
    def years(self) -> frozenset[int]:
        """The years whose table has been published."""
        return frozenset(table.year for table in self.tables)

    @property
    def covered_until(self) -> date | None:
        """The last day of the last published table: deadlines beyond it are provisional."""
        return date(max(self.years), 12, 31) if self.years else None

    def working_days_between(self, after: date, until: date) -> int:
        """How many working days lie after the one day, up to and including the other."""
        return self._rank[_place(until)] - self._rank[_place(after)]

    def working_day(self, n: int, after: date) -> date:
        """The n-th working day strictly after this day (domain R2)."""
        place = self._rank[_place(after)] + n - 1
        if place >= len(self._working):
            raise _too_far()
        return FIRST + timedelta(self._working[place])

    @cached_property
    def _named(self) -> dict[date, tuple[TableDay, YearTable]]:
        return {
            day: (entry, table) for table in (*self.tables, *self.local) for day, entry in table.days.items()
        }

    @cached_property
    def _rank(self) -> list[int]:
        """How many working days there were up to each day since FIRST: any count is one subtraction."""
        return list(accumulate(self.is_working(FIRST + timedelta(place)) for place in range(_DAYS)))

    @cached_property
    def _working(self) -> list[int]:
        return [place for place in range(_DAYS) if self.is_working(FIRST + timedelta(place))]


def due_date(n: int, start: date, calendar: WorkCalendar) -> date:
    """The last day of n working days: the day of acceptance is day 0, nothing suspended."""
    return calendar.working_day(n, start)


def check_in_range(day: date) -> None:
    """Refuse a day no limit of ours can begin or end on."""
    if not FIRST <= day <= LAST:
        raise _too_far()


def _place(day: date) -> int:
    check_in_range(day)
    return (day - FIRST).days


def _too_far() -> Refused:
    return Refused(f"只能计算 {FIRST.year} 年至 {LAST.year} 年之间的期限，请核对日期。")
