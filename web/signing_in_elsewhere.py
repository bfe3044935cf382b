"""Signing in with the city's identity service: leave, and come back once. Nothing slow happens in a transaction."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from actions.identity import (
    NotComingBack,
    admit_identity,
    come_back,
    leave_for_provider,
    refuse_identity,
)
from config.settings import settings
from models.database import transaction
from models.security import ProviderVisit
from rules.errors import NotFound, Refused
from web.entering import VISIT, address_of, come_from, local_path, new_visit, now
from web.identity_service import NoProof, way_out, who_came_back
from web.limiting import Guesses, TooOften
from web.showing import set_cookie
from web.signing_in import let_in

router = APIRouter(prefix="/sign-in/elsewhere")


class TooManyVisits(TooOften):
    """登录尝试得太频繁，请 10 分钟后再试，或用密码登录。"""


visits = Guesses("visit", TooManyVisits)  # that came to nothing, by address


@router.get("")
def leave(request: Request, next: str = "/home") -> Response:
    """To the identity service, in a browser that we shall recognise."""
    _must_be_set_up()
    browser = request.cookies.get(VISIT) or new_visit(request)
    with transaction() as session:
        leaving = leave_for_provider(session, browser, local_path(next), at=now())
    address = way_out(_back_here(request), leaving.state, leaving.nonce, leaving.verifier)
    response = RedirectResponse(address, 303)
    if VISIT not in request.cookies:
        set_cookie(response, VISIT, browser)
    return response


@router.get("/back")
def back(request: Request, code: str = "", state: str = "", error: str = "") -> Response:
    """From the identity service: a code that becomes an ID token that names an account."""
    _must_be_set_up()
    visits.must_be_few(address_of(request), now())
    try:
        visit = _visit(request, state)
        if error or not code:
            raise NoProof("没有在统一身份服务上完成登录，请重新登录。")
        identity = who_came_back(_back_here(request), code, visit.nonce, visit.verifier)
    except Refused as refused:
        _written_down(request, refused)
        raise
    with transaction() as session:
        attempt = admit_identity(session, identity, at=now(), come_from=come_from(request))
    if attempt.why:
        visits.count(address_of(request), now())
        raise NoProof(attempt.why)
    return let_in(attempt, visit.back_to)


def _visit(request: Request, state: str) -> ProviderVisit:
    """Taken in a transaction of its own: whatever comes of it, nobody comes back with this state again."""
    with transaction() as session:
        visit = come_back(session, state, request.cookies.get(VISIT, ""), at=now())
    if visit is None:
        raise NotComingBack
    return visit


def _written_down(request: Request, refused: Refused) -> None:
    visits.count(address_of(request), now())
    with transaction() as session:
        refuse_identity(session, type(refused).__name__, at=now(), come_from=come_from(request))


def _must_be_set_up() -> None:
    if not settings().oidc:
        raise NotFound("这套平台没有接入统一身份认证，请用密码登录。")


def _back_here(request: Request) -> str:
    """As registered with the service: the public address, else the one asked for."""
    base = (settings().public_url or str(request.base_url)).rstrip("/")
    return f"{base}{router.prefix}/back"
