"""其他办理: the acts beside accepting and deciding that this person may take on a case now."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.acting import Asked, Form, Scene
from actions.doing import DOINGS, Possible, do
from actions.permitting import posts_held
from models.account import Account
from models.case import Case
from rules.errors import Faulty
from web.case_page import case_seen_by, other_acts
from web.entering import Db, OurForm, Viewer, now, typed
from web.showing import show

router = APIRouter(prefix="/cases/{number}/acts")

Choices = dict[str, list[tuple[str, str]]]  # field name -> what may be chosen


@router.get("")
def page(request: Request, db: Db, viewer: Viewer, number: str) -> Response:
    """A form for each act that is open to this person now."""
    case, _ = case_seen_by(db, viewer, number)
    return _page(request, db, viewer, case)


@router.post("/{name}")
def done(request: Request, db: Db, viewer: Viewer, number: str, name: str, form: OurForm) -> Response:
    """Take the act; what was filled in wrongly is said beside its field."""
    case, _ = case_seen_by(db, viewer, number)
    doing = DOINGS.get(name)
    item = typed(form, "item")
    data: dict[str, object] = {}
    for field in doing.fields if doing else ():
        given = form.getlist(field.name) if field.form is Form.SEVERAL else typed(form, field.name)
        if given:
            data[field.name] = given
    try:
        with db.begin_nested():
            do(name, Asked(db, number, item, data, viewer, now()))
    except Faulty as faulty:
        key = f"{name}.{item}"
        faults = {f"{key}.{field}": why for field, why in faulty.faults.items()}
        kept = {f"{key}.{field}": given for field, given in data.items()}
        return _page(request, db, viewer, case, status=422, faults=faults, kept=kept)
    return RedirectResponse(f"/cases/{number}", 303)


def _page(
    request: Request,
    db: Session,
    viewer: Account,
    case: Case,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, object] | None = None,
) -> Response:
    faults, found = faults or {}, []
    acts = other_acts(db, viewer, case.number)
    for one in acts:
        key = f"{one.doing.name}.{one.item.code if one.item else ''}"
        opened = len(acts) == 1 or any(name.startswith(f"{key}.") for name in faults)
        found.append((one, key, _choices(db, viewer, case, one), opened))
    return show(
        request,
        "acts.html",
        status=status,
        case=case,
        acts=found,
        faults=faults,
        kept=kept or {},
    )


def _choices(db: Session, viewer: Account, case: Case, one: Possible) -> Choices:
    scene = Scene(db, case, one.item, viewer, now(), tuple(posts_held(db, viewer, at=now())))
    return {field.name: field.choices(scene) for field in one.doing.fields if field.choices}
