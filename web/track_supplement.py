"""补正, by the applicant: one page for everything that is missing, answered part by part; what was sent stays."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from actions.supplementing import Answer, answer_gap
from config.settings import settings
from models.case import Case
from models.version import bundle_of_version
from rules.errors import Refused
from web.entering import Db, now, our_form, typed
from web.gaps_shown import supplement_shown
from web.leaving import IDLE
from web.refusing import status_of
from web.showing import show
from web.supplement import throw_away, uploaded
from web.track import ask_again, opened_here, still_open, still_owed

router = APIRouter(prefix="/track/{number}/supplement")


def opened(request: Request, db: Db, number: str) -> Case | None:
    """The case, if its page is open on this device."""
    return opened_here(request, db, number)


Opened = Annotated[Case | None, Depends(opened)]


async def form_if_opened(request: Request, case: Opened) -> FormData | None:
    """A stranger's form is not even read: it may carry a large file."""
    return await our_form(request) if case else None


FormIfOpened = Annotated[FormData | None, Depends(form_if_opened)]


@router.get("")
def page(request: Request, db: Db, number: str, case: Opened) -> Response:
    """What is missing, until when, and what happens then."""
    if case is None:
        return ask_again(number)
    return _page(request, db, case)


@router.post("/{spec_id}")
def answered(
    request: Request, db: Db, number: str, spec_id: str, case: Opened, form: FormIfOpened
) -> Response:
    """One answer: a file, words, or both. With the last one all is complete."""
    if case is None or form is None:
        return ask_again(number, closed=True)
    file, words = None, typed(form, "words")
    try:
        file = uploaded(form, spec_id)
        with db.begin_nested():
            answer_gap(db, number, spec_id, Answer(words, file), by=None, at=now())
    except Refused as refused:
        throw_away(file)
        faults = {f"answer.{spec_id}": str(refused)}
        kept = {f"answer.{spec_id}": words}
        return _page(request, db, case, status=status_of(refused), faults=faults, kept=kept)
    return still_open(request, RedirectResponse(f"/track/{number}/supplement", 303))


def _page(
    request: Request,
    db: Session,
    case: Case,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
) -> Response:
    response = show(
        request,
        "track_supplement.html",
        status=status,
        faults=faults or {},
        kept=kept or {},
        case=case,
        bundle=bundle_of_version(db, case.bundle_digest),
        supplement=supplement_shown(db, case),
        owed=still_owed(db, case),
        limit_mb=settings().upload_limit_mb,
        idle=IDLE,
    )
    return still_open(request, response)
