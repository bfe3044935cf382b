"""When is it due? The vectors of the law, then what no single vector shows."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rules.clock import Clock, ClockKind, Extension, due_of, extended, reading
from rules.errors import Refused
from rules.tracing import trace
from tests.clocks import a_clock, day, moment, pause, the_calendar

CALENDAR = the_calendar()

# domain.md 1.5; the two variants T4 and T9 name in passing are what we do not want.
VECTORS = [
    ("T1 notice", "5wd", "2026-03-06T16:50", (), 0, "03-13"),
    ("T1 statutory", "20wd", "2026-03-06T16:50", (), 0, "04-03"),
    ("T1 extended", "30wd", "2026-03-06T16:50", (), 0, "04-20"),
    ("T2 promise", "13wd", "2026-03-06", (), 0, "03-25"),
    ("T3 make-up Saturday", "1wd", "2026-02-13", (), 0, "02-14"),
    ("T3 over Spring Festival", "2wd", "2026-02-13", (), 0, "02-24"),
    ("T3", "5wd", "2026-02-13", (), 0, "02-27"),
    ("T3 second make-up Saturday", "6wd", "2026-02-13", (), 0, "02-28"),
    ("T3 T4", "20wd", "2026-02-13", (), 0, "03-19"),
    ("T7 eve of National Day", "1wd", "2026-09-30", (), 0, "10-08"),
    ("T7 make-up Saturday", "3wd", "2026-09-30", (), 0, "10-10"),
    ("T7", "10wd", "2026-09-30", (), 0, "10-20"),
    ("T9 without", "20wd", "2026-03-02", (), 0, "03-30"),
    ("T9 special procedure", "20wd", "2026-03-02", ("03-09:03-20",), 0, "04-13"),
    ("T11 same-day procedure", "20wd", "2026-03-02", ("03-09:03-09",), 0, "03-30"),
    ("T14 extension", "20wd", "2026-03-02", (), 10, "04-14"),
    ("T17 notice", "5wd", "2026-03-02", (), 0, "03-09"),
    ("T18 supplement restarts", "20wd", "2026-03-12", (), 0, "04-10"),
    ("T19 Saturday online", "5wd", "2026-03-07", (), 0, "03-13"),
    ("T21 delivery over Labour Day", "10wd", "2026-04-28", (), 0, "05-14"),
    ("T21 delivery over Dragon Boat", "10wd", "2026-06-18", (), 0, "07-03"),
]

MORE = [
    ("overlapping procedures are a union", "20wd", "2026-03-02", ("03-09:03-13", "03-11:03-20"), 0, "04-13"),
    ("one procedure inside another", "20wd", "2026-03-02", ("03-09:03-20", "03-11:03-13"), 0, "04-13"),
    ("procedures that touch", "20wd", "2026-03-02", ("03-09:03-13", "03-13:03-20"), 0, "04-13"),
    ("a procedure over days off only", "20wd", "2026-03-02", ("03-13:03-15",), 0, "03-30"),
    ("a procedure begun before the clock", "20wd", "2026-03-02", ("02-27:03-04",), 0, "04-01"),
    ("a procedure after the last day", "20wd", "2026-03-02", ("03-30:04-20",), 0, "03-30"),
    ("an open procedure from the last day on", "20wd", "2026-03-02", ("03-30:",), 0, "03-30"),
    ("an open procedure before", "20wd", "2026-03-02", ("03-27:",), 0, None),
    (
        "a procedure that has ended lies inside an open one",
        "20wd",
        "2026-03-02",
        ("03-09:", "03-11:03-12"),
        0,
        None,
    ),
    ("extension and procedure", "20wd", "2026-03-02", ("03-09:03-20",), 10, "04-27"),
    ("start at 23:59 in China", "5wd", "2026-03-06T23:59", (), 0, "03-13"),
    ("start in the first minute of the day", "5wd", "2026-03-07T00:00", (), 0, "03-13"),
    ("calendar days", "20d", "2026-03-02", (), 0, "03-23"),
    ("calendar days that end on a working day", "20d", "2026-03-04", (), 0, "03-24"),
    ("calendar days roll over a holiday", "5d", "2026-02-12", (), 0, "02-24"),
    ("calendar days end on a make-up Saturday", "1d", "2026-02-13", (), 0, "02-14"),
    ("calendar days and a procedure", "20d", "2026-03-02", ("03-09:03-20",), 0, "04-02"),
    ("rolled into a procedure", "5d", "2026-03-02", ("03-07:03-10",), 0, "03-11"),
    ("rolled into an open procedure", "5d", "2026-03-02", ("03-07:",), 0, None),
    ("immediate", "0", "2026-03-06T16:50", (), 0, "03-06"),
    ("immediate, before opening", "0", "2026-03-06T07:00", (), 0, "03-06"),
    ("immediate, to the last moment", "0", "2026-03-06T17:29:59", (), 0, "03-06"),
    ("immediate, at closing", "0", "2026-03-05T17:30", (), 0, "03-06"),
    ("immediate, in the evening before a weekend", "0", "2026-03-06T17:31", (), 0, "03-09"),
    ("immediate, on a Saturday", "0", "2026-03-07", (), 0, "03-09"),
    ("immediate, on a Saturday that is worked", "0", "2026-02-14", (), 0, "02-14"),
    ("immediate, in the evening before Spring Festival", "0", "2026-02-14T17:31", (), 0, "02-24"),
    ("leap day counts", "1wd", "2028-02-28", (), 0, "2028-02-29"),
    ("leap day as a calendar day", "2d", "2028-02-28", (), 0, "2028-03-01"),
    ("no leap day", "1d", "2027-02-28", (), 0, "2027-03-01"),
]

HOURS = [
    ("inside a morning", "2h", "2026-03-06T09:30", (), "2026-03-06T11:30"),
    ("to the end of the morning, not to the afternoon", "3h", "2026-03-06T09:00", (), "2026-03-06T12:00"),
    ("across lunch", "3h", "2026-03-06T11:00", (), "2026-03-06T15:30"),
    ("from lunch", "1h", "2026-03-06T12:30", (), "2026-03-06T14:30"),
    ("across an evening and a weekend", "3h", "2026-03-06T16:50", (), "2026-03-09T11:20"),
    ("from the evening", "3h", "2026-03-05T20:00", (), "2026-03-06T12:00"),
    ("from a Sunday", "7h", "2026-03-08T15:00", (), "2026-03-09T17:30"),
    ("onto a make-up Saturday", "3h", "2026-02-13T16:30", (), "2026-02-14T11:00"),
    ("across Spring Festival", "3h", "2026-02-14T16:30", (), "2026-02-24T11:00"),
    ("two whole days", "14h", "2026-03-05T09:00", (), "2026-03-06T17:30"),
    ("a procedure takes whole days out", "3h", "2026-03-05T16:30", ("03-05:03-06",), "2026-03-09T11:00"),
    ("a procedure begun before covers day 0", "3h", "2026-03-05T16:30", ("03-04:03-05",), "2026-03-06T12:00"),
]


@pytest.mark.parametrize(("span", "due"), [("03-09:03-20", "04-14"), ("03-09:03-09", "03-31")])
def test_offices_that_round_a_part_of_a_day_up(span: str, due: str) -> None:
    """The inclusive variant that domain.md 1.5 names beside T9, and T11 by it."""
    clock = replace(a_clock("20wd", "2026-03-02"), suspensions=(pause(span, rounded_up=True),))
    assert due_of(clock, CALENDAR).day == day(due)
    left_out = [line for line in trace(clock, CALENDAR) if "特别程序" in line.why and not line.counted]
    assert left_out[0].day == day("03-09")


@pytest.mark.parametrize(("name", "limit", "start", "spans", "extend", "due"), VECTORS + MORE)
def test_due(name: str, limit: str, start: str, spans: tuple[str, ...], extend: int, due: str | None) -> None:
    found = due_of(a_clock(limit, start, *spans, extend=extend), CALENDAR)
    assert found.day == (day(due) if due else None)
    assert (found.at is None) == (due is None)


@pytest.mark.parametrize(("name", "limit", "start", "spans", "due"), HOURS)
def test_due_in_office_hours(name: str, limit: str, start: str, spans: tuple[str, ...], due: str) -> None:
    found = due_of(a_clock(limit, start, *spans), CALENDAR)
    assert found.at == moment(due)
    assert found.day == moment(due).date()


def test_an_open_procedure_stops_a_clock_in_hours() -> None:
    assert due_of(a_clock("3h", "2026-03-05T16:30", "03-05:"), CALENDAR).at is None


def test_a_day_ends_at_close_of_business() -> None:
    assert due_of(a_clock("5wd", "2026-03-02"), CALENDAR).at == moment("2026-03-09T17:30")


def test_what_is_immediate_has_the_rest_of_a_day_and_ends_with_it() -> None:
    assert due_of(a_clock("0", "2026-03-06T16:50"), CALENDAR).at == moment("2026-03-06T17:30")
    assert due_of(a_clock("0", "2026-03-06T17:31"), CALENDAR).at == moment("2026-03-09T17:30")


def test_a_day_is_a_day_in_china_whatever_the_zone_of_the_moment() -> None:
    friday_in_greenwich = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)
    clock = replace(a_clock("5wd", "2026-03-02"), start=friday_in_greenwich)
    assert clock.day_0 == day("03-07")
    assert due_of(clock, CALENDAR).day == day("03-13")


@pytest.mark.parametrize(
    ("limit", "start", "provisional"),
    [
        ("20wd", "2026-03-06", False),
        ("1wd", "2026-12-30", False),
        ("1wd", "2026-12-31", True),
        ("45wd", "2026-11-20", True),
        ("20d", "2026-12-20", True),
        ("3h", "2026-12-31T16:50", True),
        ("5wd", "2024-12-31", False),
        ("5wd", "2024-12-30", True),
        ("0", "2026-12-31", False),
        ("0", "2026-12-31T17:31", True),
        ("0", "2027-03-01", True),
    ],
)
def test_beyond_the_published_tables_a_date_is_provisional(limit: str, start: str, provisional: bool) -> None:
    assert due_of(a_clock(limit, start), CALENDAR).provisional is provisional


def test_beyond_the_tables_monday_to_friday_count() -> None:
    assert due_of(a_clock("2wd", "2026-12-31"), CALENDAR).day == day("2027-01-04")


@pytest.mark.parametrize(
    ("limit", "spans", "as_of", "used", "remaining"),
    [
        ("20wd", (), "03-01", 0, 20),
        ("20wd", (), "03-02", 0, 20),
        ("20wd", (), "03-03", 1, 19),
        ("20wd", (), "03-08", 4, 16),
        ("20wd", (), "03-30", 20, 0),
        ("20wd", (), "04-01", 22, -2),
        ("20wd", ("03-09:03-20",), "03-15", 5, 15),
        ("20wd", ("03-09:03-20",), "03-23", 6, 14),
        ("20wd", ("03-09:",), "2026-12-01", 5, 15),
        ("5d", (), "03-07", 5, 0),
        ("5d", (), "03-09", 5, 0),  # rolled to Monday: nothing is used up meanwhile
        ("5d", (), "03-10", 6, -1),
    ],
)
def test_what_is_used_and_what_remains(
    limit: str, spans: tuple[str, ...], as_of: str, used: int, remaining: int
) -> None:
    now = reading(a_clock(limit, "2026-03-02", *spans), CALENDAR, day(as_of))
    assert (now.used, now.remaining) == (used, remaining)


@pytest.mark.parametrize(
    ("as_of", "used"),
    [
        ("2026-03-06T16:00", 0),
        ("2026-03-06T17:30", 0),
        ("2026-03-07T12:00", 0),
        ("2026-03-09T09:20", 1),
        ("2026-03-09T11:19", 2),
        ("2026-03-09T11:20", 3),
        ("2026-03-09T13:00", 3),
        ("2026-03-10T09:00", 7),
    ],
)
def test_an_hour_is_used_when_it_is_over(as_of: str, used: int) -> None:
    assert reading(a_clock("3h", "2026-03-06T16:50"), CALENDAR, moment(as_of)).used == used


def test_only_what_stops_a_clock_stops_it() -> None:
    visit = pause("03-09:03-20", kind="现场核查", stops_statutory=False)
    statutory = a_clock("20wd", "2026-03-02")
    for kind, due in [
        (ClockKind.STATUTORY, "03-30"),
        (ClockKind.PROMISED, "04-13"),
        (ClockKind.STEP, "04-13"),
    ]:
        assert due_of(replace(statutory, suspensions=(visit,), kind=kind), CALENDAR).day == day(due)


def test_a_procedure_does_not_end_before_it_starts() -> None:
    with pytest.raises(Refused, match="早于开始日期"):
        pause("03-09:03-08")


def test_an_extension_moves_the_date_and_clears_overdue() -> None:
    clock = a_clock("20wd", "2026-03-02", may_extend=10)
    longer = extended(clock, Extension(10, "周明", "情况复杂"), CALENDAR, at=moment("2026-03-30T17:30"))
    assert due_of(longer, CALENDAR).day == day("04-14")
    assert reading(longer, CALENDAR, day("04-01")).remaining == 8


@pytest.mark.parametrize(
    ("clock", "n", "at", "why"),
    [
        (a_clock("20wd", "2026-03-02", may_extend=10), 10, "2026-03-30T17:31", "届满"),
        (a_clock("20wd", "2026-03-02", may_extend=10), 10, "2026-04-07", "届满"),
        (a_clock("20wd", "2026-03-02", may_extend=10), 11, "2026-03-05", "最多"),
        (a_clock("20wd", "2026-03-02", may_extend=10), 0, "2026-03-05", "最多"),
        (a_clock("20wd", "2026-03-02", extend=10, may_extend=10), 10, "2026-03-05", "一次"),
        (a_clock("0", "2026-03-02", may_extend=3), 3, "2026-03-02", "即办"),
    ],
)
def test_an_extension_is_refused(clock: Clock, n: int, at: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        extended(clock, Extension(n, "周明", "情况复杂"), CALENDAR, at=moment(at))


@pytest.mark.parametrize("start", ["1989-12-31", "2100-12-30", "2101-01-01"])
def test_no_limit_is_counted_outside_two_centuries(start: str) -> None:
    with pytest.raises(Refused, match="1990"):
        due_of(a_clock("20wd", start), CALENDAR)
