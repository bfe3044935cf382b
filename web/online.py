"""网上申请: the counter's form for anybody, kept as it is typed. What comes after it is in online_proof."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from actions.applying import bundle_named, check
from config.catalogue import catalogue, departments
from config.districts import choices
from config.settings import settings
from models.case import lock_submission
from rules.bundle import Bundle
from rules.errors import Faulty
from rules.people import ApplicantKind
from web import drafts
from web.drafts import Draft
from web.entering import Db, now, our_form, typed
from web.filling import Filled, fill
from web.known import Known
from web.leaving import IDLE, cleared, form_path, is_kiosk
from web.online_drafts import (
    SENT,
    address_of,
    application,
    begin,
    case_made_of,
    complete,
    draft_here,
    draft_of_link,
    own_faults,
    remember,
)
from web.planning import plan
from web.showing import show

router = APIRouter(prefix="/apply")

NOBODY_KNOWN = Known([], [], {})  # what the hall knows of a number is not told to whoever types it


async def sent_form(request: Request) -> FormData:
    """A form from somebody who does not send too many; else it is not even read."""
    SENT.take(address_of(request), now())
    return await our_form(request)


SentForm = Annotated[FormData, Depends(sent_form)]


@router.get("")
def choose() -> Response:
    """Which one is it? The guides lead to each form."""
    return RedirectResponse("/guides", 303)


@router.get("/resume/{token}")
def resumed(request: Request, db: Db, token: str) -> Response:
    """The private link: this browser goes on with the form, and the address no longer says which."""
    if case := case_made_of(db, token):
        return RedirectResponse(f"/track?no={case.number}", 303)
    _, bundle = draft_of_link(token, {one.slug: one for one in catalogue().values()})
    return remember(request, RedirectResponse(form_path(bundle.slug), 303), bundle, token)


@router.get("/{code}")
def page(request: Request, code: str) -> Response:
    """The form as far as this browser has filled it, or an empty one."""
    bundle = bundle_named(code)
    if code != bundle.slug:
        return RedirectResponse(form_path(bundle.slug), 303)
    draft = draft_here(request, bundle)
    blank = draft or complete(Draft(drafts.new_token(), "", bundle.code), bundle)
    return form_page(request, bundle, blank, {})


@router.post("/{code}")
def sent(request: Request, db: Db, code: str, form: SentForm) -> Response:
    """Keep what was typed; then the list anew, or the link to go on later, or the proof of the contact."""
    bundle = bundle_named(code)
    if twin := _made_already(db, form):
        return twin
    filled, wish = _received(request, bundle, form), typed(form, "do")
    if wish == "refresh":
        return form_page(request, bundle, filled.draft, filled.faults)
    later = wish == "later"  # half a form may be put aside, but not as if it held a file that was refused
    if faults := filled.faults if later else _faults(filled, bundle):
        return form_page(request, bundle, filled.draft, faults, status=413 if filled.too_large else 422)
    if later:
        return _put_aside(request, bundle, filled)
    response = RedirectResponse(f"{form_path(bundle.slug)}/confirm", 303)
    return remember(request, response, bundle, filled.draft.token)


@router.post("/{code}/plan")
def renewed(request: Request, db: Db, code: str, form: SentForm) -> Response:
    """The live part of the form; what was typed, and a file that came along, is kept on the way."""
    bundle = bundle_named(code)
    if twin := _made_already(db, form):
        return twin
    filled = _received(request, bundle, form)
    return form_page(request, bundle, filled.draft, filled.faults, template="_plan.html")


@router.post("/{code}/leave")
def left(request: Request, db: Db, code: str, form: SentForm) -> Response:
    """结束并清除: the form is thrown away with its files, and this device forgets it."""
    bundle = bundle_named(code)
    lock_submission(db, typed(form, "form"))
    if (draft := draft_here(request, bundle, form)) and case_made_of(db, draft.token) is None:
        drafts.discard(draft)
    return cleared(RedirectResponse("/left", 303))


def form_page(
    request: Request,
    bundle: Bundle,
    draft: Draft,
    faults: dict[str, str],
    *,
    status: int = 200,
    template: str = "apply.html",
) -> Response:
    """The form, or its live part."""
    planned = plan(bundle, draft.fields, now())
    response = show(
        request,
        template,
        status=status,
        online=True,
        bundle=bundle,
        draft=draft,
        fields=draft.fields,
        plan=planned,
        faults=planned.faults | faults,
        departments=departments(),
        districts=choices(),
        item_names={item.code: item.name for item in bundle.items},
        kinds=[kind for kind in ApplicantKind if kind.value in bundle.audience],
        limit_mb=settings().upload_limit_mb,
        known=NOBODY_KNOWN,
        focus="",
        idle=IDLE if is_kiosk(request) else 0,
    )
    return remember(request, response, bundle, draft.token) if draft.saved_at else response


def _received(request: Request, bundle: Bundle, form: FormData) -> Filled:
    """The draft with what came in. The form is locked, and no case yet."""
    draft = draft_here(request, bundle, form) or begin(request, bundle, typed(form, "form"))
    filled = fill(draft, form, bundle)
    kept = drafts.keep(complete(filled.draft, bundle), now())
    return Filled(kept, filled.faults, filled.too_large)


def _made_already(db: Session, form: FormData) -> Response | None:
    """Of two clicks on one form the second waits, and meets the case: by number and code like any other."""
    token = typed(form, "form")
    lock_submission(db, token)
    case = case_made_of(db, token)
    return RedirectResponse(f"/track?no={case.number}", 303) if case else None


def _faults(filled: Filled, bundle: Bundle) -> dict[str, str]:
    """Every fault of the form at once."""
    faults = own_faults(filled.draft)
    try:
        check(application(filled.draft, bundle), at=now())
    except Faulty as faulty:
        faults = faulty.faults | faults
    return faults | filled.faults


def _put_aside(request: Request, bundle: Bundle, filled: Filled) -> Response:
    """先存着: the link under which it can be gone on with from anywhere."""
    link = f"{settings().web_url.rstrip('/')}/apply/resume/{filled.draft.token}"
    return show(request, "apply_later.html", bundle=bundle, link=link, token=filled.draft.token)
