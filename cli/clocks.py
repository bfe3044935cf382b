"""`yjs clocks`: every clock of a case, and why its date is that day."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from actions.describing import describe_clock
from cli.cases import AsJson, case_called
from models.database import transaction
from models.supervision import ClockView, clock_views, names_of, trace_of
from rules.bundle import Unit
from rules.errors import NotFound
from rules.moments import china_text


def clocks(
    number: Annotated[str, typer.Argument(metavar="NO", help="办件编号")],
    item: Annotated[str, typer.Option(help="只看一个事项，例如 B1-2")] = "",
    as_json: AsJson = False,
) -> None:
    """一个办件的各个期限：依据、到期日、已用和剩余，逐日说明理由。"""
    with transaction() as session:
        case = case_called(session, number)
        found = clock_views(session, case.number, at=datetime.now(UTC), item=item)
        people = names_of(session)
    if item and not found:
        raise NotFound(f"办件 {number} 没有事项“{item}”，或它还没有开始计时。")
    if as_json:
        typer.echo(json.dumps([describe_clock(view, people) for view in found], ensure_ascii=False))
        return
    for view in found:
        _print(view, people)


def _print(view: ClockView, people: dict[str, str]) -> None:
    row = view.row
    whose = f"{view.item.code} {view.item.name}" if view.item else "整个办件"
    basis = f"（{row.basis}）" if row.basis else ""
    typer.echo(f"\n{whose}  {row.kind.label}：{row.limit.text}{basis}")
    typer.echo(f"  {_sentence(view)}")
    for one in view.procedures:
        name = people.get(one.approved_by, one.approved_by)
        until = one.ended_on or "尚未结束"
        typer.echo(
            f"  {one.kind}：{one.started_on} 至 {until}，{name}批准，告知 {one.expected_days} 个工作日"
        )
    if row.extended_n:
        approved = f"{people.get(row.extended_by, row.extended_by)}批准"
        told = "，".join(part for part in (approved, row.extension_document, row.extension_reason) if part)
        typer.echo(f"  延长 {row.extended_n} {row.unit.label}：{row.extended_on}，{told}")
    for line in trace_of(view):
        typer.echo(f"    {line.day}  {'计' if line.counted else '－'}  {line.why}")


def _sentence(view: ClockView) -> str:
    started = f"自 {china_text(view.row.started_at)} 起"
    due = f"到期日 {view.now.due}" if view.now.due else "到期日待特别程序结束后确定"
    marks = f"（{'、'.join(view.marks)}）" if view.marks else ""
    stopped = f"；已于 {china_text(view.row.stopped_at)} 停止" if view.row.stopped_at else ""
    if view.row.unit is Unit.IMMEDIATE:
        return f"{started}，{due}{marks}{stopped}"
    left = f"剩余 {view.now.remaining}" if view.now.remaining >= 0 else f"超期 {-view.now.remaining}"
    return f"{started}，{due}{marks}；已用 {view.now.used}，{left}{stopped}"
