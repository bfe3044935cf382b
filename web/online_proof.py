"""网上申请的最后一步: a code proves the phone or mailbox of whoever submits; then the form is a case."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.background import BackgroundTask

from actions.applying import bundle_named, submit
from actions.contact_codes import make_code, note_sent, prove, proven_already
from config.settings import settings
from models.case import Case, lock_submission
from models.database import transaction
from models.online import ContactCode, code_of_form, hash_of_address
from notifications.channels import deliver
from notifications.routes import routes_of
from notifications.wording import code_words
from rules.bundle import Bundle
from rules.contact_codes import VALID_FOR, hash_of_form
from rules.errors import Faulty, NotFound
from rules.masking import masked_email, masked_phone
from rules.notices import LOCAL_INBOX, Channel, NoticeState
from web.drafts import Draft
from web.entering import Db, OurForm, now, typed
from web.filling import tidy
from web.leaving import FORM, IDLE, OPENED, form_path, is_kiosk
from web.limiting import Rate, TooOften
from web.online import form_page
from web.online_drafts import CODES, GONE, address_of, application, case_made_of, draft_here
from web.showing import is_demo, set_cookie, show

router = APIRouter(prefix="/apply/{code}")

OPEN_FOR = 15 * 60  # seconds: as long as a progress page stays open
SUBMITTED = Rate(
    "application", 60, VALID_FOR * 6, "从这个网络提交的申请太多了，请一小时后再试，或到综合窗口办理。"
)
NOT_SENT = "验证码没有发出去，请稍后再试，或换一种接收方式，或到综合窗口提交。"


@dataclass(frozen=True)
class Way:
    """Where a code can go."""

    channel: Channel
    address: str

    @property
    def masked(self) -> str:
        return (masked_phone if self.channel is Channel.SMS else masked_email)(self.address)


@router.get("/confirm")
def page(request: Request, db: Db, code: str) -> Response:
    """Where the code goes, and the field for it."""
    bundle = bundle_named(code)
    draft = draft_here(request, bundle)
    if draft is None:
        raise NotFound(GONE)
    return _page(request, db, bundle, draft)


@router.post("/code")
def send(request: Request, code: str, form: OurForm) -> Response:
    """Send a code. No transaction is open meanwhile: a gateway may take its time."""
    bundle = bundle_named(code)
    draft = draft_here(request, bundle, form)
    if draft is None:
        raise NotFound(GONE)
    try:
        _send(request, draft, typed(form, "channel"))
    except (Faulty, TooOften) as refused:
        status = 429 if isinstance(refused, TooOften) else 422
        with transaction() as session:
            return _page(request, session, bundle, draft, status=status, faults={"channel": str(refused)})
    return RedirectResponse(f"{form_path(bundle.slug)}/confirm", 303)


@router.post("/confirm")
def confirmed(request: Request, db: Db, code: str, form: OurForm) -> Response:
    """The right code makes the form a case; a second click, with the same code, meets the case."""
    bundle = bundle_named(code)
    token = typed(form, "form")
    lock_submission(db, token)
    draft = draft_here(request, bundle, form)
    if twin := case_made_of(db, token):
        if proven_already(db, token, typed(form, "code"), at=now()):
            return _receipt(bundle, twin)
        return RedirectResponse(f"/track?no={twin.number}", 303)  # the name of a form opens no case
    if draft is None:
        raise NotFound(GONE)
    way = _way_taken(code_of_form(db, hash_of_form(token)), ways(draft))
    try:
        channel = prove(db, draft.token, way.address if way else "", typed(form, "code"), at=now())
    except Faulty as faulty:  # the try is counted: nothing is rolled back
        return _page(request, db, bundle, draft, status=422, faults=faulty.faults)
    SUBMITTED.take(address_of(request), now())
    applied = application(draft, bundle, channel.value)
    try:
        with db.begin_nested():  # a fault leaves nothing half written behind
            case = submit(db, applied, by=None, region=settings().region, at=now())
    except Faulty as faulty:  # the bundle, or the day, is another one by now
        return form_page(request, bundle, draft, faulty.faults, status=422)
    response = _receipt(bundle, case)
    response.background = BackgroundTask(tidy, draft, applied)  # once the case is kept
    return response


def ways(draft: Draft) -> list[Way]:
    """Whoever submits proves a contact of their own: the agent theirs, the applicant theirs."""
    fields = draft.fields
    agent = bool(fields["agent.on"])
    phone = fields["agent.phone"] if agent else fields["applicant.phone"]
    found = [Way(Channel.SMS, phone), Way(Channel.EMAIL, "" if agent else fields["applicant.email"])]
    return [way for way in found if way.address and (is_demo() or routes_of(way.channel))]


def _send(request: Request, draft: Draft, channel: str) -> None:
    chosen = next((way for way in ways(draft) if way.channel.value == channel), None)
    if chosen is None:
        raise Faulty({"channel": "请选择验证码发到哪里。"})
    CODES.take(address_of(request), now())
    with transaction() as session:
        made, code = make_code(session, draft.token, chosen.channel, chosen.address, at=now())
    words = code_words(code, int(VALID_FOR.total_seconds()) // 60)
    delivery = deliver(chosen.channel, chosen.address, words, made.hex)
    if delivery.state not in (NoticeState.HANDED_OVER, NoticeState.UNKNOWN):
        raise Faulty({"channel": NOT_SENT})
    _note(made, delivery.via, words.sms)


def _note(made: UUID, via: str, text: str) -> None:
    local = via == LOCAL_INBOX and is_demo()
    with transaction() as session:
        note_sent(session, made, via, body=text if local else "")


def _way_taken(sent: ContactCode | None, offered: list[Way]) -> Way | None:
    """Where the code went, if the form still names that phone or mailbox."""
    return next((way for way in offered if sent and hash_of_address(way.address) == sent.address_hash), None)


def _page(
    request: Request,
    db: Session,
    bundle: Bundle,
    draft: Draft,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
) -> Response:
    sent = code_of_form(db, hash_of_form(draft.token))
    offered = ways(draft)
    return show(
        request,
        "apply_confirm.html",
        status=status,
        bundle=bundle,
        draft=draft,
        ways=offered,
        sent=sent if sent and sent.expires_at > now() else None,
        sent_to=_way_taken(sent, offered),
        minutes=int(VALID_FOR.total_seconds()) // 60,
        faults=faults or {},
        idle=IDLE if is_kiosk(request) else 0,
    )


def _receipt(bundle: Bundle, case: Case) -> Response:
    """The progress of the new case is open on this device, the form is not any more."""
    response = RedirectResponse(f"/track/{case.number}/receipt", 303)
    set_cookie(response, OPENED, f"{case.number}.{case.query_code}", path="/track", seconds=OPEN_FOR)
    response.delete_cookie(FORM, path=form_path(bundle.slug))
    return response
