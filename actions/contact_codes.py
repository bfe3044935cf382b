"""验证码: whose phone or mailbox is it? A code for ten minutes and five tries; only its hash is kept."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from models.online import (
    ContactCode,
    codes_sent,
    find_code,
    forget_codes,
    hash_of_address,
    latest_code,
    lock_address,
)
from rules.contact_codes import (
    COUNTED_FOR,
    DIGITS,
    TRIES,
    VALID_FOR,
    hash_of_code,
    hash_of_form,
    same,
    wait_for,
)
from rules.errors import Faulty
from rules.notices import Channel

LAPSED = "验证码已经失效，请重新获取。"
EMPTY = "请输入验证码。"


def make_code(
    session: Session, token: str, channel: Channel, address: str, *, at: datetime
) -> tuple[UUID, str]:
    """A new code for this form and this phone or mailbox; the ones before it count no more.

    Raises Faulty while this phone has had enough of them.
    """
    forget_codes(session, at - COUNTED_FOR)
    lock_address(session, address)
    if wait := wait_for(codes_sent(session, address, at - COUNTED_FOR), at):
        raise Faulty({"channel": f"验证码发得太勤了，请{_said(int(wait.total_seconds()) + 1)}后再获取。"})
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    row = ContactCode(
        form_hash=hash_of_form(token),
        channel=channel,
        address_hash=hash_of_address(address),
        code_hash=hash_of_code(token, code),
        made_at=at,
        expires_at=at + VALID_FOR,
    )
    session.add(row)
    session.flush()
    return row.id, code


def note_sent(session: Session, code_id: UUID, via: str, *, body: str = "") -> None:
    """Which gateway took it; `body` only for the demo, where no gateway is set up and somebody must see it."""
    row = find_code(session, code_id)
    row.via, row.body = via, body


def prove(session: Session, token: str, address: str, typed: str, *, at: datetime) -> Channel:
    """Over which channel the contact is proven. Raises Faulty, and counts the try: the caller must keep that.

    Nothing typed is no try.
    """
    if not typed:
        raise Faulty({"code": EMPTY})
    row = latest_code(session, hash_of_form(token))
    if (
        row is None
        or row.address_hash != hash_of_address(address)
        or row.expires_at <= at
        or row.wrong >= TRIES
    ):
        raise Faulty({"code": LAPSED})
    if not _is_right(row, token, typed):
        left = TRIES - row.wrong
        raise Faulty({"code": f"验证码不对，还可以再试 {left} 次。" if left else LAPSED})
    row.proven_at = at
    return row.channel


def proven_already(session: Session, token: str, typed: str, *, at: datetime) -> bool:
    """Is it the code that made this form a case, brought once more? A wrong one is a try here as well."""
    row = latest_code(session, hash_of_form(token)) if typed else None
    if row is None or row.proven_at is None or row.expires_at <= at or row.wrong >= TRIES:
        return False
    return _is_right(row, token, typed)


def _is_right(row: ContactCode, token: str, typed: str) -> bool:
    right = same(row.code_hash, hash_of_code(token, typed))
    row.wrong += not right
    return right


def _said(seconds: int) -> str:
    if seconds < 100:
        return f" {seconds} 秒"
    minutes = -(-seconds // 60)
    return f" {minutes} 分钟" if minutes < 100 else f" {-(-minutes // 60)} 小时"
