"""其他办理: the acts beside accepting and deciding that this person may take on a case now."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.doing import DOINGS, Asked, do
from models.account import Account
from models.case import Case, Item
from models.version import bundle_of_version
from rules.errors import Faulty
from web.case_page import case_seen_by, other_acts
from web.entering import Db, OurForm, Viewer, now, typed
from web.showing import show

router = APIRouter(prefix="/cases/{number}/acts")

LABELS = {
    "kind": "特别程序种类",
    "reason": "理由",
    "expected_days": "预计需要的工作日",
    "basis": "依据（可不填，默认行政许可法第四十五条）",
    "result": "结果",
    "document": "批准文号",
    "tracking": "快递单号（当面领取不填）",
}


@router.get("")
def page(request: Request, db: Db, viewer: Viewer, number: str) -> Response:
    """A form for each act that is open to this person now."""
    case, items = case_seen_by(db, viewer, number)
    return _page(request, db, viewer, case, items)


@router.post("/{name}")
def done(request: Request, db: Db, viewer: Viewer, number: str, name: str, form: OurForm) -> Response:
    """Take the act; what was filled in wrongly is said beside its field."""
    case, items = case_seen_by(db, viewer, number)
    doing = DOINGS.get(name)
    fields = (*doing.required, *doing.optional) if doing else ()
    data = {field: text for field in fields if (text := typed(form, field))}
    item = typed(form, "item")
    try:
        with db.begin_nested():
            do(name, Asked(db, number, item, data, viewer, now()))
    except Faulty as faulty:
        key = f"{name}.{item}"
        faults = {f"{key}.{field}": why for field, why in faulty.faults.items()}
        kept = {f"{key}.{field}": text for field, text in data.items()}
        return _page(request, db, viewer, case, items, status=422, faults=faults, kept=kept)
    return RedirectResponse(f"/cases/{number}", 303)


def _page(
    request: Request,
    db: Session,
    viewer: Account,
    case: Case,
    items: list[Item],
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
) -> Response:
    bundle = bundle_of_version(db, case.bundle_digest)
    return show(
        request,
        "acts.html",
        status=status,
        case=case,
        acts=other_acts(db, viewer, case.number),
        kinds={item.code: [special.kind for special in bundle.item(item.code).special] for item in items},
        labels=LABELS,
        faults=faults or {},
        kept=kept or {},
    )
