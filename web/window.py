"""The clerk's desk: what waits to be accepted or handed over, forms left unfinished, every case by its number."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time
from itertools import chain
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from actions.dating import hall_calendar
from models.after import (
    came_back,
    cases_to_hand_over,
    deliveries_of_cases,
    delivery_dates,
    parcels_on_the_way,
)
from models.online import wishes_of
from models.shift import clerks, shift_changes_waiting
from models.supervision import standings
from models.supplement import untold_counts
from models.window import back_from_supplement, papers_due, waiting_for_acceptance
from models.worklists import Wanted, cases_listed, cases_since, cases_written_out, items_by_case
from rules.moments import CHINA, china_day
from web import drafts
from web.asking import archived_asked, bundle_names, page_number, state_asked
from web.entering import Clerk, Db, now
from web.exporting import exported
from web.landing import landed_marked, landed_shift
from web.manage_tables import CASE_HEADINGS, cells_of
from web.pre_reviewing import corrections_of
from web.showing import show

router = APIRouter(prefix="/window")

SOON = 3  # working days: a promised paper due by then is named on the home page (assumption)
FIRST = 5  # results to be handed over that the home page names; the rest has a page of its own


@router.get("")
def home(
    request: Request,
    db: Db,
    clerk: Clerk,
    page: str = "",
    back: str = "",
    owed: str = "",
    correcting: str = "",
    done: str = "",
) -> Response:
    """The day at one glance: what waits, what came back, what is due, what was left unfinished."""
    today = china_day(now())
    queue = waiting_for_acceptance(db, page_number(page))
    returned = back_from_supplement(db, page_number(back))
    ready = cases_to_hand_over(db)
    first = [case.number for case in ready.rows[:FIRST]]
    ready_items = items_by_case(db, first) if first else {}
    return show(
        request,
        "window.html",
        landed=landed_shift(db, done, clerk) or landed_marked(request, done),
        leaf=queue,
        back=returned,
        owed=papers_due(db, hall_calendar().working_day(SOON, today), page_number(owed)),
        link=_links(request),
        bundles=bundle_names(),
        came_today=cases_since(db, datetime.combine(today, time.min, CHINA)),
        drafts=drafts.open_drafts(db, clerk.username),
        untold=untold_counts(db, [case.number for case in queue.rows + returned.rows]),
        ready=ready,
        ready_first=ready.rows[:FIRST],
        ready_items=ready_items,
        ready_back=came_back(chain(*ready_items.values()), deliveries_of_cases(db, first)) if first else {},
        ready_due=delivery_dates(db, first) if first else {},
        shifts=shift_changes_waiting(db, clerk.username),
        names={one.username: one.name for one in clerks(db)},
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
    wanted = _wanted(q, state, archived, page)
    leaf = cases_listed(db, wanted, china_day(now()))
    return show(
        request,
        "window_all.html",
        leaf=leaf,
        wanted=wanted,
        bundles=bundle_names(),
        standings=standings(db, [case.number for case in leaf.rows], at=now()),
        query=request.url.query,
    )


@router.get("/all/table.csv")
def table(
    request: Request, db: Db, viewer: Clerk, q: str = "", state: str = "", archived: str = ""
) -> Response:
    """The same cases, all of them, for a table program."""
    wanted, bundles, today = _wanted(q, state, archived), bundle_names(), china_day(now())

    def rows(session: Session) -> Iterator[Sequence[str]]:
        return (cells_of(case, bundles, today) for case in cases_written_out(session, wanted, today))

    return exported(request, db, viewer, "cases", "办件查询", CASE_HEADINGS, rows)


@router.get("/deliveries")
def deliveries(request: Request, db: Db, _: Clerk, page: str = "", posted: str = "") -> Response:
    """待发放: results that lie ready, the one whose ten days end first at the top; and what is with the courier."""
    ready, sent = cases_to_hand_over(db, page_number(page)), parcels_on_the_way(db, page_number(posted))
    numbers = [case.number for case in ready.rows]
    items = items_by_case(db, numbers + [parcel.case_number for parcel in sent.rows])
    return show(
        request,
        "deliveries.html",
        ready=ready,
        sent=sent,
        sent_link=lambda number: "?" + urlencode({**request.query_params, "posted": number}) + "#posted",
        items=items,
        back=came_back(chain(*items.values()), deliveries_of_cases(db, numbers)),
        due=delivery_dates(db, numbers),
        wishes=wishes_of(db, numbers),
        bundles=bundle_names(),
    )


def _wanted(q: str, state: str, archived: str, page: str = "") -> Wanted:
    search = q.replace("\x00", "").strip()[:100]
    asked = archived_asked(archived)
    return Wanted(search=search, state=state_asked(state), archived=asked, page=page_number(page))


def _links(request: Request) -> Callable[[str], Callable[[int], str]]:
    """Each list of the page has pages of its own, and the link leads back to it."""

    def of(name: str) -> Callable[[int], str]:
        return lambda number: "?" + urlencode({**request.query_params, name: number}) + f"#{name}"

    return of
