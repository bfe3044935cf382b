"""`yjs notices`: the ledger of a case, who was told what, when, on which channel, and how it went."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.cases import AsJson, case_called
from models.database import transaction
from models.notice import Notice, notices_of
from rules.masking import masked_email, masked_phone
from rules.notices import Channel, NoticeState


def notices(
    number: Annotated[str, typer.Argument(metavar="NO", help="办件编号")], as_json: AsJson = False
) -> None:
    """查看一个办件的通知台账：告诉了谁、何时、经哪个渠道、结果如何。"""
    with transaction() as session:
        case_called(session, number)
        ledger = [describe(notice) for notice in notices_of(session, number)]
    if as_json:
        typer.echo(json.dumps(ledger, ensure_ascii=False))
    else:
        _print(number, ledger)


def describe(notice: Notice) -> dict[str, Any]:
    """One entry as scripts read it; the address masked, for lists are read over shoulders."""
    masked = masked_phone if notice.channel is Channel.SMS else masked_email
    return {
        "serial": notice.serial,
        "event": notice.event.value,
        "event_label": notice.event.label,
        "about": notice.about or None,
        "channel": notice.channel.value,
        "address": masked(notice.address),
        "state": notice.state.value,
        "state_label": notice.state.label,
        "via": notice.via or None,
        "attempts": notice.attempts,
        "error": notice.error or None,
        "queued_at": notice.created_at.isoformat(),
        "sent_at": notice.sent_at.isoformat() if notice.sent_at else None,
        "next_try_at": notice.next_try_at.isoformat()
        if _will_be_tried(notice) and notice.next_try_at
        else None,
        "subject": notice.subject or None,
        "body": notice.body or None,
    }


def _will_be_tried(notice: Notice) -> bool:
    """While it is being sent the column holds the sender's lease, which is nobody's business."""
    return notice.state is not NoticeState.SENDING


def _print(number: str, ledger: list[dict[str, Any]]) -> None:
    table = Table(title=f"{number} 的通知", title_justify="left")
    for heading in ("序号", "事由", "渠道", "地址", "去向", "经由", "次数", "说明"):
        table.add_column(heading)
    for entry in ledger:
        table.add_row(
            str(entry["serial"]),
            entry["event_label"],
            Channel(entry["channel"]).label,
            entry["address"],
            entry["state_label"],
            entry["via"] or "",
            str(entry["attempts"]),
            entry["error"] or "",
        )
    Console().print(table)
