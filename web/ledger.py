"""通知台账: how every notice fared, by filters; figures of the gateways; what a person can do about one."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.telling import UNCERTAIN, confirm_arrived, may_be_sent_again, send_again
from models.account import Account
from models.ledger import (
    carriers,
    cases_named,
    figures,
    notices_exported,
    notices_sought,
    receipts_by_notice,
)
from models.notice import Notice
from rules.duties import may
from rules.errors import Faulty
from rules.masking import masked_email, masked_phone
from rules.moments import CHINA, china_day, china_text
from rules.notices import Channel, Event, NoticeState
from rules.people import Role
from rules.states import Act
from web.entering import Db, HallStaff, OurForm, local_path, now, typed
from web.exporting import exported
from web.overseeing import days_backwards, no_case_number, notices_asked, span_shown
from web.showing import pages_of, show

HERE = "/manage/notices"

router = APIRouter(prefix=HERE)

SORTS = {
    "newest": "最新的在前",
    "oldest": "最早的在前",
    "case": "按办件编号",
    "attempts": "尝试次数多的在前",
}
SPANS = {1: "今天", 7: "七天以来"}  # days of the figures
HEADINGS = (
    "办件编号",
    "序号",
    "事由",
    "性质",
    "渠道",
    "地址",
    "去向",
    "写入时间",
    "交出时间",
    "送达时间",
    "经由",
    "尝试次数",
    "计费条数",
    "文字版本",
    "说明",
)


@router.get("")
def page(request: Request, db: Db, viewer: HallStaff) -> Response:
    """The ledger, narrowed and sorted as asked."""
    return _page(request, db, viewer)


@router.get("/table.csv")
def table(request: Request, db: Db, viewer: HallStaff) -> Response:
    """The same rows for a table program; addresses masked as on the page."""
    sought = notices_asked(request.query_params)

    def rows(session: Session) -> Iterator[Sequence[str]]:
        return map(_cells, notices_exported(session, sought))

    return exported(request, db, viewer, "notices", "通知台账", HEADINGS, rows)


@router.post("/{number}/{serial}/{act}")
def settled(
    request: Request,
    db: Db,
    viewer: HallStaff,
    number: str,
    serial: int,
    act: Literal["confirm", "resend"],
    form: OurForm,
) -> Response:
    """核实已收到，或者重发."""
    reason, back = typed(form, "reason"), local_path(typed(form, "back") or HERE)
    settle = confirm_arrived if act == "confirm" else send_again
    try:
        with db.begin_nested():
            settle(db, number, serial, reason, by=viewer, at=now())
    except Faulty as faulty:
        place = f"{number}-{serial}"
        return _page(request, db, viewer, status=422, faults={place: str(faulty)}, kept={place: reason})
    return RedirectResponse(back, 303)


def _page(
    request: Request,
    db: Session,
    viewer: Account,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
) -> Response:
    at, sought = now(), notices_asked(request.query_params)
    leaf = notices_sought(db, sought)
    cases = cases_named(db, [notice.case_number for notice in leaf.rows])
    works = may(Act.RESEND_NOTICE, viewer.role)
    days, query = _days(request), f"?{request.url.query}" if request.url.query else ""
    return show(
        request,
        "ledger.html",
        status=status,
        page_link=pages_of(HERE, request.query_params),
        leaf=leaf,
        sought=sought,
        written=span_shown(sought.days),
        backwards=days_backwards(request.query_params),
        no_number=no_case_number(request.query_params),
        sorts=SORTS,
        states=list(NoticeState),
        channels=list(Channel),
        events=list(Event),
        told_in=carriers(db, leaf.rows),
        receipts=receipts_by_notice(db, leaf.rows),
        when=_when,
        masked_address=masked_address,
        again=[
            one.id for one in leaf.rows if works and may_be_sent_again(db, cases[one.case_number], one, at=at)
        ],
        doubtful=[one.id for one in leaf.rows if works and one.state in UNCERTAIN],
        keeps=viewer.role in (Role.MANAGER, Role.ADMIN),
        figures=figures(db, datetime.combine(china_day(at), time(), CHINA) - timedelta(days=days - 1)),
        days=days,
        spans=SPANS,
        span_link=pages_of(HERE, request.query_params, "days"),
        here_again=HERE + query,
        query=query,
        faults=faults or {},
        kept=kept or {},
    )


def _days(request: Request) -> int:
    """Over how many days are the figures asked for?"""
    return next((days for days in SPANS if request.query_params.get("days") == str(days)), next(iter(SPANS)))


def masked_address(notice: Notice) -> str:
    """Enough to recognise, too little to use."""
    return (masked_phone if notice.channel is Channel.SMS else masked_email)(notice.address)


def _when(notice: Notice) -> str:
    """The moment that belongs to the state, in words."""
    match notice.state:
        case NoticeState.QUEUED | NoticeState.FAILED if notice.next_try_at:
            return (
                f"{china_text(notice.next_try_at)} {'发出' if notice.state is NoticeState.QUEUED else '再试'}"
            )
        case NoticeState.DELIVERED if notice.delivered_at:
            return china_text(notice.delivered_at)
        case _ if notice.sent_at:
            return f"{china_text(notice.sent_at)} 交出"
    return ""


def _cells(notice: Notice) -> tuple[str, ...]:
    return (
        notice.case_number,
        str(notice.serial),
        notice.event.label,
        "法定告知" if notice.statutory else "便民提醒",
        notice.channel.label,
        masked_address(notice),
        notice.said,
        *(china_text(at) if at else "" for at in (notice.created_at, notice.sent_at, notice.delivered_at)),
        notice.via,
        str(notice.attempts),
        str(notice.segments or ""),
        notice.template[:8],
        notice.error,
    )
