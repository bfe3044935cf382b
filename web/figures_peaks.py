"""The figures of the statistics page that concern people at the counter: peak hours, the coming week, ratings."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from models.rating import Figures as Ratings
from rules.calendar import WEEKDAYS
from rules.forecasting import LEAST, WEEKS, Counts, Expected, Range
from rules.spans import Span
from rules.voices import Grade
from web.drawing import bars, dots
from web.figures_built import Cell, Figure, behind, cases

OPENING = range(8, 19)  # shown even when nobody came


def peaks(counts: Counts, today: date) -> Figure:
    """高峰时段: cases received by weekday and hour, of the last weeks."""
    span = Span(today - timedelta(weeks=WEEKS), today - timedelta(days=1))
    summed = {(weekday, hour): 0 for weekday in range(7) for hour in OPENING}
    for day, of_day in counts.items():
        for hour, received in of_day.items() if span.first <= day <= span.last else ():
            summed[day.weekday(), hour] = summed.get((day.weekday(), hour), 0) + received
    hours = sorted({hour for _, hour in summed})
    days = {"from": span.first, "to": span.last, "sort": "newest"}
    rows = [
        (
            Cell(f"周{WEEKDAYS[weekday]}"),
            *(
                _counted(summed.get((weekday, hour), 0), days | {"weekday": weekday, "hour": hour})
                for hour in hours
            ),
        )
        for weekday in range(7)
    ]
    most = max(summed, key=lambda place: (summed[place], -place[0], -place[1]))
    drawn = {
        f"周{WEEKDAYS[weekday]}": [summed.get((weekday, hour), 0) for hour in hours] for weekday in range(7)
    }
    return Figure(
        "peaks",
        "高峰时段",
        f"收件最多的是周{WEEKDAYS[most[0]]} {most[1]} 时至 {most[1] + 1} 时，{summed[most]} 件。",
        ("收件", *(f"{hour} 时" for hour in hours)),
        rows if any(summed.values()) else [],
        f"最近 {WEEKS} 周（{span.first} 至 {span.last}）收件的合计，不分一件事。",
        partial(
            dots,
            [f"{hour} 时" for hour in hours],
            drawn,
            {row[0].text: [cell.link for cell in row[1:]] for row in rows},
        ),
    )


def coming(expected: Sequence[Expected]) -> Figure:
    """下一周预计收件, with the range it is taken from."""
    known = [one for one in expected if one.total]
    rows = [_coming(one) for one in expected]
    total = sum(one.total.middle for one in known if one.total)
    ranges = [one.total or Range(0, 0, 0) for one in known]
    labels = [f"{one.day.month}/{one.day.day} 周{WEEKDAYS[one.day.weekday()]}" for one in known]
    drawn = {
        "居中": [one.middle for one in ranges],
        "最少": [float(one.low) for one in ranges],
        "最多": [float(one.high) for one in ranges],
    }
    return Figure(
        "coming",
        "下一周预计收件",
        f"今后七天预计收件约 {total:.0f} 件。"
        if known
        else f"数据不足：相同的星期几要有至少 {LEAST} 个工作日可比。",
        ("日期", "预计收件", "范围", "高峰时段", "依据"),
        rows,
        f"不分一件事。取最近 {WEEKS} 周内相同星期几的工作日收件数的中位数，范围是其中最少和最多的；"
        "调休上班的周末与全部工作日比；休息日不收件。这只是以往的重复，不知道政策、天气和节前的变化。",
        partial(bars, labels, drawn, {}) if known else None,
    )


def rated(ratings: Ratings, days: int) -> Figure:
    """好差评: how many gave which grade."""
    counts = {grade: ratings.counts.get(grade, 0) for grade in Grade}
    total = sum(counts.values())
    rows = [
        (
            Cell(grade.label),
            Cell(str(count), f"/ratings?days={max(days, 30)}&grade={grade.value}" if count else ""),
            Cell(f"{count / total:.1%}" if total else "—"),
        )
        for grade, count in counts.items()
    ]
    return Figure(
        "ratings",
        "好差评",
        f"共 {total} 次评价。",
        ("评价", "次数", "占比"),
        rows if total else [],
        "不分一件事。只计第一次评价，申诉成立的不计。点开的是评价台账，最短三十天。",
        partial(
            bars,
            [grade.label for grade in counts],
            {"次数": list(counts.values())},
            {"次数": behind(rows)},
        ),
    )


def _counted(count: int, narrowed: Mapping[str, object]) -> Cell:
    return Cell(str(count), cases("", narrowed) if count else "")


def _coming(one: Expected) -> tuple[Cell, ...]:
    day = Cell(f"{one.day} 周{WEEKDAYS[one.day.weekday()]}")
    if not one.working:
        return day, Cell("0"), Cell("—"), Cell("—"), Cell("休息日")
    if one.total is None:
        return day, Cell("数据不足"), Cell("—"), Cell("—"), Cell(f"只有 {one.compared} 天可比")
    peak = f"{one.peak} 时至 {one.peak + 1} 时" if one.peak is not None else "—"
    return (
        day,
        Cell(f"{one.total.middle:g}"),
        Cell(f"{one.total.low}～{one.total.high}"),
        Cell(peak),
        Cell(f"{one.compared} 个工作日"),
    )
