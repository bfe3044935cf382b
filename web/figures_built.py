"""The figures of the statistics page: each its sentence, its chart, and the same numbers as a table that leads on."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from models.figures import DayFigure
from rules.calendar import WorkCalendar
from rules.spans import Span
from web.drawing import bars

AGES = ((0, 2), (3, 5), (6, 10), (11, 20), (21, 40), (41, None))  # working days
LOOKED_BACK = 100  # days: surely more than the longest of them


@dataclass(frozen=True)
class Cell:
    """A number or a word, and the list behind it."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class Figure:
    """One chart with its table; without rows there is nothing to draw."""

    name: str
    title: str
    says: str  # what the picture shows, for those who do not see it
    headings: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]] = ()
    note: str = ""
    draw: Callable[[], bytes] | None = None


def flow(figures: Iterable[DayFigure], span: Span, bundle: str) -> Figure:
    """收件与结束, by day."""
    come, gone = dict.fromkeys(span.days, 0), dict.fromkeys(span.days, 0)
    for row in figures:
        come[row.day] += row.received
        gone[row.day] += row.closed
    rows = [
        (
            Cell(day.isoformat()),
            Cell(str(come[day]), cases(bundle, {"from": day, "to": day})),
            Cell(str(gone[day]), cases(bundle, {"closed_from": day, "closed_to": day})),
        )
        for day in reversed(span.days)
    ]
    labels = [f"{day.month}/{day.day}" for day in span.days]
    both = {"收件": list(come.values()), "结束": list(gone.values())}
    return Figure(
        "flow",
        "每天收件与结束",
        f"收件 {sum(come.values())} 件，结束 {sum(gone.values())} 件。",
        ("日期", "收件", "结束"),
        rows if any(come.values()) or any(gone.values()) else [],
        "结束包括办结、撤回、不予受理和作废。过去各天的数字在当天结束后固定；以后重新办理的不改动它们，"
        "点开的清单按现在的记录列出。",
        partial(
            bars, labels, both, {"收件": behind(rows[::-1]), "结束": behind(rows[::-1], 2)}, values=False
        ),
    )


def backlog(by_day: Mapping[date, int], today: date, calendar: WorkCalendar, bundle: str) -> Figure:
    """未结办件的库龄, in working days since receipt."""
    days = Span(today - timedelta(days=LOOKED_BACK), today).days
    rows, counts = [], []
    for least, most in AGES:
        of_age = [day for day in days if _is_of_age(calendar.working_days_between(day, today), least, most)]
        begin = of_age[0] if most is not None else min([*by_day, of_age[0]])
        counts.append(sum(n for day, n in by_day.items() if begin <= day <= of_age[-1]))
        link = cases(bundle, {"open": "yes", "from": begin, "to": of_age[-1], "sort": "oldest"})
        rows.append((Cell(_age(least, most)), Cell(str(counts[-1]), link)))
    return Figure(
        "backlog",
        "未结办件的库龄",
        f"未结 {sum(counts)} 件，其中收件超过 20 个工作日的 {sum(counts[4:])} 件。",
        ("收件以来", "未结办件"),
        rows if any(counts) else [],
        "按收件当天以后的工作日计，包括还没有受理的和等待补正的。",
        partial(bars, [_age(*age) for age in AGES], {"未结办件": counts}, {"未结办件": behind(rows)}),
    )


def hours(figures: Iterable[DayFigure], span: Span, bundle: str, names: Mapping[str, str]) -> Figure:
    """各部门办理用时与承诺, in office hours."""
    found = [(code, one) for code, one in _by(figures, "department_code").items() if code and one["timed"]]
    found.sort(key=lambda pair: -pair[1]["used_hours"] / pair[1]["timed"])
    used = [one["used_hours"] / one["timed"] for _, one in found]
    promised = [one["promised_hours"] / one["timed"] for _, one in found]
    labels = [names.get(code, code) for code, _ in found]
    rows = [
        (
            Cell(label),
            Cell(str(int(one["decided"])), items(bundle, code, span)),
            Cell(str(int(one["timed"]))),
            Cell(f"{mine:.1f}"),
            Cell(f"{most:.1f}"),
            Cell(f"{mine / most:.0%}" if most else "—"),
        )
        for (code, one), label, mine, most in zip(found, labels, used, promised, strict=True)
    ]
    slow = [label for label, mine, most in zip(labels, used, promised, strict=True) if mine > most]
    return Figure(
        "hours",
        "各部门办理用时与承诺",
        f"平均用时超过承诺的部门：{'、'.join(slow) if slow else '没有'}。",
        ("部门", "办结的事项", "其中计时的", "平均用时（小时）", "平均承诺（小时）", "用去承诺的"),
        rows,
        "从分办到决定，只计办公时间；承诺计到承诺日下班。办理中暂停过计时的（特别程序、整改）和没有承诺期限的不计时。",
        partial(
            bars,
            labels,
            {"平均用时（小时）": used, "平均承诺（小时）": promised},
            dict.fromkeys(("平均用时（小时）", "平均承诺（小时）"), behind(rows)),
        ),
    )


