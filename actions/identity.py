"""统一身份: who left for the city's identity service comes back once, as the account an administrator linked."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from actions.signing_in import Attempt, From, admit, kept
from models.account import account_of_identity
from models.security import ProviderVisit, forget_visits, keep_event, take_visit
from rules.errors import Refused
from rules.moments import china_text
from rules.security import SecurityKind

WITHIN = timedelta(minutes=10)  # from leaving to coming back


class NotComingBack(Refused):
    """这次统一身份登录已经失效，请回到登录页重新开始。"""


@dataclass(frozen=True)
class Leaving:
    """What goes along to the identity service, and what stays here until the visitor is back."""

    state: str
    nonce: str
    verifier: str


def leave_for_provider(session: Session, browser: str, back_to: str, *, at: datetime) -> Leaving:
    """Remember the visitor by a random state; only its hash is kept."""
    forget_visits(session, before=at - WITHIN)
    leaving = Leaving(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64)[:96])
    session.add(
        ProviderVisit(
            state_hash=kept(leaving.state),
            browser_hash=kept(browser),
            nonce=leaving.nonce,
            verifier=leaving.verifier,
            back_to=back_to[:2000],
            at=at,
        )
    )
    return leaving


def come_back(session: Session, state: str, browser: str, *, at: datetime) -> ProviderVisit | None:
    """The visit of this state, once, in the browser that left, and not too late; None otherwise."""
    visit = take_visit(session, kept(state))
    if visit is None or at - visit.at > WITHIN:
        return None
    return visit if hmac.compare_digest(visit.browser_hash, kept(browser)) else None


def admit_identity(session: Session, identity: str, *, at: datetime, come_from: From) -> Attempt:
    """The account linked to this identity comes in with the rights it has here, and no other."""
    account = account_of_identity(session, identity) if identity else None
    if account is None or not account.active:
        refuse_identity(session, "身份没有绑定可用的账号", at=at, come_from=come_from)
        return Attempt(why="您的统一身份还没有绑定本平台的账号，请联系安全管理员。")
    if account.locked_until and account.locked_until > at:
        return Attempt(why=f"账号已锁定，请在 {china_text(account.locked_until)} 之后再试。")
    return admit(session, account, at=at, come_from=come_from, detail="统一身份")


def refuse_identity(session: Session, detail: str, *, at: datetime, come_from: From) -> None:
    """Write down that somebody came back with what is no proof."""
    keep_event(session, SecurityKind.PROVIDER_REFUSED, "", at=at, address=come_from.address, detail=detail)
