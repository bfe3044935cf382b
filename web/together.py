"""委托代办, and what the case page shows of the work between departments."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.delegating import NO_REASON, Period, delegate, end_delegation
from actions.permitting import posts_held
from models.account import Account, staff_of
from models.audit import AuditEntry
from models.case import Case, Item
from models.clock import clocks_of, open_procedures
from models.supervision import names_of
from models.together import (
    Delegation,
    Opinion,
    delegations_of,
    gatherings_of,
    opinions_of,
    rectifications_of,
    rectifications_overdue,
)
from rules.bundle import Bundle
from rules.clock import ClockKind
from rules.districts import reaches
from rules.errors import Faulty, NotFound, Refused
from rules.moments import china_day
from rules.people import Role
from rules.states import ITEM_OPEN_AT_DESK, Act
from web.department import department_of
from web.entering import Db, Officer, OurForm, now, typed
from web.landing import DELEGATED, ENDED, landed_delegation, landing
from web.refusing import status_of
from web.showing import show

router = APIRouter(prefix="/delegations")


@router.get("")
def page(request: Request, db: Db, officer: Officer, done: str = "") -> Response:
    """Whose posts of the own department are filled by whom, and a form to give one away."""
    return _page(request, db, officer, done=done)


@router.post("")
def made(request: Request, db: Db, officer: Officer, form: OurForm) -> Response:
    """委托: what was filled in wrongly is said beside its field."""
    kept = {name: typed(form, name) for name in ("username", "stand_in", "from", "until", "reason")}
    try:
        with db.begin_nested():
            period = _filled_in(kept)
            fresh = delegate(
                db, kept["username"], kept["stand_in"], period, kept["reason"], by=officer, at=now()
            )
    except Faulty as faulty:
        return _page(request, db, officer, status=422, faults=faulty.faults, kept=kept)
    except Refused as refused:
        faults = {"from": str(refused)}
        return _page(request, db, officer, status=status_of(refused), faults=faults, kept=kept)
    return RedirectResponse(landing("/delegations", DELEGATED, fresh.id), 303)


@router.post("/{delegation}/end")
def ended(db: Db, officer: Officer, delegation: str, _form: OurForm) -> Response:
    """结束委托, before its last day."""
    try:
        found = UUID(delegation)
    except ValueError:
        raise NotFound("没有这个委托。") from None
    end_delegation(db, found, by=officer, at=now())
    return RedirectResponse(landing("/delegations", ENDED, found), 303)


def together(
    db: Session, case: Case, items: list[Item], bundle: Bundle, happened: list[AuditEntry]
) -> dict[str, Any]:
    """Opinions, visits and meetings, what must be put right, who has an item and in which step."""
    open_items = [item for item in items if item.state in ITEM_OPEN_AT_DESK]
    opinions = opinions_of(db, case.number)
    withdrawn = {(entry.item_number, entry.at) for entry in happened if entry.act is Act.CANCEL_OPINION}
    by_number = {item.number: item for item in items}
    return {
        "opinions": opinions,
        "unanswered": {
            one.id: _why_ended(one, by_number[one.item_number], withdrawn)
            for one in opinions
            if one.answered_at is None
        },
        "opinion_due": {
            row.id: row.due_on for row in clocks_of(db, case.number) if row.kind is ClockKind.OPINION
        },
        "gatherings": gatherings_of(db, case.number),
        "rectifications": rectifications_of(db, case.number),
        "not_put_right": rectifications_overdue(db, open_items, now()),
        "procedures": open_procedures(db, open_items),
        "urged": _urged(open_items, happened),
        "in_steps": {item.code for item in open_items if len(bundle.item(item.code).steps) > 1},
    }


def _urged(open_items: list[Item], happened: list[AuditEntry]) -> list[tuple[Item, AuditEntry]]:
    """The manager's last word on each item that is urged and not done."""
    latest = {entry.item_number: entry for entry in happened if entry.act is Act.URGE}
    return [(item, latest[item.number]) for item in open_items if item.urged_at and item.number in latest]


def _why_ended(opinion: Opinion, item: Item, withdrawn: set[tuple[str | None, datetime]]) -> str:
    """Why nobody will answer any more, '' while an answer is awaited: a request ends with its item at the latest."""
    if (opinion.item_number, opinion.cancelled_at) in withdrawn:
        return "已撤销"
    if opinion.cancelled_at is None and item.state in ITEM_OPEN_AT_DESK:
        return ""
    return "未反馈，已办结" if item.decided_at else "未反馈，已结束"


def _page(
    request: Request,
    db: Session,
    officer: Account,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
    done: str = "",
) -> Response:
    own, district = staff_of(db, department_of(officer)), officer.district
    within = [one for one in own if reaches(district, one.district)]
    head, today = officer.role is Role.HEAD, china_day(now())
    found, people = delegations_of(db, department_of(officer), today), names_of(db)
    return show(
        request,
        "delegations.html",
        status=status,
        delegations=found,
        mine={one.id for one in found if _may_end(one, officer, head=head)},
        people=people,
        posts=[one for one in within if head or one.username == officer.username],
        colleagues=[
            one
            for one in own
            # nobody fills their own post; a head may fill somebody else's
            if (one in within or reaches(one.district, district))
            and (head or one.username != officer.username)
        ],
        held=posts_held(db, officer, at=now()),
        faults=faults or {},
        kept=kept or {},
        landed=landed_delegation(db, done, officer, people),
    )


def _may_end(delegation: Delegation, officer: Account, *, head: bool) -> bool:
    return head or delegation.username == officer.username


def _filled_in(kept: dict[str, str]) -> Period:
    """The period; everything that is missing is said in one go."""
    faults: dict[str, str] = {}
    days: list[date] = []
    if not kept["stand_in"]:
        faults["stand_in"] = "请选择由谁代办。"
    for field in ("from", "until"):
        try:
            days.append(date.fromisoformat(kept[field]))
        except ValueError:
            faults[field] = f"请填写日期，例如 {china_day(now())}。"
    if not kept["reason"]:
        faults["reason"] = NO_REASON
    if faults:
        raise Faulty(faults)
    return Period(*days)
