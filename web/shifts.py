"""交接班: one page to leave forms, cases and what they owe to the next clerk, to take over, and to see who did."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.shifts import ANYBODY, hand_over, recall, take_over
from models.account import Account
from models.case import lock_submission
from models.owing import owing_of
from models.shift import (
    clerks,
    in_hand_of,
    in_open_changes,
    shift_changes_of,
    shift_changes_waiting,
    successors,
)
from rules.errors import Faulty
from web import drafts
from web.asking import bundle_names, page_number
from web.entering import Clerk, Db, OurForm, now, typed
from web.landing import GIVEN, RECALLED, TAKEN, landed_shift, landing
from web.showing import show

router = APIRouter(prefix="/window/shift")


@router.get("")
def page(request: Request, db: Db, clerk: Clerk, page: str = "", done: str = "") -> Response:
    """What waits to be taken over, what can be laid out, what was given and taken."""
    return _page(request, db, clerk, page=page, done=done)


@router.post("")
def given(request: Request, db: Db, clerk: Clerk, form: OurForm) -> Response:
    """交出."""
    own = {draft.token for draft in drafts.open_drafts(db, clerk.username)}
    chosen = [token for token in form.getlist("draft") if token in own]
    kept = {"to": typed(form, "to"), "note": typed(form, "note")}
    try:
        change = hand_over(
            db,
            cases=[str(number) for number in form.getlist("case")],
            drafts=[str(token) for token in chosen],
            to=kept["to"],
            note=kept["note"],
            by=clerk,
            at=now(),
        )
    except Faulty as faulty:
        return _page(request, db, clerk, status=422, faults=faulty.faults, kept=kept)
    return RedirectResponse(landing("/window/shift", GIVEN, change.id), 303)


@router.post("/{change_id}/take")
def taken(db: Db, clerk: Clerk, change_id: UUID, _form: OurForm) -> Response:
    """接手. The forms go first: should the record fail after them, the next click takes over the rest."""
    change = take_over(db, change_id, by=clerk, at=now())
    for token in change.drafts:
        lock_submission(db, token)  # the giver may just be typing
        drafts.hand_on(token, change.given_by, clerk.username)
    return RedirectResponse(landing("/window", TAKEN, change_id), 303)


@router.post("/{change_id}/recall")
def recalled(db: Db, clerk: Clerk, change_id: UUID, _form: OurForm) -> Response:
    """收回."""
    recall(db, change_id, by=clerk, at=now())
    return RedirectResponse(landing("/window/shift", RECALLED, change_id), 303)


def _page(
    request: Request,
    db: Session,
    clerk: Account,
    *,
    page: str = "",
    done: str = "",
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
) -> Response:
    laid_cases, laid_drafts = in_open_changes(db, clerk.username)
    waiting = shift_changes_waiting(db, clerk.username)
    cases = [case for case in in_hand_of(db, clerk.username) if case.number not in laid_cases]
    shown = [case.number for case in cases] + [number for change in waiting for number in change.cases]
    return show(
        request,
        "window_shift.html",
        status=status,
        landed=landed_shift(db, done, clerk),
        faults=faults or {},
        kept=kept or {"to": "", "note": ""},
        waiting=waiting,
        cases=cases,
        owing=owing_of(db, shown),
        drafts=[one for one in drafts.open_drafts(db, clerk.username) if one.token not in laid_drafts],
        anybody=ANYBODY,
        others=successors(db, clerk),
        names={one.username: one.name for one in clerks(db)},
        leaf=shift_changes_of(db, clerk.username, page_number(page)),
        bundles=bundle_names(),
    )
