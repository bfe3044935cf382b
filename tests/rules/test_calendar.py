"""Which days are working days, and how far do we know?"""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import WorkCalendar, due_date
from rules.errors import Refused
from rules.office_hours import OfficeHours
from tests.clocks import day, local_holiday, the_calendar

CALENDAR = the_calendar()


@pytest.mark.parametrize(
    ("text", "working"),
    [
        ("2026-01-01", False),
        ("2026-01-04", True),  # a Sunday worked for it
        ("2026-02-14", True),
        ("2026-02-15", False),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-03-07", False),
        ("2026-03-09", True),
        ("2026-10-07", False),
        ("2026-10-10", True),
        ("2025-10-08", False),
        ("2025-10-11", True),
    ],
)
def test_working_days(text: str, working: bool) -> None:
    assert CALENDAR.is_working(day(text)) is working


@pytest.mark.parametrize(("year", "working_days"), [(2025, 248), (2026, 248)])
def test_working_days_of_a_year(year: int, working_days: int) -> None:
    assert CALENDAR.working_days_between(date(year - 1, 12, 31), date(year, 12, 31)) == working_days


def test_why_names_the_weekday_the_holiday_and_the_notice() -> None:
    assert CALENDAR.why(day("03-09")) == "周一"
    assert CALENDAR.why(day("10-01")) == "周四，国庆节放假（《国务院办公厅关于2026年部分节假日安排的通知》）"
    assert (
        CALENDAR.why(day("10-10")) == "周六，国庆节调休上班（《国务院办公厅关于2026年部分节假日安排的通知》）"
    )


def test_beyond_the_tables_the_calendar_says_that_it_does_not_know() -> None:
    assert CALENDAR.covers(day("2026-12-31"))
    assert not CALENDAR.covers(day("2027-01-01"))
    assert "尚未公布" in CALENDAR.why(day("2027-01-01"))
    assert CALENDAR.covered_until == day("2026-12-31")


def test_a_year_missing_between_two_tables_is_not_covered() -> None:
    with_a_hole = WorkCalendar(tuple(table for table in CALENDAR.tables if table.year != 2026))
    assert with_a_hole.covers_span(day("2025-03-01"), day("2025-12-31"))
    assert not with_a_hole.covers_span(day("2025-12-01"), day("2026-01-15"))
    assert WorkCalendar(()).covered_until is None


def test_a_regions_holiday_lies_over_the_national_table() -> None:
    region = WorkCalendar(CALENDAR.tables, (local_holiday("2026-05-27"),))
    assert CALENDAR.is_working(day("05-27"))
    assert not region.is_working(day("05-27"))
    assert "本地放假通知" in region.why(day("05-27"))
    assert due_date(1, day("05-26"), region) == day("05-28")


@given(st.dates(date(2024, 1, 1), date(2028, 12, 31)), st.integers(1, 60))
def test_the_nth_working_day_is_found_by_counting(start: date, n: int) -> None:
    counted, found = 0, start
    while counted < n:
        found += timedelta(days=1)
        counted += CALENDAR.is_working(found)
    assert due_date(n, start, CALENDAR) == found
    assert CALENDAR.working_days_between(start, found) == n


def test_the_index_ends_with_a_sentence() -> None:
    with pytest.raises(Refused, match="2100"):
        due_date(10, date(2100, 12, 30), CALENDAR)


@pytest.mark.parametrize(
    "spans", [(), ((time(9), time(9)),), ((time(12), time(9)),), ((time(9), time(12)), (time(11), time(17)))]
)
def test_office_hours_are_in_order(spans: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(Refused, match="办公时间"):
        OfficeHours(spans)


def test_office_time() -> None:
    hours = OfficeHours()
    assert hours.text == "09:00–12:00、13:30–17:30"
    assert hours.length == timedelta(hours=7)
    assert hours.passed(time(8)) == timedelta()
    assert hours.passed(time(12, 45)) == timedelta(hours=3)
    assert hours.passed(time(14)) == timedelta(hours=3, minutes=30)
    assert hours.moment(day("03-06"), timedelta(hours=3)).time() == time(12)
    assert hours.moment(day("03-06"), timedelta(hours=3, minutes=1)).time() == time(13, 31)
