"""Why this date? Every line says it in words a clerk can repeat to the applicant."""

from dataclasses import replace

import pytest

from rules.calendar import WorkCalendar
from rules.clock import Extension
from rules.tracing import trace
from tests.clocks import a_clock, day, local_holiday, pause, the_calendar

CALENDAR = the_calendar()


@pytest.mark.parametrize(
    ("limit", "start", "on", "counted", "why"),
    [
        ("20wd", "2026-02-13", "02-13", False, "民法典第201条"),
        ("20wd", "2026-02-13", "02-14", True, "第 1 个工作日：周六，春节调休上班（《国务院办公厅关于2026年"),
        ("20wd", "2026-02-13", "02-15", False, "春节放假（《国务院办公厅关于2026年"),
        ("20wd", "2026-02-13", "03-01", False, "不计：周日"),
        ("20wd", "2026-02-13", "03-02", True, "第 7 个工作日：周一"),
        ("5d", "2026-03-02", "03-07", True, "第 5 个自然日：周六"),
        ("5d", "2026-03-02", "03-08", False, "顺延：周日"),
        ("5d", "2026-03-02", "03-09", False, "2026-03-07 是休息日，顺延至本日（民法典第203条）"),
        ("3h", "2026-03-06T16:50", "03-06", True, "40 分钟"),
        ("3h", "2026-03-06T16:50", "03-07", False, "不计：周六"),
        ("3h", "2026-03-06T16:50", "03-09", True, "2 小时 20 分钟"),
        ("3h", "2026-03-06T18:00", "03-06", False, "当日办公时间已过"),
        ("45wd", "2026-11-20", "2027-01-04", True, "2027年节假日安排尚未公布"),
        ("0", "2026-03-06", "03-06", False, "即办"),
        ("0", "2026-03-06T18:00", "03-06", False, "当日办公时间已过"),
        ("0", "2026-03-06T18:00", "03-08", False, "不计：周日"),
        ("0", "2026-03-06T18:00", "03-09", False, "即办"),
    ],
)
def test_a_line_says_why(limit: str, start: str, on: str, counted: bool, why: str) -> None:
    [line] = [line for line in trace(a_clock(limit, start), CALENDAR) if line.day == day(on)]
    assert line.counted is counted
    assert why in line.why


def test_a_suspended_day_names_the_procedure_and_who_approved_it() -> None:
    hearing = pause("03-09:03-20", kind="听证", approver="王芳")
    lines = {
        line.day: line
        for line in trace(replace(a_clock("20wd", "2026-03-02"), suspensions=(hearing,)), CALENDAR)
    }
    assert lines[day("03-09")].counted
    assert lines[day("03-10")].why == "暂停计时：听证（2026-03-09 起，王芳批准）"
    assert not lines[day("03-20")].counted
    assert lines[day("03-23")].counted


def test_two_procedures_on_a_day_are_both_named() -> None:
    both = (pause("03-09:03-20", kind="听证"), pause("03-11:03-13", kind="鉴定"))
    lines = {
        line.day: line.why
        for line in trace(replace(a_clock("20wd", "2026-03-02"), suspensions=both), CALENDAR)
    }
    assert "听证" in lines[day("03-12")]
    assert "鉴定" in lines[day("03-12")]


def test_while_it_stands_still_the_trace_ends_with_one_line() -> None:
    lines = trace(a_clock("20wd", "2026-03-02", "03-09:"), CALENDAR)
    assert lines[-1].day == day("03-10")
    assert "尚未结束" in lines[-1].why
    assert sum(line.counted for line in lines) == 5


def test_a_rolled_last_day_may_stand_still_too() -> None:
    assert "尚未结束" in trace(a_clock("5d", "2026-03-02", "03-07:"), CALENDAR)[-1].why
    resumed = trace(a_clock("5d", "2026-03-02", "03-07:03-10"), CALENDAR)
    assert [line.day for line in resumed][-1] == day("03-11")
    assert "暂停计时" in resumed[-2].why


def test_an_extended_day_names_who_extended_why_and_by_which_document() -> None:
    clock = replace(
        a_clock("20wd", "2026-03-02"), extension=Extension(10, "周明", "情况复杂", "延字〔2026〕1号")
    )
    lines = {line.day: line.why for line in trace(clock, CALENDAR)}
    assert "延长" not in lines[day("03-30")]
    assert (
        lines[day("03-31")] == "第 21 个工作日：周二；延长 10 个工作日（周明批准，延字〔2026〕1号，情况复杂）"
    )


def test_extended_hours_say_so() -> None:
    lines = trace(a_clock("3h", "2026-03-06T16:30", extend=5), CALENDAR)
    assert ["延长" in line.why for line in lines if line.counted] == [False, True]


def test_a_local_holiday_is_named_with_its_notice() -> None:
    region = WorkCalendar(CALENDAR.tables, (local_holiday("2026-05-27"),))
    [line] = [line for line in trace(a_clock("5wd", "2026-05-25"), region) if line.day == day("05-27")]
    assert line.why == "不计：周三，本地节日放假（《本地放假通知》）"
