"""The manager's desk: what is late and what soon will be, every case and item with its run; and the local inbox."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from actions.describing_record import letter_of
from config.settings import settings
from models.account import departments_by_code
from models.ledger import Sought, notices_sought
from models.online import codes_in_inbox
from models.overseen_items import items_overseen
from models.oversight import (
    cases_overseen,
    failing_count,
    pressing_by_bundle,
    pressing_by_department,
)
from models.supervision import names_of, open_dates_beyond_tables, standings
from models.supplement import told_again_by_department
from models.worklists import cases_by_state, items_by_case
from rules.moments import china_day
from rules.notices import LOCAL_INBOX, Channel, Event, NoticeState
from rules.people import Role
from rules.states import CaseState
from web.asking import bundle_names
from web.entering import Db, HallStaff, Overseer, now
from web.manage_tables import item_late
from web.overseeing import (
    also_narrowed,
    cases_asked,
    day_asked,
    days_backwards,
    items_asked,
    near_until,
    no_case_number,
    notices_asked,
    span_shown,
)
from web.showing import is_demo, show

router = APIRouter()

SORTS = {
    "urgent": "最急的在前",
    "newest": "最新收件在前",
    "oldest": "最早收件在前",
    "due": "承诺期限近的在前",
    "bundle": "按一件事",
    "state": "按状态",
}
UNSHOWN = ("open", "failing", "concluded_from", "concluded_to", "in_time", "weekday", "hour")
ITEM_SORTS = {"due": "期限近的在前", "decided": "最近办结的在前", "longest": "办理最久的在前"}
DUE = {"overdue": "已超期", "today": "今天到期", "near": "三个工作日内到期"}


@router.get("/manage")
def overview(request: Request, db: Db, _: Overseer) -> Response:
    """What presses, by bundle and department; then all cases, narrowed and sorted as asked."""
    today = china_day(now())
    asked = cases_asked(request.query_params, today)
    leaf = cases_overseen(db, asked, today)
    numbers = [case.number for case in leaf.rows]
    near, departments = near_until(today), departments_by_code(db)
    return show(
        request,
        "manage.html",
        leaf=leaf,
        wanted=replace(asked, page=leaf.number),
        sorts=SORTS,
        dues=DUE,
        due=_due(request),
        also=also_narrowed(asked),
        kept=_kept(request),
        bundles=bundle_names(),
        departments=departments,
        standings=standings(db, numbers, at=now()),
        items=items_by_case(db, numbers),
        counts=cases_by_state(db),
        by_bundle=pressing_by_bundle(db, today, near),
        by_department=pressing_by_department(db, today, near),
        failing=failing_count(db),
        prefect=settings().prefect_url,
        beyond=open_dates_beyond_tables(db),
        told_again=told_again_by_department(db),
        states=list(CaseState),
        short_names={code: one.short_name for code, one in departments.items()},
        days=_days(request, "from", "to", "closed_from", "closed_to"),
        backwards=days_backwards(request.query_params),
        query=request.url.query,
    )


@router.get("/manage/items")
def items(request: Request, db: Db, _: Overseer) -> Response:
    """The items of all departments: what is open, or what was decided in the days asked for."""
    today = china_day(now())
    asked = items_asked(request.query_params, today)
    departments = departments_by_code(db)
    leaf = items_overseen(db, asked, list(departments), today)
    return show(
        request,
        "manage_items.html",
        leaf=leaf,
        wanted=asked,
        sorts=ITEM_SORTS,
        dues=DUE,
        due=_due(request),
        bundles=bundle_names(),
        departments=departments,
        people=names_of(db),
        standings=standings(db, {row.case.number for row in leaf.rows}, at=now()),
        late=item_late,
        days=_days(request, "decided_from", "decided_to"),
        backwards=days_backwards(request.query_params),
        query=request.url.query,
    )


@router.get("/inbox")
def inbox(request: Request, db: Db, viewer: HallStaff) -> Response:
    """What applicants were told, as sent, narrowed as asked. Without a channel configured messages land here."""
    sought = notices_asked(request.query_params)
    narrowed = replace(sought, page=1) != Sought()
    return show(
        request,
        "inbox.html",
        beyond=open_dates_beyond_tables(db) if viewer.role is Role.MANAGER else None,
        leaf=notices_sought(db, sought),
        sought=sought,
        written=span_shown(sought.days),
        backwards=days_backwards(request.query_params),
        no_number=no_case_number(request.query_params),
        narrowed=narrowed,
        states=list(NoticeState),
        kinds=list(Channel),
        events=list(Event),
        query=request.url.query,
        channels={"sms": settings().sms_url, "email": settings().mail_url},
        local=LOCAL_INBOX,
        letter=lambda notice: letter_of(notice, viewer),
        codes=codes_in_inbox(db) if is_demo() and not narrowed else [],
    )


def _due(request: Request) -> str:
    """Which of the choices of the form is chosen; a box of former days means the same."""
    asked = "overdue" if request.query_params.get("overdue") == "yes" else request.query_params.get("due", "")
    return asked if asked in DUE else ""


def _days(request: Request, *names: str) -> dict[str, str]:
    """The days as they were chosen; nonsense is shown as nothing."""
    found = {name: day_asked(request.query_params.get(name, "")) for name in names}
    return {name: day.isoformat() if day else "" for name, day in found.items()}


def _kept(request: Request) -> dict[str, str]:
    """What the form does not show, and must not lose when it is sent."""
    return {name: value for name, value in request.query_params.items() if name in UNSHOWN}
