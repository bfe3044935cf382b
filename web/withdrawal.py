"""撤回申请: the applicant takes back the whole case or one item, after a page that says what ends with it."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.foreseeing import foresee
from actions.withdrawing import WISH_LIMIT, withdraw
from models.account import departments_by_code
from models.case import Case, Item, items_of
from models.version import bundle_of_version
from rules.errors import Faulty
from rules.states import CASE_TRANSITIONS, ITEM_OPEN, Act
from web.entering import Db, OurForm, now, typed
from web.leaving import IDLE
from web.showing import show
from web.track import ask_again, opened_here, still_open

router = APIRouter(prefix="/track/{number}/withdraw")

WHOLE = "all"


@router.get("")
def choose(request: Request, db: Db, number: str) -> Response:
    """What can still be taken back: everything that is not decided, or one of it."""
    case = opened_here(request, db, number)
    return ask_again(number) if case is None else _choose(request, db, case)


@router.post("")
def confirm(request: Request, db: Db, number: str, form: OurForm) -> Response:
    """First what would end; then, confirmed, it ends."""
    case = opened_here(request, db, number)
    if case is None:
        return ask_again(number, closed=True)
    chosen, reason = typed(form, "what"), typed(form, "reason")
    item = "" if chosen == WHOLE else chosen
    try:
        if not chosen:
            raise Faulty({"what": "请选择撤回整个办件，还是其中一个事项。"})
        if typed(form, "confirmed"):
            with db.begin_nested():
                withdraw(db, number, item, reason, by=None, at=now())
            return still_open(request, RedirectResponse(f"/track/{number}", 303))
        foreseen = foresee(db, number, lambda: withdraw(db, number, item, reason, by=None, at=now()))
    except Faulty as faulty:
        return _choose(request, db, case, faults=faulty.faults, reason=reason)
    response = show(
        request,
        "withdraw_confirm.html",
        case=case,
        bundle=bundle_of_version(db, case.bundle_digest),
        departments=departments_by_code(db),
        foreseen=foreseen,
        what=chosen,
        reason=reason,
        idle=IDLE,
    )
    return still_open(request, response)


def open_to_withdraw(case: Case, items: list[Item]) -> list[Item]:
    """The items that can still be taken back; none once the case is closed."""
    if (case.state, Act.WITHDRAW) not in CASE_TRANSITIONS:
        return []
    return [item for item in items if item.state in ITEM_OPEN]


def _choose(
    request: Request, db: Session, case: Case, *, faults: dict[str, str] | None = None, reason: str = ""
) -> Response:
    response = show(
        request,
        "withdraw.html",
        status=422 if faults else 200,
        case=case,
        bundle=bundle_of_version(db, case.bundle_digest),
        items=open_to_withdraw(case, items_of(db, case.number)),
        departments=departments_by_code(db),
        faults=faults or {},
        reason=reason,
        limit=WISH_LIMIT,
        whole=WHOLE,
        idle=IDLE,
    )
    return still_open(request, response)
