"""动态码: a second factor by RFC 6238, and recovery codes for when the phone is lost (等保 8.1.4.1 d)."""

import base64
import hashlib
import hmac
import os
import secrets
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlmodel import Session

from models.account import (
    Account,
    RecoveryCode,
    drop_recovery_codes,
    end_all_sign_ins,
    lock_account,
    recovery_code,
)
from models.security import keep_event
from rules.errors import Faulty, NotFound, NotYourDesk, WrongState
from rules.security import SecurityKind

SECRET_BYTES, DIGITS, STEP = 20, 6, 30  # what every authenticator understands
SKEW = (0, -1, 1)  # steps; a phone's clock may be half a minute off
RECOVERY_CODES, RECOVERY_BYTES = 10, 10
ISSUER = "一件事"


def pending_secret(session: Session, account: Account) -> str:
    """The secret to be scanned, the same until it is confirmed; base32."""
    if account.two_factors:
        raise WrongState("已经启用动态码；换手机请先停用，或请安全管理员重置。")
    kept = lock_account(session, account.username) or account
    if not kept.totp_pending:
        kept.totp_pending = base64.b32encode(os.urandom(SECRET_BYTES)).decode()
    return kept.totp_pending


def provisioning_uri(account: Account, secret: str) -> str:
    """What the QR code says to the authenticator."""
    return _totp(secret).get_provisioning_uri(account.username, ISSUER)


def enrol(session: Session, account: Account, typed: str, *, at: datetime, address: str = "") -> list[str]:
    """启用: the phone has proved that it knows the secret. Returns the recovery codes, shown this once."""
    kept = lock_account(session, account.username)
    if kept is None or not kept.totp_pending:
        raise WrongState("请先用手机扫描二维码。")
    step = _step_of(kept.totp_pending, typed, at, after=0)
    if step is None:
        raise Faulty({"code": "动态码不对，请确认手机时间准确后，输入正在显示的 6 位数字。"})
    kept.totp_secret, kept.totp_pending, kept.totp_step = kept.totp_pending, "", step
    keep_event(session, SecurityKind.SECOND_ON, kept.username, at=at, by=kept.username, address=address)
    return _new_codes(session, kept.username)


def second_matches(session: Session, account: Account, typed: str, *, at: datetime, address: str) -> bool:
    """Is it the code of this moment, not used before, or a recovery code? The account is locked."""
    step = _step_of(account.totp_secret, typed, at, after=account.totp_step)
    if step is not None:
        account.totp_step = step
        return True
    found = recovery_code(session, _kept(account.username, typed))
    if found is None:
        return False
    found.used_at = at
    keep_event(
        session, SecurityKind.RECOVERY_USED, account.username, at=at, by=account.username, address=address
    )
    return True


def renew_codes(session: Session, account: Account, *, at: datetime, address: str = "") -> list[str]:
    """更换恢复码: the old ones are worth nothing any more."""
    keep_event(session, SecurityKind.NEW_CODES, account.username, at=at, by=account.username, address=address)
    return _new_codes(session, account.username)


def give_up(session: Session, account: Account, *, required: bool, at: datetime, address: str = "") -> None:
    """停用, of one's own will and where the role may."""
    if required:
        raise NotYourDesk(f"{account.role.label}必须使用动态码，不能停用；换手机请安全管理员重置。")
    _forget(session, account.username)
    keep_event(
        session, SecurityKind.SECOND_OFF, account.username, at=at, by=account.username, address=address
    )


def reset_second(session: Session, username: str, *, by: str, at: datetime, address: str = "") -> None:
    """重置, by somebody else: whoever has the old phone is out at once, and the person scans anew."""
    if by == username:
        raise NotYourDesk("自己的动态码要由另一名安全管理员重置。")
    if lock_account(session, username) is None:
        raise NotFound(f"没有名为 {username} 的账号。")
    _forget(session, username)
    end_all_sign_ins(session, username)
    keep_event(session, SecurityKind.SECOND_RESET, username, at=at, by=by, address=address)


def _forget(session: Session, username: str) -> None:
    if account := lock_account(session, username):
        account.totp_secret = account.totp_pending = ""
        account.totp_step = 0
    drop_recovery_codes(session, username)


def _new_codes(session: Session, username: str) -> list[str]:
    drop_recovery_codes(session, username)
    codes = [
        _grouped(base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode())
        for _ in range(RECOVERY_CODES)
    ]
    session.add_all(RecoveryCode(code_hash=_kept(username, code), username=username) for code in codes)
    return codes


def _step_of(secret: str, typed: str, at: datetime, *, after: int) -> int | None:
    """The time step whose code was typed; one already used, or before it, does not count (RFC 6238 5.2)."""
    code = typed.replace(" ", "")
    if not secret or len(code) != DIGITS or not code.isascii() or not code.isdigit():
        return None
    now, totp = int(at.timestamp()), _totp(secret)
    for skew in SKEW:
        step = now // STEP + skew
        if hmac.compare_digest(totp.generate(step * STEP), code.encode()) and step > after:
            return step
    return None


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP)  # noqa: S303


def _kept(username: str, typed: str) -> str:
    plain = typed.replace(" ", "").replace("-", "").upper()
    return hashlib.sha256(f"{username}\n{plain}".encode()).hexdigest()


def _grouped(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
