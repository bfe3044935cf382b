"""Who is asking, and did they ask through a page of ours?"""

import hashlib
import hmac
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from sqlmodel import Session
from starlette.datastructures import FormData, UploadFile

from actions.signing_in import From, kept, owes_password, owes_second, signed_in
from models.account import Account
from models.database import glance, transaction
from models.districts import confine
from rules.duties import KEEPS_ACCOUNTS, READS_SECURITY
from rules.errors import NotYourDesk, Refused
from rules.people import Role

SESSION = "yjs_session"  # the signed-in person's token
VISIT = "yjs_visit"  # a visitor's: only ties a form to the browser it was shown in
CSRF_FIELD = "csrf"
OWN_PASSWORD, OWN_SECOND = "/account/password", "/account/second"
APART = KEEPS_ACCOUNTS | READS_SECURITY
DESKS_APART = ("/home", "/account", "/audit")  # each of them still asks which of the two it is
MOST_FIELDS, MOST_FILES = 1000, 60
MOST_TEXT = 100_000  # bytes in one field; every text of ours is shorter


class NotSignedIn(Exception):
    """The desk needs a name; the handler leads to the sign-in page and back."""


class MustFirst(Exception):
    """Something is owed before anything else; the handler leads to the page where it is done."""

    def __init__(self, page: str) -> None:
        super().__init__(page)
        self.page = page


class NoToken(Refused):
    """请在 Authorization 头里给出有效的令牌：Bearer yjs_…（yjs tokens make 发放）。"""


class NotFromOurPage(Refused):
    """页面已过期，请返回上一页刷新后再提交。"""


def now() -> datetime:
    """This moment. Pages and acts of one request may differ by microseconds; nothing depends on it."""
    return datetime.now(UTC)


async def one_transaction() -> AsyncGenerator[Session]:
    """A session begins by itself at the first question: only its end asks the database, and needs a thread."""
    with transaction() as session:
        try:
            yield session
            await _apart(session.commit)
        except Exception:
            await _apart(session.close)
            raise


async def _apart(step: Callable[[], None]) -> None:
    """In a thread beyond those that answer: they may all be waiting for the connection that this gives back."""
    await to_thread.run_sync(step, limiter=CapacityLimiter(1))


# scope="function": commit before the answer leaves, so that a page never shows what was not kept.
Db = Annotated[Session, Depends(one_transaction, scope="function")]


def viewer_or_none(request: Request) -> Account | None:
    """The person signed in, or None; known before the page begins its transaction."""
    token = request.cookies.get(SESSION)
    if not token:
        return None
    with glance() as session:
        account = signed_in(session, token, at=now())
    request.state.viewer = account
    if account:
        _must_owe_nothing(account, request.url.path)
    return account


def _must_owe_nothing(account: Account, path: str) -> None:
    """A password of one's own first, then the second factor that the role needs; only then the desk."""
    for owed, page in (
        (owes_password(account, at=now()), OWN_PASSWORD),
        (owes_second(account), OWN_SECOND),
    ):
        if owed and path.startswith(page):
            return
        if owed:
            raise MustFirst(page)


Visitor = Annotated[Account | None, Depends(viewer_or_none)]


async def viewer(request: Request, db: Db, account: Visitor) -> Account:
    """The person signed in, to whose district the request's session is confined before the page reads anything.

    Who keeps accounts or reads the audit has no other desk (三员分立).
    """
    if account is None:
        raise NotSignedIn
    confine(db, account.district)  # it has not begun: only noted, and no thread is needed for it
    if account.role in APART and not request.url.path.startswith(DESKS_APART):
        raise NotYourDesk(f"{account.role.label}不经办也不查看办件。")
    return account


Viewer = Annotated[Account, Depends(viewer)]


def address_of(request: Request) -> str:
    """Where the visitor is, as far as the proxies that we trust say so."""
    return request.client.host if request.client else ""


def come_from(request: Request) -> From:
    """The visitor's address and device, for the list of sessions."""
    return From(address_of(request), request.headers.get("user-agent", "")[:200].replace("\x00", ""))


