"""电话联系: whom no message has reached; the counter calls, and notes how it went."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.telling import CallOutcome, note_call
from models.account import Account
from models.case import Case
from models.notice import Notice
from models.supervision import open_dates_beyond_tables
from models.telling import Call, open_calls
from models.version import bundle_of_version
from notifications.wording import words_of
from rules.errors import Faulty, NotFound
from rules.masking import masked_phone
from rules.people import Role
from rules.states import Act
from web.entering import Caller, Db, OurForm, now, typed
from web.exporting import exported
from web.landing import Landed, landed_on_list, landing_on_list
from web.showing import moment, show

router = APIRouter(prefix="/calls")

HEADINGS = ("办件编号", "事由", "联系人", "电话", "等待起", "已打次数", "联系记录", "没有送到的原因")


@router.get("")
def page(request: Request, db: Db, viewer: Caller, done: str = "", of: str = "") -> Response:
    """Whom to call, who waits longest first, and what to say."""
    return _page(request, db, viewer, said=landed_on_list(db, done, of, viewer))


@router.get("/table.csv")
def table(request: Request, db: Db, viewer: Caller) -> Response:
    """The same people for a table program; a number to call stands on the page, where the call is noted."""

    def rows(session: Session) -> Iterator[Sequence[str]]:
        for call, notice, case in open_calls(session):
            yield (
                case.number,
                notice.event.label,
                case.contact_name or case.applicant_name,
                masked_phone(case.phone) if case.phone else "",
                moment(call.opened_at),
                str(call.attempts),
                call.note,
                notice.error,
            )

    return exported(request, db, viewer, "calls", "电话联系", HEADINGS, rows)


@router.post("/{notice_id}")
def noted(request: Request, db: Db, viewer: Caller, notice_id: str, form: OurForm) -> Response:
    """登记一次联系."""
    kept = {"note": typed(form, "note"), "outcome": typed(form, "outcome")}
    try:
        with db.begin_nested():
            outcome = _outcome(kept["outcome"])
            call = note_call(db, _identified(notice_id), kept["note"], outcome, by=viewer, at=now())
    except Faulty as faulty:
        return _page(request, db, viewer, status=422, faults={notice_id: str(faulty)}, kept={notice_id: kept})
    return RedirectResponse(landing_on_list("/calls", Act.CALL, call.case_number), 303)


def _page(
    request: Request,
    db: Session,
    viewer: Account,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, dict[str, str]] | None = None,
    said: Landed | None = None,
) -> Response:
    calls = [_shown(db, call, notice, case) for call, notice, case in open_calls(db)]
    return show(
        request,
        "calls.html",
        status=status,
        landed=said,
        calls=calls,
        outcomes=list(CallOutcome),
        faults=faults or {},
        kept=kept or {},
        beyond=open_dates_beyond_tables(db) if viewer.role is Role.MANAGER else None,
    )


def _shown(db: Session, call: Call, notice: Notice, case: Case) -> dict[str, Any]:
    return {
        "id": str(call.notice_id),
        "call": call,
        "case": case,
        "event": notice.event.label,
        "say": _what_to_say(db, notice, case),
        "why": notice.error,
    }


def _what_to_say(db: Session, notice: Notice, case: Case) -> str:
    """The words of the message that did not arrive."""
    try:
        return words_of(notice, case, bundle_of_version(db, case.bundle_digest)).sms
    except Exception:  # a fault of ours must not hide that somebody waits for a call
        return f"{notice.event.label}：请打开办件，告诉申请人现在的情况。"


def _identified(notice_id: str) -> UUID:
    try:
        return UUID(notice_id)
    except ValueError:
        raise NotFound("没有这条电话联系。") from None


def _outcome(chosen: str) -> CallOutcome:
    try:
        return CallOutcome(chosen)
    except ValueError:
        raise Faulty({"outcome": "请选择联系的结果"}) from None
