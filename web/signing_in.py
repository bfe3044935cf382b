"""The door: sign in, the second factor, sign out, and the way to one's desk."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from actions.signing_in import Attempt, pass_second, sign_in, sign_out
from config.settings import DEMO_PASSWORD, settings
from models.account import accounts, departments_by_code
from rules.people import Role
from web.entering import (
    SESSION,
    Db,
    OurForm,
    Viewer,
    Visitor,
    address_of,
    come_from,
    local_path,
    now,
    typed,
)
from web.showing import is_demo, set_cookie, show

router = APIRouter()

SECOND = "yjs_second"  # the token that the password gave, until the second factor is there
SECOND_SECONDS = 300

DESKS = {
    Role.CLERK: "/window",
    Role.OFFICER: "/desk",
    Role.HEAD: "/desk",
    Role.GOVERNMENT: "/manage",
    Role.MANAGER: "/manage",
    Role.ADMIN: "/manage",
    Role.SECURITY: "/accounts",
    Role.AUDITOR: "/audit",
}


@router.get("/home")
def home(account: Viewer) -> Response:
    """Everybody's own desk."""
    return RedirectResponse(DESKS[account.role], 303)


@router.get("/sign-in")
def ask(request: Request, db: Db, account: Visitor, next: str = "/home") -> Response:
    """The sign-in page; who is signed in already goes on."""
    if account:
        return RedirectResponse(local_path(next), 303)
    return sign_in_page(request, db, to=local_path(next))


@router.post("/sign-in")
def enter(request: Request, db: Db, form: OurForm) -> Response:
    """Check name and password. A wrong password is counted, so it is an answer and not an exception."""
    username, to = typed(form, "username"), local_path(typed(form, "next"))
    password = form.get("password")
    given = password if isinstance(password, str) else ""
    attempt = sign_in(db, username, given, at=now(), come_from=come_from(request))
    if attempt.why:
        return sign_in_page(request, db, to=to, username=username, why=attempt.why, status=401)
    return let_in(attempt, to)


@router.get("/sign-in/second")
def ask_second(request: Request, next: str = "/home") -> Response:
    """The page that asks for the code on the phone."""
    if not request.cookies.get(SECOND):
        return RedirectResponse("/sign-in", 303)
    return show(request, "sign_in_second.html", to=local_path(next), why="")


@router.post("/sign-in/second")
def enter_second(request: Request, db: Db, form: OurForm) -> Response:
    """Check the code; wrong ones are counted like wrong passwords."""
    to, token = local_path(typed(form, "next")), request.cookies.get(SECOND, "")
    attempt = pass_second(db, token, typed(form, "code"), at=now(), come_from=come_from(request))
    if attempt.why:
        return show(request, "sign_in_second.html", status=401, to=to, why=attempt.why)
    response = let_in(attempt, to)
    response.delete_cookie(SECOND, path="/sign-in")
    return response


@router.post("/sign-out")
def leave(request: Request, db: Db, _form: OurForm) -> Response:
    """End the session here and on the server."""
    sign_out(db, request.cookies.get(SESSION, ""), at=now(), address=address_of(request))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION)
    return response


def let_in(attempt: Attempt, to: str) -> Response:
    """To the page wanted, or first to the second factor; the browser never keeps a token it had before."""
    if attempt.second:
        response = RedirectResponse(f"/sign-in/second?{urlencode({'next': to})}", 303)
        set_cookie(response, SECOND, attempt.token, path="/sign-in", seconds=SECOND_SECONDS)
        return response
    response = RedirectResponse(to, 303)
    set_cookie(response, SESSION, attempt.token)
    return response


def sign_in_page(
    request: Request, db: Db, *, to: str, username: str = "", why: str = "", status: int = 200
) -> Response:
    """Name and password, or the way to the city's identity service."""
    order = list(Role)
    shown = accounts(db) if is_demo() else []
    shown.sort(key=lambda one: (one.department_code is not None, order.index(one.role)))  # the hall first
    return show(
        request,
        "sign_in.html",
        status=status,
        to=to,
        username=username,
        why=why,
        demo_accounts=shown,
        demo_password=DEMO_PASSWORD,
        departments=departments_by_code(db),
        identity_service=settings().oidc_label if settings().oidc else "",
    )
