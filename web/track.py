"""How far is my case? Case number and query code open the progress page; nobody else's name is on it."""

import hmac
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from actions.expecting import forecast
from actions.fast_lanes import ask_human, decided_by_rule
from actions.gatherings import open_gathering
from actions.rating import rateable
from config.catalogue import departments
from models.account import departments_by_code
from models.after import deliveries_of, lying_ready, on_the_way
from models.case import Case, Item, Material, find_case, items_of, materials_of
from models.clock import running_clocks
from models.document import documents_of
from models.notice import notices_of
from models.online import wish_of
from models.supervision import Standing, standings
from models.together import GatheringKind, rectifications_of
from models.version import bundle_of_version
from rules.bundle import Bundle
from rules.errors import NotFound
from rules.identifiers import fault_of_case_number
from rules.material import MaterialState
from rules.states import CASE_CLOSED, ITEM_FINAL, ITEM_OPEN_AT_DESK, CaseState, ItemState
from web.entering import Db, OurForm, now, typed
from web.gaps_shown import supplement_shown
from web.leaving import IDLE, cleared
from web.leaving import OPENED as OPENED  # others take it from here, with what opens the page
from web.limiting import Guesses
from web.showing import set_cookie, show

router = APIRouter()

OPEN_FOR = 15 * 60  # seconds: at a kiosk the next person must not find it open
UNKNOWN = "没有找到这个办件，或者查询码不对。请对照收件回执核对后再试。"

ITEM_WORDS: Mapping[ItemState, str] = {
    ItemState.PENDING: "等待窗口受理",
    ItemState.WAITING: "等待其他部门的结果，之后开始",
    ItemState.IN_REVIEW: "正在办理",
    ItemState.SPECIAL: "正在进行特别程序，所需时间另行告知",
    ItemState.GRANTED: "已准予",
    ItemState.REFUSED: "不予",
    ItemState.RECTIFYING: "等您整改后复验",
    ItemState.TRANSFERRED: "已转报有权机关办理",
    ItemState.REVOKED: "原准予决定已撤销",
    ItemState.WITHDRAWN: "已按您的申请撤回",
    ItemState.NOT_NEEDED: "无需再办",
    ItemState.DROPPED: "不再需要这个事项",
}

guesses = Guesses("query code")


@router.get("/track")
def ask(request: Request, no: str = "") -> Response:
    """The form; a link in a message may bring the number along, never the code."""
    return show(request, "track_form.html", number=no[:50], faults={})


@router.post("/track")
def look_up(request: Request, db: Db, form: OurForm) -> Response:
    """Number and code open the page for a while."""
    found = opened_by(request, db, form)
    if found.case is None:
        facts = {"number": found.number, "faults": found.faults}
        return show(request, "track_form.html", status=found.status, **facts)
    response = RedirectResponse(f"/track/{found.number}", 303)
    set_cookie(response, OPENED, f"{found.number}.{found.code}", path="/track", seconds=OPEN_FOR)
    return response


@router.post("/track/leave")
def leave(_form: OurForm) -> Response:
    """Close the page on this device."""
    return cleared(RedirectResponse("/track", 303))


@router.get("/track/{number}")
def progress(request: Request, db: Db, number: str) -> Response:
    """The progress page."""
    case = opened_here(request, db, number)
    if case is None:
        return ask_again(number)
    items = items_of(db, number)
    return show(
        request,
        "track.html",
        case=case,
        bundle=bundle_of_version(db, case.bundle_digest),
        items=items,
        departments=departments_by_code(db),
        words=ITEM_WORDS,
        standings=defaultdict(Standing, standings(db, [number], at=now())),
        steps=_steps(case, items),
        holder=_holder(case, items, db),
        notices=notices_of(db, number),
        clocks=running_clocks(db, number),
        forecast=forecast(db, case, at=now()),
        wish=wish_of(db, number),
        place=collected_at(bundle_of_version(db, case.bundle_digest)),
        idle=IDLE,
        papers=documents_of(db, number),
        deliveries=deliveries_of(db, number),
        supplement=supplement_shown(db, case),
        owed=still_owed(db, case),
        finished=sum(item.state in ITEM_FINAL for item in items),
        to_put_right=[row for row in rectifications_of(db, number) if row.ended_at is None],
        visits=[row for row in (open_gathering(db, number, GatheringKind.VISIT),) if row],
        by_rule=[item.code for item in items if decided_by_rule(item)],
        ratings=rateable(db, case, at=now()),
    )


@router.post("/track/{number}/human")
def human(request: Request, db: Db, number: str, form: OurForm) -> Response:
    """申请人工办理: the applicant wants a person to decide what a rule decided (个人信息保护法 art. 24)."""
    case = opened_here(request, db, number)
    if case is None:
        return ask_again(number)
    ask_human(db, number, typed(form, "item"), by=None, at=now(), wish=typed(form, "wish"))
    return RedirectResponse(f"/track/{number}", 303)


@dataclass(frozen=True)
class LookedUp:
    """What number and code have led to: the case, or what was wrong."""

    case: Case | None
    number: str
    code: str
    faults: dict[str, str]
    status: int


