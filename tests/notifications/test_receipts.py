"""What a carrier says afterwards: proved, kept once, brought to its notice whenever it comes, and never a step back."""

import json
import threading
import time
from collections.abc import Callable, Generator
from datetime import timedelta
from uuid import uuid4

import pytest
from httpx import Response
from sqlalchemy import Engine

from models.database import transaction
from models.notice import Notice, find_notice
from models.telling import Receipt, receipts_of
from notifications.receiving import match_all, receive, sign
from notifications.sending import send_due
from notifications.sweeping import sweep
from rules.notices import Channel, Event, NoticeState
from rules.people import ToldBy
from tests.gateway import Gateway, sms_gateway
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON, ledger, tell
from tests.smtp import wait_until
from tests.web.hall import Browser, somebody

MOBILE, CHEN = "13800000000", "chen@example.com"
SECRET = "a secret of the tests"
LATER = NOON + timedelta(minutes=1)
DELIVERED, HANDED_OVER = NoticeState.DELIVERED, NoticeState.HANDED_OVER
REJECTED, UNKNOWN = NoticeState.REJECTED, NoticeState.UNKNOWN

Say = Callable[..., Response]


@pytest.fixture(autouse=True)
def _record(fresh_database: Engine) -> None:
    """Real commits on several connections."""


@pytest.fixture
def gateway(channels: Channels) -> Generator[Gateway]:
    with sms_gateway() as running:
        channels(sms_url=f"{running.url}&:id={{id}}", receipt_secret=SECRET)
        yield running


@pytest.fixture
def say() -> Say:
    """A carrier that knows the secret, by its own clock."""
    browser = somebody()

    def post(said: object, *, secret: str = SECRET, ago: float = 0, to: str = "/receipts/sms") -> Response:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        timestamp = str(int(time.time() - ago))
        headers = {"X-Timestamp": timestamp, "X-Signature": sign(secret, timestamp, body)}
        return browser.client.post(to, content=body, headers=headers)

    return post


def the_notice() -> Notice:
    [notice] = ledger(channel=Channel.SMS)
    return notice


def sent(gateway: Gateway) -> str:
    """One message has been handed over; our name for it."""
    tell(phone=MOBILE, events=[Event.RECEIPT])
    send_due(at=NOON)
    return gateway.ids[-1]


def what_was_said() -> list[Receipt]:
    with transaction() as session:
        return list(receipts_of(session, the_notice().id))


def test_a_receipt_tells_that_it_arrived_and_says_so_once(gateway: Gateway, say: Say) -> None:
    name = sent(gateway)
    assert name == the_notice().id.hex
    assert the_notice().state is HANDED_OVER
    for _ in range(3):
        answer = say({"reference": name, "status": "delivered"})
        assert answer.status_code == 200
    assert "已收到过" in answer.json()["message"]
    assert the_notice().state is DELIVERED
    assert the_notice().delivered_at
    assert len(what_was_said()) == 1


def test_a_bounce_after_it_was_delivered_is_kept_and_changes_nothing(gateway: Gateway, say: Say) -> None:
    name = sent(gateway)
    say({"reference": name, "status": "delivered"})
    assert say({"reference": name, "status": "rejected", "detail": "空号"}).status_code == 200
    assert the_notice().state is DELIVERED
    assert [one.says for one in what_was_said()] == [DELIVERED, REJECTED]


@pytest.mark.parametrize("ago", [360, -360])
def test_an_old_signature_is_refused(gateway: Gateway, say: Say, ago: float) -> None:
    name = sent(gateway)
    answer = say({"reference": name, "status": "delivered"}, ago=ago)
    assert answer.status_code == 401
    assert "过时" in answer.json()["message"]
    assert the_notice().state is HANDED_OVER


def test_a_forged_receipt_is_refused(gateway: Gateway, say: Say) -> None:
    name = sent(gateway)
    assert (
        say({"reference": name, "status": "delivered"}, secret="another secret, guessed").status_code == 401
    )
    body = json.dumps({"reference": name, "status": "delivered"})
    browser = Browser()
    timestamp = str(int(time.time()))
    proof = sign(SECRET, timestamp, body.encode())
    for headers in (
        {},
        {"X-Timestamp": timestamp},
        {"X-Timestamp": "now", "X-Signature": proof},
        {"X-Timestamp": timestamp + "0", "X-Signature": proof},
        {"X-Timestamp": timestamp, "X-Signature": b"\xe9"},
    ):
        assert browser.client.post("/receipts/sms", content=body, headers=headers).status_code == 401
    other = browser.client.post(
        "/receipts/sms",
        content=body.replace("delivered", "rejected"),
        headers={"X-Timestamp": timestamp, "X-Signature": proof},
    )
    assert other.status_code == 401, "the signature is of other words"
    assert the_notice().state is HANDED_OVER


