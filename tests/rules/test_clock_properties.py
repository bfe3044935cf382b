"""What holds for every clock: by random limits, starts and special procedures."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.bundle import Limit, Unit
from rules.clock import Clock, Extension, due_of, reading
from rules.moments import CHINA
from rules.suspending import Suspension, pauses
from rules.tracing import trace
from tests.clocks import the_calendar

CALENDAR = the_calendar()
FAR = date(2100, 1, 1)

days = st.dates(date(2025, 1, 1), date(2026, 12, 31))
spans = st.builds(
    lambda start, length, rounded_up: Suspension(
        start, None if length is None else start + timedelta(days=length), rounded_up=rounded_up
    ),
    days,
    st.integers(0, 40) | st.none(),
    st.booleans(),
)
closed_spans = st.builds(
    lambda start, n: Suspension(start, start + timedelta(days=n)), days, st.integers(0, 40)
)
starts = st.builds(
    lambda day, minute: datetime.combine(day, time(), CHINA) + timedelta(minutes=minute),
    days,
    st.integers(0, 1439),
)
limits = st.builds(
    Limit, st.integers(1, 60), st.sampled_from([Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.HOUR])
)
clocks = st.builds(
    Clock,
    limits,
    starts,
    st.none() | st.builds(Extension, st.integers(1, 15)),
    st.lists(spans, max_size=4).map(tuple),
)


def last_day(clock: Clock) -> date:
    return due_of(clock, CALENDAR).day or FAR


@given(clocks, spans)
def test_adding_a_suspension_never_shortens(clock: Clock, span: Suspension) -> None:
    assert last_day(replace(clock, suspensions=(*clock.suspensions, span))) >= last_day(clock)


@given(clocks, st.randoms(use_true_random=False))
def test_the_union_is_free_of_order_and_repetition(clock: Clock, chance: object) -> None:
    shuffled = list(clock.suspensions) * 2
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert pauses(shuffled) == pauses(clock.suspensions)
    assert due_of(replace(clock, suspensions=tuple(shuffled)), CALENDAR) == due_of(clock, CALENDAR)


@given(clocks)
def test_the_union_leaves_out_exactly_the_days_some_procedure_leaves_out(clock: Clock) -> None:
    for number in range(-10, 120):
        day = clock.day_0 + timedelta(days=number)
        in_union = any(
            begin < day and (end is None or day <= end) for begin, end in pauses(clock.suspensions)
        )
        assert in_union == any(stop.leaves_out(day) for stop in clock.suspensions)


@given(clocks)
def test_one_more_is_later(clock: Clock) -> None:
    more = replace(clock, limit=replace(clock.limit, n=clock.limit.n + 1))
    sooner, later = due_of(clock, CALENDAR), due_of(more, CALENDAR)
    if later.day is None or sooner.day is None or sooner.at is None or later.at is None:
        assert later.day is None
    elif clock.limit.unit is Unit.CALENDAR_DAY:  # two last days may roll to the same Monday
        assert later.day >= sooner.day
    else:
        assert later.at > sooner.at


@given(clocks)
def test_the_trace_adds_up_to_the_limit(clock: Clock) -> None:
    lines, due = trace(clock, CALENDAR), due_of(clock, CALENDAR)
    counted = sum(line.counted for line in lines)
    hours = sum((line.office_time for line in lines), timedelta())
    if due.day is None:
        assert (
            counted < clock.units
            or hours < timedelta(hours=clock.units)
            or not CALENDAR.is_working(lines[-2].day)
        )
        return
    assert lines[-1].day == due.day
    assert [line.day for line in lines] == [clock.day_0 + timedelta(days=n) for n in range(len(lines))]
    assert (
        (hours == timedelta(hours=clock.units)) if clock.limit.unit is Unit.HOUR else (counted == clock.units)
    )


@given(clocks, st.lists(st.integers(-3, 200 * 24), min_size=2, max_size=8))
def test_what_remains_never_grows_by_itself(clock: Clock, hours: list[int]) -> None:
    moments = [clock.start + timedelta(hours=n) for n in sorted(hours)]
    left = [reading(clock, CALENDAR, at).remaining for at in moments]
    assert left == sorted(left, reverse=True)


@given(clocks)
def test_used_and_remaining_agree_with_the_due_date(clock: Clock) -> None:
    due = due_of(clock, CALENDAR)
    if due.at is None:
        return
    at_the_end, before = (
        reading(clock, CALENDAR, due.at),
        reading(clock, CALENDAR, due.at - timedelta(minutes=1)),
    )
    assert (at_the_end.used, at_the_end.remaining) == (clock.units, 0)
    assert before.remaining >= 0


@given(clocks, st.integers(0, 200))
def test_the_fast_count_is_the_count_by_hand(clock: Clock, later: int) -> None:
    """Used days by subtraction of ranks, against walking from day to day."""
    as_of = clock.day_0 + timedelta(days=later)
    if clock.limit.unit is not Unit.WORKING_DAY:
        return
    by_hand = 0
    for number in range(1, later + 1):
        day = clock.day_0 + timedelta(days=number)
        by_hand += CALENDAR.is_working(day) and not any(stop.leaves_out(day) for stop in clock.suspensions)
    assert reading(clock, CALENDAR, as_of).used == by_hand


@settings(max_examples=30)
@given(starts, st.integers(1, 40), st.lists(closed_spans, max_size=3))
def test_an_extension_is_a_longer_limit_from_the_same_start(
    start: datetime, n: int, spans: list[Suspension]
) -> None:
    extended = Clock(Limit(n, Unit.WORKING_DAY), start, Extension(10), tuple(spans))
    assert due_of(extended, CALENDAR) == due_of(
        Clock(Limit(n + 10, Unit.WORKING_DAY), start, None, tuple(spans)), CALENDAR
    )
