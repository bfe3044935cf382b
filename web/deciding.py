"""准予或不予: the two buttons of a department; a refusal first shows whom it stops."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.accepting import stated
from actions.deciding import grant, item_named, refuse
from actions.following import block_all, needs_of
from actions.permitting import must_be_allowed
from models.account import Account, departments_by_code
from models.case import Case, Item
from models.version import bundle_of_version
from rules.errors import AlreadyDone, Faulty, NotYourDesk, Refused
from rules.joining import consequences
from rules.moments import china_text
from rules.states import Act, ItemState, item_after
from web.case_page import case_page, case_seen_by
from web.entering import Db, OurForm, Viewer, now, typed
from web.refusing import refusal, status_of
from web.showing import show

router = APIRouter(prefix="/cases/{number}/items/{item}")

NO_REASON = "不予许可必须写明理由（行政许可法第三十八条）。"


@router.post("/grant")
def granted(request: Request, db: Db, viewer: Viewer, number: str, item: str, form: OurForm) -> Response:
    """准予, with an opinion if there is one."""
    opinion = typed(form, "opinion")
    case_seen_by(db, viewer, number)
    try:
        with db.begin_nested():  # a refusal leaves nothing half written behind
            grant(db, number, item, by=viewer, at=now(), opinion=opinion)
    except Refused as refused:
        return _not_done(request, db, viewer, number, item, refused, "opinion", opinion)
    return RedirectResponse(f"/cases/{number}?done={item}", 303)


@router.post("/refuse")
def refused_(request: Request, db: Db, viewer: Viewer, number: str, item: str, form: OurForm) -> Response:
    """不予: first what it stops, then, confirmed, the decision."""
    reason = typed(form, "reason")
    case, items = case_seen_by(db, viewer, number)
    if typed(form, "back"):
        return case_page(request, db, viewer, number, kept={f"{item}.reason": reason})
    try:
        with db.begin_nested():
            if not typed(form, "confirmed"):
                return _preview(request, db, viewer, case, items, item, reason)
            refuse(db, number, item, reason, by=viewer, at=now())
    except Refused as refused:
        return _not_done(request, db, viewer, number, item, refused, "reason", reason)
    return RedirectResponse(f"/cases/{number}?done={item}", 303)


def _preview(
    request: Request, db: Session, viewer: Account, case: Case, items: list[Item], name: str, reason: str
) -> Response:
    """What this refusal would stop, by the same rules that would stop it."""
    mine = item_named(items, name, case.number)
    must_be_allowed(viewer, Act.REFUSE, department=mine.department_code, what=f"事项“{mine.name}”")
    if mine.decided_at:
        raise AlreadyDone(
            f"“{mine.name}”已于 {china_text(mine.decided_at)} 办结，不能重复办理。", case.number
        )
    item_after(mine.state, Act.REFUSE)
    reason = stated(reason, NO_REASON)
    states = {item.code: item.state for item in items} | {mine.code: ItemState.REFUSED}
    bundle = bundle_of_version(db, case.bundle_digest)
    result = consequences(needs_of(bundle, case, items), states, block_all(bundle))
    by_code = {item.code: item for item in items}
    return show(
        request,
        "refuse.html",
        case=case,
        bundle=bundle,
        item=mine,
        reason=reason,
        stopped=[(by_code[code], by_code[because]) for code, because in result.stop],
        untouched=_untouched(items, mine, {code for code, _ in result.stop}),
        outcome=result.outcome,
        departments=departments_by_code(db),
    )


def _untouched(items: list[Item], mine: Item, stopped: set[str]) -> list[Item]:
    return [item for item in items if item.code != mine.code and item.code not in stopped]


def _not_done(
    request: Request,
    db: Session,
    viewer: Account,
    number: str,
    item: str,
    refused: Refused,
    field: str,
    text: str,
) -> Response:
    """Beside the field what was filled in wrongly; otherwise a calm page. Nothing typed is lost."""
    if isinstance(refused, Faulty):
        faults, kept = {f"{item}.{field}": str(refused)}, {f"{item}.{field}": text}
        return case_page(request, db, viewer, number, status=422, faults=faults, kept=kept)
    case = "" if isinstance(refused, NotYourDesk) else number
    return refusal(request, status_of(refused), str(refused), case=case, kept=text)
