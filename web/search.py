"""The search box on every page of the staff: a number leads to its case, anything else to a list of one's own cases."""

import base64
import hashlib
from urllib.parse import urlencode

from cryptography.fernet import Fernet, InvalidToken
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from models.account import Account, short_names
from models.case import Case
from models.finding import Seer, cases_found, is_too_common
from models.leaf import Leaf
from models.supervision import standings
from models.worklists import items_by_case
from rules.searching import LONGEST, Kind, Sought, sought
from rules.states import ITEM_OPEN_AT_DESK
from web.asking import bundle_names, page_number
from web.case_page import SEES_ALL
from web.entering import SESSION, Db, OurForm, Viewer, now, typed
from web.showing import show

router = APIRouter(prefix="/search")


def seer_of(viewer: Account) -> Seer:
    """Whose cases may this person find? The same that case_seen_by opens."""
    return Seer(None if viewer.role in SEES_ALL else viewer.department_code or "")


@router.post("")
def search(request: Request, db: Db, viewer: Viewer, form: OurForm) -> Response:
    """An exact number leads straight to the case; other words to the list of what they find."""
    words = typed(form, "q")[:LONGEST]
    wanted = sought(words)
    if wanted is None:
        return RedirectResponse("/search", 303)
    if wanted.kind is Kind.NUMBER and cases_found(db, wanted, seer_of(viewer)).rows:
        return RedirectResponse(f"/cases/{wanted.value}", 303)
    return RedirectResponse(f"/search?{urlencode({'find': _sealed(request, words)})}", 303)


@router.get("")
def found(request: Request, db: Db, viewer: Viewer, find: str = "", page: str = "") -> Response:
    """The cases found, page by page. The back button works as long as the person stays signed in."""
    words = _opened(request, find)
    wanted = sought(words)
    seer = seer_of(viewer)
    leaf = cases_found(db, wanted, seer, page_number(page)) if wanted else Leaf[Case]([], 0, 1)
    return show(
        request,
        "search.html",
        words=words,
        wanted=wanted,
        why_none=_why_none(wanted, leaf.total),
        leaf=leaf,
        too_common=wanted is not None and is_too_common(db, wanted, seer),
        bundles=bundle_names(),
        standings=_standings(db, leaf),
        with_whom=_with_whom(db, leaf),
    )


def _standings(db: Session, leaf: Leaf[Case]) -> dict[str, object]:
    return dict(standings(db, [case.number for case in leaf.rows], at=now()))


def _with_whom(db: Session, leaf: Leaf[Case]) -> dict[str, str]:
    """Case -> the departments that have it in hand: what somebody asks who telephones."""
    offices = short_names(db)
    return {
        number: "、".join(
            dict.fromkeys(offices[item.department_code] for item in items if item.state in ITEM_OPEN_AT_DESK)
        )
        for number, items in items_by_case(db, [case.number for case in leaf.rows]).items()
    }


def _why_none(wanted: Sought | None, total: int) -> str:
    if wanted is None or total:
        return ""
    if wanted.fault:
        return wanted.fault
    return f"按{wanted.kind.value}没有找到您能查看的办件。请核对后再找。"


# What people look for are names and numbers of persons: they belong neither into addresses nor into logs.
def _sealed(request: Request, words: str) -> str:
    return _box(request).encrypt(words.encode()).decode()


def _opened(request: Request, token: str) -> str:
    try:
        return _box(request).decrypt(token.encode()).decode() if token else ""
    except InvalidToken:  # of an earlier session, or made up
        return ""


def _box(request: Request) -> Fernet:
    """A key that only this session has: the link says nothing to anybody else."""
    key = hashlib.sha256(b"yijianshi search" + request.cookies.get(SESSION, "").encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
