"""查看完整信息: the one page that shows a person's numbers in full, once, after asking for what."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from actions.viewing import view_in_full
from models.account import Account, accounts
from models.audit import viewings
from models.case import Case
from rules.duties import may
from rules.errors import Faulty, NotYourDesk
from rules.states import Act
from rules.viewing import CHOSEN
from web.case_page import case_seen_by
from web.entering import Db, OurForm, Viewer, now, typed
from web.showing import show

router = APIRouter(prefix="/cases/{number}/full")

NOT_FOR_YOU = "完整信息只给窗口和承办部门查看。"


@router.get("")
def ask(request: Request, db: Db, viewer: Viewer, number: str) -> Response:
    """For what?"""
    case = _case(db, viewer, number)
    return _page(request, db, case)


@router.post("")
def shown(request: Request, db: Db, viewer: Viewer, number: str, form: OurForm) -> Response:
    """In full, this once: the answer is kept nowhere, and asking again is another entry."""
    case = _case(db, viewer, number)
    kept = {name: typed(form, name) for name in ("purpose", "words")}
    try:
        with db.begin_nested():
            case = view_in_full(db, number, kept["purpose"], kept["words"], by=viewer, at=now())
    except Faulty as faulty:
        return _page(request, db, case, status=422, faults=faulty.faults, kept=kept)
    return _page(request, db, case, full=True)


def _case(db: Session, viewer: Account, number: str) -> Case:
    case, _ = case_seen_by(db, viewer, number)
    if not may(Act.VIEW, viewer.role):
        raise NotYourDesk(NOT_FOR_YOU)
    return case


def _page(
    request: Request,
    db: Session,
    case: Case,
    *,
    full: bool = False,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
) -> Response:
    db.flush()
    answer = show(
        request,
        "full_view.html",
        status=status,
        case=case,
        full=full,
        purposes=CHOSEN,
        faults=faults or {},
        kept=kept or {},
        views=viewings(db, case.number, limit=20),
        people={account.username: account.name for account in accounts(db)},
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