def opened_by(request: Request, db: Session, form: FormData) -> LookedUp:
    """The case that number and code in this form open; the kiosk asks the same as the progress page."""
    number, code = typed(form, "number").upper(), typed(form, "code").upper().replace(" ", "")
    if faults := _faults(number, code):
        return LookedUp(None, number, code, faults, 422)
    case = _opened(request, db, number, code, now())
    return LookedUp(case, number, code, {} if case else {"code": UNKNOWN}, 200 if case else 404)


def opened_here(request: Request, db: Session, number: str) -> Case | None:
    """The case, if it was opened on this device a moment ago with its query code."""
    opened, _, code = request.cookies.get(OPENED, "").partition(".")
    return _opened(request, db, number, code, now()) if opened == number else None


def still_owed(session: Session, case: Case) -> list[Material]:
    """容缺: what the applicant has still to bring; of a case that is over nothing."""
    if case.state in CASE_CLOSED:
        return []
    return [row for row in materials_of(session, case.number) if row.state is MaterialState.DEFERRED]


def collected_at(bundle: Bundle) -> str:
    """Where results lie that are not sent by courier."""
    return bundle.guide.place or departments()[bundle.lead_department].place


def still_open(request: Request, response: Response) -> Response:
    """Reading and choosing take time: it begins anew with every step."""
    set_cookie(response, OPENED, request.cookies.get(OPENED, ""), path="/track", seconds=OPEN_FOR)
    return response


def ask_again(number: str) -> Response:
    """Back to the form for number and code."""
    return RedirectResponse(f"/track?no={number}" if not fault_of_case_number(number) else "/track", 303)


def _faults(number: str, code: str) -> dict[str, str]:
    faults = {}
    if fault := fault_of_case_number(number):
        faults["number"] = fault
    if not code:
        faults["code"] = "请填写查询码，它印在收件回执上。"
    return faults


def _opened(request: Request, db: Session, number: str, code: str, at: datetime) -> Case | None:
    """The case, if the code is its own. Wrong guesses are counted wherever they come in."""
    address = request.client.host if request.client else ""
    guesses.must_be_few(address, at)
    try:
        case = None if fault_of_case_number(number) else find_case(db, number)
    except NotFound:
        case = None
    if case and hmac.compare_digest(case.query_code.encode(), code.encode()):
        return case
    guesses.count(address, at)
    return None


def _steps(case: Case, items: list[Item]) -> list[tuple[str, str, datetime | None]]:
    """(step, done | now | later, when) for the strip at the top."""
    if case.state in (CaseState.NOT_ACCEPTED, CaseState.WITHDRAWN, CaseState.VOID):
        return [("提交申请", "done", case.submitted_at), (case.state.label, "done", None)]
    moments = [
        ("提交申请", case.submitted_at),
        ("窗口受理", case.accepted_at),
        ("全部办结" if case.concluded_at else "部门办理", case.concluded_at),
    ]
    steps = []
    reached = True
    for word, when in moments:
        state = "done" if when else "now" if reached else "later"
        steps.append((word, state, when))
        reached = reached and when is not None
    if case.concluded_at:
        # what was refused throughout has nothing to be collected
        over = case.delivered_at or (None if any(item.result_number for item in items) else case.issued_at)
        steps.append(("领取结果", "done" if over else "now", over))
    return steps


def _holder(case: Case, items: list[Item], db: Session) -> str:
    """Who has it now, in one plain sentence."""
    if case.state is CaseState.SUBMITTED:
        return "综合窗口正在核对材料，五个工作日内告知您是否受理。"
    if case.state is CaseState.CORRECTION:
        return "等您补正材料，补齐后窗口接着核对。"
    if case.state in (CaseState.WITHDRAWN, CaseState.VOID):
        return f"这个办件{case.state.label}，不再办理。"
    if case.state is CaseState.NOT_ACCEPTED:
        return "这份申请没有受理，理由见下。"
    if case.state is CaseState.CONCLUDED:
        outcome = case.outcome.label if case.outcome else ""
        return f"全部部门已经办结：{outcome}。{_where_results_are(case, items, db)}"
    names = departments_by_code(db)
    busy = dict.fromkeys(
        names[item.department_code].name for item in items if item.state in ITEM_OPEN_AT_DESK
    )
    return f"{'、'.join(busy)}正在办理，请等候通知。"


def _where_results_are(case: Case, items: list[Item], db: Session) -> str:
    """Several results may go several ways: then each is named."""
    travelling = {number for parcel in on_the_way(db, case.number) for number in parcel.items}
    posted, here = [item for item in items if item.number in travelling], lying_ready(db, case.number)
    if posted and here:
        return f"{_named(posted)}的结果已经寄出，请留意快递；{_named(here)}的结果在受理窗口，请带上身份证件领取。"
    if posted:
        return "结果已经寄出，请留意快递。"
    if here:
        return "结果已经做好，请带上身份证件到受理窗口领取。"
    return "结果已经全部送达。" if case.delivered_at else ""


def _named(items: list[Item]) -> str:
    return "、".join(f"“{item.name}”" for item in items)
