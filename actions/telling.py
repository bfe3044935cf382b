"""通知的核实、重发和电话联系: what people do where a message may not have reached somebody."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from actions.acting import Asked, Doing, Field, Form, Scene, number, text, worded
from actions.moving import record
from actions.permitting import must_be_allowed
from config.leaving import leaves_at
from models.account import Account
from models.case import Case, lock_case
from models.notice import Notice, addresses_of, notice_of_serial, notices_of, queue_elsewhere
from models.telling import Call, find_call, lock_call, open_call_about, release_digests
from rules.errors import WrongState
from rules.identifiers import as_usual
from rules.ladder import still_told, useful_until
from rules.moments import china_text
from rules.named import Named
from rules.notices import NoticeState
from rules.states import Act

WHY = 500  # signs
DOUBTFUL = frozenset({NoticeState.UNKNOWN, NoticeState.HANDED_OVER, NoticeState.EXPIRED})
SENT_IN_VAIN = frozenset({NoticeState.UNKNOWN, NoticeState.REJECTED, NoticeState.EXPIRED})


class CallOutcome(Named):
    """How did the call go?"""

    REACHED = "reached", "已告知本人"
    AGAIN = "again", "没有接通，稍后再打"
    GIVEN_UP = "given_up", "联系不上，不再打"


def confirm_arrived(
    session: Session, case_number: str, serial: int, reason: str, *, by: Account, at: datetime
) -> Notice:
    """核实已收到: a person has made sure that it arrived."""
    must_be_allowed(by, Act.CONFIRM_NOTICE)
    reason = worded(reason, "reason", "请写明怎样核实的，例如“电话询问本人，已收到短信”。", WHY)
    case = lock_case(session, case_number)
    notice = notice_of_serial(session, case_number, serial)
    if notice.state not in DOUBTFUL:
        raise WrongState(f"这条通知的去向是“{notice.said}”，不用核实是否收到。")
    _record(session, case, notice, Act.CONFIRM_NOTICE, NoticeState.DELIVERED, reason, by=by, at=at)
    notice.become(NoticeState.DELIVERED)
    notice.delivered_at = at
    _close_call(session, notice, "通知已核实收到", by=by, at=at)
    return notice


def send_again(
    session: Session, case_number: str, serial: int, reason: str, *, by: Account, at: datetime
) -> Notice:
    """重发: a person has made sure that it did not arrive. Says which notice leaves: the same one, or, where the
    number or address was put right since, a new one to there."""
    must_be_allowed(by, Act.RESEND_NOTICE)
    reason = worded(reason, "reason", "请写明为什么重发，例如“电话询问本人，没有收到”。", WHY)
    case = lock_case(session, case_number)
    notice = notice_of_serial(session, case_number, serial)
    _must_be_safe(case, notice, at)
    address = _address_now(session, case, notice)
    _record(session, case, notice, Act.RESEND_NOTICE, NoticeState.QUEUED, reason, by=by, at=at)
    if as_usual(address) != as_usual(notice.address):
        return queue_elsewhere(session, case, notice, (notice.channel, address), at=at)
    release_digests(session, notice.id, notice.attempts)
    notice.become(NoticeState.QUEUED, until=at)
    return notice


def may_be_sent_again(session: Session, case: Case, notice: Notice, *, at: datetime) -> bool:
    """For pages: to leave the button out."""
    try:
        _must_be_safe(case, notice, at)
        _address_now(session, case, notice)
    except WrongState:
        return False
    return True


def note_call(
    session: Session, notice_id: UUID, note: str, outcome: CallOutcome, *, by: Account, at: datetime
) -> Call:
    """登记电话联系: every attempt adds a line; reached or given up, the call is over."""
    must_be_allowed(by, Act.CALL)
    note = worded(note, "note", "请写明联系的情况，例如“本人接听，已告知领取时间和地点”。", WHY)
    case = lock_case(session, find_call(session, notice_id).case_number)
    call = lock_call(session, notice_id)
    if call.closed_at is not None:
        raise WrongState("这条电话联系已经结束，不用再登记。")
    line = f"{china_text(at)} {by.name}：{outcome.label}。{note}"
    call.note = f"{call.note}\n{line}".strip()[-2000:]  # the file of the case keeps every line
    call.attempts += 1
    if outcome is not CallOutcome.AGAIN:
        call.closed_at, call.closed_by, call.reached = at, by.username, outcome is CallOutcome.REACHED
    record(session, case, Act.CALL, by=by.username, at=at, reason=note, facts={"outcome": outcome.value})
    return call


def _must_be_safe(case: Case, notice: Notice, at: datetime) -> None:
    """Nothing is sent that may have arrived, is about to leave, or is of no use any more."""
    if notice.state not in SENT_IN_VAIN:
        raise WrongState(f"这条通知的去向是“{notice.said}”，不能重发。")
    if not still_told(notice.event, statutory=notice.statutory, state=case.state):
        raise WrongState(f"办件{case.state.label}，这条通知不再发送。")
    first = leaves_at(notice.event, statutory=notice.statutory, at=notice.created_at)
    until = useful_until(notice.event, statutory=notice.statutory, leaves_at=first)
    if until is not None and until <= at:
        raise WrongState("这条通知已过时，不再重发；需要时请用电话告诉申请人现在的情况。")


def _address_now(session: Session, case: Case, notice: Notice) -> str:
    """Where it went, or to what was put right since: never again to an address that was wrong, or was deleted."""
    address = addresses_of(case)[notice.channel]
    if not address:
        raise WrongState("号码或邮箱已经删去，这条不再发到原来的地址；需要时请用电话告诉申请人。")
    if as_usual(address) != as_usual(notice.address):
        told = (notice.event, notice.about, notice.channel, as_usual(address))
        for one in notices_of(session, case.number):
            if (one.event, one.about, one.channel, as_usual(one.address)) == told:
                raise WrongState("号码或邮箱已经更正，这条不再发到原来的地址；请看发到新地址的那一条。")
    return address


def _close_call(session: Session, notice: Notice, why: str, *, by: Account, at: datetime) -> None:
    if call := open_call_about(session, notice):
        call.note = f"{call.note}\n{china_text(at)} {by.name}：{why}".strip()[-2000:]
        call.closed_at, call.closed_by, call.reached = at, by.username, True


def _record(
    session: Session,
    case: Case,
    notice: Notice,
    act: Act,
    after: NoticeState,
    reason: str,
    *,
    by: Account,
    at: datetime,
) -> None:
    facts = {"serial": notice.serial, "event": notice.event.value, "channel": notice.channel.value}
    before = notice.state
    record(session, case, act, by=by.username, at=at, reason=reason, facts=facts, before=before, after=after)


def _which(states: frozenset[NoticeState]) -> Field:
    def choices(scene: Scene) -> list[tuple[str, str]]:
        return [
            (str(notice.serial), f"{notice.event.label} {notice.channel.label}（{notice.said}）")
            for notice in notices_of(scene.session, scene.case.number)
            if notice.state in states
        ]

    return Field("serial", "通知", Form.CHOICE, hint="通知在办件里的序号", choices=choices)


def _any(states: frozenset[NoticeState], scene: Scene) -> bool:
    return any(notice.state in states for notice in notices_of(scene.session, scene.case.number))


def _confirm(asked: Asked) -> object:
    return confirm_arrived(
        asked.session, asked.number, _serial(asked), text(asked, "reason"), by=asked.by, at=asked.at
    )


def _resend(asked: Asked) -> object:
    return send_again(
        asked.session, asked.number, _serial(asked), text(asked, "reason"), by=asked.by, at=asked.at
    )


def _serial(asked: Asked) -> int:
    return number(asked, "serial", "请写通知在办件里的序号，是一个整数。")


HOW = Field("reason", "核实的情况", Form.TEXT)
UNCERTAIN = frozenset({NoticeState.UNKNOWN, NoticeState.EXPIRED})

DOINGS = (
    Doing(
        "confirm-notice",
        Act.CONFIRM_NOTICE,
        False,
        (_which(DOUBTFUL), HOW),
        _confirm,
        lambda scene: _any(UNCERTAIN, scene),
    ),
    Doing(
        "resend-notice",
        Act.RESEND_NOTICE,
        False,
        (_which(SENT_IN_VAIN), HOW),
        _resend,
        lambda scene: _any(SENT_IN_VAIN, scene),
    ),
)
