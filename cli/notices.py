"""`yjs notices`: the ledger of a case, who was told what, when, on which channel, and how it went."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from cli.cases import AsJson, case_called
from models.database import transaction
from models.ledger import receipts_by_notice
from models.notice import Notice, notices_of
from models.telling import Receipt, calls_of
from rules.masking import masked_email, masked_phone
from rules.notices import Channel, NoticeState


def notices(
    number: Annotated[str, typer.Argument(metavar="NO", help="办件编号")], as_json: AsJson = False
) -> None:
    """查看一个办件的通知台账：告诉了谁、何时、经哪个渠道、结果如何。"""
    with transaction() as session:
        case_called(session, number)
        rows = notices_of(session, number)
        receipts = receipts_by_notice(session, rows)
        serials = {row.id: row.serial for row in rows}
        calls = {call.notice_id: call.note for call in calls_of(session, number)}
        ledger = [describe(row, receipts[row.id], serials) | _called(calls, row) for row in rows]
    if as_json:
        typer.echo(json.dumps(ledger, ensure_ascii=False))
    else:
        _print(number, ledger)


def describe(notice: Notice, receipts: list[Receipt], serials: Mapping[UUID, int]) -> dict[str, Any]:
    """One entry as scripts read it; the address masked, for lists are read over shoulders."""
    masked = masked_phone if notice.channel is Channel.SMS else masked_email
    return {
        "serial": notice.serial,
        "event": notice.event.value,
        "event_label": notice.event.label,
        "about": notice.about or None,
        "statutory": notice.statutory,
        "nature": "法定告知" if notice.statutory else "便民提醒",
        "channel": notice.channel.value,
        "address": masked(notice.address),
        "state": notice.state.value,
        "state_label": notice.state.label,
        "via": notice.via or None,
        "attempts": notice.attempts,
        "error": notice.error or None,
        "queued_at": notice.created_at.isoformat(),
        "sent_at": _moment(notice.sent_at),
        "delivered_at": _moment(notice.delivered_at),
        "next_try_at": _moment(notice.next_try_at) if _will_be_tried(notice) else None,
        "merged_into": serials.get(notice.merged_into) if notice.merged_into else None,
        "segments": notice.segments or None,
        "template": notice.template or None,
        "receipts": [
            {"at": one.received_at.isoformat(), "provider": one.provider, "says": one.says.value}
            for one in receipts
        ],
        "subject": notice.subject or None,
        "body": notice.body or None,
    }


def _called(calls: Mapping[UUID, str], notice: Notice) -> dict[str, Any]:
    """The counter's calls about it, a line each."""
    return {"calls": calls[notice.id].splitlines() if notice.id in calls else []}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


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
