"""What do carriers say of our messages afterwards? Receipts: proved, kept once, matched now or later."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session

from models.database import transaction
from models.notice import Notice
from models.telling import (
    Receipt,
    keep_receipt,
    lock_receipts,
    notice_referred_to,
    open_call_about,
    waiting_references,
)
from notifications.ladder import climb
from rules.answering import UNSTORABLE
from rules.errors import Faulty, Refused
from rules.ladder import MATCHED_WITHIN
from rules.notices import NoticeState, may_become
from rules.redacting import redacted

FRESH = timedelta(minutes=5)  # older than that, or as much ahead, a signature counts no more
PROVIDER = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
SAYS: Mapping[str, NoticeState] = {
    "accepted": NoticeState.HANDED_OVER,
    "delivered": NoticeState.DELIVERED,
    "rejected": NoticeState.REJECTED,
    "undelivered": NoticeState.REJECTED,
}


class NotProven(Refused):
    """回执的签名不对或已过时。"""


def prove(secret: str, timestamp: str, signature: str, body: bytes, *, at: datetime) -> None:
    """Raise NotProven unless whoever knows the secret signed exactly this, a moment ago."""
    if not re.fullmatch(r"[0-9]{1,11}", timestamp):
        raise NotProven("缺少 X-Timestamp，应为秒数（Unix 时间）。")
    expected = sign(secret, timestamp, body)
    if not hmac.compare_digest(expected.encode(), signature.lower().encode("utf-8", "replace")):
        raise NotProven("回执的签名不对。")
    if abs(at - datetime.fromtimestamp(int(timestamp), UTC)) > FRESH:
        raise NotProven("回执的签名已过时，请用当前时间重新签名。")


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of "timestamp.body", in hex."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def receive(provider: str, body: bytes, *, at: datetime) -> bool:
    """Keep what a carrier says and let the notice follow; False when the very same came before."""
    receipt = _read(provider, body, at)
    with transaction() as session:
        new = keep_receipt(session, receipt)
    if new:
        match_reference(receipt.reference, at=at)
    return new


def match_reference(reference: str, *, at: datetime) -> bool:
    """Bring what was said under this reference to its notice, if that is known; was there any?"""
    with transaction() as session:
        notice = notice_referred_to(session, reference)
        if notice is None or notice.state is NoticeState.SENDING:
            return False  # how the sending ends comes first
        matched = match_waiting(session, notice, at=at, besides=reference)
    if matched and notice.state is NoticeState.REJECTED:
        climb(notice.id, at=at)
    return matched > 0


def match_all(*, at: datetime) -> int:
    """Every receipt of late that has found no notice yet is tried again; how many found theirs."""
    with transaction() as session:
        references = waiting_references(session, since=at - MATCHED_WITHIN)
    return sum(match_reference(reference, at=at) for reference in references)


def match_waiting(session: Session, notice: Notice, *, at: datetime, besides: str = "") -> int:
    """What carriers have said of this notice so far, in the order it came; how much. The notice is locked."""
    names = {notice.reference, notice.id.hex, besides} - {""}
    receipts = lock_receipts(session, names)
    for receipt in receipts:
        receipt.notice_id, receipt.matched_at = notice.id, at
        _follow(session, notice, receipt)
    return len(receipts)


def _follow(session: Session, notice: Notice, receipt: Receipt) -> None:
    """A step forward, or none: a bounce after “delivered” is kept, and changes nothing."""
    if not may_become(notice.state, receipt.says):
        return
    notice.become(receipt.says, why=receipt.detail if receipt.says is NoticeState.REJECTED else "")
    notice.sent_at = notice.sent_at or receipt.received_at
    if receipt.says is NoticeState.DELIVERED:
        notice.delivered_at = receipt.received_at
        if call := open_call_about(session, notice):
            call.closed_at, call.reached, call.closed_by = receipt.received_at, True, "system"
            call.note = f"{call.note}\n运营商回执：已送达".strip()[-2000:]


def _read(provider: str, body: bytes, at: datetime) -> Receipt:
    """What was sent, or one sentence what is wrong with it."""
    if not PROVIDER.fullmatch(provider):
        raise Faulty({"provider": "通道名称只用小写字母、数字和连字符，不超过 50 字"})
    try:
        said = json.loads(body)
    except ValueError:
        raise Faulty({"body": "回执应是一个 JSON 对象"}) from None
    if not isinstance(said, dict):
        raise Faulty({"body": "回执应是一个 JSON 对象"})
    faults = _faults(said)
    if faults:
        raise Faulty(faults)
    return Receipt(
        digest=hashlib.sha256(provider.encode() + b"\n" + body).hexdigest(),
        provider=provider,
        reference=said["reference"],
        says=SAYS[said["status"]],
        detail=redacted(said.get("detail", ""))[:500],
        received_at=at,
    )


def _faults(said: dict[str, Any]) -> dict[str, str]:
    faults = {}
    reference, status, detail = said.get("reference"), said.get("status"), said.get("detail", "")
    if not isinstance(reference, str) or not 0 < len(reference) <= 100 or UNSTORABLE.search(reference):
        faults["reference"] = "reference 应是发送时约定的编号，1 到 100 字"
    if not isinstance(status, str) or status not in SAYS:
        faults["status"] = f"status 应是 {'、'.join(SAYS)} 之一"
    if not isinstance(detail, str) or UNSTORABLE.search(detail):
        faults["detail"] = "detail 应是一段文字"
    return faults
