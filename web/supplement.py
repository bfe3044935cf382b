"""预审与补正: departments list what is missing; the window sends one notice and takes in what is brought."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData, UploadFile

from actions.acting import Asked, Scene
from actions.doing import DOINGS, do, possible
from actions.dropping_gaps import droppable
from actions.listing_gaps import askable, offices
from actions.stock_opinions import templates_of, with_template
from actions.storing import discard, store
from actions.supplementing import Answer, answer_gap
from config.settings import settings
from models.account import Account
from models.case import Case
from models.supplement import supplement_notices_of
from rules.application import Supplied
from rules.errors import Faulty, NotFound, Refused
from rules.states import Act
from web.case_page import case_seen_by
from web.confirming import BACK, CONFIRMED, confirm_page
from web.entering import Clerk, Db, OurForm, Viewer, now, typed
from web.gaps_shown import supplement_shown
from web.landing import landed_beside, landing
from web.refusing import refused_page, status_of
from web.showing import show

router = APIRouter(prefix="/cases/{number}/supplement")

HERE = frozenset({"list-gap", "drop-gap", "ask-supplement", "accept-deferring", "decline"})


@dataclass(frozen=True)
class Again:
    """The page once more: what was wrong, and what had been typed."""

    status: int = 200
    faults: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    done: str = ""


@router.get("")
def page(request: Request, db: Db, viewer: Viewer, number: str, done: str = "") -> Response:
    """What is missing, and what this person may do about it now; `done` is the act just taken."""
    case, _ = case_seen_by(db, viewer, number)
    return _page(request, db, viewer, case, Again(done=done))


@router.post("/{name}")
def done(request: Request, db: Db, viewer: Viewer, number: str, name: str, form: OurForm) -> Response:
    """List, drop, send, or decide what nobody answered."""
    case, _ = case_seen_by(db, viewer, number)
    if name not in HERE:
        raise NotFound(f"没有“{name}”这个动作。")
    data = {one.name: given for one in DOINGS[name].fields if (given := typed(form, one.name))}
    if typed(form, BACK):
        return _page(request, db, viewer, case, Again(kept={f"{name}.{at}": one for at, one in data.items()}))
    try:
        filled = with_template(db, name, data, typed(form, "template"), by=viewer)
        asked = Asked(db, number, "", filled, viewer, now())
        if DOINGS[name].confirm and not typed(form, CONFIRMED):
            return confirm_page(request, db, DOINGS[name], asked, data)
        with db.begin_nested():
            do(name, asked)
    except Faulty as faulty:
        faults = {f"{name}.{where}": why for where, why in faulty.faults.items()}
        kept = {f"{name}.{where}": given for where, given in data.items()}
        return _page(request, db, viewer, case, Again(422, faults, kept))
    except Refused as refused:  # somebody was faster: what was typed is not lost
        words = data.get("what") or data.get("reason") or ""
        return refused_page(request, refused, case=number, kept=words)
    back = "" if name in ("accept-deferring", "decline") else "/supplement"
    return RedirectResponse(landing(f"/cases/{number}{back}", DOINGS[name].act), 303)


@router.post("/answers/{spec_id}")
def answered(request: Request, db: Db, clerk: Clerk, number: str, spec_id: str, form: OurForm) -> Response:
    """What the applicant brings to the window: a file, paper, or words."""
    case, _ = case_seen_by(db, clerk, number)
    file, words = None, typed(form, "words")
    try:
        file = uploaded(form, spec_id)
        answer = Answer(words, file, on_paper=typed(form, "on_paper") == "yes" and file is None)
        with db.begin_nested():
            answer_gap(db, number, spec_id, answer, by=clerk, at=now())
    except Refused as refused:
        throw_away(file)
        again = Again(status_of(refused), {f"answer.{spec_id}": str(refused)}, {f"answer.{spec_id}": words})
        return _page(request, db, clerk, case, again)
    return RedirectResponse(landing(f"/cases/{number}/supplement", Act.ANSWER_GAP), 303)


def uploaded(form: FormData, spec_id: str) -> Supplied | None:
    """The file that came along, kept in the folder; None where there was none."""
    upload = form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    limit = settings().upload_limit_mb << 20
    return store(upload.file, upload.filename, spec_id, folder=settings().uploads, limit=limit)


def throw_away(file: Supplied | None) -> None:
    """A file that was not taken does not stay."""
    discard([file] if file else [], folder=settings().uploads)


def _page(request: Request, db: Session, viewer: Account, case: Case, again: Again) -> Response:
    scene = Scene(db, case, None, viewer, now())
    return show(
        request,
        "supplement.html",
        status=again.status,
        faults=again.faults,
        kept=again.kept,
        landed=landed_beside(db, again.done, case, viewer),
        case=case,
        supplement=supplement_shown(db, case),
        open_now={one.doing.name for one in possible(db, case.number, viewer, at=now())},
        askable=askable(scene),
        droppable=droppable(scene),
        offices=offices(scene),
        again=bool(supplement_notices_of(db, case.number)),
        limit_mb=settings().upload_limit_mb,
        templates=templates_of(db, viewer),
    )
