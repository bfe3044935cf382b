"""`yjs cards`: what electronic supervision found; explain a card, close a card."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from actions.describing_record import describe_card
from actions.supervising import close, explain
from cli.cases import AsJson
from models.account import short_names
from models.card import Card, cards
from models.database import transaction
from models.districts import acting
from models.supervision import names_of
from rules.moments import china_text

MOST = 1000  # lines

app = typer.Typer(help="监察卡：列出、说明、销号。", invoke_without_command=True, add_completion=False)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="监察编号，例如 JC2026031600000001")]
As = Annotated[str, typer.Option("--as", metavar="USER", help="以哪个账号的身份和权限办理")]


@app.callback()
def listed(
    context: typer.Context,
    only_open: Annotated[bool, typer.Option("--open", help="只列出还没有销号的")] = False,
    as_json: AsJson = False,
) -> None:
    """监察卡，最新的在前。"""
    if context.invoked_subcommand:
        return
    with transaction() as session:
        departments = short_names(session)
        people = names_of(session)
        found = [
            describe_card(card, departments, people)
            for card in cards(session, only_open=only_open, limit=MOST)
        ]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    elif found:
        _print(found)
    else:
        typer.echo("没有监察卡。", err=True)


@app.command("explain")
def explained(
    number: Number,
    as_user: As,
    text: Annotated[str, typer.Option("--text", help="原因和整改措施")],
    as_json: AsJson = False,
) -> None:
    """责任部门说明原因。"""
    with transaction() as session:
        card = explain(session, number, text, by=acting(session, as_user), at=datetime.now(UTC))
        _say(card, short_names(session)[card.department_code], as_json, "已说明")


@app.command("close")
def closed(number: Number, as_user: As, as_json: AsJson = False) -> None:
    """监察部门销号。"""
    with transaction() as session:
        card = close(session, number, by=acting(session, as_user), at=datetime.now(UTC))
        _say(card, short_names(session)[card.department_code], as_json, "已销号")


def _say(card: Card, department: str, as_json: bool, done: str) -> None:
    if as_json:
        told = describe_card(card, {card.department_code: department}, {})
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo(f"{card.number} {done}。")


def _print(found: list[dict[str, Any]]) -> None:
    table = Table()
    for heading in ("编号", "级别", "部门", "责任人", "情况", "发生", "进展"):
        table.add_column(heading, overflow="fold")
    for card in found:
        progress = "已销号" if card["closed_at"] else "已说明" if card["explained_at"] else "待说明"
        person = card["responsible_name"] or card["responsible"]
        arose = china_text(datetime.fromisoformat(card["arose_at"]))
        table.add_row(
            card["number"],
            card["level_label"],
            card["department_name"],
            person,
            f"{card['case_no']} {card['finding']}",
            arose,
            progress,
        )
    Console().print(table)
