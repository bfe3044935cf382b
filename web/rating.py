"""好差评: the applicant rates a visit or the case, on the progress page or at a kiosk of the hall; staff do not."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from actions.rating import HALL, MOST_WORDS, Given, Rateable, rate, rateable
from config.voices import limits, tags
from models.account import Account, departments_by_code
from models.case import Case, items_of
from models.version import bundle_of_version
from rules.errors import Faulty, NotYourDesk
from rules.voices import BAD, Grade, VisitKind
from web.entering import Db, OurForm, Visitor, now, typed
from web.showing import set_cookie, show
from web.track import OPEN_FOR, OPENED, ask_again, opened_by, opened_here

router = APIRouter()

NOT_STAFF = "评价由申请人自己作出，工作人员不能代为评价。请先退出登录。"
KIOSK = "kiosk"


@router.get("/rate")
def kiosk(request: Request, viewer: Visitor, done: str = "") -> Response:
    """评价机: number and query code; with thanks to whoever has just rated."""
    _must_be_nobody_of_ours(viewer)
    return show(request, "rate_form.html", number="", faults={}, done=done == "yes")


@router.post("/rate")
def kiosk_opened(request: Request, db: Db, viewer: Visitor, form: OurForm) -> Response:
    """On to the visits of this case."""
    _must_be_nobody_of_ours(viewer)
    opened = opened_by(request, db, form)
    if opened.case is None:
        facts = {"number": opened.number, "faults": opened.faults, "done": False}
        return show(request, "rate_form.html", status=opened.status, **facts)
    response = RedirectResponse(f"/track/{opened.number}/rate?{KIOSK}=yes", 303)
    set_cookie(response, OPENED, f"{opened.number}.{opened.code}", path="/track", seconds=OPEN_FOR)
    return response


@router.get("/track/{number}/rate")
def page(
    request: Request, db: Db, viewer: Visitor, number: str, kiosk: str = "", visit: str = ""
) -> Response:
    """What can be rated, and what became of the bad ratings."""
    _must_be_nobody_of_ours(viewer)
    case = opened_here(request, db, number)
    if case is None:
        return ask_again(number)
    return _page(request, db, case, kiosk=kiosk == "yes", visit=visit)


@router.post("/track/{number}/rate")
def rated(request: Request, db: Db, viewer: Visitor, number: str, form: OurForm) -> Response:
    """评价."""
    _must_be_nobody_of_ours(viewer)
    case = opened_here(request, db, number)
    if case is None:
        return ask_again(number, closed=True)
    at_kiosk, given = typed(form, KIOSK) == "yes", _given(form)
    try:
        with db.begin_nested():
            rate(db, number, given, at=now())
    except Faulty as faulty:
        return _page(request, db, case, kiosk=at_kiosk, status=422, faults=faulty.faults, kept=given)
    if not at_kiosk:
        return RedirectResponse(f"/track/{number}/rate", 303)
    response = RedirectResponse("/rate?done=yes", 303)
    response.delete_cookie(OPENED, path="/track")
    return response


def _given(form: FormData) -> Given:
    return Given(
        visit=typed(form, "visit"),
        grade=typed(form, "grade"),
        tags=tuple(dict.fromkeys(str(one) for one in form.getlist("tags"))),
        words=typed(form, "words"),
        department=typed(form, "department"),
        named=typed(form, "anonymous") != "yes",
        at_kiosk=typed(form, KIOSK) == "yes",
    )


def _page(
    request: Request,
    db: Session,
    case: Case,
    *,
    kiosk: bool,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: Given | None = None,
    visit: str = "",
) -> Response:
    praise, blame = tags()
    places = rateable(db, case, at=now())
    names = departments_by_code(db)
    own: dict[str, Any] = {
        code: names[code].name
        for code in dict.fromkeys(item.department_code for item in items_of(db, case.number))
    }
    response = show(
        request,
        "rate.html",
        status=status,
        case=case,
        bundle=bundle_of_version(db, case.bundle_digest),
        places=places,
        chosen=_chosen(places, kept.visit if kept else visit),
        grades=list(Grade),
        bad=BAD,
        tags={"满意的方面": praise, "不满意的方面": blame},
        whole=VisitKind.CASE,
        departments=own | {HALL: "综合窗口"},
        limits=limits(),
        most_words=MOST_WORDS,
        kiosk=kiosk,
        faults=faults or {},
        kept=kept,
    )
    set_cookie(response, OPENED, request.cookies.get(OPENED, ""), path="/track", seconds=OPEN_FOR)
    return response


def _chosen(places: list[Rateable], wanted: str) -> str:
    """The one form on the page: of two, sending one would lose what was typed in the other."""
    offered = [place.visit.key for place in places if place.open_first or place.open_again]
    return wanted if wanted in offered else next(iter(offered), "")


def _must_be_nobody_of_ours(viewer: Account | None) -> None:
    if viewer is not None:
        raise NotYourDesk(NOT_STAFF)