def in_time_by_department(
    figures: Iterable[DayFigure], span: Span, bundle: str, names: Mapping[str, str]
) -> Figure:
    """部门按时办结率, of items."""
    found = {code: one for code, one in _by(figures, "department_code").items() if code and one["decided"]}

    def late(code: str) -> str:
        return items(bundle, code, span) + "&in_time=no"

    rows = _in_time(found, names, lambda code: items(bundle, code, span), late)
    return _shares("in-time-departments", "部门按时办结率", "部门", "事项", rows)


def in_time_by_bundle(figures: Iterable[DayFigure], span: Span, names: Mapping[str, str]) -> Figure:
    """一件事按时办结率, of cases."""
    of_cases = [row for row in figures if not row.department_code]
    found = {code: one for code, one in _by(of_cases, "bundle_code").items() if one["decided"]}
    days: dict[str, Any] = {"concluded_from": span.first, "concluded_to": span.last, "sort": "newest"}
    rows = _in_time(
        found, names, lambda code: cases(code, days), lambda code: cases(code, days | {"in_time": "no"})
    )
    return _shares("in-time-bundles", "一件事按时办结率", "一件事", "办件", rows)


def cases(bundle: str, narrowed: Mapping[str, Any]) -> str:
    """The list of cases behind a number."""
    return "/manage?" + urlencode(({"bundle": bundle} if bundle else {}) | dict(narrowed))


def items(bundle: str, department: str, span: Span) -> str:
    """The list of items behind a number."""
    days = {"decided_from": span.first, "decided_to": span.last}
    of_bundle = {"bundle": bundle} if bundle else {}
    return "/manage/items?" + urlencode({"department": department} | of_bundle | days)


def behind(rows: Iterable[tuple[Cell, ...]], place: int = 1) -> list[str]:
    """The list behind the number at this place of each row."""
    return [row[place].link for row in rows]


def _by(figures: Iterable[DayFigure], what: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in figures:
        for name in ("decided", "in_time", "timed", "used_hours", "promised_hours"):
            found[getattr(row, what)][name] += getattr(row, name)
    return found


def _in_time(
    found: Mapping[str, Mapping[str, float]],
    names: Mapping[str, str],
    all_of: Callable[[str], str],
    late_of: Callable[[str], str],
) -> list[tuple[Cell, ...]]:
    """The worst first; rounded down, so that one that is late never reads as none."""
    worst = sorted(found.items(), key=lambda pair: pair[1]["in_time"] / pair[1]["decided"])
    return [
        (
            Cell(names.get(code, code)),
            Cell(str(int(one["decided"])), all_of(code)),
            Cell(str(int(one["decided"] - one["in_time"])), late_of(code)),
            Cell(f"{1000 * one['in_time'] // one['decided'] / 10:.1f}%"),
        )
        for code, one in worst
    ]


def _shares(name: str, title: str, what: str, of_what: str, rows: list[tuple[Cell, ...]]) -> Figure:
    shares = [float(row[-1].text.removesuffix("%")) for row in rows]
    lowest = (
        f"最低的是{rows[0][0].text}，{rows[0][-1].text}。"
        if rows and shares[0] < 100
        else "全部按时。" * bool(rows)
    )
    return Figure(
        name,
        title,
        f"{len(rows)} 个{what}有办结的{of_what}。{lowest}",
        (what, f"办结的{of_what}", "其中逾期", "按时率"),
        rows,
        "在承诺日当天或以前决定的为按时；没有承诺期限的计为按时。",
        partial(
            bars,
            [row[0].text for row in rows],
            {"按时率": shares},
            {"按时率": behind(rows)},
            unit="%",
            most=100,
        ),
    )


def _is_of_age(age: int, least: int, most: int | None) -> bool:
    return age >= least and (most is None or age <= most)


def _age(least: int, most: int | None) -> str:
    return f"{least}～{most} 天" if most is not None else f"{least} 天以上"
