"""其他办理: the acts beside accepting and deciding that this person may take on a case now."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.acting import Asked, Form, Scene
from actions.doing import DOINGS, Possible, do
from actions.permitting import posts_held
from models.account import Account
from models.case import Case
from rules.errors import Faulty, NotFound, NotYourDesk, Refused
from web.case_page import case_seen_by, other_acts
from web.confirming import CONFIRMED, confirm_page
from web.entering import Db, OurForm, Viewer, now, typed
from web.refusing import refusal, status_of
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
    doing = DOINGS.get(name)
    item = typed(form, "item")
    data: dict[str, object] = {}
    for field in doing.fields if doing else ():
        given = form.getlist(field.name) if field.form is Form.SEVERAL else typed(form, field.name)
        if given:
            data[field.name] = given
    try:
        case, _ = case_seen_by(db, viewer, number)
        asked = Asked(db, number, item, data, viewer, now())
        if doing and doing.confirm and not typed(form, CONFIRMED):
            return confirm_page(request, db, doing, asked, data)
        with db.begin_nested():
            do(name, asked)
    except Faulty as faulty:
        key = f"{name}.{item}"
        faults = {f"{key}.{field}": why for field, why in faulty.faults.items()}
        kept = {f"{key}.{field}": given for field, given in data.items()}
        return _page(request, db, viewer, case, status=422, faults=faults, kept=kept)
    except Refused as refused:  # somebody else was faster, or it is not here any more: nothing typed is lost
        words = "\n".join(str(given) for given in data.values())
        link = "" if isinstance(refused, NotFound | NotYourDesk) else number
        return refusal(request, status_of(refused), str(refused), case=link, kept=words)
    return RedirectResponse(_afterwards(db, viewer, number), 303)


def _afterwards(db: Session, viewer: Account, number: str) -> str:
    """The case, unless it was handed on, or read only to give an opinion."""
    db.flush()
    try:
        case_seen_by(db, viewer, number)
    except NotYourDesk:
        return "/home"
    return f"/cases/{number}"


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
