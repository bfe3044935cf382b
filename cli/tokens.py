"""`yjs tokens`: tokens for programs that use the REST interface."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from actions.tokens import end_token, make_token
from cli.cases import AsJson
from models.account import tokens_of
from models.database import transaction
from rules.moments import china_text

app = typer.Typer(no_args_is_help=True, help="接口令牌：发放、列出、作废。", add_completion=False)

As = Annotated[str, typer.Option("--as", metavar="USER", help="令牌代表哪个账号")]
Label = Annotated[str, typer.Option(help="用途，例如：市大数据平台")]


@app.command()
def make(
    as_user: As,
    label: Label,
    days: Annotated[int, typer.Option(help="有效天数")] = 90,
    only_reads: Annotated[bool, typer.Option("--read-only", help="只能查看，不能办理")] = False,
) -> None:
    """发放一个令牌；只显示这一次。"""
    with transaction() as session:
        token = make_token(session, as_user, label, days, at=datetime.now(UTC), only_reads=only_reads)
    typer.echo(token)
    typer.echo("请马上保存：令牌只显示这一次。", err=True)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """列出令牌（不显示令牌本身）。"""
    now = datetime.now(UTC)
    with transaction() as session:
        found = [
            {
                "username": one.username,
                "label": one.label,
                "made_at": one.made_at.isoformat(),
                "expires_at": one.expires_at.isoformat(),
                "scope": "read" if one.only_reads else "act",
                "valid": one.ended_at is None and one.expires_at > now,
            }
            for one in tokens_of(session)
        ]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for row in found:
        until = china_text(datetime.fromisoformat(str(row["expires_at"])))
        state = f"有效至 {until}" if row["valid"] else "已失效"
        scope = "只读" if row["scope"] == "read" else "可办理"
        typer.echo(f"{row['username']}  {row['label']}  {scope}  {state}")


@app.command()
def end(as_user: As, label: Label) -> None:
    """作废一个账号某种用途的令牌。"""
    with transaction() as session:
        ended = end_token(session, as_user, label, at=datetime.now(UTC))
    typer.echo(f"已作废 {ended} 个令牌。")
