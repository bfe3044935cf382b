"""Who is told first by which way, what comes next when that fails, and when does somebody call?"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from actions.telling import CallOutcome, confirm_arrived, may_be_sent_again, note_call, send_again
from models.account import Account
from models.audit import timeline
from models.case import Case, find_case, lock_case
from models.database import transaction
from models.notice import Notice, find_notice, queue_notice
from models.telling import Call, open_calls
from notifications.receiving import receive
from notifications.sending import send_due
from notifications.sweeping import sweep
from rules.errors import Faulty, NotFound, NotYourDesk, WrongState
from rules.ladder import MATCHED_WITHIN, RECEIPT_WITHIN, USEFUL_FOR
from rules.notices import LOCAL_INBOX, NOTICE_MOVES, RETRY_AFTER, Channel, Event, NoticeState, may_become
from rules.people import ToldBy
from rules.states import Act, CaseState
from tests.gateway import Gateway, sms_gateway
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON, NUMBER, TOLD, ledger, tell
from tests.people import CLERK, MANAGER, a_city, account
from tests.smtp import free_port, mail_server
from tests.web.hall import at_desk, words

MOBILE, CHEN, HE = "13800000000", "chen@example.com", "he@example.com"
SMS, EMAIL = Channel.SMS, Channel.EMAIL
QUEUED, HANDED_OVER, DELIVERED = NoticeState.QUEUED, NoticeState.HANDED_OVER, NoticeState.DELIVERED
REJECTED, UNKNOWN, EXPIRED = NoticeState.REJECTED, NoticeState.UNKNOWN, NoticeState.EXPIRED
WITHHELD = NoticeState.WITHHELD
WEEK = timedelta(days=7)
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _city(fresh_database: Engine) -> None:
    with transaction() as session:
        a_city(session)


@pytest.fixture
def gateway(channels: Channels) -> Iterator[Gateway]:
    with sms_gateway() as running:
        channels(sms_url=running.url)
        yield running


def fares() -> list[tuple[Channel, NoticeState]]:
    return [(notice.channel, notice.state) for notice in ledger()]


def calls() -> list[tuple[Call, Notice, Case]]:
    with transaction() as session:
        return open_calls(session)


def by(session: Session, name: str = CLERK) -> Account:
    return account(session, name)


def again(serial: int = 1, why: str = "电话询问本人，没有收到", at: datetime = NOON) -> Notice:
    with transaction() as session:
        return send_again(session, NUMBER, serial, why, by=by(session), at=at)


def test_every_state_leads_only_forward() -> None:
    for state, steps in NOTICE_MOVES.items():
        assert state not in steps
        assert DELIVERED not in NOTICE_MOVES or not NOTICE_MOVES[DELIVERED]
        notice = Notice(
            serial=1, case_number="", event=Event.RECEIPT, channel=SMS, address="", created_at=NOON
        )
        for other in NoticeState:
            notice.state = state
            if may_become(state, other):
                notice.become(other)
                assert notice.state is other
            else:
                with pytest.raises(WrongState):
                    notice.become(other)
                assert notice.state is state


def test_only_one_place_changes_the_state_of_a_notice() -> None:
    for folder in ("notifications", "models", "web", "flows", "tasks", "cli"):
        for path in (ROOT / folder).rglob("*.py"):
            if path != ROOT / "models" / "notice.py" and path.parent.name != "plugins":
                said = path.read_text(encoding="utf-8")
                assert not re.search(r"\w\.state = |values\(state=", said), path


@pytest.mark.parametrize(
    ("told_by", "event", "ways"),
    [
        (ToldBy.BOTH, Event.CONCLUDED, [SMS, EMAIL]),
        (ToldBy.SMS, Event.CONCLUDED, [SMS]),
        (ToldBy.EMAIL, Event.CONCLUDED, [EMAIL]),
        (ToldBy.EMAIL, Event.ACCEPTED, [SMS, EMAIL]),  # the law wants it told
    ],
)
def test_courtesy_goes_the_way_people_prefer(told_by: ToldBy, event: Event, ways: list[Channel]) -> None:
    tell(phone=MOBILE, email=CHEN, events=[event], told_by=told_by)
    assert [notice.channel for notice in ledger()] == ways


def test_who_prefers_mail_but_left_only_a_number_is_told_there() -> None:
    tell(phone=MOBILE, events=[Event.CONCLUDED], told_by=ToldBy.EMAIL)
    assert fares() == [(SMS, QUEUED)]


def test_what_is_refused_goes_the_next_way_and_then_to_the_counter(
    gateway: Gateway, channels: Channels
) -> None:
    gateway.status = 400
    with mail_server(refused={CHEN: "550 5.1.1 no such user"}) as mail:
        channels(mail_url=mail.url)
        tell(phone=MOBILE, email=CHEN, events=[Event.READY], told_by=ToldBy.SMS)
        send_due(at=NOON)
        send_due(at=NOON)
    assert fares() == [(SMS, REJECTED), (EMAIL, REJECTED)]
    [(call, notice, case)] = calls()
    assert (notice.channel, notice.event, case.phone) == (EMAIL, Event.READY, MOBILE)
    assert call.attempts == 0
    for _ in range(2):
        sweep(at=NOON)
    assert len(calls()) == 1
    assert len(ledger()) == 2


def test_nobody_is_called_about_a_courtesy(gateway: Gateway) -> None:
    gateway.status = 400
    tell(phone=MOBILE, events=[Event.DATE_MOVED])
    send_due(at=NOON)
    assert fares() == [(SMS, REJECTED)]
    assert calls() == []


def test_a_message_that_has_got_through_on_one_way_needs_no_other(
    gateway: Gateway, channels: Channels
) -> None:
    with mail_server(refused={CHEN: "550 5.1.1 no such user"}) as mail:
        channels(mail_url=mail.url)
        tell(phone=MOBILE, email=CHEN, events=[Event.ACCEPTED])
        send_due(at=NOON)
        sweep(at=NOON)
    assert fares() == [(SMS, HANDED_OVER), (EMAIL, REJECTED)]
    assert calls() == []


def test_retries_have_an_end_and_after_it_comes_a_call(channels: Channels) -> None:
    channels(sms_url=f"json://127.0.0.1:{free_port()}/?:mobile={{to}}")
    tell(phone=MOBILE, events=[Event.CONCLUDED])
    at = NOON
    for pause in (*RETRY_AFTER, timedelta()):
        assert calls() == []
        send_due(at=at)
        at += pause
    assert fares() == [(SMS, REJECTED)]
    assert len(calls()) == 1


def test_a_reminder_that_could_not_leave_for_a_week_does_not_leave_any_more() -> None:
    tell(phone=MOBILE, email=CHEN, events=[Event.DATE_MOVED, Event.CONCLUDED], told_by=ToldBy.SMS)
    sweep(at=NOON + USEFUL_FOR - timedelta(seconds=1))
    assert fares() == [(SMS, QUEUED), (SMS, QUEUED)]
    sweep(at=NOON + USEFUL_FOR)
    assert fares() == [(SMS, EXPIRED), (SMS, QUEUED)], "a conclusion does not grow stale"
    assert calls() == []


def test_what_has_had_no_receipt_for_days_goes_the_next_way_and_a_late_receipt_still_counts(
    gateway: Gateway, channels: Channels
) -> None:
    tell(phone=MOBILE, email=CHEN, events=[Event.CONCLUDED], told_by=ToldBy.SMS)
    send_due(at=NOON)
    sweep(at=NOON + WEEK)
    assert fares() == [(SMS, HANDED_OVER)], "this gateway gives no receipts"
    channels(sms_receipts="true")
    sweep(at=NOON + timedelta(days=3) - timedelta(seconds=1))
    assert fares() == [(SMS, HANDED_OVER)]
    sweep(at=NOON + timedelta(days=3))
    assert fares() == [(SMS, EXPIRED), (EMAIL, QUEUED)]
    with transaction() as session:
        confirm_arrived(session, NUMBER, 1, "本人来电说收到了", by=by(session), at=NOON + WEEK)
    assert fares()[0] == (SMS, DELIVERED)


@pytest.mark.parametrize("via", [LOCAL_INBOX, "smppsms"])
def test_what_gives_no_receipts_is_not_waited_for(channels: Channels, via: str) -> None:
    channels(sms_receipts="true")
    tell(phone=MOBILE, events=[Event.CONCLUDED])
    send_due(at=NOON)
    with transaction() as session:
        find_notice(session, ledger()[0].id).via = via
    sweep(at=NOON + RECEIPT_WITHIN)
    assert fares() == [(SMS, HANDED_OVER)]


def test_a_setting_that_is_switched_on_does_not_touch_what_is_long_past(
    gateway: Gateway, channels: Channels
) -> None:
    tell(phone=MOBILE, email=CHEN, events=[Event.CONCLUDED], told_by=ToldBy.SMS)
    send_due(at=NOON)
    channels(sms_receipts="true")
    sweep(at=NOON + MATCHED_WITHIN + timedelta(seconds=1))
    assert fares() == [(SMS, HANDED_OVER)]
    sweep(at=NOON + MATCHED_WITHIN)
    assert fares()[0] == (SMS, EXPIRED)


@pytest.mark.parametrize("state", [CaseState.WITHDRAWN, CaseState.VOID, CaseState.NOT_ACCEPTED])
@pytest.mark.parametrize("swept", [True, False])
def test_once_a_case_has_ended_earlier_stages_are_told_no_more(
    state: CaseState, swept: bool, gateway: Gateway
) -> None:
    tell(phone=MOBILE, events=[Event.SPECIAL_ENDED, Event.ACCEPTED, Event.WITHDRAWN])
    with transaction() as session:
        lock_case(session, NUMBER).state = state
    if swept:
        sweep(at=NOON)
    send_due(at=NOON)
    assert fares() == [(SMS, WITHHELD), (SMS, HANDED_OVER), (SMS, HANDED_OVER)]
    assert len(gateway.messages) == 2


def test_a_conclusion_withholds_nothing(gateway: Gateway) -> None:
    tell(phone=MOBILE, events=[Event.DATE_MOVED, Event.CONCLUDED])
    with transaction() as session:
        lock_case(session, NUMBER).state = CaseState.CONCLUDED
    sweep(at=NOON)
    send_due(at=NOON)
    assert fares() == [(SMS, HANDED_OVER)] * 2


def test_a_person_clears_up_what_is_unknown(gateway: Gateway) -> None:
    gateway.status = None
    tell(phone=MOBILE, events=[Event.RECEIPT, Event.ACCEPTED])
    send_due(at=NOON)
    assert fares() == [(SMS, UNKNOWN), (SMS, UNKNOWN)]
    gateway.status = 200
    with transaction() as session:
        confirm_arrived(session, NUMBER, 1, "电话询问本人，已收到", by=by(session), at=NOON)
    again(2)
    assert fares() == [(SMS, DELIVERED), (SMS, QUEUED)]
    send_due(at=NOON)
    assert fares() == [(SMS, DELIVERED), (SMS, HANDED_OVER)]
    assert [text.count("已受理") for text in gateway.to(MOBILE)] == [0, 1, 1]
    with transaction() as session:
        told = [(one.act, one.actor, one.before, one.after, one.reason) for one in timeline(session, NUMBER)]
    assert told == [
        (Act.CONFIRM_NOTICE, CLERK, "unknown", "delivered", "电话询问本人，已收到"),
        (Act.RESEND_NOTICE, CLERK, "unknown", "queued", "电话询问本人，没有收到"),
    ]


def test_what_is_sent_again_is_retried_like_any_other(gateway: Gateway) -> None:
    gateway.status = 400
    tell(phone=MOBILE, events=[Event.CONCLUDED])
    send_due(at=NOON)
    again()
    gateway.status = 500
    send_due(at=NOON)
    assert ledger()[0].state is NoticeState.FAILED
    gateway.status = 200
    send_due(at=NOON + WEEK)
    assert fares() == [(SMS, HANDED_OVER)]


def test_what_is_sent_again_goes_to_the_number_that_was_put_right(gateway: Gateway) -> None:
    gateway.status = 400
    tell(phone="13800000009", events=[Event.CONCLUDED])
    send_due(at=NOON)
    gateway.status = 200
    with transaction() as session:
        lock_case(session, NUMBER).phone = MOBILE
    assert again().serial == 2
    send_due(at=NOON)
    assert [(one.address, one.state) for one in ledger()] == [
        ("13800000009", REJECTED),
        (MOBILE, HANDED_OVER),
    ]
    with pytest.raises(WrongState):
        again(2)
    with pytest.raises(WrongState, match="请看发到新地址的那一条"):
        again(1)
    assert fares() == [(SMS, REJECTED), (SMS, HANDED_OVER)], "nothing goes to the wrong number again"
    with transaction() as session:
        assert not may_be_sent_again(session, find_case(session, NUMBER), ledger()[0], at=NOON)
        assert [one.act for one in timeline(session, NUMBER)] == [Act.RESEND_NOTICE]


def test_nothing_is_sent_again_to_a_mailbox_that_was_deleted(channels: Channels) -> None:
    with mail_server(refused={CHEN: "550 5.1.1 no such user"}) as mail:
        channels(mail_url=mail.url)
        tell(phone=MOBILE, email=CHEN, events=[Event.CONCLUDED], told_by=ToldBy.EMAIL)
        send_due(at=NOON)
    with transaction() as session:
        case = lock_case(session, NUMBER)
        assert may_be_sent_again(session, case, ledger()[0], at=NOON)
        case.email = ""
    with pytest.raises(WrongState, match="已经删去"):
        again(1)
    assert fares()[0] == (EMAIL, REJECTED)


def mailbox_is(email: str) -> None:
    with transaction() as session:
        lock_case(session, NUMBER).email = email


def test_a_mailbox_put_right_by_a_hyphen_is_another_and_by_capitals_the_same(channels: Channels) -> None:
    with mail_server(refused={"lihua@example.com": "550 5.1.1 no such user"}) as mail:
        channels(mail_url=mail.url)
        tell(phone=MOBILE, email="lihua@example.com", events=[Event.READY], told_by=ToldBy.EMAIL)
        mailbox_is("LiHua@example.com")
        for _ in range(2):
            send_due(at=NOON)
        assert fares() == [(EMAIL, REJECTED), (SMS, HANDED_OVER)], "no second letter to the same"
        mailbox_is("li-hua@example.com")
        assert again(1).address == "li-hua@example.com"
        send_due(at=NOON)
    assert fares() == [(EMAIL, REJECTED), (SMS, HANDED_OVER), (EMAIL, HANDED_OVER)]


@pytest.mark.parametrize(
    ("events", "case_state", "at", "why"),
    [
        ([Event.CONCLUDED], None, NOON, "已交运营商"),
        ([Event.DATE_MOVED], None, NOON + WEEK, "过时"),
        ([Event.DATE_MOVED], CaseState.WITHDRAWN, NOON, "不再发送"),
    ],
)
def test_what_is_not_safe_is_not_sent_again(
    gateway: Gateway, events: list[Event], case_state: CaseState | None, at: datetime, why: str
) -> None:
    gateway.status = 200 if events == [Event.CONCLUDED] else 400
    tell(phone=MOBILE, events=events)
    send_due(at=NOON)
    with transaction() as session:
        case = lock_case(session, NUMBER)
        case.state = case_state or case.state
    before = fares()
    with pytest.raises(WrongState, match=why):
        again(at=at)
    with transaction() as session:
        assert not may_be_sent_again(session, find_case(session, NUMBER), ledger()[0], at=at)
    assert fares() == before


def test_who_may_and_what_must_be_said(gateway: Gateway) -> None:
    gateway.status = 400
    tell(phone=MOBILE, events=[Event.CONCLUDED])
    send_due(at=NOON)
    with pytest.raises(Faulty):
        again(why=" ")
    with pytest.raises(NotFound):
        again(7)
    with transaction() as session, pytest.raises(NotYourDesk):
        send_again(session, NUMBER, 1, "试试", by=by(session, "market"), at=NOON)
    with transaction() as session, pytest.raises(WrongState):
        confirm_arrived(session, NUMBER, 1, "说收到了", by=by(session), at=NOON)
    assert fares() == [(SMS, REJECTED)]


def unreached(gateway: Gateway) -> Call:
    gateway.status = 400
    tell(phone=MOBILE, events=[Event.READY])
    send_due(at=NOON)
    [(call, _, _)] = calls()
    return call


def test_a_call_is_noted_until_somebody_is_reached(gateway: Gateway) -> None:
    call = unreached(gateway)
    for outcome in (CallOutcome.AGAIN, CallOutcome.REACHED):
        with transaction() as session:
            note_call(session, call.notice_id, "说明情况", outcome, by=by(session, MANAGER), at=NOON)
    assert calls() == []
    with transaction() as session:
        kept = session.get_one(Call, call.notice_id)
        assert (kept.attempts, kept.reached, kept.closed_by) == (2, True, MANAGER)
        assert kept.note.count("\n") == 1
        assert [one.act for one in timeline(session, NUMBER)] == [Act.CALL, Act.CALL]
    with transaction() as session, pytest.raises(WrongState):
        note_call(session, call.notice_id, "再打", CallOutcome.AGAIN, by=by(session), at=NOON)


def test_what_fails_again_after_a_call_was_over_is_called_about_again(gateway: Gateway) -> None:
    call = unreached(gateway)
    with transaction() as session:
        note_call(session, call.notice_id, "无人接听", CallOutcome.GIVEN_UP, by=by(session), at=NOON)
    again()
    send_due(at=NOON + WEEK)
    assert fares() == [(SMS, REJECTED)]
    [(anew, _, _)] = calls()
    assert (anew.notice_id, anew.opened_at, anew.attempts) == (call.notice_id, NOON + WEEK, 1)
    assert (anew.closed_at, anew.closed_by, anew.reached) == (None, "", False)
    assert "无人接听" in anew.note
    with transaction() as session:
        note_call(session, call.notice_id, "本人接听", CallOutcome.REACHED, by=by(session), at=NOON + WEEK)
    assert calls() == []


def test_a_receipt_that_comes_after_all_ends_the_call(gateway: Gateway) -> None:
    call = unreached(gateway)
    with transaction() as session:
        assert find_notice(session, call.notice_id).state is REJECTED
    body = f'{{"reference": "{call.notice_id.hex}", "status": "delivered"}}'.encode()
    receive("sms", body, at=NOON)
    assert calls() == []
    assert fares() == [(SMS, DELIVERED)]


def test_the_counter_finds_whom_to_call_and_what_to_say(gateway: Gateway) -> None:
    call = unreached(gateway)
    clerk = at_desk(CLERK)
    page = clerk.text("/calls")
    for said in (NUMBER, MOBILE, "领取", "网关拒绝"):
        assert said in page
    address = f"/calls/{call.notice_id}"
    refused = clerk.post(address, {"note": "", "outcome": "reached"})
    assert refused.status_code == 422
    assert "请写明联系的情况" in words(refused)
    assert clerk.post(address, {"note": "无人接听"}).status_code == 422
    assert clerk.post("/calls/nonsense", {"note": "a", "outcome": "again"}).status_code == 404
    assert clerk.post(address, {"note": "无人接听", "outcome": "again"}).status_code == 303
    assert "已打 1 次" in clerk.text("/calls")
    assert clerk.post(address, {"note": "本人接听", "outcome": "reached"}).status_code == 303
    assert "没有要打电话联系的人" in at_desk(MANAGER).text("/calls")
    assert at_desk("market").get("/calls").status_code == 403


def test_a_clerk_sends_again_from_the_page_of_the_case(gateway: Gateway) -> None:
    unreached(gateway)
    clerk = at_desk(CLERK)
    assert "重发通知" in clerk.text(f"/cases/{NUMBER}/acts")
    done = clerk.post(f"/cases/{NUMBER}/acts/resend-notice", {"serial": "1", "reason": "网关已恢复"})
    assert done.status_code == 303
    assert fares() == [(SMS, QUEUED)]


def test_the_statutory_refusal_of_one_item_is_worth_a_call(gateway: Gateway) -> None:
    gateway.status = 400
    tell(phone=MOBILE, events=[])
    with transaction() as session:
        case = lock_case(session, NUMBER)
        facts = TOLD[Event.ITEM_DECIDED]
        queue_notice(session, case, Event.ITEM_DECIDED, about="x", facts=facts, at=NOON, statutory=True)
    send_due(at=NOON)
    assert len(calls()) == 1
