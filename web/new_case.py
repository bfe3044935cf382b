"""The clerk's form: questions first, what they call for, the applicant and the papers; sent once."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.background import BackgroundTask

from actions.accepting import accept
from actions.applying import bundle_named, submit
from actions.reusing import CONSENT, reused
from config.catalogue import catalogue, departments
from config.settings import settings
from models.account import Account
from models.case import Case, case_of_submission, lock_submission
from models.database import transaction
from rules.application import Application
from rules.bundle import Bundle
from rules.errors import AlreadyDone, Faulty, Refused
from rules.moments import china_day
from rules.people import ApplicantKind
from web import drafts
from web.drafts import Draft
from web.entering import Clerk, Db, OurForm, now, typed
from web.filling import (
    Filled,
    application_of,
    blank_fields,
    faults_at_the_counter,
    fill,
    reuses_in,
    tidy,
    with_reading,
)
from web.known import known_of
from web.landing import DISCARDED, landing_marked
from web.planning import plan
from web.showing import show

router = APIRouter(prefix="/window/new")


@router.get("")
def choose(request: Request, _clerk: Clerk) -> Response:
    """Which bundle is it?"""
    with transaction() as whole:  # everybody's forms: a district's session would take their cases for none
        drafts.sweep(whole, now())
    return show(request, "choose_bundle.html", bundles=catalogue().values(), departments=departments())


@router.get("/{code}")
def blank(request: Request, db: Db, clerk: Clerk, code: str, form: str = "") -> Response:
    """A new form, or the one left unfinished; one that was sent leads to its case."""
    bundle = bundle_named(code)
    _must_be_open(db, form)
    draft = drafts.find(form, clerk.username, bundle.code)
    if draft is None:
        draft = drafts.begun(drafts.new_token(), clerk.username, bundle.code)
    return _page(request, db, bundle, Filled(_complete(draft, bundle), {}, too_large=False), {})


@router.post("/{code}")
def send(request: Request, db: Db, clerk: Clerk, code: str, form: OurForm) -> Response:
    """Keep what was typed; submit it unless only the list was to be renewed."""
    bundle = bundle_named(code)
    filled = _received(db, clerk, bundle, form)
    wish = typed(form, "do")
    filled = with_reading(filled, form, bundle, china_day(now()))
    drafts.keep(filled.draft, now())
    if wish == "refresh":
        return _page(request, db, bundle, filled, filled.faults)
    filled, application = _applied_for(db, filled, bundle)
    try:
        with db.begin_nested():  # a fault leaves nothing half written behind
            case = _submitted(db, clerk, application, filled, accept_too=wish == "accept")
    except Refused as refused:
        _drop_reused(application)
        if not isinstance(refused, Faulty):
            raise
        faults = refused.faults | filled.faults  # what is wrong with a file says more than that it is missing
        return _page(request, db, bundle, filled, faults, status=413 if filled.too_large else 422)
    after = BackgroundTask(tidy, filled.draft, application)  # once the case is kept
    return RedirectResponse(f"/cases/{case.number}/receipt?new=1", 303, background=after)


@router.post("/{code}/plan")
def renewed(request: Request, db: Db, clerk: Clerk, code: str, form: OurForm) -> Response:
    """The live part of the form for the answers so far; what was typed is kept on the way."""
    bundle = bundle_named(code)
    filled = _received(db, clerk, bundle, form)
    return _page(request, db, bundle, filled, {}, template="_plan.html")


@router.post("/{code}/discard")
def discard(request: Request, clerk: Clerk, code: str, form: OurForm, db: Db) -> Response:
    """Throw an unfinished form away."""
    bundle = bundle_named(code)
    token = typed(form, "form")
    lock_submission(db, token)
    draft = drafts.find(token, clerk.username, bundle.code)
    if draft is None or case_of_submission(db, token):
        return RedirectResponse("/window", 303)
    drafts.discard(draft)
    return RedirectResponse(landing_marked(request, "/window", DISCARDED), 303)


def _received(db: Session, clerk: Account, bundle: Bundle, form: OurForm) -> Filled:
    """The draft with what came in. Of two clicks on one form the second waits, and meets the case."""
    token = typed(form, "form")
    lock_submission(db, token)
    _must_be_open(db, token)
    draft = drafts.find(token, clerk.username, bundle.code)
    if draft is None:
        draft = drafts.begun(token, clerk.username, bundle.code)
    filled = fill(_complete(draft, bundle), form, bundle)
    drafts.keep(filled.draft, now())
    return filled


def _must_be_open(db: Session, token: str) -> None:
    if drafts.is_token(token) and (twin := case_of_submission(db, token)):
        raise AlreadyDone(f"这份申请已经提交过，办件编号是 {twin.number}，没有重复收件。", twin.number)


def _complete(draft: Draft, bundle: Bundle) -> Draft:
    """The draft with every field this bundle asks for, also those added since it was begun."""
    return replace(draft, fields=blank_fields(bundle) | draft.fields)


def _submitted(
    db: Session, clerk: Account, application: Application, filled: Filled, *, accept_too: bool
) -> Case:
    at = now()
    case = submit(db, application, by=clerk, region=settings().region, at=at)
    if filled.faults:
        raise Faulty(filled.faults)  # a file that was sent but refused: the person must know before it counts
    if accept_too:
        accept(db, case.number, by=clerk, at=at)
    return case


def _applied_for(db: Session, filled: Filled, bundle: Bundle) -> tuple[Filled, Application]:
    """What is to be submitted, with copies of what is reused; and what is wrong with that choice."""
    fields, at = filled.draft.fields, now()
    to_bring = plan(bundle, fields, at).to_bring
    wanted = [material.id for material in to_bring]
    faults, copies = faults_at_the_counter(fields), []
    if chosen := reuses_in(fields, wanted):
        try:
            offers = known_of(db, bundle, fields, to_bring, at).offers
            copies = reused(offers, chosen, consent=bool(fields[CONSENT]), folder=settings().uploads)
        except Faulty as faulty:
            faults |= faulty.faults
    filled = replace(filled, faults=filled.faults | faults)
    return filled, application_of(filled.draft, bundle, wanted, copies)


def _page(
    request: Request,
    db: Session,
    bundle: Bundle,
    filled: Filled,
    faults: dict[str, str],
    *,
    status: int = 200,
    template: str = "new_case.html",
) -> Response:
    draft = filled.draft
    planned = plan(bundle, draft.fields, now())
    return show(
        request,
        template,
        status=status,
        bundle=bundle,
        draft=draft,
        fields=draft.fields,
        plan=planned,
        faults=planned.faults | faults,
        departments=departments(),
        item_names={item.code: item.name for item in bundle.items},
        kinds=[kind for kind in ApplicantKind if kind.value in bundle.audience],
        limit_mb=settings().upload_limit_mb,
        known=known_of(db, bundle, draft.fields, planned.to_bring, now()),
        focus=filled.focus,
    )


def _drop_reused(application: Application) -> None:
    """The copies that were made for a case that did not come about."""
    for supplied in application.supplied:
        if supplied.origin:
            drafts.drop(supplied)
