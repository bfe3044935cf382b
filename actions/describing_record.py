"""How do scripts read what was found, told and handed over? Cards, notices and deliveries, from every edge alike."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from models.account import Account
from models.after import Delivery
from models.card import Card
from models.case import Item
from models.ledger import receipts_by_notice
from models.notice import Notice, notices_of
from models.telling import Receipt, calls_of
from rules.masking import masked_email, masked_phone
from rules.notices import Channel, NoticeState
from rules.people import Role

HIDDEN = "········"


def describe_card(card: Card, departments: Mapping[str, str], people: Mapping[str, str]) -> dict[str, Any]:
    """监察卡."""
    return {
        "number": card.number,
        "rule": card.rule,
        "level": card.level.value,
        "level_label": card.level.label,
        "case_no": card.case_number,
        "item_no": card.item_number or None,
        "department": card.department_code,
        "department_name": departments[card.department_code],
        "responsible": card.responsible,
        "responsible_name": people.get(card.responsible),
        "finding": card.finding,
        "arose_at": card.arose_at.isoformat(),
        "opened_at": card.opened_at.isoformat(),
        "explanation": card.explanation or None,
        "explained_by": card.explained_by or None,
        "explained_at": _moment(card.explained_at),
        "closed_by": card.closed_by or None,
        "closed_at": _moment(card.closed_at),
    }


def describe_notices(session: Session, number: str, viewer: Account | None) -> list[dict[str, Any]]:
    """The ledger of a case: who was told what, when, over which channel, how it went. `viewer` None: the console."""
    rows = notices_of(session, number)
    receipts = receipts_by_notice(session, rows)
    serials = {row.id: row.serial for row in rows}
    calls = {call.notice_id: call.note for call in calls_of(session, number)}
    return [
        _notice(row, letter_of(row, viewer), receipts[row.id], serials) | _called(calls, row) for row in rows
    ]


def letter_of(notice: Notice, viewer: Account | None) -> str:
    """The letter as it was sent; the query code in it is between the applicant and the window, and the console."""
    code = str(notice.facts.get("query_code", ""))
    hidden = code and viewer is not None and viewer.role is not Role.CLERK
    return notice.body.replace(code, HIDDEN) if hidden else notice.body


def describe_delivery(delivery: Delivery, items: list[Item]) -> dict[str, Any]:
    """送达: what went out on one way."""
    return {
        "items": [item.code for item in items if item.number in delivery.items],
        "courier": delivery.courier or None,
        "tracking": delivery.tracking_number or None,
        "recipient": delivery.recipient or None,
        "sent_at": delivery.sent_at.isoformat(),
        "delivered_at": _moment(delivery.delivered_at),
        "returned_at": _moment(delivery.returned_at),
        "return_reason": delivery.return_reason or None,
    }


def _notice(
    notice: Notice, letter: str, receipts: list[Receipt], serials: Mapping[UUID, int]
) -> dict[str, Any]:
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
        "state_label": notice.said,
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
        "body": letter or None,
    }


def _called(calls: Mapping[UUID, str], notice: Notice) -> dict[str, Any]:
    """The counter's calls about it, a line each."""
    return {"calls": calls[notice.id].splitlines() if notice.id in calls else []}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _will_be_tried(notice: Notice) -> bool:
    """While it is being sent the column holds the sender's lease, which is nobody's business."""
    return notice.state is not NoticeState.SENDING