def test_without_a_secret_the_door_is_closed(channels: Channels, say: Say) -> None:
    channels()
    answer = say({"reference": "x", "status": "delivered"})
    assert answer.status_code == 503
    assert "receipt_secret" in answer.json()["message"]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff",
        b"[]",
        {},
        {"reference": "x"},
        {"reference": "", "status": "delivered"},
        {"reference": "x" * 101, "status": "delivered"},
        {"reference": "a\x00b", "status": "delivered"},
        {"reference": 7, "status": "delivered"},
        {"reference": "x", "status": "DELIVRD"},
        {"reference": "x", "status": ["delivered"]},
        {"reference": "x", "status": "delivered", "detail": {}},
    ],
)
def test_what_is_no_receipt_gets_one_sentence(gateway: Gateway, say: Say, said: object) -> None:
    answer = say(said)
    assert answer.status_code == 422
    assert answer.json()["message"].count("。") == 1


def test_a_name_of_a_provider_is_plain(gateway: Gateway, say: Say) -> None:
    assert say({"reference": "x", "status": "delivered"}, to="/receipts/SMS%20!").status_code == 422


def test_a_message_that_was_taken_without_an_answer_is_never_sent_again_and_a_receipt_clears_it_up(
    gateway: Gateway, say: Say
) -> None:
    gateway.status = None
    name = sent(gateway)
    assert the_notice().state is UNKNOWN
    gateway.status = 200
    for days in (1, 3, 30):
        send_due(at=NOON + timedelta(days=days))
        sweep(at=NOON + timedelta(days=days))
    assert len(gateway.messages) == 1
    assert the_notice().state is UNKNOWN
    say({"reference": name, "status": "accepted"})
    assert the_notice().state is HANDED_OVER
    say({"reference": name, "status": "delivered"})
    assert the_notice().state is DELIVERED


def test_a_receipt_that_comes_while_the_message_is_being_sent_waits_for_it(gateway: Gateway) -> None:
    gateway.delay = 0.6
    tell(phone=MOBILE, events=[Event.RECEIPT])
    sending = threading.Thread(target=send_due, kwargs={"at": NOON})
    sending.start()
    wait_until(lambda: bool(gateway.ids))
    body = json.dumps({"reference": gateway.ids[0], "status": "delivered"}).encode()
    assert receive("sms", body, at=NOON)
    assert the_notice().state is NoticeState.SENDING
    sending.join()
    assert the_notice().state is DELIVERED
    assert the_notice().sent_at == NOON


def test_a_receipt_under_a_name_not_known_yet_finds_its_notice_later(gateway: Gateway, say: Say) -> None:
    say({"reference": "carrier-77", "status": "delivered"})
    sent(gateway)
    assert match_all(at=LATER) == 0
    with transaction() as session:
        find_notice(session, the_notice().id).reference = "carrier-77"
    sweep(at=LATER)
    assert the_notice().state is DELIVERED
    assert sweep(at=LATER) == 0, "once"


def test_the_name_we_gave_still_counts_when_the_carrier_has_its_own(gateway: Gateway, say: Say) -> None:
    name = sent(gateway)
    with transaction() as session:
        find_notice(session, the_notice().id).reference = "carrier-78"
    say({"reference": name, "status": "delivered"})
    assert the_notice().state is DELIVERED


def test_a_receipt_of_something_else_is_kept_and_harms_nobody(gateway: Gateway, say: Say) -> None:
    sent(gateway)
    assert say({"reference": uuid4().hex, "status": "rejected"}).status_code == 200
    assert the_notice().state is HANDED_OVER


def test_what_the_gateway_refused_and_has_delivered_is_not_sent_again(gateway: Gateway, say: Say) -> None:
    gateway.status = 500
    name = sent(gateway)
    assert the_notice().state is NoticeState.FAILED
    say({"reference": name, "status": "delivered"})
    gateway.status = 200
    send_due(at=NOON + timedelta(days=1))
    assert the_notice().state is DELIVERED
    assert len(gateway.messages) == 1


def test_a_message_the_carrier_could_not_deliver_goes_out_by_mail(
    gateway: Gateway, say: Say, channels: Channels
) -> None:
    tell(phone=MOBILE, email=CHEN, events=[Event.DEFERRAL_LAPSED], told_by=ToldBy.SMS)
    assert [notice.channel for notice in ledger()] == [Channel.SMS]
    send_due(at=NOON)
    say({"reference": gateway.ids[0], "status": "undelivered", "detail": "空号"})
    by_sms, by_mail = ledger()
    assert (by_sms.state, by_sms.error) == (REJECTED, "空号")
    assert (by_mail.channel, by_mail.address, by_mail.state) == (Channel.EMAIL, CHEN, NoticeState.QUEUED)
    assert by_mail.facts == by_sms.facts


def test_a_number_that_the_carrier_repeats_is_not_shown(gateway: Gateway, say: Say) -> None:
    name = sent(gateway)
    say({"reference": name, "status": "undelivered", "detail": f"86{MOBILE} 空号"})
    assert the_notice().error == "<手机号> 空号"
    assert [one.detail for one in what_was_said()] == ["<手机号> 空号"]


def test_forty_receipts_at_once_are_each_taken_once(gateway: Gateway) -> None:
    name = sent(gateway)
    body = json.dumps({"reference": name, "status": "delivered"}).encode()
    new: list[bool] = []
    together = [
        threading.Thread(target=lambda: new.append(receive("sms", body, at=LATER))) for _ in range(40)
    ]
    for one in together:
        one.start()
    for one in together:
        one.join()
    assert sorted(new) == [False] * 39 + [True]
    with transaction() as session:
        assert find_notice(session, the_notice().id).state is DELIVERED
