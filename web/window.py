"""The clerk's desk: what waits to be accepted, forms left unfinished, every case by its number."""

from datetime import datetime, time

from fastapi import APIRouter, Request
from fastapi.responses import Response

from config.catalogue import catalogue
from models.supervision import standings
from models.supplement import untold_counts
from models.worklists import Wanted, cases_by_state, cases_listed, cases_since
from rules.moments import CHINA, china_day
from rules.states import CaseState
from web import drafts
from web.asking import bundle_names, page_number, state_asked
from web.entering import Clerk, Db, now
from web.pre_reviewing import corrections_of
from web.showing import show

router = APIRouter(prefix="/window")


@router.get("")
def queue(request: Request, db: Db, clerk: Clerk, page: str = "", correcting: str = "") -> Response:
    """Received and not yet accepted, the longest waiting first."""
    today = china_day(now())
    wanted = Wanted(state=CaseState.SUBMITTED, sort="oldest", page=page_number(page))
    leaf = cases_listed(db, wanted, today)
    return show(
        request,
        "window.html",
        leaf=leaf,
        bundles=bundle_names(),
        counts=cases_by_state(db),
        came_today=cases_since(db, datetime.combine(today, time.min, CHINA)),
        drafts=drafts.open_drafts(db, clerk.username),
        catalogue=catalogue(),
        untold=untold_counts(db, [case.number for case in leaf.rows]),
        **corrections_of(request, db, correcting),
    )


@router.get("/all")
def every_case(
    request: Request,
    db: Db,
    _: Clerk,
    q: str = "",
    state: str = "",
    page: str = "",
) -> Response:
    """Find a case by number or applicant."""
    search = q.replace("\x00", "").strip()[:100]
    wanted = Wanted(search=search, state=state_asked(state), page=page_number(page))
    leaf = cases_listed(db, wanted, china_day(now()))
    return show(
        request,
        "window_all.html",
        leaf=leaf,
        wanted=wanted,
        bundles=bundle_names(),
        standings=standings(db, [case.number for case in leaf.rows], at=now()),
    )
