"""通知文字: how a text reads before anybody gets it, and a test message to an address typed by hand."""

import logging
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from config.catalogue import catalogue
from models.account import Account
from notifications.channels import deliver
from notifications.samples import Sample, marked, samples
from notifications.segments import segments
from notifications.verdict import Delivery
from notifications.wording import SUBJECTS, version
from rules.bundle import Bundle
from rules.errors import Faulty
from rules.identifiers import fault_of_email, fault_of_mobile
from rules.masking import masked_email, masked_phone
from rules.notices import LOCAL_INBOX, Channel, Event, state_said
from web.entering import KeeperOfAll, OurForm, now, typed
from web.limiting import Guesses, TooOften
from web.showing import show

router = APIRouter(prefix="/manage/messages")
log = logging.getLogger("yijianshi.web")
tests = Guesses("test message")  # of each account, and a limit to them

# The letter brings its own looks, and nothing else: no script, no picture, no link out of its frame.
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@dataclass(frozen=True)
class Chosen:
    """Whose words, about what, and which kind of it."""

    bundle: Bundle
    event: Event
    place: int

    @property
    def all(self) -> list[Sample]:
        return samples(self.bundle, self.event)

    @property
    def sample(self) -> Sample:
        return self.all[self.place] if self.place < len(self.all) else self.all[0]

    def own(self, channel: Channel) -> bool:
        """Are these the bundle's own words?"""
        return self.sample.words.versions[channel] != version(self.event, channel, {})


@router.get("")
def page(request: Request, _: KeeperOfAll, bundle: str = "", event: str = "", kind: str = "") -> Response:
    """The text as the applicant would read it, of a case that does not exist."""
    return _page(request, _chosen(bundle, event, kind))


@router.get("/letter")
def letter(_: KeeperOfAll, bundle: str = "", event: str = "", kind: str = "") -> Response:
    """The HTML of the letter by itself, for a frame of the page."""
    words = _chosen(bundle, event, kind).sample.words
    return HTMLResponse(words.html, headers={"Content-Security-Policy": LETTER_POLICY})


@router.post("/test")
def tested(request: Request, viewer: KeeperOfAll, form: OurForm) -> Response:
    """Send this text, marked as a test, to an address typed by hand."""
    chosen = _chosen(typed(form, "bundle"), typed(form, "event"), typed(form, "kind"))
    channel, address = typed(form, "channel"), typed(form, "address")
    try:
        delivery = _send(viewer, chosen, channel, address)
    except Faulty as faulty:
        return _page(request, chosen, status=422, faults=faulty.faults, address=address, channel=channel)
    return _page(request, chosen, delivery=delivery, channel=channel)


def _send(viewer: Account, chosen: Chosen, typed_channel: str, address: str) -> Delivery:
    """No transaction is open meanwhile: a gateway may take its time."""
    if typed_channel not in set(Channel):
        raise Faulty({"channel": "请选择短信或者电子邮件。"})
    channel = Channel(typed_channel)
    if fault := (fault_of_mobile if channel is Channel.SMS else fault_of_email)(address):
        raise Faulty({"address": fault})
    try:
        tests.must_be_few(viewer.username, now())
    except TooOften:
        raise TooOften("测试消息发得太多，请 10 分钟后再试。") from None
    tests.count(viewer.username, now())
    delivery = deliver(channel, address, marked(chosen.sample.words))
    masked = (masked_phone if channel is Channel.SMS else masked_email)(address)
    log.info(
        "test message: %s sent %s of %s over %s to %s: %s %s",
        viewer.username,
        chosen.event.value,
        chosen.bundle.code,
        channel.value,
        masked,
        delivery.state.value,
        delivery.via,
    )
    return delivery


def _page(
    request: Request,
    chosen: Chosen,
    *,
    status: int = 200,
    delivery: Delivery | None = None,
    faults: dict[str, str] | None = None,
    address: str = "",
    channel: str = Channel.SMS,
) -> Response:
    test = marked(chosen.sample.words).sms
    return show(
        request,
        "messages.html",
        status=status,
        bundles=list(catalogue().values()),
        events=[event for event in Event if event in SUBJECTS],
        chosen=chosen,
        kinds=[sample.kind for sample in chosen.all],
        sample=chosen.sample,
        channels=list(Channel),
        sms=Channel.SMS,
        email=Channel.EMAIL,
        test_segments=segments(test),
        delivery=delivery,
        said=state_said(Channel(channel), delivery.state, delivery.via) if delivery else "",
        local=LOCAL_INBOX,
        faults=faults or {},
        address=address,
        channel=channel,
    )


def _chosen(bundle: str, event: str, kind: str) -> Chosen:
    """Whatever there is not is read as the first there is."""
    known = catalogue()
    return Chosen(
        known.get(bundle) or next(iter(known.values())),
        Event(event) if event in set(SUBJECTS) else Event.RECEIPT,
        int(kind) if kind.isascii() and kind.isdigit() and len(kind) < 3 else 0,
    )
