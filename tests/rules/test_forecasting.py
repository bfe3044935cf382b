"""What is expected of the coming days, and when is nothing said?"""

from datetime import date, timedelta

from config.calendars import calendar_for
from rules.forecasting import WEEKS, forecast

TODAY = date(2026, 3, 20)  # a Friday
CALENDAR = calendar_for()


def counts(weeks: int, **by_weekday: int) -> dict[date, dict[int, int]]:
    """So many weeks before today, 10 at nine o'clock every day unless said otherwise for a weekday."""
    days = [TODAY - timedelta(days=n) for n in range(1, weeks * 7 + 1)]
    return {day: {9: by_weekday.get(f"d{day.weekday()}", 10)} for day in days}


def test_the_middle_of_the_same_weekday_and_the_range_around_it() -> None:
    before = counts(WEEKS)
    mondays = [day for day in sorted(before) if day.weekday() == 0 and CALENDAR.is_working(day)]
    for day, received in zip(mondays, (4, 30, 8, 6, 10, 12, 14), strict=False):
        before[day] = {9: received, 14: 2 * received}
    monday = forecast(before, TODAY, CALENDAR)[2]
    values = sorted(sum(before[day].values()) for day in mondays)
    assert monday.day == date(2026, 3, 23)
    assert monday.compared == len(mondays)
    assert monday.total is not None
    assert (monday.total.low, monday.total.high) == (values[0], values[-1])
    assert values[0] < monday.total.middle < values[-1]
    assert monday.peak == 14


def test_a_rest_day_brings_nothing_and_no_holiday_is_compared_with() -> None:
    before = counts(WEEKS)
    holiday = date(2026, 2, 18)  # 春节, a Wednesday
    assert holiday in before
    before[holiday] = {9: 0}
    week = {one.day: one for one in forecast(before, TODAY, CALENDAR)}
    assert not week[date(2026, 3, 21)].working
    assert week[date(2026, 3, 21)].total is None
    wednesday = week[date(2026, 3, 25)].total
    assert wednesday is not None
    assert wednesday.low == 10, "the holiday would be the least"


def test_a_working_saturday_is_compared_with_all_working_days() -> None:
    before = {date(2026, 1, 1) + timedelta(days=n): {9: 10} for n in range(44)}
    saturday = forecast(before, date(2026, 2, 13), CALENDAR)[0]
    assert saturday.day == date(2026, 2, 14)
    assert saturday.working, "调休上班"
    assert saturday.compared > 20


def test_too_little_to_compare_with_says_nothing() -> None:
    monday = forecast(counts(2), TODAY, CALENDAR)[2]
    assert (monday.working, monday.total, monday.peak) == (True, None, None)
    assert monday.compared <= 2
    assert all(one.total is None for one in forecast({}, TODAY, CALENDAR))
