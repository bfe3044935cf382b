"""The manager's lists as tables to take out: what the pages show, and nothing more of anybody."""

from collections.abc import Iterator, Sequence
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from models.account import short_names
from models.case import Case, Item
from models.export import exports
from models.overseen_items import items_taken_out
from models.oversight import cases_taken_out
from models.supervision import names_of
from models.worklists import AtDesk
from rules.moments import china_day, china_text
from rules.states import ITEM_OPEN_AT_DESK, CaseState
from web.asking import bundle_names, page_number
from web.entering import Db, Keeper, Overseer, now
from web.exporting import exported
from web.overseeing import cases_asked, items_asked
from web.showing import moment, show

router = APIRouter(prefix="/manage")

CASE_HEADINGS = (
    *("办件编号", "一件事", "申请人", "状态", "收件时间", "受理时间", "承诺办结", "法定办结", "办结时间"),
    "是否超期",
)
ITEM_HEADINGS = (
    *(
        "事项编号",
        "事项",
        "部门",
        "领办人",
        "办件编号",
        "一件事",
        "状态",
        "分办时间",
        "期限",
        "承诺期限",
        "决定时间",
    ),
    "是否超期",
)


@router.get("/table.csv")
def cases(request: Request, db: Db, viewer: Overseer) -> Response:
    """The cases that the manager's list is narrowed to."""
    today = china_day(now())
    asked, bundles = cases_asked(request.query_params, today), bundle_names()
    offices = short_names(db)

    def rows(session: Session) -> Iterator[Sequence[str]]:
        for case, items in cases_taken_out(session, asked, today):
            parts = "；".join(f"{offices[one.department_code]} {one.name} {one.state.label}" for one in items)
            yield (*cells_of(case, bundles, today), parts)

    return exported(request, db, viewer, "cases", "办件总览", (*CASE_HEADINGS, "各部门"), rows)


@router.get("/items/table.csv")
def items(request: Request, db: Db, viewer: Overseer) -> Response:
    """The items that the manager's list is narrowed to."""
    today = china_day(now())
    asked, bundles = items_asked(request.query_params, today), bundle_names()
    offices, people = short_names(db), names_of(db)

    def rows(session: Session) -> Iterator[Sequence[str]]:
        for row in items_taken_out(session, asked, list(offices), today):
            yield _item(row, bundles, offices, people.get(row.item.assignee, row.item.assignee), today)

    return exported(request, db, viewer, "items", "事项清单", ITEM_HEADINGS, rows)


@router.get("/exports")
def taken_out(request: Request, db: Db, _: Keeper, page: str = "") -> Response:
    """Who has taken which list out, and narrowed to what."""
    return show(request, "manage_exports.html", leaf=exports(db, page_number(page)), people=names_of(db))


def item_late(item: Item, today: date) -> bool:
    """Open past its day, or decided after the promised one."""
    if item.state in ITEM_OPEN_AT_DESK:
        return bool(item.due_on and item.due_on < today)
    return bool(
        item.decided_at and item.promised_due_on and china_day(item.decided_at) > item.promised_due_on
    )


def cells_of(case: Case, bundles: dict[str, str], today: date) -> tuple[str, ...]:
    """A case as a row under CASE_HEADINGS."""
    ended = china_day(case.concluded_at) if case.concluded_at else None
    until = ended or (today if case.state is CaseState.ACCEPTED else None)
    late = bool(until and case.promised_due_on and until > case.promised_due_on)
    return (
        case.number,
        bundles.get(case.bundle_code, case.bundle_code),
        case.applicant_name,
        case.outcome.label if case.outcome else case.state.label,
        moment(case.submitted_at),
        moment(case.accepted_at),
        _day(case.promised_due_on),
        _day(case.legal_due_on),
        moment(case.concluded_at),
        "超期" if late else "",
    )


def _item(
    row: AtDesk, bundles: dict[str, str], offices: dict[str, str], holder: str, today: date
) -> tuple[str, ...]:
    item, case = row.item, row.case
    return (
        item.number,
        item.name,
        offices[item.department_code],
        holder,
        case.number,
        bundles.get(case.bundle_code, case.bundle_code),
        item.state.label,
        moment(item.handed_over_at),
        _day(item.due_on),
        _day(item.promised_due_on),
        china_text(item.decided_at) if item.decided_at else "",
        "超期" if item_late(item, today) else "",
    )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
