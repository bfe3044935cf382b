"""Lights and rungs: what colour, and when is somebody told."""

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.clock import ClockKind
from rules.lights import Light, Step, light, rungs, worst
from rules.thresholds import Thresholds
from tests.clocks import a_clock, day, moment, the_calendar

CALENDAR = the_calendar()
PROMISED, STATUTORY, NOTICE = ClockKind.PROMISED, ClockKind.STATUTORY, ClockKind.NOTICE


@pytest.mark.parametrize(
    ("limit", "kind", "at", "expected"),
    [
        ("20wd", PROMISED, "2026-03-02T10:00", Light.GREEN),
        ("20wd", PROMISED, "2026-03-19T10:00", Light.GREEN),  # 7 left, more than 30 %
        ("20wd", PROMISED, "2026-03-20T10:00", Light.NEAR),  # 6 left
        ("20wd", PROMISED, "2026-03-23T10:00", Light.NEAR),
        ("20wd", PROMISED, "2026-03-24T10:00", Light.WARNING),  # 4 left, 20 %
        ("20wd", PROMISED, "2026-03-30T17:30", Light.WARNING),
        ("20wd", PROMISED, "2026-03-30T17:31", Light.YELLOW),
        ("20wd", STATUTORY, "2026-03-30T17:31", Light.RED),
        ("5wd", NOTICE, "2026-03-09T17:31", Light.RED),
        ("5wd", ClockKind.STEP, "2026-03-09T12:00", Light.GREEN),
        ("5wd", ClockKind.STEP, "2026-03-09T17:31", Light.WARNING),
        ("10wd", ClockKind.DELIVERY, "2026-03-17T10:00", Light.RED),
        ("5wd", PROMISED, "2026-03-04T10:00", Light.GREEN),  # 3 left, more than 2 days
        ("5wd", PROMISED, "2026-03-05T10:00", Light.NEAR),
        ("5wd", PROMISED, "2026-03-06T10:00", Light.WARNING),  # 1 left
        ("1wd", PROMISED, "2026-03-02T10:00", Light.WARNING),
        ("0", PROMISED, "2026-03-02T12:00", Light.GREEN),
        ("0", PROMISED, "2026-03-02T18:00", Light.YELLOW),
        ("3h", PROMISED, "2026-03-02T11:00", Light.NEAR),
        ("3h", PROMISED, "2026-03-02T14:00", Light.WARNING),
        ("3h", PROMISED, "2026-03-02T14:31", Light.YELLOW),
    ],
)
def test_lights(limit: str, kind: ClockKind, at: str, expected: Light) -> None:
    assert light(a_clock(limit, "2026-03-02", kind=kind), CALENDAR, at=moment(at)) is expected


def test_a_clock_that_stands_still_keeps_its_light() -> None:
    clock = a_clock("20wd", "2026-03-02", "03-09:", kind=PROMISED)
    assert light(clock, CALENDAR, at=moment("2026-06-01")) is Light.GREEN


def test_the_whole_shows_the_worst_light_of_its_parts() -> None:
    assert worst([Light.GREEN, Light.RED, Light.YELLOW]) is Light.RED
    assert worst([]) is Light.GREEN


def test_thresholds_are_a_setting() -> None:
    early = Thresholds(warning_units=10)
    clock = a_clock("20wd", "2026-03-02", kind=PROMISED)
    assert light(clock, CALENDAR, at=moment("2026-03-16"), thresholds=early) is Light.WARNING
    assert rungs(clock, CALENDAR, thresholds=early)[0].at == moment("2026-03-16T09:00")


def test_the_ladder_of_a_promise() -> None:
    near_end, passed = rungs(a_clock("20wd", "2026-03-02", kind=PROMISED), CALENDAR)
    assert (near_end.step, near_end.light, near_end.at) == (
        Step.NEAR_END,
        Light.WARNING,
        moment("2026-03-24T09:00"),
    )
    assert (passed.step, passed.light, passed.at) == (Step.PASSED, Light.YELLOW, moment("2026-03-30T17:30"))


def test_a_step_and_an_immediate_item_only_run_out() -> None:
    for clock in (
        a_clock("5wd", "2026-03-02", kind=ClockKind.STEP),
        a_clock("0", "2026-03-02", kind=PROMISED),
    ):
        assert [rung.step for rung in rungs(clock, CALENDAR)] == [Step.PASSED]


def test_a_clock_that_stands_still_climbs_no_further() -> None:
    assert rungs(a_clock("20wd", "2026-03-02", "03-09:", kind=PROMISED), CALENDAR) == ()
    only_near = rungs(a_clock("20wd", "2026-03-02", "03-27:", kind=PROMISED), CALENDAR)
    assert [rung.step for rung in only_near] == [Step.NEAR_END]


def test_an_extension_warns_anew_of_the_new_end() -> None:
    before, after = a_clock("20wd", "2026-03-02"), a_clock("20wd", "2026-03-02", extend=10)
    codes = [rung.code for clock in (before, after) for rung in rungs(clock, CALENDAR)]
    assert codes == ["near_end", "passed", "near_end_extended", "passed"]


def test_nobody_is_told_on_a_day_off_or_before_the_clock_began() -> None:
    near_end = rungs(a_clock("5d", "2026-03-04", kind=PROMISED), CALENDAR)[0]  # day 4 is a Sunday
    assert near_end.at == moment("2026-03-09T09:00")
    start = "2026-03-02T20:00"
    for limit in ("1wd", "1h"):
        assert rungs(a_clock(limit, start, kind=PROMISED), CALENDAR)[0].at == moment(start)


@given(
    st.integers(1, 60),
    st.sampled_from(["wd", "d", "h"]),
    st.dates(day("2025-01-02"), day("2026-12-01")),
    st.sampled_from([PROMISED, STATUTORY, NOTICE, ClockKind.DELIVERY]),
)
def test_when_a_rung_is_fired_its_light_is_on(n: int, unit: str, start: object, kind: ClockKind) -> None:
    clock = a_clock(f"{n}{unit}", f"{start}", kind=kind)
    near_end, passed = rungs(clock, CALENDAR)
    assume(near_end.at < passed.at)
    assert light(clock, CALENDAR, at=near_end.at) is near_end.light
    assert light(clock, CALENDAR, at=passed.at + timedelta(seconds=1)) is passed.light
