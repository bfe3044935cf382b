"""Who is at the desk? Passwords (Argon2id), lock-out, and sessions on the server so that they can end."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session

from models.account import Account, SignIn, end_sign_ins, lock_account
from rules.moments import china_text

ATTEMPTS = 5  # wrong passwords in a row
LOCKED_FOR = timedelta(minutes=15)
IDLE = timedelta(minutes=30)
AT_MOST = timedelta(hours=12)  # a working day and some
TOUCH = timedelta(minutes=1)  # so a page is not a write every time

WRONG = "用户名或密码不对，请核对后再试。"

_hasher = PasswordHasher()
_few_at_once = BoundedSemaphore(4)  # each check takes 64 MB on purpose
_nobody = _hasher.hash(secrets.token_hex(16))  # checked when the name is unknown, so that time tells nothing


@dataclass(frozen=True)
class Attempt:
    """How it went: a token for the browser, or one sentence. No exception: failures must be counted."""

    token: str = ""
    why: str = ""


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _hasher.hash(password)


def sign_in(session: Session, username: str, password: str, *, at: datetime) -> Attempt:
    """Check name and password; five failures in a row close the account for a quarter of an hour."""
    account = lock_account(session, username)
    if account is None or not account.active:
        _matches(_nobody, password)
        return Attempt(why=WRONG)
    if account.locked_until and account.locked_until > at:
        return Attempt(why=_locked(account.locked_until))
    if not _matches(account.password_hash, password):
        return _failed(account, at)
    account.failed_attempts, account.locked_until = 0, None
    if _hasher.check_needs_rehash(account.password_hash):
        account.password_hash = hashed(password)
    end_sign_ins(session, username, before=at - AT_MOST)
    token = secrets.token_urlsafe(32)
    session.add(SignIn(token_hash=_kept(token), username=username, started_at=at, seen_at=at))
    return Attempt(token=token)


def signed_in(session: Session, token: str, *, at: datetime) -> Account | None:
    """The person behind the token, unless the session was ended, idle too long or too old."""
    found = session.get(SignIn, _kept(token))
    if found is None or at - found.seen_at > IDLE or at - found.started_at > AT_MOST:
        return None
    if at - found.seen_at > TOUCH:
        found.seen_at = at
    account = session.get(Account, found.username)
    return account if account and account.active else None


def sign_out(session: Session, token: str) -> None:
    """End the session on the server; the token is worth nothing any more."""
    if found := session.get(SignIn, _kept(token)):
        session.delete(found)


def _kept(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _matches(password_hash: str, password: str) -> bool:
    with _few_at_once:
        try:
            return _hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _failed(account: Account, at: datetime) -> Attempt:
    account.failed_attempts += 1
    if account.failed_attempts < ATTEMPTS:
        return Attempt(why=WRONG)
    account.failed_attempts, account.locked_until = 0, at + LOCKED_FOR
    return Attempt(why=_locked(account.locked_until))


def _locked(until: datetime) -> str:
    return f"连续 {ATTEMPTS} 次密码不对，账号已锁定，请在 {china_text(until)} 之后再试，或请系统管理员协助。"
