"""准予或不予: the two buttons of a department; a refusal first shows whom it stops."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.acting import Asked
from actions.deciding import item_named, refuse
from actions.doing import do
from actions.foreseeing import foresee
from actions.meanwhile import Tried, saying_who
from actions.stock_opinions import with_template
from models.account import Account, departments_by_code
from models.case import Case, Item
from models.database import take_back
from models.version import bundle_of_version
from rules.errors import Faulty, NotYourDesk, Refused
from rules.states import Act
from web.case_page import case_page, case_seen_by, must_be_a_number
from web.desk_view import KEPT, with_view
from web.entering import Db, OurForm, Viewer, now, typed
from web.landing import landing
from web.refusing import refused_page
from web.showing import show

router = APIRouter(prefix="/cases/{number}/items/{item}")


@router.post("/grant")
def granted(request: Request, db: Db, viewer: Viewer, number: str, item: str, form: OurForm) -> Response:
    """准予, with an opinion if there is one, and conditions if there are any."""
    words: dict[str, object] = {
        field: typed(form, field) for field in ("opinion", "conditions", "conditions_until")
    }
    try:
        must_be_a_number(number)
        words = with_template(db, "grant", words, typed(form, "template"), by=viewer)
        do("grant", Asked(db, number, item, words, viewer, now()))
    except Refused as refused:
        take_back(db)  # a refusal leaves nothing half written behind
        why = _explained(db, viewer, number, refused)
        return _not_done(request, db, viewer, number, item, why, words)
    return RedirectResponse(with_view(landing(f"/cases/{number}", Act.GRANT, item), typed(form, KEPT)), 303)


@router.post("/refuse")
def refused_(request: Request, db: Db, viewer: Viewer, number: str, item: str, form: OurForm) -> Response:
    """不予: first what it stops, then, confirmed, the decision."""
    reason, template, carried = (typed(form, name) for name in ("reason", "template", KEPT))
    if typed(form, "back"):
        return case_page(request, db, viewer, number, kept={f"{item}.reason": reason})
    tried = Tried(number, item, Act.REFUSE, viewer, now())
    try:
        case, items = case_seen_by(db, viewer, number)
        reason = str(with_template(db, "refuse", {"reason": reason}, template, by=viewer)["reason"])
        with db.begin_nested(), saying_who(db, tried):
            if not typed(form, "confirmed"):
                mine = item_named(items, item, number)
                return _preview(request, db, viewer, case, mine, reason, carried)
            refuse(db, number, item, reason, by=viewer, at=now())
    except Refused as refused:
        return _not_done(request, db, viewer, number, item, refused, {"reason": reason})
    return RedirectResponse(with_view(landing(f"/cases/{number}", Act.REFUSE, item), carried), 303)


def _preview(
    request: Request, db: Session, viewer: Account, case: Case, mine: Item, reason: str, carried: str
) -> Response:
    """What this refusal would stop: it is taken, looked at, and taken back."""
    foreseen = foresee(
        db, case.number, lambda: refuse(db, case.number, mine.code, reason, by=viewer, at=now())
    )
    stopped = foreseen.stopped(mine.code)
    return show(
        request,
        "refuse.html",
        case=case,
        bundle=bundle_of_version(db, case.bundle_digest),
        item=mine,
        reason=reason.strip(),
        stopped=stopped,
        following=[one for one in foreseen.changes if one not in stopped and one.code != mine.code],
        untouched=foreseen.others,
        outcome=foreseen.outcome,
        carried=carried,
        departments=departments_by_code(db),
    )


def _explained(db: Session, viewer: Account, number: str, refused: Refused) -> Refused:
    """The refusal, for those whose case it is; who may decide it may see it, so only a refusal has to ask."""
    try:
        case_seen_by(db, viewer, number)
    except Refused as unseen:
        return unseen
    return refused


def _not_done(
    request: Request,
    db: Session,
    viewer: Account,
    number: str,
    item: str,
    refused: Refused,
    words: Mapping[str, object],
) -> Response:
    """Beside its field what was filled in wrongly; otherwise a calm page. Nothing typed is lost."""
    if isinstance(refused, Faulty):
        faults = {f"{item}.{name}": why for name, why in refused.faults.items()}
        kept = {f"{item}.{name}": str(word) for name, word in words.items()}
        return case_page(request, db, viewer, number, status=422, faults=faults, kept=kept)
    case = "" if isinstance(refused, NotYourDesk) else number
    kept_words = "\n".join(str(word) for word in words.values() if word)
    return refused_page(request, refused, case=case, kept=kept_words)
