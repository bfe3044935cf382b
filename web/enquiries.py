"""群众来信: what people asked, complained of or rated badly; who has it, by when, and every step of it."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from actions import enquiring
from actions.enquiring import HALL, WITH_CAUSE, complained_of, is_rated_person, open_steps
from config.voices import limits
from models.account import Account, departments_by_code
from models.case import items_of
from models.enquiry import (
    EnquiriesWanted,
    Enquiry,
    counts_for,
    course_of,
    enquiries_listed,
    find_enquiry,
    messages_of,
    visible_to,
)
from models.rating import find_rating
from models.supervision import names_of
from rules.errors import Faulty, NotFound, NotYourDesk
from rules.moments import china_day
from rules.people import Role
from rules.voices import OPEN, AppealGround, Cause, Stage, Step, VoiceKind
from web.asking import page_number
from web.entering import Db, OurForm, Viewer, now, typed
from web.guides import source_said
from web.landing import landed_letter, landing
from web.showing import show

router = APIRouter(prefix="/enquiries")

SCOPES = {"mine": "我领办的", "open": "未办结", "all": "全部"}
READERS = frozenset({Role.CLERK, Role.OFFICER, Role.HEAD, Role.MANAGER, Role.GOVERNMENT})

Taken = Callable[[Session, str, FormData, Account], object]

STEPS: dict[Step, Taken] = {
    Step.ASSIGN: lambda db, number, form, by: enquiring.assign(
        db, number, typed(form, "department"), knowing=_knowing(form), by=by, at=now()
    ),
    Step.TRANSFER: lambda db, number, form, by: enquiring.transfer(
        db,
        number,
        typed(form, "department"),
        typed(form, "reason"),
        knowing=_knowing(form),
        by=by,
        at=now(),
    ),
    Step.TAKE: lambda db, number, _, by: enquiring.take(db, number, by=by, at=now()),
    Step.CONTACT: lambda db, number, form, by: enquiring.contact(
        db, number, typed(form, "words"), reached=_reached(form), by=by, at=now()
    ),
    Step.ANSWER: lambda db, number, form, by: enquiring.answer(
        db, number, typed(form, "words"), typed(form, "cause"), by=by, at=now()
    ),
    Step.EXTEND: lambda db, number, form, by: enquiring.extend(
        db, number, typed(form, "reason"), by=by, at=now()
    ),
    Step.APPEAL: lambda db, number, form, by: enquiring.appeal(
        db, number, typed(form, "ground"), typed(form, "words"), by=by, at=now()
    ),
    Step.UPHOLD: lambda db, number, form, by: enquiring.settle_appeal(
        db, number, typed(form, "reason"), upheld=True, by=by, at=now()
    ),
    Step.REJECT: lambda db, number, form, by: enquiring.settle_appeal(
        db, number, typed(form, "reason"), upheld=False, by=by, at=now()
    ),
}


@router.get("")
def listed(
    request: Request,
    db: Db,
    viewer: Viewer,
    scope: str = "open",
    kind: str = "",
    stage: str = "",
    department: str = "",
    overdue: str = "",
    page: str = "",
    done: str = "",
) -> Response:
    """What this person may see, the overdue first."""
    _must_read(viewer)
    today, departments = china_day(now()), departments_by_code(db)
    wanted = EnquiriesWanted(
        scope=scope if scope in SCOPES else "open",
        kind=VoiceKind(kind) if kind in set(VoiceKind) else None,
        stage=Stage(stage) if stage in set(Stage) else None,
        department=department if department in departments else "",
        overdue=overdue == "yes",
        page=page_number(page),
    )
    return show(
        request,
        "enquiries.html",
        landed=landed_letter(db, done, viewer),
        leaf=enquiries_listed(db, wanted, viewer, today),
        wanted=wanted,
        scopes=SCOPES,
        counts=counts_for(db, viewer, today),
        kinds=list(VoiceKind),
        stages=list(Stage),
        still_open=OPEN,
        departments=departments,
        narrowed=wanted != EnquiriesWanted(scope="all"),
        oversees=viewer.role in (Role.MANAGER, Role.GOVERNMENT),
        people=names_of(db),
    )


@router.get("/{number}")
def one(request: Request, db: Db, viewer: Viewer, number: str, done: str = "") -> Response:
    """One of them: what was said, who has it, what is open to this person now, the course."""
    return _page(request, db, viewer, number, done=done)


@router.post("/{number}/{step}")
def taken(request: Request, db: Db, viewer: Viewer, number: str, step: str, form: OurForm) -> Response:
    """One step; what is missing is said beside its field."""
    _must_read(viewer)
    if step not in {known.value for known in STEPS}:
        raise NotFound("没有这个办理动作。")
    try:
        with db.begin_nested():
            STEPS[Step(step)](db, number, form, viewer)
    except Faulty as faulty:
        faults = {f"{step}-{field}": why for field, why in faulty.faults.items()}
        kept = {f"{step}-{name}": typed(form, name) for name in form}
        return _page(request, db, viewer, number, status=422, faults=faults, kept=kept, tried=step)
    there = f"/enquiries/{number}" if visible_to(find_enquiry(db, number), viewer) else "/enquiries"
    return RedirectResponse(landing(there, Step(step), number), 303)


def _page(
    request: Request,
    db: Session,
    viewer: Account,
    number: str,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
    tried: str = "",
    done: str = "",
) -> Response:
    _must_read(viewer)
    enquiry = find_enquiry(db, number)
    if not visible_to(enquiry, viewer):
        raise NotYourDesk("这件来信不在您的部门。")
    steps = open_steps(db, enquiry, viewer)
    rated, about = is_rated_person(db, enquiry, viewer), complained_of(db, enquiry)
    return show(
        request,
        "enquiry_work.html",
        status=status,
        landed=landed_letter(db, done, viewer),
        enquiry=enquiry,
        rating=find_rating(db, enquiry.rating_id) if enquiry.rating_id else None,
        entries=course_of(db, number),
        messages=messages_of(db, number),
        steps=[step for step in steps if step is not Step.REJECT],  # one form with UPHOLD
        rated_person=rated,
        about=about,
        perhaps_about=_perhaps_about(db, enquiry) if Step.ASSIGN in steps and not about else [],
        sees_phone=not rated and bool({Step.CONTACT, Step.ANSWER} & set(steps)),
        is_open=enquiry.stage in OPEN,
        with_cause=enquiry.kind in WITH_CAUSE,
        causes=[(cause.value, cause.label) for cause in Cause],
        grounds=[(ground.value, ground.label) for ground in AppealGround],
        places={HALL: "综合窗口"} | {code: one.name for code, one in departments_by_code(db).items()},
        departments=departments_by_code(db),
        people=names_of(db),
        limits=limits(),
        source_said=source_said,
        faults=faults or {},
        kept=kept or {},
        tried=tried,
    )


def _perhaps_about(db: Session, enquiry: Enquiry) -> list[str]:
    """The units a complaint that names none may be about: the window, and whoever handles the case it names."""
    if enquiry.kind is not VoiceKind.COMPLAINT:
        return []
    names = departments_by_code(db)
    items = items_of(db, enquiry.case_number) if enquiry.case_number else []
    return list(dict.fromkeys(["综合窗口", *(names[item.department_code].short_name for item in items)]))


def _knowing(form: FormData) -> bool:
    return typed(form, "knowing") == "yes"


def _reached(form: FormData) -> bool:
    chosen = typed(form, "reached")
    if chosen not in ("yes", "no"):
        raise Faulty({"reached": "请选择是否联系上。"})
    return chosen == "yes"


def _must_read(viewer: Account) -> None:
    if viewer.role not in READERS:
        raise NotYourDesk(f"您的角色是“{viewer.role.label}”，不办理群众来信。")
