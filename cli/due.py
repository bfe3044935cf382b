"""`yjs due`: when is it due, how much is left, and why that day?"""

import json
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer

from config.calendars import calendar_for
from config.year_tables import is_region
from rules.bundle import Limit, Unit
from rules.calendar import check_in_range
from rules.clock import Clock, Extension, Reading, reading
from rules.errors import Faulty
from rules.moments import CHINA, china_text
from rules.suspending import Suspension
from rules.tracing import TraceLine, trace

UNITS = {"wd": Unit.WORKING_DAY, "d": Unit.CALENDAR_DAY, "h": Unit.HOUR}
LONGEST = 3650  # units: more is a slip of the finger, no limit in law comes near it

DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = DAY + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?"

Start = Annotated[
    str, typer.Option("--from", metavar="DATE", help="起算日（受理日），可带时刻：2026-03-06T16:50")
]
Pauses = Annotated[
    list[str] | None,
    typer.Option(metavar="START:END", help="特别程序的起止日，可写多次；未结束的写 START:"),
]


def due(
    start: Start,
    limit: Annotated[str, typer.Option(help="期限：20wd 工作日，20d 自然日，3h 工作小时，0 即办")],
    extend: Annotated[str | None, typer.Option(metavar="N", help="延长多少（单位与期限相同）")] = None,
    pause: Pauses = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="算到哪一天，默认今天")] = None,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="行政区划代码，计入当地假日")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
) -> None:
    """计算到期日，并逐日说明理由。"""
    clock = _clock(start, limit, extend, pause or [])
    moment = _moment("--as-of", as_of) if as_of is not None else datetime.now(UTC)
    if region is not None and not is_region(region):
        raise Faulty({"--region": f"--region 应是 6 位行政区划代码，“{region}”不是。"})
    calendar = calendar_for(region)
    now, lines = reading(clock, calendar, moment), trace(clock, calendar)
    if as_json:
        typer.echo(json.dumps(_described(clock, now, lines), ensure_ascii=False))
    else:
        _print(clock, now, lines)


def _clock(start: str, limit: str, extend: str | None, pause: list[str]) -> Clock:
    parsed = _limit(limit)
    extension = Extension(_count("--extend", extend)) if extend is not None else None
    if extension and parsed.unit is Unit.IMMEDIATE:
        raise Faulty({"--extend": "即办事项没有可以延长的期限。"})
    suspensions = tuple(_suspension(text) for text in pause)
    began = _moment("--from", start)
    at = began if isinstance(began, datetime) else datetime(began.year, began.month, began.day, tzinfo=CHINA)
    return Clock(parsed, at, extension, suspensions)


def _limit(text: str) -> Limit:
    if text == "0":
        return Limit(0, Unit.IMMEDIATE)
    found = re.fullmatch(r"(-?[0-9]{1,9})(wd|d|h)", text)
    if not found:
        shapes = "20wd（工作日）、20d（自然日）、3h（工作小时）或 0（即办）"
        raise Faulty({"--limit": f"期限应写成 {shapes}，“{text}”不是。"})
    return Limit(_count("--limit", found[1]), UNITS[found[2]])


def _count(option: str, text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text) or not 1 <= int(text) <= LONGEST:
        raise Faulty({option: f"{option} 的数应在 1 到 {LONGEST} 之间，“{text}”不在其内。"})
    return int(text)


def _suspension(text: str) -> Suspension:
    start, colon, end = text.partition(":")
    if not colon:
        raise Faulty({"--pause": f"--pause 应写成 开始日:结束日，未结束的写成 开始日:，“{text}”不是。"})
    return Suspension(_day("--pause", start), _day("--pause", end) if end else None)


def _day(option: str, text: str) -> date:
    if not re.fullmatch(DAY, text):
        raise Faulty({option: f"{option} 的日期应写成 2026-03-06 这样，“{text}”不是。"})
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Faulty({option: f"{option}：没有 {text} 这一天。"}) from None
    check_in_range(day)
    return day


def _moment(option: str, text: str) -> date | datetime:
    """A day, or a moment of it; a time without a zone is China's."""
    if not re.fullmatch(MOMENT, text):
        return _day(option, text)
    _day(option, text[:10])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Faulty({option: f"{option}：没有 {text[11:]} 这个时刻。"}) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def _described(clock: Clock, now: Reading, lines: tuple[TraceLine, ...]) -> dict[str, Any]:
    """Dates as scripts read them. Only a limit in hours has a moment of its own."""
    answer = {
        "due": now.due.isoformat() if now.due else None,
        "provisional": now.provisional,
        "used": now.used,
        "remaining": now.remaining,
        "trace": [{"date": line.day.isoformat(), "counted": line.counted, "why": line.why} for line in lines],
    }
    if clock.limit.unit is Unit.HOUR:
        answer["due_at"] = now.due_at.astimezone(CHINA).isoformat() if now.due_at else None
    return answer


def _print(clock: Clock, now: Reading, lines: tuple[TraceLine, ...]) -> None:
    for line in lines:
        typer.echo(f"{line.day}  {'计' if line.counted else '－'}  {line.why}")
    typer.echo(_sentence(clock, now))


def _sentence(clock: Clock, now: Reading) -> str:
    if now.due is None or now.due_at is None:
        ends = "暂停计时中，到期日待特别程序结束后确定"
    else:
        ends = f"到期日 {now.due}，截止 {china_text(now.due_at)}" + ("（暂定）" if now.provisional else "")
    if clock.limit.unit is Unit.IMMEDIATE:
        return f"即办：{ends}"
    left = f"剩余 {now.remaining}" if now.remaining >= 0 else f"超期 {-now.remaining}"
    return f"期限 {clock.units} {clock.limit.unit.label}：{ends}；已用 {now.used}，{left}"
