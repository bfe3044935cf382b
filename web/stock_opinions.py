"""常用意见: the page on which the head keeps the department's and everybody their own."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.permitting import is_head
from actions.stock_opinions import (
    Wording,
    add_template,
    change_template,
    drop_template,
    template_kept,
    templates_of,
)
from models.account import Account, departments_by_code
from models.opinion_template import UsedFor
from rules.errors import Faulty, NotFound
from web.department import department_of
from web.entering import Db, Officer, OurForm, now, typed
from web.landing import ADDED, CHANGED, DROPPED, Landed, landed_marked, landing_marked
from web.showing import show

PAGE = "/desk/opinions"
router = APIRouter(prefix=PAGE)
FIELDS = ("used_for", "title", "words", "shared")


@router.get("")
def page(request: Request, db: Db, officer: Officer, done: str = "") -> Response:
    """The department's and one's own, and a form for another."""
    return _page(request, db, officer, landed=landed_marked(request, done))


@router.post("")
def added(request: Request, db: Db, officer: Officer, form: OurForm) -> Response:
    """What was filled in wrongly is said beside its field."""
    kept = {name: typed(form, name) for name in FIELDS}
    try:
        add_template(db, _wording(kept), by=officer, at=now())
    except Faulty as faulty:
        return _page(request, db, officer, status=422, faults=faulty.faults, kept=kept)
    return RedirectResponse(landing_marked(request, PAGE, ADDED), 303)


@router.get("/{template}")
def change(request: Request, db: Db, officer: Officer, template: str) -> Response:
    """The form with the words as they are."""
    found = template_kept(db, _id(template), by=officer, at=now())
    kept = {"used_for": found.used_for.value, "title": found.title, "words": found.words}
    return _page(request, db, officer, kept=kept, changing=template)


@router.post("/{template}")
def changed(request: Request, db: Db, officer: Officer, template: str, form: OurForm) -> Response:
    """New words for it."""
    kept = {name: typed(form, name) for name in FIELDS}
    try:
        change_template(db, _id(template), _wording(kept), by=officer, at=now())
    except Faulty as faulty:
        return _page(request, db, officer, status=422, faults=faulty.faults, kept=kept, changing=template)
    return RedirectResponse(landing_marked(request, PAGE, CHANGED), 303)


@router.get("/{template}/delete")
def ask_to_drop(request: Request, db: Db, officer: Officer, template: str) -> Response:
    """Asked once more before it is gone."""
    found = template_kept(db, _id(template), by=officer, at=now())
    return show(request, "desk_opinion_delete.html", wording=found)


@router.post("/{template}/delete")
def dropped(request: Request, db: Db, officer: Officer, template: str, _form: OurForm) -> Response:
    """删除."""
    drop_template(db, _id(template), by=officer, at=now())
    return RedirectResponse(landing_marked(request, PAGE, DROPPED), 303)


def _page(
    request: Request,
    db: Session,
    officer: Account,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
    changing: str = "",
    landed: Landed | None = None,
) -> Response:
    department = department_of(officer)
    found = templates_of(db, officer)
    return show(
        request,
        "desk_opinions.html",
        status=status,
        department=departments_by_code(db)[department],
        lists=(
            ("本部门的", [one for one in found if not one.username]),
            ("我自己的", [one for one in found if one.username]),
        ),
        head=is_head(db, officer, department, None, at=now()) is not None,
        uses=list(UsedFor),
        faults=faults or {},
        kept=kept or {},
        changing=changing,
        landed=landed,
    )


def _wording(kept: dict[str, str]) -> Wording:
    return Wording(kept["used_for"], kept["title"], kept["words"], kept["shared"] == "yes")


def _id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise NotFound("没有这条常用意见。") from None
