"""The door: sign in, sign out, and the way to one's desk."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from actions.signing_in import sign_in, sign_out
from config.settings import DEMO_PASSWORD
from models.account import accounts, departments_by_code
from rules.people import Role
from web.entering import SESSION, Db, OurForm, Viewer, Visitor, local_path, now, typed
from web.showing import is_demo, set_cookie, show

router = APIRouter()

DESKS = {
    Role.CLERK: "/window",
    Role.OFFICER: "/desk",
    Role.HEAD: "/desk",
    Role.GOVERNMENT: "/manage",
    Role.MANAGER: "/manage",
    Role.ADMIN: "/manage",
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
    return _page(request, db, to=local_path(next))


@router.post("/sign-in")
def enter(request: Request, db: Db, form: OurForm) -> Response:
    """Check name and password. A wrong password is counted, so it is an answer and not an exception."""
    username, to = typed(form, "username"), local_path(typed(form, "next"))
    password = form.get("password")
    attempt = sign_in(db, username, password if isinstance(password, str) else "", at=now())
    if attempt.why:
        return _page(request, db, to=to, username=username, why=attempt.why, status=401)
    response = RedirectResponse(to, 303)
    set_cookie(response, SESSION, attempt.token)
    return response


@router.post("/sign-out")
def leave(request: Request, db: Db, _form: OurForm) -> Response:
    """End the session here and on the server."""
    sign_out(db, request.cookies.get(SESSION, ""))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION)
    return response


def _page(
    request: Request, db: Db, *, to: str, username: str = "", why: str = "", status: int = 200
) -> Response:
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
    )