def session_kept(request: Request) -> str:
    """What the record keeps of this browser's token."""
    return kept(request.cookies.get(SESSION, ""))


def _one_of(*roles: Role) -> Callable[[Account], Awaitable[Account]]:
    async def in_role(account: Viewer) -> Account:  # asks nothing of the database: no thread is needed
        if account.role not in roles:
            words = "、".join(role.label for role in roles)
            raise NotYourDesk(f"这是{words}的工作台，您的角色是“{account.role.label}”。")
        return account

    return in_role


def _of_all(*roles: Role) -> Callable[[Account], Awaitable[Account]]:
    """The same, where the page is about the platform: whoever is of a part of it has no share in that."""

    async def of_the_whole(account: Annotated[Account, Depends(_one_of(*roles))]) -> Account:
        if account.district:
            raise NotYourDesk("这一页是整个平台的，由不限行政区划的账号办理。")
        return account

    return of_the_whole


Clerk = Annotated[Account, Depends(_one_of(Role.CLERK))]
Officer = Annotated[Account, Depends(_one_of(Role.OFFICER, Role.HEAD))]
Overseer = Annotated[Account, Depends(_one_of(Role.MANAGER, Role.ADMIN, Role.GOVERNMENT))]
OverseerOfAll = Annotated[Account, Depends(_of_all(Role.MANAGER, Role.ADMIN, Role.GOVERNMENT))]
Caller = Annotated[Account, Depends(_one_of(Role.CLERK, Role.MANAGER))]
Keeper = Annotated[Account, Depends(_one_of(Role.MANAGER, Role.ADMIN))]
KeeperOfAll = Annotated[Account, Depends(_of_all(Role.MANAGER, Role.ADMIN))]
SecurityOfficer = Annotated[Account, Depends(_one_of(*KEEPS_ACCOUNTS))]
SecurityReader = Annotated[Account, Depends(_one_of(*READS_SECURITY))]
HallStaff = Annotated[Account, Depends(_one_of(Role.MANAGER, Role.ADMIN, Role.CLERK))]


def csrf_token(request: Request) -> str:
    """What a form shown to this browser must bring back."""
    secret = request.cookies.get(SESSION) or request.cookies.get(VISIT) or new_visit(request)
    return hmac.new(secret.encode(), b"yijianshi form", hashlib.sha256).hexdigest()


def new_visit(request: Request) -> str:
    """A random name for a browser that has none yet."""
    if not hasattr(request.state, "new_visit"):
        request.state.new_visit = secrets.token_urlsafe(24)
    return str(request.state.new_visit)


async def our_form(request: Request) -> FormData:
    """The form that was sent, once it proves to come from a page of ours."""
    form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MOST_TEXT)
    brought = form.get(CSRF_FIELD)
    known = request.cookies.get(SESSION) or request.cookies.get(VISIT)
    if not known or not isinstance(brought, str):
        raise NotFromOurPage
    if not hmac.compare_digest(brought.encode(), csrf_token(request).encode()):
        raise NotFromOurPage
    request.state.form = form  # for the page that says no: nothing typed is lost
    return form


OurForm = Annotated[FormData, Depends(our_form)]


def typed(form: FormData, name: str) -> str:
    """What was typed in a field, without the spaces around it and the zero sign PostgreSQL cannot keep."""
    return _text(form.get(name, ""))


def ticked(form: FormData, name: str) -> list[str]:
    """The same of a field that may come several times."""
    return [_text(value) for value in form.getlist(name)]


def _text(value: UploadFile | str) -> str:
    if not isinstance(value, str):
        return ""
    # Browsers send two signs for the end of a line, and count it as one.
    return value.replace("\x00", "").replace("\r\n", "\n").strip()


def local_path(path: str) -> str:
    """The path if it leads to a page of ours, else the start page: nobody is sent elsewhere by a link."""
    elsewhere = not path.startswith("/") or path.startswith("//") or "\\" in path
    return "/home" if elsewhere or not path.isprintable() else path
