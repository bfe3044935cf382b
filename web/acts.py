"""更多办理: the acts beside accepting and deciding that this person may take on a case now."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from actions.acting import Asked, Doing, Form
from actions.collecting import parcel_to
from actions.doing import DOINGS, Possible, do
from actions.stock_opinions import FIELD, templates_of, with_template
from models.account import Account
from models.case import Case
from models.clock import ClockRow, clocks_of
from models.document import standing_refusals
from models.remembering import remembering
from models.together import opinions_of
from rules.clock import ClockKind
from rules.errors import Faulty, NotFound, NotYourDesk, Refused
from rules.states import Act
from web.acting_bar import about_of, beforehand_of, choices_of, key_of, present_of
from web.case_page import case_seen_by, other_acts
from web.confirming import BACK, CONFIRMED, confirm_page
from web.desk_view import KEPT, with_view
from web.entering import Db, OurForm, Viewer, now, typed
from web.landing import landing, landing_on_list
from web.refusing import refused_page
from web.showing import show

router = APIRouter(prefix="/cases/{number}/acts")

HANDING_OUT = frozenset({"deliver", "ship"})
# Acts with a time of their own, beside the day by which the item is to be decided.
OWN_CLOCK = {
    Act.POST_CHECK: ClockKind.POST_CHECK,
    Act.REVOKE: ClockKind.POST_CHECK,
    Act.GIVE_OPINION: ClockKind.OPINION,
}


@router.get("")
def page(request: Request, db: Db, viewer: Viewer, number: str, open: str = "") -> Response:
    """A form for each act that is open to this person now; `open` names the one that was asked for."""
    case, _ = case_seen_by(db, viewer, number)
    return _page(request, db, viewer, case, wanted=open)


@router.post("/{name}")
def done(request: Request, db: Db, viewer: Viewer, number: str, name: str, form: OurForm) -> Response:
    """Take the act; what was filled in wrongly is said beside its field."""
    doing = DOINGS.get(name)
    item = typed(form, "item")
    data, unticked = _given(doing, form)
    try:
        case, _ = case_seen_by(db, viewer, number)
        if unticked:
            raise Faulty(unticked)
        data = with_template(db, name, data, typed(form, "template"), by=viewer)
        asked = Asked(db, number, item, data, viewer, now())
        if doing and typed(form, BACK):
            kept = {f"{name}.{item}.{field}": given for field, given in data.items()}
            return _page(request, db, viewer, case, kept=kept, wanted=f"{name}.{item}")
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
        return refused_page(request, refused, case=link, kept=words)
    there = _afterwards(db, viewer, asked, DOINGS[name].act)
    return RedirectResponse(with_view(there, typed(form, KEPT)), 303)


def _given(doing: Doing | None, form: FormData) -> tuple[dict[str, object], dict[str, str]]:
    """What was filled in, and what should have been ticked on a page."""
    data: dict[str, object] = {}
    unticked: dict[str, str] = {}
    for field in doing.fields if doing else ():
        given = form.getlist(field.name) if field.form is Form.SEVERAL else typed(form, field.name)
        if given:
            data[field.name] = given
        elif field.none_ticked:
            unticked[field.name] = field.none_ticked
    return data, unticked


def _afterwards(db: Session, viewer: Account, asked: Asked, act: Act) -> str:
    """The case, unless it was handed on, or read only to give an opinion."""
    db.flush()
    try:
        case_seen_by(db, viewer, asked.number)
    except NotYourDesk:
        return landing_on_list("/desk", act, asked.number)
    return landing(f"/cases/{asked.number}", act, asked.item)


def _clock(db: Session, viewer: Account, case: Case, one: Possible) -> ClockRow | None:
    """The clock that presses for this act, the one whose date stands on the desk; None: it is the item's own day."""
    kind = OWN_CLOCK.get(one.doing.act)
    if kind is None or one.item is None:
        return None
    asked = {
        opinion.clock_id
        for opinion in opinions_of(db, case.number)
        if opinion.department_code == viewer.department_code
    }
    return next(
        (
            row
            for row in clocks_of(db, case.number)
            if (row.item_number, row.kind, row.stopped_at) == (one.item.number, kind, None)
            and (kind is not ClockKind.OPINION or row.id in asked)
        ),
        None,
    )


def _page(
    request: Request,
    db: Session,
    viewer: Account,
    case: Case,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, object] | None = None,
    wanted: str = "",
) -> Response:
    faults, found = faults or {}, []
    shown, clocks = dict(kept or {}), {}
    present: dict[str, str] = {}
    with remembering(db):
        acts = other_acts(db, viewer, case.number)
        for one in acts:
            key = key_of(one)
            opened = len(acts) == 1 or key == wanted or any(name.startswith(f"{key}.") for name in faults)
            if not any(name.startswith(f"{key}.") for name in (*faults, *(kept or {}))):  # not sent yet
                shown |= beforehand_of(db, viewer, case, one)
            present |= present_of(db, viewer, case, one)
            found.append(
                (one, key, choices_of(db, viewer, case, one), about_of(db, viewer, case, one), opened)
            )
            clocks[key] = _clock(db, viewer, case, one)
    names = {one.doing.name for one in acts}
    return show(
        request,
        "acts.html",
        status=status,
        case=case,
        acts=found,
        clocks=clocks,
        faults=faults,
        kept=shown,
        present=present,
        refusals=standing_refusals(db, case.number) if HANDING_OUT & names else [],
        parcel=parcel_to(db, case) if "ship" in names else None,
        templates=templates_of(db, viewer),
        stock_field=dict(FIELD),
    )
