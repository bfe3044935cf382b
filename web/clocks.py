"""期限与依据: every clock of a case, and for each the days that were counted and why."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.card import cards_of
from models.supervision import clock_views, names_of, trace_of
from web.case_page import case_seen_by
from web.entering import Db, Viewer, now
from web.guides import marks_said, source_said
from web.showing import show

router = APIRouter(prefix="/cases/{number}/clocks")


@router.get("")
def page(request: Request, db: Db, viewer: Viewer, number: str) -> Response:
    """Why this date: limit, basis, what was suspended and extended, day by day."""
    case, _ = case_seen_by(db, viewer, number)
    views = clock_views(db, case.number, at=now())
    return show(
        request,
        "clocks.html",
        case=case,
        clocks=[(view, trace_of(view)) for view in views],
        cards=cards_of(db, case.number),
        people=names_of(db),
        marks_said=marks_said,
        source_said=source_said,
    )
