"""Who takes notices to their gateways? Claim, send, record: two short transactions around a slow call."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from threading import Event as Signal

from sqlmodel import Session

from config.leaving import tries_again_at
from models.case import Case
from models.database import transaction
from models.notice import Notice
from models.sender import Claim, claim_notice, give_up_lapsed, hold_back, still_in_hand
from models.version import bundle_of_version
from notifications.certificates import spare_certificates
from notifications.channels import deliver
from notifications.ladder import climb
from notifications.providers import balance, resting
from notifications.receiving import match_waiting
from notifications.verdict import Delivery
from notifications.wording import Words, words_of
from rules.notices import Channel, NoticeState, next_try

AT_ONCE = 4  # sends in flight on each channel: one slow letter holds up no other, and mail no SMS
LEASE = timedelta(minutes=5)  # longer than any send takes: SMTP waits its time-out at every command
PAUSE = 1.0  # seconds between looks while nothing is due
RECOVERY = 5.0  # seconds before the next look when the database does not answer
PATIENCE = (0.2, 1.0, 5.0, 20.0)  # seconds between attempts to write down how a message fared
INTERRUPTED = "发送过程中断，不能确定是否已经发出，请核实后再决定是否重发"

PLACES = tuple(channel for channel in Channel for _ in range(AT_ONCE))
Clock = Callable[[], datetime]
logger = logging.getLogger(__name__)


def send_due(limit: int = 50, at: datetime | None = None) -> int:
    """Send up to `limit` notices a channel that are due, and say how many were tried.

    `at` stands for now; without it the wall clock is read at each step. Returns when the last send has
    ended, so a gateway that hangs keeps the caller waiting: a process that lives on uses `keep_sending`.
    """
    clock: Clock = (lambda: at) if at else _now
    spare_certificates()
    settle_lapsed(clock())
    balance(at=clock())
    tickets = {channel: iter(range(limit)) for channel in Channel}
    with ThreadPoolExecutor(len(PLACES), "notice") as pool:
        return sum(pool.map(lambda channel: _send_while_due(channel, tickets[channel], clock), PLACES))


def keep_sending(stop: Signal, turned: Callable[..., None] = lambda **_: None) -> None:
    """Send whatever falls due until `stop` is set, every channel at its own pace; ends with the last send.

    `turned` is told after each look at the record, with what was sent.
    """
    spare_certificates()
    with ThreadPoolExecutor(len(PLACES), "notice") as pool, ExitStack() as leaving:
        leaving.callback(stop.set)  # an error here must not leave senders behind that nobody can stop
        for channel in PLACES:
            pool.submit(_send_until, channel, stop, turned)
        _guarded(lambda: balance(at=_now()))
        while not stop.wait(LEASE.total_seconds() / 10):
            _guarded(lambda: settle_lapsed(_now()))
            _guarded(lambda: balance(at=_now()))


def _send_until(channel: Channel, stop: Signal, turned: Callable[..., None]) -> None:
    while not stop.is_set():
        sent = _guarded(lambda: _send_next(channel, _now))
        if sent is not None:
            turned(sent=int(bool(sent)))
        if not sent:
            stop.wait(RECOVERY if sent is None else PAUSE)


def _guarded(step: Callable[[], object]) -> object:
    """What the step answers, or None: the database may be away, and the sender must be there after."""
    try:
        return step()
    except Exception:
        logger.exception("the sender could not go on, trying again")
        return None


def _send_while_due(channel: Channel, tickets: Iterator[int], clock: Clock) -> int:
    tried = 0
    for _ in tickets:
        if not _send_next(channel, clock):
            break
        tried += 1
    return tried


def _send_next(channel: Channel, clock: Clock) -> bool:
    """Send one notice; False when none is due, or no gateway takes any for the moment."""
    if resting(channel):
        return False
    with transaction() as session:
        claim = claim_notice(session, channel, at=clock(), lease=LEASE)
        if claim is None:
            return False
        notice, words = claim.notice, _words(session, claim.notice, claim.case)
    delivery = _delivered(notice, words)
    state = _kept(lambda: _record(claim, words, delivery, clock()))
    if state is NoticeState.REJECTED:
        _guarded(lambda: climb(claim.id, at=clock()))  # the sweep makes up for it
    if delivery.state is not NoticeState.HANDED_OVER:
        logger.warning("%s of %s: %s", notice.channel.value, notice.case_number, delivery.why)
    return True


def _words(session: Session, notice: Notice, case: Case) -> Words | None:
    """None when they cannot be written: that is a fault of ours, and must not stop the notices of others."""
    try:
        return words_of(notice, case, bundle_of_version(session, case.bundle_digest))
    except Exception:
        logger.exception("%s of %s: cannot be put into words", notice.event.value, notice.case_number)
        return None


def _delivered(notice: Notice, words: Words | None) -> Delivery:
    if words is None:
        return Delivery(NoticeState.REJECTED, why="通知的文字生成不了，请告诉系统管理员")
    try:
        return deliver(notice.channel, notice.address, words, notice.reference)
    except Exception:
        logger.exception("%s of %s: broke off", notice.channel.value, notice.case_number)
        return Delivery(NoticeState.UNKNOWN, why=INTERRUPTED)


def _record(claim: Claim, words: Words | None, delivery: Delivery, at: datetime) -> NoticeState | None:
    """How the attempt ended, and what a receipt has said of it meanwhile; None when a person has settled it.

    A claim that has lapsed meanwhile learns the truth late, but learns it.
    """
    with transaction() as session:
        if not still_in_hand(session, claim):
            return None
        notice = claim.notice
        _note(notice, words, delivery, at)
        if notice.next_try_at is not None:
            hold_back(session, notice)
        match_waiting(session, notice, at=at)
        return notice.state


def _note(notice: Notice, words: Words | None, delivery: Delivery, at: datetime) -> None:
    when = next_try(notice.attempts, at) if delivery.again else None
    when = when and tries_again_at(notice.event, statutory=notice.statutory, when=when)
    state = delivery.state
    if state is NoticeState.FAILED and when is None:
        state = NoticeState.REJECTED
    if state is not notice.state:  # what lapsed is UNKNOWN already
        notice.become(state, until=when, why=delivery.why)
    notice.via = delivery.via
    notice.reference = delivery.reference or notice.reference
    if delivery.state is NoticeState.HANDED_OVER:
        notice.sent_at = at
    if words is not None:
        notice.subject = words.subject if notice.channel is Channel.EMAIL else ""
        notice.body = words.text if notice.channel is Channel.EMAIL else words.sms
        notice.template = words.versions.get(notice.channel, "")
        notice.segments = words.segments if notice.channel is Channel.SMS else 0


def _kept(step: Callable[[], NoticeState | None]) -> NoticeState | None:
    """What was done outside must not be forgotten because the database is away for a moment."""
    for pause in PATIENCE:
        try:
            return step()
        except Exception:
            logger.exception("the outcome of a message could not be recorded, trying again")
            time.sleep(pause)
    return step()


def settle_lapsed(at: datetime) -> int:
    """What a sender had in hand when it ended is unknown from now on; how many."""
    with transaction() as session:
        lost = give_up_lapsed(session, at=at, why=INTERRUPTED)
    if lost:
        logger.warning(
            "%s notices were in hand when their sender ended; what became of them is unknown", lost
        )
    return lost


def _now() -> datetime:
    return datetime.now(UTC)
