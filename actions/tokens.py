"""接口令牌: a program acts as an account, within its rights, until the token runs out; only its hash is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import Session

from actions.accounts import CONSOLE
from models.account import Account, ApiToken, account_named, tokens_of
from models.security import keep_event
from rules.errors import Faulty, NotFound, NotYourDesk
from rules.security import SecurityKind

LONGEST = 366  # days; what is needed longer is renewed by somebody who remembers why
PREFIX = "yjs_"  # so that a token that leaked can be recognised


def make_token(
    session: Session, username: str, label: str, days: int, *, at: datetime, only_reads: bool = False
) -> str:
    """A new token, shown this once. One that only reads takes no act, whatever the account may do."""
    account = account_named(session, username)
    faults = {}
    if not 0 < len(label.strip()) <= 100:
        faults["label"] = "请写明令牌的用途，不超过 100 字。"
    if not 1 <= days <= LONGEST:
        faults["days"] = f"有效期应为 1 至 {LONGEST} 天。"
    if faults:
        raise Faulty(faults)
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            token_hash=_kept(token),
            username=account.username,
            label=label.strip(),
            made_at=at,
            expires_at=at + timedelta(days=days),
            only_reads=only_reads,
        )
    )
    scope = "只读" if only_reads else "可办理"
    keep_event(session, SecurityKind.TOKEN_MADE, username, at=at, by=CONSOLE, detail=f"{label}（{scope}）")
    return token


def account_of_token(session: Session, token: str, *, at: datetime, to_act: bool = False) -> Account | None:
    """Whom the token stands for; None when it is unknown, ended, run out, or its account closed."""
    found = session.get(ApiToken, _kept(token))
    if found is None or found.ended_at or found.expires_at <= at:
        return None
    account = session.get(Account, found.username)
    if to_act and found.only_reads and account and account.active:
        raise NotYourDesk("这个令牌只能查看，不能办理。")
    return account if account and account.active else None


def end_token(session: Session, username: str, label: str, *, at: datetime) -> int:
    """作废: every token of the account with this label; how many."""
    ended = 0
    for token in tokens_of(session, username):
        if token.label == label and token.ended_at is None:
            token.ended_at = at
            ended += 1
    if not ended:
        raise NotFound(f"{username} 没有用途为“{label}”的有效令牌。")
    keep_event(session, SecurityKind.TOKEN_ENDED, username, at=at, by=CONSOLE, detail=label)
    return ended


def _kept(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
