"""`yjs drift`: where do the record and Prefect differ, why, and what can be put right?"""

import json
from datetime import timedelta
from typing import Annotated, Any

import typer

from models.case import find_case
from models.database import transaction
from models.drifting import try_again
from rules.drifting import BY_ITSELF, FOR_PEOPLE, Drift
from rules.errors import WrongState
from tasks.drifting import Look, compare, now
from tasks.drifting import repair as put_right


def drift(
    repair: Annotated[bool, typer.Option("--repair", help="能修复的修复，其余列出原因")] = False,
    retry: Annotated[
        str | None, typer.Option(metavar="CASE", help="让一件已经停下的办件重新开始推进")
    ] = None,
    settle: Annotated[int, typer.Option(min=0, max=3600, help="忽略最近多少秒内有变化的办件")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
) -> None:
    """核对记录与 Prefect；没有差异（或都已修复）退出码为 0，否则为 1。"""
    if retry is not None:
        _retry(retry)
        return
    found, compared = _compared(settle, quiet=as_json)
    mended = [one for one in found if _mended(one)] if repair else []
    left = [one for one in found if one not in mended]
    if as_json:
        typer.echo(json.dumps(_described(found, mended, compared), ensure_ascii=False))
    else:
        _print(found, mended, compared)
    if left:
        raise typer.Exit(1)


def _compared(settle: int, *, quiet: bool) -> tuple[list[Drift], int]:
    """Everything, page after page, with a line of progress now and then."""
    look = Look()
    for place, look in enumerate(compare(at=now(), settle=timedelta(seconds=settle)), 1):
        if not quiet and place % 20 == 0:
            typer.echo(f"已核对 {look.compared} 件……", err=True)
    return look.found, look.compared


def _mended(one: Drift) -> bool:
    return put_right(one, at=now())


def _retry(number: str) -> None:
    with transaction() as session:
        find_case(session, number)
        if not try_again(session, number, now()):
            raise WrongState(f"办件 {number} 的推进没有出错，不需要重新开始。")
    typer.echo(f"办件 {number} 将重新推进。")


def _described(found: list[Drift], mended: list[Drift], compared: int) -> dict[str, Any]:
    differences = [
        {
            "kind": one.kind.value,
            "case": one.case_number,
            "item": one.item or None,
            "run": one.run or None,
            "why": one.said,
            "repaired": one in mended,
            "needs_a_person": one.kind in FOR_PEOPLE,
        }
        for one in found
    ]
    return {"compared": compared, "differences": differences, "remaining": len(found) - len(mended)}


def _print(found: list[Drift], mended: list[Drift], compared: int) -> None:
    for one in found:
        typer.echo(f"{_mark(one, mended)}  {one.said}")
    people = sum(one.kind in FOR_PEOPLE for one in found)
    said = f"核对 {compared} 件，差异 {len(found)} 处"
    if found and mended:
        said += f"，修复 {len(mended)} 处"
    typer.echo(said + (f"，需要人处理 {people} 处（先运行 yjs doctor 检查各进程）。" if people else "。"))


def _mark(one: Drift, mended: list[Drift]) -> str:
    if one in mended:
        return "已修复"
    if one.kind in FOR_PEOPLE:
        return "需处理"
    return "在跟进" if one.kind in BY_ITSELF else "有差异"
