"""`yjs acts` and `yjs act`: what a person may do with a case now, and doing it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from actions.acting import Asked
from actions.describing import describe, describe_act
from actions.doing import do, possible
from actions.foreseeing import Foreseen, foresee
from cli.cases import AsJson, case_called
from models.database import transaction
from models.districts import acting
from rules.errors import Faulty

Number = Annotated[str, typer.Argument(metavar="NO", help="办件编号")]
By = Annotated[str, typer.Option("--as", metavar="USER", help="以哪个账号的身份和权限办理")]


def acts(number: Number, as_user: By, as_json: AsJson = False) -> None:
    """这个账号现在可以对办件做什么。"""
    with transaction() as session:
        by = acting(session, as_user)
        number = case_called(session, number).number
        found = [describe_act(one) for one in possible(session, number, by, at=datetime.now(UTC))]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        fields = "、".join([*one["required"], *(f"[{field}]" for field in one["optional"])])
        typer.echo(f"{one['action']}  {one['item'] or '（整个办件）'}  {one['label']}  {fields}".rstrip())
        if one["held"]:
            typer.echo(f"    现在还不能办：{one['held']}")
    if not found:
        typer.echo("现在没有需要您办理的。", err=True)


def act(
    number: Number,
    action: Annotated[str, typer.Argument(help="动作，yjs acts 列出可用的")],
    as_user: By,
    item: Annotated[str, typer.Option(help="事项编号，例如 B1-2")] = "",
    data: Annotated[str, typer.Option(help="动作要填写的内容（JSON 对象）")] = "{}",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会带来什么，不办理")] = False,
    as_json: AsJson = False,
) -> None:
    """对办件做一个动作。"""
    fields = _fields(data)
    with transaction() as session:
        by = acting(session, as_user)
        case = case_called(session, number)
        asked = Asked(session, case.number, item, fields, by, datetime.now(UTC))
        if dry_run:
            _show(foresee(session, case.number, lambda: _warn(do(action, asked))), as_json)
            return
        _warn(do(action, asked))
        session.flush()
        description = describe(session, case, at=datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps(description, ensure_ascii=False))
    else:
        typer.echo(f"已办理。办件{description['state_label']}{description['outcome_label']}")


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        typer.echo(f"请注意：{warning}", err=True)


def _show(foreseen: Foreseen, as_json: bool) -> None:
    """What the act would lead to; nothing has been done."""
    if as_json:
        typer.echo(json.dumps({"dry_run": True} | foreseen.described(), ensure_ascii=False))
        return
    for one in foreseen.changes:
        typer.echo(f"{one.code}  {one.name}  {one.before.label} → {one.after.label}  {one.reason}".rstrip())
    outcome = foreseen.outcome.label if foreseen.outcome else ""
    typer.echo(f"以上只是预演，没有办理。办理后办件{foreseen.state.label}{outcome}")


def _fields(data: str) -> dict[str, Any]:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise Faulty({"data": '--data 应是一个 JSON 对象，例如 \'{"reason": "……"}\'。'})
    return fields
