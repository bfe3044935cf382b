"""`yjs notices`: the ledger of a case, who was told what, when, on which channel, and how it went."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from actions.describing_record import describe_notices
from cli.cases import AsJson, case_called
from models.database import transaction
from rules.notices import Channel, NoticeState


def notices(
    number: Annotated[str, typer.Argument(metavar="NO", help="办件编号")], as_json: AsJson = False
) -> None:
    """查看一个办件的通知台账：告诉了谁、何时、经哪个渠道、结果如何。"""
    with transaction() as session:
        case_called(session, number)
        ledger = describe_notices(session, number, None)
    if as_json:
        typer.echo(json.dumps(ledger, ensure_ascii=False))
    else:
        _print(number, ledger)


def _print(number: str, ledger: list[dict[str, Any]]) -> None:
    table = Table(title=f"{number} 的通知", title_justify="left")
    for heading in ("序号", "事由", "渠道", "地址", "去向", "经由", "次数", "说明"):
        table.add_column(heading)
    for entry in ledger:
        table.add_row(
            str(entry["serial"]),
            f"{entry['event_label']}{'（法定）' if entry['statutory'] else ''}",
            Channel(entry["channel"]).label,
            entry["address"],
            entry["state_label"],
            entry["via"] or "",
            str(entry["attempts"]),
            _remark(entry),
        )
    Console().print(table)


def _remark(entry: dict[str, Any]) -> str:
    merged = f"并入第 {entry['merged_into']} 条" if entry["merged_into"] else ""
    receipts = [f"回执：{NoticeState(one['says']).label}" for one in entry["receipts"]]
    return "；".join(part for part in (merged, entry["error"] or "", *receipts) if part)
