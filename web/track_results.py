"""回执和领取方式, for the applicant: what was received and when that counts, and how the results are wanted."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.collecting import choose_way
from actions.dating import hall_calendar
from config.counter import counter_of
from config.settings import settings
from models.account import departments_by_code
from models.case import Case, items_of, materials_of
from models.online import wish_of
from models.version import bundle_of_version
from rules.errors import Faulty
from rules.limits import notice_due, received_at
from rules.moments import china_day
from rules.people import ResultWay
from web.entering import Db, OurForm, now, typed
from web.leaving import IDLE
from web.showing import show
from web.track import ask_again, opened_here, still_open

router = APIRouter(prefix="/track/{number}")

FIELDS = ("recipient", "phone", "address")


@router.get("/receipt")
def receipt(request: Request, db: Db, number: str) -> Response:
    """收件回执: number, query code, what was received, and from which day the law counts."""
    case = opened_here(request, db, number)
    if case is None:
        return ask_again(number)
    calendar = hall_calendar()
    strict = settings().receipt_mode == "strict"
    received = china_day(received_at(case.submitted_at, calendar, strict=strict))
    day = china_day(case.submitted_at)
    hours = calendar.hours
    office = calendar.is_working(day) and hours.opens(day) <= case.submitted_at <= hours.closes(day)
    response = show(
        request,
        "track_receipt.html",
        case=case,
        bundle=bundle_of_version(db, case.bundle_digest),
        items=items_of(db, number),
        materials=materials_of(db, number),
        departments=departments_by_code(db),
        received=received,
        strict=strict,
        in_office_hours=office,
        told_by=notice_due(received, calendar),
        track_url=f"{settings().web_url.rstrip('/')}/track",
        idle=IDLE,
    )
    return still_open(request, response)


@router.get("/collect")
def collect(request: Request, db: Db, number: str) -> Response:
    """How shall the results come?"""
    case = opened_here(request, db, number)
    return ask_again(number) if case is None else _page(request, db, case)


@router.post("/collect")
def chosen(request: Request, db: Db, number: str, form: OurForm) -> Response:
    """窗口领取, or 快递送达 to this address."""
    case = opened_here(request, db, number)
    if case is None:
        return ask_again(number, closed=True)
    way, given = typed(form, "way"), {name: typed(form, name) for name in FIELDS}
    try:
        if way not in set(ResultWay):
            raise Faulty({"way": "请选择窗口领取或者快递送达。"})
        with db.begin_nested():
            choose_way(db, number, ResultWay(way), given, by=None, at=now())
    except Faulty as faulty:
        return _page(request, db, case, status=422, faults=faulty.faults, given={"way": way} | given)
    return still_open(request, RedirectResponse(f"/track/{number}#results", 303))


def _page(
    request: Request,
    db: Session,
    case: Case,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    wish = wish_of(db, case.number)
    kept = {name: getattr(wish, name) if wish else "" for name in FIELDS}
    kept["way"] = wish.way.value if wish else ResultWay.COUNTER.value
    bundle = bundle_of_version(db, case.bundle_digest)
    response = show(
        request,
        "track_collect.html",
        status=status,
        case=case,
        bundle=bundle,
        place=counter_of(bundle).place,
        fields=given or kept,
        faults=faults or {},
        idle=IDLE,
    )
    return still_open(request, response)
