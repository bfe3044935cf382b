"""The manager's desk: every case, overdue first if asked, each with its Prefect run; and the local inbox."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from config.settings import settings
from models.account import departments_by_code
from models.supervision import open_dates_beyond_tables, standings
from models.supplement import told_again_by_department
from models.worklists import (
    ORDERS,
    Wanted,
    cases_by_state,
    cases_listed,
    items_by_case,
    latest_notices,
    overdue_count,
)
from rules.identifiers import fault_of_case_number
from rules.moments import china_day
from rules.people import Role
from web.asking import bundle_names, page_number, state_asked
from web.entering import Db, HallStaff, Overseer, now
from web.showing import show

router = APIRouter()

SORTS = {
    "newest": "最新收件在前",
    "oldest": "最早收件在前",
    "due": "承诺期限近的在前",
    "bundle": "按一件事",
    "state": "按状态",
}


@router.get("/manage")
def overview(
    request: Request,
    db: Db,
    _: Overseer,
    q: str = "",
    state: str = "",
    bundle: str = "",
    department: str = "",
    overdue: str = "",
    sort: str = "newest",
    page: str = "",
) -> Response:
    """All cases, narrowed and sorted as asked."""
    today, departments, bundles = china_day(now()), departments_by_code(db), bundle_names()
    wanted = Wanted(
        search=q.replace("\x00", "").strip()[:100],
        state=state_asked(state),
        bundle=bundle if bundle in bundles else "",
        department=department if department in departments else "",
        overdue=overdue == "yes",
        sort=sort if sort in ORDERS else "newest",
        page=page_number(page),
    )
    leaf = cases_listed(db, wanted, today)
    return show(
        request,
        "manage.html",
        leaf=leaf,
        wanted=replace(wanted, page=leaf.number),
        sorts=SORTS,
        bundles=bundles,
        departments=departments,
        standings=standings(db, [case.number for case in leaf.rows], at=now()),
        items=items_by_case(db, [case.number for case in leaf.rows]),
        counts=cases_by_state(db),
        overdue=overdue_count(db, today),
        prefect=settings().prefect_url,
        beyond=open_dates_beyond_tables(db),
        told_again=told_again_by_department(db),
    )


@router.get("/inbox")
def inbox(request: Request, db: Db, viewer: HallStaff, case: str = "", page: str = "") -> Response:
    """What applicants were told, as sent. Without a channel configured this is where messages land."""
    number = case if case and not fault_of_case_number(case) else ""
    return show(
        request,
        "inbox.html",
        beyond=open_dates_beyond_tables(db) if viewer.role is Role.MANAGER else None,
        leaf=latest_notices(db, number, page_number(page)),
        number=number,
        channels={"sms": settings().sms_url, "email": settings().mail_url},
    )
