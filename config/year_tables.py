"""Is this file a year's table of holidays, and is it whole?"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from rules.calendar import FIRST, LAST, WEEKDAYS, DayKind, TableDay, YearTable
from rules.errors import Refused

Days = Mapping[date, TableDay]

SAME_HOLIDAY = timedelta(days=14)  # days off of one name this close together are one holiday

# 全国年节及纪念日放假办法 (2024-11-10), art. 2: the days off everybody has.
STATUTORY = {"元旦": 1, "春节": 4, "清明": 1, "劳动": 2, "端午": 1, "中秋": 1, "国庆": 3}


def read_table(path: Path) -> YearTable:
    """One year's table from a file, or Refused with the first thing that is wrong with it."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Refused(f"节假日表 {path} 读不了：{error.strerror}。") from None
    except (ValueError, RecursionError):
        raise Refused(f"节假日表 {path.name} 不是正确的 JSON 文件。") from None
    try:
        return table_of(raw)
    except Refused as refused:
        raise Refused(f"节假日表 {path.name}：{refused}") from None


def table_of(raw: Any) -> YearTable:
    """What a parsed file says: `year`, `papers`, `days` (`date`, `name`, `isOffDay`); `region` if local."""
    if not isinstance(raw, dict):
        raise Refused("文件内容应是一个 JSON 对象，有 year（年份）和 days（日期列表）。")
    year, region = raw.get("year"), raw.get("region", "")
    if type(year) is not int or not FIRST.year <= year <= LAST.year:
        raise Refused(f"year 应是 {FIRST.year} 至 {LAST.year} 之间的年份。")
    if not isinstance(region, str) or (region and not is_region(region)):
        raise Refused("region 应是 6 位行政区划代码；全国的表不写这一项。")
    days = _days_of(raw.get("days"), year)
    _check_gaps(days)
    _check_working_days(days, local=bool(region))
    usual_title = (
        f"{region} {year}年地方节假日" if region else f"国务院办公厅关于{year}年部分节假日安排的通知"
    )
    return YearTable(year, days, _text(raw, "title") or usual_title, _papers(raw), region)


def is_region(code: str) -> bool:
    """Six digits, as regions are numbered."""
    return len(code) == 6 and code.isascii() and code.isdigit()


def doubts_about(table: YearTable) -> list[str]:
    """What looks left out or mistyped in a national table. Only the notice can tell, so this warns.

    A holiday's days off on weekdays, less the days worked for them, are the days off the law gives.
    """
    net = Counter({entry.name: 0 for entry in table.days.values()})
    for day, entry in table.days.items():
        if entry.kind is DayKind.WORK:
            net[entry.name] -= 1
        elif day.weekday() < 5:
            net[entry.name] += 1
    by_law = {name: sum(n for holiday, n in STATUTORY.items() if holiday in name) for name in net}
    missing = [holiday for holiday in STATUTORY if not any(holiday in name for name in net)]
    return [f"{table.year}年的表里没有{holiday}，请对照通知核对。" for holiday in missing] + [
        f"{table.year}年的表里{name}扣除调休后放假 {net[name]} 天，法定是 {by_law[name]} 天，请对照通知核对。"
        for name in net
        if net[name] != by_law[name]
    ]


def _days_of(raw: Any, year: int) -> Days:
    if not isinstance(raw, list) or not raw:
        raise Refused("days 应是日期列表，不能是空的。")
    days: dict[date, TableDay] = {}
    for entry in raw:
        day, found = _day_of(entry)
        if day.year != year:
            raise Refused(f"{day} 不是 {year} 年的日子，请写进 {day.year} 年的表。")
        if day in days:
            raise Refused(f"{day} 写了两次，请只保留一条。")
        days[day] = found
    return days


def _day_of(entry: Any) -> tuple[date, TableDay]:
    if not isinstance(entry, dict):
        raise Refused("days 里的每一条都应有 date（日期）、name（节日）和 isOffDay（是否放假）。")
    written = entry.get("date")
    try:
        day = date.fromisoformat(written)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Refused(f"没有“{written}”这一天，日期应写成 2026-10-01 这样。") from None
    name = _text(entry, "name")
    if not name or type(entry.get("isOffDay")) is not bool:
        raise Refused(f"{day} 应有 name（节日名称）和 isOffDay（true 放假，false 上班）。")
    return day, TableDay(DayKind.OFF if entry["isOffDay"] else DayKind.WORK, name)


def _check_gaps(days: Days) -> None:
    off = sorted(day for day, entry in days.items() if entry.kind is DayKind.OFF)
    for name in {days[day].name for day in off}:
        of_name = [day for day in off if days[day].name == name]
        for before, after in pairwise(of_name):
            gap = before + timedelta(days=1)
            while gap in days and days[gap].kind is DayKind.OFF and gap < after:
                gap += timedelta(days=1)
            if gap < after <= before + SAME_HOLIDAY:
                raise Refused(f"{name}的放假日期不连续，缺少 {gap}，请对照通知补上。")


def _check_working_days(days: Days, *, local: bool) -> None:
    """Only a local table may call people to work on a weekday: on a holiday of the whole country."""
    for day, entry in days.items():
        if entry.kind is DayKind.WORK and day.weekday() < 5 and not local:
            raise Refused(f"{day} 是周{WEEKDAYS[day.weekday()]}，本来就上班，不能是调休上班日。")


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key, "")
    if not isinstance(value, str):
        raise Refused(f"{key} 应是文字。")
    return value.strip()


def _papers(raw: Mapping[str, Any]) -> tuple[str, ...]:
    papers = raw.get("papers", [])
    if not isinstance(papers, list) or not all(isinstance(paper, str) for paper in papers):
        raise Refused("papers 应是通知网址的列表。")
    return tuple(papers)
