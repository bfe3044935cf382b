"""我的账号: one's password, second factor and sessions."""

from collections.abc import Mapping

import segno
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlmodel import Session

from actions.own_account import change_password, end_others, end_session
from actions.second_factor import enrol, give_up, pending_secret, provisioning_uri, renew_codes
from actions.signing_in import AT_MOST, owes_password, owes_second, password_matches
from config.settings import settings
from models.account import Account, recovery_codes_left, sessions_of
from rules.errors import Faulty
from web.entering import (
    OWN_PASSWORD,
    OWN_SECOND,
    Db,
    OurForm,
    Viewer,
    address_of,
    now,
    session_kept,
    typed,
)
from web.limiting import Guesses, TooOften
from web.showing import show

router = APIRouter()


class TooManyPasswords(TooOften):
    """密码错得太多，请 10 分钟后再试。"""


guesses = Guesses(
    "own password", TooManyPasswords
)  # of one's own password, by account: a session may have been left open


@router.get("/account")
def page(request: Request, db: Db, viewer: Viewer, done: str = "") -> Response:
    """Everything about one's own account."""
    return _page(request, db, viewer, done=done)


@router.get(OWN_PASSWORD)
def ask_password(request: Request, viewer: Viewer) -> Response:
    """The form."""
    return _password_page(request, viewer, {})


@router.post(OWN_PASSWORD)
def password(request: Request, db: Db, viewer: Viewer, form: OurForm) -> Response:
    """修改密码."""
    guesses.must_be_few(viewer.username, now())
    given = {name: _as_typed(form.get(name)) for name in ("old", "new", "again")}
    try:
        with db.begin_nested():
            change_password(
                db,
                viewer,
                **given,
                token_hash=session_kept(request),
                at=now(),
                address=address_of(request),
            )
    except Faulty as faulty:
        if "old" in faulty.faults:
            guesses.count(viewer.username, now())
        return _password_page(request, viewer, faulty.faults)
    return RedirectResponse("/account?done=password", 303)


@router.get(OWN_SECOND)
def ask_second(request: Request, db: Db, viewer: Viewer) -> Response:
    """The code to scan; who has scanned already is led to his account."""
    if viewer.two_factors:
        return RedirectResponse("/account", 303)
    return _second_page(request, db, viewer, {})


@router.post(OWN_SECOND)
def second(request: Request, db: Db, viewer: Viewer, form: OurForm) -> Response:
    """启用动态码: proved by a code of the phone."""
    guesses.must_be_few(viewer.username, now())
    try:
        with db.begin_nested():
            codes = enrol(db, viewer, typed(form, "code"), at=now(), address=address_of(request))
    except Faulty as faulty:
        guesses.count(viewer.username, now())
        return _second_page(request, db, viewer, faulty.faults)
    return show(request, "recovery_codes.html", codes=codes)


@router.post(f"{OWN_SECOND}/codes")
def new_codes(request: Request, db: Db, viewer: Viewer, form: OurForm) -> Response:
    """更换恢复码."""
    if faults := _wrong_password(viewer, form.get("password"), "codes-password"):
        return _page(request, db, viewer, faults=faults)
    codes = renew_codes(db, viewer, at=now(), address=address_of(request))
    return show(request, "recovery_codes.html", codes=codes)


@router.post(f"{OWN_SECOND}/end")
def end_second(request: Request, db: Db, viewer: Viewer, form: OurForm) -> Response:
    """停用动态码."""
    required = viewer.role in settings().guarded_roles
    if faults := {} if required else _wrong_password(viewer, form.get("password"), "end-password"):
        return _page(request, db, viewer, faults=faults)
    give_up(db, viewer, required=required, at=now(), address=address_of(request))
    return RedirectResponse("/account?done=second-off", 303)


@router.post("/account/sessions/end")
def ended(request: Request, db: Db, viewer: Viewer, form: OurForm) -> Response:
    """结束会话: one, or all but this."""
    given, name, address = typed(form, "session"), viewer.username, address_of(request)
    if given == "others":
        end_others(db, name, session_kept(request), by=name, at=now(), address=address)
    else:
        end_session(db, name, given, since=now() - AT_MOST, by=name, at=now(), address=address)
    return RedirectResponse("/account?done=sessions", 303)


def _page(
    request: Request,
    db: Session,
    viewer: Account,
    *,
    done: str = "",
    faults: Mapping[str, str] | None = None,
) -> Response:
    return show(
        request,
        "account.html",
        status=422 if faults else 200,
        done=done,
        faults=faults or {},
        sessions=sessions_of(db, viewer.username, since=now() - AT_MOST),
        this=session_kept(request),
        codes_left=recovery_codes_left(db, viewer.username) if viewer.two_factors else 0,
        required=viewer.role in settings().guarded_roles,
        lasts=settings().password_days,
    )


def _password_page(request: Request, viewer: Account, faults: Mapping[str, str]) -> Response:
    owes = owes_password(viewer, at=now())
    return show(request, "account_password.html", status=422 if faults else 200, faults=faults, owes=owes)


def _second_page(request: Request, db: Session, viewer: Account, faults: Mapping[str, str]) -> Response:
    secret = pending_secret(db, viewer)
    drawn = segno.make(provisioning_uri(viewer, secret), error="m").svg_inline(scale=5, border=2)
    return show(
        request,
        "account_second.html",
        status=422 if faults else 200,
        faults=faults,
        drawn=Markup(drawn),  # noqa: S704  drawn by ourselves, of black and white squares
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        owes=owes_second(viewer),
    )


def _wrong_password(viewer: Account, given: object, field: str) -> dict[str, str]:
    """Asked for again before what a stranger at an open session would like to do."""
    guesses.must_be_few(viewer.username, now())
    if password_matches(viewer.password_hash, _as_typed(given)):
        return {}
    guesses.count(viewer.username, now())
    return {field: "密码不对。"}


def _as_typed(value: object) -> str:
    """A password is taken as it is, spaces and all."""
    return value if isinstance(value, str) else ""
