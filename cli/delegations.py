"""`yjs delegations`: who fills whose post, from which day to which; give one away, end it."""

import json
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from actions.delegating import Period, delegate, end_delegation
from cli.cases import AsJson
from models.account import departments_by_code
from models.database import transaction
from models.districts import acting
from models.supervision import names_of
from models.together import Delegation, delegations_of
from rules.errors import Faulty, NotFound
from rules.moments import china_day

app = typer.Typer(help="委托代办：列出、委托、结束。", invoke_without_command=True, add_completion=False)

As = Annotated[str, typer.Option("--as", metavar="USER", help="以哪个账号的身份和权限办理")]


@app.callback()
def listed(
    context: typer.Context,
    department: Annotated[str, typer.Option(help="只列出这个部门的")] = "",
    as_json: AsJson = False,
) -> None:
    """还没有到期的委托。"""
    if context.invoked_subcommand:
        return
    with transaction() as session:
        codes = [department] if department else sorted(departments_by_code(session))
        today = china_day(datetime.now(UTC))
        found = [_described(one) for code in codes for one in delegations_of(session, code, today)]
        people = names_of(session)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        names = f"{people[one['username']]} 由 {people[one['stand_in']]} 代办"
        typer.echo(f"{one['id']}  {names}  {one['from']} 至 {one['until']}  {one['reason']}")
    if not found:
        typer.echo("没有委托。", err=True)


@app.command("add")
def added(
    username: Annotated[str, typer.Argument(metavar="USER", help="谁的岗位")],
    stand_in: Annotated[str, typer.Argument(metavar="STAND_IN", help="由谁代办")],
    as_user: As,
    first: Annotated[str, typer.Option("--from", help="从哪天起，例如 2026-11-23")],
    last: Annotated[str, typer.Option("--until", help="到哪天止（含当天）")],
    reason: Annotated[str, typer.Option(help="原因，例如休假")],
    as_json: AsJson = False,
) -> None:
    """委托同部门的人代办一段时间。"""
    period = Period(_day(first, "--from"), _day(last, "--until"))
    with transaction() as session:
        by = acting(session, as_user)
        one = delegate(session, username, stand_in, period, reason, by=by, at=datetime.now(UTC))
        _say(one, as_json, "已委托")


@app.command("end")
def ended(
    delegation: Annotated[str, typer.Argument(metavar="ID", help="委托的编号，yjs delegations 列出")],
    as_user: As,
    as_json: AsJson = False,
) -> None:
    """提前结束委托。"""
    try:
        found = UUID(delegation)
    except ValueError:
        raise NotFound("没有这个委托。") from None
    with transaction() as session:
        by = acting(session, as_user)
        _say(end_delegation(session, found, by=by, at=datetime.now(UTC)), as_json, "已结束委托")


def _say(one: Delegation, as_json: bool, done: str) -> None:
    described = _described(one)
    if as_json:
        typer.echo(json.dumps(described, ensure_ascii=False))
    else:
        typer.echo(f"{done} {described['id']}")


def _described(one: Delegation) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "username": one.username,
        "stand_in": one.stand_in,
        "from": one.from_day.isoformat(),
        "until": one.until_day.isoformat(),
        "reason": one.reason,
    }


def _day(given: str, option: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Faulty({option: f"{option} 应写成 2026-11-23 这样的日期。"}) from None
