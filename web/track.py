"""How far is my case? Case number and query code open the progress page; nobody else's name is on it."""

import hmac
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from actions.collecting import still_to_come
from actions.expecting import forecast
from actions.fast_lanes import ask_human, decided_by_rule
from actions.gaps import papers_in_use
from actions.gatherings import open_gathering
from actions.rating import rateable
from config.counter import counter_of
from config.settings import settings
from models.account import departments_by_code
from models.after import deliveries_of
from models.case import Case, Material, find_case, items_of, materials_of
from models.clock import running_clocks
from models.document import documents_of
from models.notice import notices_of
from models.online import wish_of
from models.supervision import Standing, standings
from models.together import GatheringKind, rectifications_of
from models.version import bundle_of_version
from rules.errors import NotFound
from rules.identifiers import fault_of_case_number
from rules.material import MaterialState
from rules.states import CASE_CLOSED, ITEM_FINAL
from web.entering import Db, OurForm, now, typed
from web.gaps_shown import supplement_shown
from web.leaving import IDLE, cleared
from web.leaving import OPENED as OPENED  # others take it from here, with what opens the page
from web.limiting import Guesses
from web.showing import set_cookie, show
from web.whose_turn import holder, item_said, steps

router = APIRouter()

OPEN_FOR = 15 * 60  # seconds: at a kiosk the next person must not find it open
UNKNOWN = "没有找到这个办件，或者查询码不对。请对照收件回执核对后再试。"

guesses = Guesses("query code")


@router.get("/track")
def ask(request: Request, no: str = "", closed: str = "") -> Response:
    """The form; a link in a message may bring the number along, never the code."""
    return show(request, "track_form.html", number=no[:50], closed=closed, faults={})


@router.post("/track")
def look_up(request: Request, db: Db, form: OurForm) -> Response:
    """Number and code open the page for a while."""
    found = opened_by(request, db, form)
    if found.case is None:
        facts = {"number": found.number, "closed": "", "faults": found.faults}
        return show(request, "track_form.html", status=found.status, **facts)
    response = RedirectResponse(f"/track/{found.number}", 303)
    set_cookie(response, OPENED, f"{found.number}.{found.code}", path="/track", seconds=OPEN_FOR)
    return response


@router.post("/track/leave")
def leave(_form: OurForm) -> Response:
    """Close the page on this device."""
    return cleared(RedirectResponse("/track", 303))


@router.get("/track/{number}")
def progress(request: Request, db: Db, number: str, brought: str = "") -> Response:
    """The progress page. `brought` is the paper just uploaded, which the page confirms if it is so."""
    case = opened_here(request, db, number)
    if case is None:
        return ask_again(number)
    return still_open(request, progress_page(request, db, case, brought=brought))


def progress_page(
    request: Request,
    db: Session,
    case: Case,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    brought: str = "",
) -> Response:
    """The page, with what was wrong with a file beside the paper it was meant for."""
    number, bundle = case.number, bundle_of_version(db, case.bundle_digest)
    items, owed = items_of(db, number), still_owed(db, case)
    return show(
        request,
        "track.html",
        status=status,
        faults=faults or {},
        brought=_come(db, number, brought) if brought else None,
        case=case,
        bundle=bundle,
        items=items,
        departments=departments_by_code(db),
        words={item.code: item_said(case, item, items, bundle, owed) for item in items},
        standings=defaultdict(Standing, standings(db, [number], at=now())),
        steps=steps(case, items),
        holder=holder(case, items, owed, db),
        notices=notices_of(db, number),
        clocks=running_clocks(db, number),
        forecast=forecast(db, case, at=now()),
        wish=wish_of(db, number),
        to_come=still_to_come(db, case),
        counter=counter_of(bundle),
        idle=IDLE,
        papers=documents_of(db, number),
        deliveries=deliveries_of(db, number),
        supplement=supplement_shown(db, case),
        owed=owed,
        limit_mb=settings().upload_limit_mb,
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
        return ask_again(number, closed=True)
    ask_human(db, number, typed(form, "item"), by=None, at=now(), wish=typed(form, "wish"))
    return still_open(request, RedirectResponse(f"/track/{number}", 303))


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
    """容缺: what the applicant has still to bring; what no open item uses nobody waits for."""
    if case.state in CASE_CLOSED:
        return []
    used, papers = papers_in_use(session, case), materials_of(session, case.number)
    return [row for row in papers if row.state is MaterialState.DEFERRED and row.spec_id in used]


def _come(session: Session, number: str, spec_id: str) -> Material | None:
    """The paper, if the record has it: no link can claim that it came."""
    papers = materials_of(session, number)
    return next((row for row in papers if row.spec_id == spec_id and row.supplied_at), None)


def still_open(request: Request, response: Response) -> Response:
    """Reading and choosing take time: it begins anew with every step."""
    set_cookie(response, OPENED, request.cookies.get(OPENED, ""), path="/track", seconds=OPEN_FOR)
    return response


def ask_again(number: str, *, closed: bool = False) -> Response:
    """Back to the form for number and code; where something was sent it says that it did not count (`closed`)."""
    known = {} if fault_of_case_number(number) else {"no": number}
    asked = urlencode(known | ({"closed": "1"} if closed else {}))
    return RedirectResponse(f"/track?{asked}" if asked else "/track", 303)


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
