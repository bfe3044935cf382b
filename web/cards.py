"""监察卡: what supervision found; the department explains, the manager closes."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.supervising import close, explain
from models.account import Account, departments_by_code
from models.card import cards
from models.supervision import names_of, open_dates_beyond_tables
from rules.duties import may
from rules.errors import Faulty
from rules.people import Role
from rules.states import Act
from web.entering import Db, OurForm, Viewer, now, typed
from web.showing import show

router = APIRouter(prefix="/cards")


@router.get("")
def page(request: Request, db: Db, viewer: Viewer) -> Response:
    """The open cards: of the own department, of everybody for those who oversee."""
    return _page(request, db, viewer)


@router.post("/{number}/explain")
def explained(request: Request, db: Db, viewer: Viewer, number: str, form: OurForm) -> Response:
    """说明原因."""
    text = typed(form, "explanation")
    try:
        with db.begin_nested():
            explain(db, number, text, by=viewer, at=now())
    except Faulty as faulty:
        return _page(request, db, viewer, status=422, faults={number: str(faulty)}, kept={number: text})
    return RedirectResponse("/cards", 303)


@router.post("/{number}/close")
def closed(db: Db, viewer: Viewer, number: str, _form: OurForm) -> Response:
    """销号."""
    close(db, number, by=viewer, at=now())
    return RedirectResponse("/cards", 303)


def _page(
    request: Request,
    db: Session,
    viewer: Account,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
) -> Response:
    own = viewer.department_code if viewer.role in (Role.OFFICER, Role.HEAD) else None
    return show(
        request,
        "cards.html",
        status=status,
        cards=cards(db, only_open=True, department_code=own),
        departments=departments_by_code(db),
        people=names_of(db),
        explains=may(Act.EXPLAIN_CARD, viewer.role),
        closes=may(Act.CLOSE_CARD, viewer.role),
        faults=faults or {},
        kept=kept or {},
        beyond=open_dates_beyond_tables(db) if viewer.role is Role.MANAGER else None,
    )
