"""Who is at the desk? Passwords (Argon2id), lock-out, and sessions on the server so that they can end."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session

from actions.second_factor import second_matches
from config.settings import settings
from models.account import Account, SignIn, end_sign_ins, lock_account, sign_in_of
from models.security import keep_event
from rules.moments import china_text
from rules.security import SecurityKind

ATTEMPTS = 5  # wrong passwords or codes in a row
LOCKED_FOR = timedelta(minutes=15)
IDLE = timedelta(minutes=30)
AT_MOST = timedelta(hours=12)  # a working day and some
TOUCH = timedelta(minutes=1)  # so a page is not a write every time
SECOND_WITHIN = timedelta(minutes=5)  # from the password to the code
INITIAL_LASTS = timedelta(days=7)  # a password that somebody else knows

WRONG = "用户名或密码不对，请核对后再试。"
WRONG_CODE = "动态码不对或已经用过，请等下一个再试。"
TOO_LATE = "请重新登录：动态码要在输入密码后 5 分钟内填写。"
STALE = "初始密码已超过 7 天，不能再用，请安全管理员重设。"

_hasher = PasswordHasher()
_few_at_once = BoundedSemaphore(4)  # each check takes 64 MB on purpose
_nobody = _hasher.hash(secrets.token_hex(16))  # checked when the name is unknown, so that time tells nothing


@dataclass(frozen=True)
class From:
    """Where somebody comes from, for the person himself and for the audit."""

    address: str = ""
    device: str = ""


NOWHERE = From()


@dataclass(frozen=True)
class Attempt:
    """How it went: a token for the browser, or one sentence. No exception: failures must be counted."""

    token: str = ""
    why: str = ""
    second: bool = False  # the token only waits for the second factor


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _hasher.hash(password)


def sign_in(
    session: Session, username: str, password: str, *, at: datetime, come_from: From = NOWHERE
) -> Attempt:
    """Check name and password; five failures in a row close the account for a quarter of an hour."""
    account = lock_account(session, username)
    if account is None or not account.active:
        password_matches(_nobody, password)
        return _unknown(session, account, at, come_from)
    if account.locked_until and account.locked_until > at:
        return Attempt(why=_locked(account.locked_until))
    if not password_matches(account.password_hash, password):
        return _failed(session, account, SecurityKind.FAILED, WRONG, at, come_from)
    if account.must_change and account.password_at and at - account.password_at > INITIAL_LASTS:
        return Attempt(why=STALE)
    if _hasher.check_needs_rehash(account.password_hash):
        account.password_hash = hashed(password)
    return admit(session, account, at=at, come_from=come_from)


def admit(session: Session, account: Account, *, at: datetime, come_from: From, detail: str = "") -> Attempt:
    """Who has proved who he is comes in, or is asked for the second factor. The account is locked."""
    end_sign_ins(session, account.username, before=at - AT_MOST)
    if account.two_factors:
        return Attempt(token=_begin(session, account, at, come_from, awaiting=True), second=True)
    account.failed_attempts, account.locked_until = 0, None
    return Attempt(token=_let_in(session, account, at, come_from, detail))


def pass_second(
    session: Session, token: str, typed: str, *, at: datetime, come_from: From = NOWHERE
) -> Attempt:
    """The second factor. Wrong codes count like wrong passwords, and a right password forgets none of them."""
    waiting = session.get(SignIn, kept(token))
    if waiting is None or not waiting.awaiting or at - waiting.started_at > SECOND_WITHIN:
        return Attempt(why=TOO_LATE)
    account = lock_account(session, waiting.username)
    if account is None or not account.active or not account.two_factors:
        return Attempt(why=TOO_LATE)
    if account.locked_until and account.locked_until > at:
        return Attempt(why=_locked(account.locked_until))
    if not second_matches(session, account, typed, at=at, address=come_from.address):
        return _failed(session, account, SecurityKind.SECOND_FAILED, WRONG_CODE, at, come_from)
    account.failed_attempts, account.locked_until = 0, None
    session.delete(waiting)  # the token that the password gave is worth nothing any more
    return Attempt(token=_let_in(session, account, at, come_from, "动态码"))


def signed_in(session: Session, token: str, *, at: datetime) -> Account | None:
    """The person behind the token, unless the session was ended, idle too long or too old."""
    found, account = sign_in_of(session, kept(token)) or (None, None)
    if found is None or found.awaiting or at - found.seen_at > IDLE or at - found.started_at > AT_MOST:
        return None
    if at - found.seen_at > TOUCH:
        found.seen_at = at
    return account if account and account.active else None


def sign_out(session: Session, token: str, *, at: datetime, address: str = "") -> None:
    """End the session on the server; the token is worth nothing any more."""
    if found := session.get(SignIn, kept(token)):
        keep_event(session, SecurityKind.SIGN_OUT, found.username, at=at, by=found.username, address=address)
        session.delete(found)


def owes_password(account: Account, *, at: datetime) -> bool:
    """Must the password be changed before anything else? Somebody else gave it, or it is too old."""
    if account.must_change:
        return True
    lasts = settings().password_days
    return bool(lasts and account.password_at and at - account.password_at > timedelta(days=lasts))


def owes_second(account: Account) -> bool:
    """Must a second factor be set up before anything else?"""
    return account.role in settings().guarded_roles and not account.two_factors


def kept(token: str) -> str:
    """What the record keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def password_matches(password_hash: str, password: str) -> bool:
    """A few at once: each check takes 64 MB on purpose."""
    with _few_at_once:
        try:
            return _hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _begin(session: Session, account: Account, at: datetime, come_from: From, *, awaiting: bool) -> str:
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=kept(token),
            username=account.username,
            started_at=at,
            seen_at=at,
            awaiting=awaiting,
            address=come_from.address[:64],
            device=come_from.device[:200],
        )
    )
    return token


def _let_in(session: Session, account: Account, at: datetime, come_from: From, detail: str) -> str:
    name = account.username
    keep_event(session, SecurityKind.SIGN_IN, name, at=at, by=name, address=come_from.address, detail=detail)
    return _begin(session, account, at, come_from, awaiting=False)


def _unknown(session: Session, account: Account | None, at: datetime, come_from: From) -> Attempt:
    """A name that is no account's is not written down: people type their password there."""
    name, detail = (account.username, "账号已停用") if account else ("", "没有这个账号")
    keep_event(session, SecurityKind.FAILED, name, at=at, address=come_from.address, detail=detail)
    return Attempt(why=WRONG)


def _failed(
    session: Session, account: Account, kind: SecurityKind, why: str, at: datetime, come_from: From
) -> Attempt:
    name, address = account.username, come_from.address
    keep_event(session, kind, name, at=at, address=address)
    account.failed_attempts += 1
    if account.failed_attempts < ATTEMPTS:
        return Attempt(why=why)
    account.failed_attempts, account.locked_until = 0, at + LOCKED_FOR
    keep_event(session, SecurityKind.LOCKED, name, at=at, address=address)
    return Attempt(why=_locked(account.locked_until))


def _locked(until: datetime) -> str:
    return f"连续 {ATTEMPTS} 次密码不对，账号已锁定，请在 {china_text(until)} 之后再试，或请安全管理员协助。"
