"""One case on one page: what each person may see of it, and what is open to this person now."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import UploadFile

from actions.accepting import accept, decline
from actions.acting import Asked
from actions.applying import supply
from actions.doing import DOINGS, Possible, possible
from actions.meanwhile import Tried, saying_who
from actions.moving import APPLICANT
from actions.permitting import moved_away
from actions.storing import TooLarge, UnknownType, discard, store
from config.settings import settings
from models.account import Account, accounts, departments_by_code
from models.after import came_back, deliveries_of
from models.audit import timeline
from models.case import Case, Item, Material, find_case, former_versions, items_of, materials_of
from models.document import documents_of
from models.finding import open_cases_alike
from models.remembering import remembering
from models.shift import shift_changes_of_case
from models.supervision import standings
from models.together import is_asked
from models.version import bundle_of_version
from rules.application import Supplied
from rules.bundle import Bundle
from rules.duties import may
from rules.errors import Faulty, NotFound, NotYourDesk, Refused
from rules.identifiers import fault_of_case_number
from rules.people import Role
from rules.states import Act, CaseState
from web.acting_bar import ON_THE_CASE, ON_THE_SUPPLEMENT, bar_of, left_to_the_head
from web.confirming import BACK, CONFIRMED, confirm_page
from web.desk_view import KEPT
from web.entering import Clerk, Db, OurForm, Viewer, now, typed
from web.gaps_shown import supplement_shown
from web.landing import landed, landing
from web.papers import in_place, papers_of
from web.refusing import status_of
from web.showing import show
from web.timeline import particulars
from web.together import together
from web.told import told

router = APIRouter(prefix="/cases")

SEES_ALL = frozenset({Role.CLERK, Role.MANAGER, Role.ADMIN, Role.GOVERNMENT})
HANDLES = frozenset(
    {Role.CLERK, Role.OFFICER, Role.HEAD}
)  # these need the numbers, the others only recognise them


def case_seen_by(db: Session, viewer: Account, number: str) -> tuple[Case, list[Item]]:
    """The case and its items, if this person has anything to do with it."""
    must_be_a_number(number)
    case = find_case(db, number)
    items = items_of(db, number)
    mine = any(item.department_code == viewer.department_code for item in items)
    if viewer.role in SEES_ALL or mine or is_asked(db, number, viewer.department_code or ""):
        return case, items
    for item in items:
        if moved := moved_away(db, item, viewer):
            raise NotYourDesk(moved)
    raise NotYourDesk("这个办件没有您部门的事项，不能查看。")


def must_be_a_number(number: str) -> None:
    """NotFound, with what is wrong, where no case can have this number."""
    if fault := fault_of_case_number(number):
        raise NotFound(fault)


@router.get("/{number}")
def page(request: Request, db: Db, viewer: Viewer, number: str, done: str = "") -> Response:
    """The case. `done` is the act just taken, which the page confirms if it is so."""
    return case_page(request, db, viewer, number, done=done)


def case_page(
    request: Request,
    db: Session,
    viewer: Account,
    number: str,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
    done: str = "",
) -> Response:
    """The page, with faults beside the fields and what was typed still in them."""
    with remembering(db):  # its parts ask for themselves, and much of it is the same
        case, items = case_seen_by(db, viewer, number)
        overseer = viewer.role not in HANDLES
        bundle = bundle_of_version(db, case.bundle_digest)
        open_now = possible(db, number, viewer, at=now())
        happened, sent = timeline(db, number), deliveries_of(db, number)
        people = {account.username: account.name for account in accounts(db)}
        departments = departments_by_code(db)
        return show(
            request,
            "case.html",
            status=status,
            faults=faults or {},
            kept=kept or {},
            case=case,
            items=items,
            bundle=bundle,
            landed=landed(done, case, items, happened, viewer, people, departments),
            own=papers_of(viewer, items, bundle, in_order(materials_of(db, number), bundle)),
            in_place=in_place,
            former=former_versions(db, number),
            supplement=supplement_shown(db, case),
            supplement_link=any(one.doing.name in ON_THE_SUPPLEMENT for one in open_now),
            timeline=happened,
            particulars=particulars,
            may_view=may(Act.VIEW, viewer.role),
            notices=told(db, number, items, viewer),
            departments=departments,
            people=people,
            overseer=overseer,
            limit_mb=settings().upload_limit_mb,
            bar=bar_of(db, viewer, case, open_now),
            heads=left_to_the_head(db, viewer, items, case),
            carried=_view_carried(request),
            shared=together(db, case, items, bundle, happened),
            works_off=viewer.role in (Role.OFFICER, Role.HEAD),
            accepting=case.state is CaseState.SUBMITTED and may(Act.ACCEPT, viewer.role),
            supplying=case.state in (CaseState.SUBMITTED, CaseState.ACCEPTED)
            and may(Act.SUPPLY, viewer.role),
            prefect=settings().prefect_url if overseer else None,
            standings=standings(db, [number], at=now()),
            papers=documents_of(db, number),
            deliveries=sent,
            back=came_back(items, sent),
            shifts=shift_changes_of_case(db, number),
        )


def other_acts(db: Session, viewer: Account, number: str) -> list[Possible]:
    """What is open to this person beside what the case page itself offers."""
    return beside(possible(db, number, viewer, at=now()))


def beside(found: list[Possible]) -> list[Possible]:
    """Those of the possible acts that have no place of their own on the case page."""
    return [one for one in found if one.doing.name not in ON_THE_CASE]


@router.get("/{number}/receipt")
def receipt(request: Request, db: Db, clerk: Clerk, number: str, new: str = "") -> Response:
    """收件回执, to be printed and handed over: the only place where the query code is shown."""
    case, items = case_seen_by(db, clerk, number)
    alike = open_cases_alike(db, case.bundle_code, case.applicant_id_number, case.applicant_name, case.phone)
    bundle = bundle_of_version(db, case.bundle_digest)
    return show(
        request,
        "receipt.html",
        case=case,
        items=items,
        bundle=bundle,
        materials=in_order(materials_of(db, number), bundle),
        print_now=bool(new),
        alike=[one for one in alike if one.number != number],
        departments=departments_by_code(db),
        clerk_name=db.get_one(Account, case.submitted_by).name
        if case.submitted_by != APPLICANT
        else "网上申请",
        track_url=f"{settings().web_url}/track",
    )


@router.post("/{number}/accept")
def accepted(db: Db, clerk: Clerk, number: str, _form: OurForm) -> Response:
    """受理. A clerk sees every case there is, so the act itself finds out whether there is this one."""
    must_be_a_number(number)
    with saying_who(db, Tried(number, "", Act.ACCEPT, clerk, now())):
        accept(db, number, by=clerk, at=now())
    return RedirectResponse(landing(f"/cases/{number}", Act.ACCEPT), 303)


@router.post("/{number}/decline")
def declined(request: Request, db: Db, clerk: Clerk, number: str, form: OurForm) -> Response:
    """不予受理, with the reason: first what it would lead to, then, confirmed, the decision."""
    reason = typed(form, "reason")
    case_seen_by(db, clerk, number)
    if typed(form, BACK):
        return case_page(request, db, clerk, number, kept={"decline": reason})
    try:
        if reason and not typed(form, CONFIRMED):  # without a reason the act itself says what the law asks
            asked = Asked(db, number, "", {"reason": reason}, clerk, now())
            return confirm_page(request, db, DOINGS["decline"], asked, {"reason": reason})
        # a refusal leaves nothing half written behind
        with db.begin_nested(), saying_who(db, Tried(number, "", Act.DECLINE, clerk, now())):
            decline(db, number, reason, by=clerk, at=now())
    except Faulty as faulty:
        faults = {"decline": str(faulty)}
        return case_page(request, db, clerk, number, status=422, faults=faults, kept={"decline": reason})
    return RedirectResponse(landing(f"/cases/{number}", Act.DECLINE), 303)


@router.post("/{number}/materials/{spec_id}")
def supplied(request: Request, db: Db, clerk: Clerk, number: str, spec_id: str, form: OurForm) -> Response:
    """补交: a deferred paper arrives, as a file or on paper."""
    case_seen_by(db, clerk, number)
    arrived = None
    try:
        arrived = _arrived(form.get("file"), spec_id)
        with db.begin_nested(), saying_who(db, Tried(number, "", Act.SUPPLY, clerk, now())):
            supply(db, number, arrived, by=clerk, at=now())
    except Refused as refused:
        discard([arrived] if arrived else [], folder=settings().uploads)  # a file that was not taken
        if not isinstance(refused, Faulty | TooLarge | UnknownType):
            raise
        faults = {f"material.{spec_id}": str(refused)}
        return case_page(request, db, clerk, number, status=status_of(refused), faults=faults)
    return RedirectResponse(landing(f"/cases/{number}", Act.SUPPLY), 303)


def in_order(materials: list[Material], bundle: Bundle) -> list[Material]:
    """As the bundle lists them."""
    places = {spec.id: place for place, spec in enumerate(bundle.materials)}
    return sorted(materials, key=lambda material: (places[material.spec_id], material.version))


def _arrived(upload: UploadFile | str | None, spec_id: str) -> Supplied:
    if isinstance(upload, UploadFile) and upload.filename:
        limit = settings().upload_limit_mb << 20
        return store(upload.file, upload.filename, spec_id, folder=settings().uploads, limit=limit)
    return Supplied(spec_id)


def _view_carried(request: Request) -> str:
    """How the person saw their desk, carried along to the next one."""
    form = getattr(request.state, "form", None)
    carried = form.get(KEPT, "") if form is not None else request.query_params.get(KEPT, "")
    return carried if isinstance(carried, str) else ""
