"""The clerk's desk: what waits to be accepted or handed over, forms left unfinished, every case by its number."""

from datetime import datetime, time
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from config.catalogue import catalogue
from models.after import cases_to_hand_over, delivery_dates, parcels_on_the_way
from models.supervision import standings
from models.supplement import untold_counts
from models.worklists import Wanted, cases_by_state, cases_listed, cases_since, items_by_case
from rules.moments import CHINA, china_day
from rules.states import CaseState
from web import drafts
from web.asking import archived_asked, bundle_names, page_number, state_asked
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
        to_hand_over=cases_to_hand_over(db).total,
        **corrections_of(request, db, correcting),
    )


@router.get("/all")
def every_case(
    request: Request,
    db: Db,
    _: Clerk,
    q: str = "",
    state: str = "",
    archived: str = "",
    page: str = "",
) -> Response:
    """Find a case by number or applicant."""
    search = q.replace("\x00", "").strip()[:100]
    wanted = Wanted(
        search=search, state=state_asked(state), archived=archived_asked(archived), page=page_number(page)
    )
    leaf = cases_listed(db, wanted, china_day(now()))
    return show(
        request,
        "window_all.html",
        leaf=leaf,
        wanted=wanted,
        bundles=bundle_names(),
        standings=standings(db, [case.number for case in leaf.rows], at=now()),
    )


@router.get("/deliveries")
def deliveries(request: Request, db: Db, _: Clerk, page: str = "", posted: str = "") -> Response:
    """待发放: results that lie ready, the one whose ten days end first at the top; and what is with the courier."""
    ready, sent = cases_to_hand_over(db, page_number(page)), parcels_on_the_way(db, page_number(posted))
    numbers = [case.number for case in ready.rows]
    return show(
        request,
        "deliveries.html",
        ready=ready,
        sent=sent,
        sent_link=lambda number: "?" + urlencode({**request.query_params, "posted": number}) + "#posted",
        items=items_by_case(db, numbers + [parcel.case_number for parcel in sent.rows]),
        due=delivery_dates(db, numbers),
        bundles=bundle_names(),
    )
