"""Does everybody learn everything once, in order, whatever the gateways do? On real PostgreSQL, SMTP and HTTP."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import Engine

from notifications.sending import AT_ONCE, LEASE, keep_sending, send_due
from rules.notices import LOCAL_INBOX, RETRY_AFTER, Channel, Event, NoticeState
from tests.gateway import sms_gateway
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON, NUMBER, STORY, ledger, tell
from tests.smtp import MailServer, free_port, mail_server, silent_server, wait_until
from tests.web.hall import somebody

CHEN, HE, BAI = "chen@example.com", "he@example.com", "bai@example.com"  # 陈一诺, 何雨, 白露
MOBILE = "13800000000"
EMAIL, SMS = Channel.EMAIL, Channel.SMS
HANDED_OVER, UNKNOWN = NoticeState.HANDED_OVER, NoticeState.UNKNOWN
FAILED, REJECTED = NoticeState.FAILED, NoticeState.REJECTED


@pytest.fixture(autouse=True)
def _record(fresh_database: Engine) -> None:
    """Real commits on several connections."""


@pytest.fixture
def mail(channels: Channels) -> Generator[MailServer]:
    with mail_server() as server:
        channels(mail_url=server.url)
        yield server


def states(number: str = NUMBER, channel: Channel = EMAIL) -> list[NoticeState]:
    return [notice.state for notice in ledger(number, channel)]


def test_a_letter_arrives_in_text_and_html_and_the_ledger_keeps_it(mail: MailServer) -> None:
    tell(events=[Event.ACCEPTED], email=CHEN)
    assert send_due(at=NOON) == 1
    [letter] = mail.letters
    assert letter.to == CHEN
    assert letter.message["From"].addresses[0].addr_spec == "yijianshi@example.com"
    assert letter.subject == f"开办餐饮店：已受理（{NUMBER}）"
    assert letter.message.get_content_type() == "multipart/alternative"
    for body in (letter.text, letter.html):
        assert "市场监管" in body
        assert "2026年4月3日" in body
        assert NUMBER in body
    assert "<" not in letter.text
    [notice] = ledger()
    assert (notice.state, notice.via, notice.sent_at, notice.attempts) == (HANDED_OVER, "mailto", NOON, 1)
    assert notice.next_try_at is None
    assert notice.subject == letter.subject
    assert "2026年4月3日" in notice.body


def test_with_nothing_configured_messages_land_in_the_local_inbox() -> None:
    tell(email=CHEN, phone=MOBILE)
    assert send_due(at=NOON) == 10
    assert {notice.via for notice in ledger()} == {LOCAL_INBOX}
    assert states() == states(channel=SMS) == [HANDED_OVER] * 5
    assert all(notice.body.startswith("【一件事】") for notice in ledger(channel=SMS))
    assert send_due(at=NOON) == 0


def test_two_senders_at_once_send_each_letter_once_and_in_order(mail: MailServer) -> None:
    people = [f"person{n:02d}@example.com" for n in range(12)]
    for n, address in enumerate(people):
        tell(f"case-{n:02d}", email=address)
    with ThreadPoolExecutor(2) as pool:
        tried = sum(pool.map(lambda _: send_due(1000, NOON), range(2)))
    while more := send_due(1000, NOON):  # a sender stops when all that is left waits for an earlier one
        tried += more
    assert tried == len(mail.letters) == len(people) * len(STORY)
    for n, address in enumerate(people):
        sent = [notice.subject for notice in ledger(f"case-{n:02d}")]
        assert [letter.subject for letter in mail.to(address)] == sent


def test_a_mail_server_that_was_down_gets_everything_once_and_in_order(mail: MailServer) -> None:
    tell(email=CHEN)
    mail.stop()
    assert send_due(at=NOON) == 1, "the later ones wait for the first"
    first, *later = ledger()
    assert (first.state, first.attempts) == (FAILED, 1)
    assert "连接不上" in first.error
    assert first.next_try_at == NOON + RETRY_AFTER[0]
    assert {notice.state for notice in later} == {NoticeState.QUEUED}
    assert {notice.next_try_at for notice in later} == {first.next_try_at}, "nobody looks at them before"
    assert send_due(at=NOON + RETRY_AFTER[0] / 2) == 0, "not before its time"
    mail.start()
    assert send_due(at=NOON + RETRY_AFTER[0]) == 5
    assert states() == [HANDED_OVER] * 5
    assert [letter.subject for letter in mail.letters] == [notice.subject for notice in ledger()]


def test_trying_again_has_an_end(channels: Channels) -> None:
    channels(mail_url=f"mailto://127.0.0.1:{free_port()}?from=a@example.com&retry=5")
    tell(email=CHEN, events=[Event.RECEIPT])
    at = NOON
    for pause in RETRY_AFTER:
        assert send_due(at=at) == 1
        at += pause
    assert send_due(at=at) == 1
    [notice] = ledger()
    assert (notice.state, notice.next_try_at) == (REJECTED, None)
    assert notice.attempts == len(RETRY_AFTER) + 1


def test_a_refused_address_fails_with_its_reason_and_holds_up_nobody(mail: MailServer) -> None:
    mail.refused = {HE: "550 5.1.1 no such user here"}
    tell("case-chen", email=CHEN)
    tell("case-he", email=HE)
    assert send_due(at=NOON) == 10
    assert len(mail.to(CHEN)) == 5
    for notice in ledger("case-he"):
        assert (notice.state, notice.next_try_at, notice.attempts) == (REJECTED, None, 1)
        assert "收件地址被拒绝" in notice.error
        assert "550" in notice.error
        assert "no such user here" in notice.error


@pytest.mark.parametrize("code", ["550", "450"])
def test_an_address_that_the_mail_server_repeats_is_not_shown(mail: MailServer, code: str) -> None:
    mail.refused[CHEN] = f"{code} <{CHEN}>: Recipient address rejected, call 13800000000"
    tell(NUMBER, email=CHEN, events=[Event.RECEIPT])
    send_due(at=NOON)
    [notice] = ledger()
    assert CHEN not in notice.error
    assert "13800000000" not in notice.error
    assert f"答复 {code}：<<邮箱>>: Recipient address rejected" in notice.error


def test_an_address_refused_for_now_is_tried_again(mail: MailServer) -> None:
    mail.refused = {HE: "450 4.2.0 greylisted"}
    tell("case-he", email=HE, events=[Event.RECEIPT])
    send_due(at=NOON)
    [notice] = ledger("case-he")
    assert (notice.state, notice.next_try_at) == (FAILED, NOON + RETRY_AFTER[0])
    mail.refused = {}
    send_due(at=NOON + RETRY_AFTER[0])
    assert states("case-he") == [HANDED_OVER]


def test_a_letter_taken_without_an_answer_is_unknown_and_not_sent_again(mail: MailServer) -> None:
    mail.silent_after = 0
    tell(email=CHEN, events=[Event.RECEIPT])
    send_due(at=NOON)
    [notice] = ledger()
    assert (notice.state, notice.next_try_at, notice.sent_at) == (UNKNOWN, None, None)
    assert "等待应答超时" in notice.error
    assert len(mail.letters) == 1, "the server has it"
    mail.silent_after = None
    assert send_due(at=NOON + timedelta(days=3)) == 0
    assert len(mail.letters) == 1


def test_a_mail_server_that_never_speaks_holds_up_neither_sms_nor_the_truth(channels: Channels) -> None:
    """Not a byte of the letter has left, so trying again is safe and the letter is not given up for unknown."""
    with silent_server() as port, sms_gateway() as gateway:
        channels(mail_url=f"mailto://127.0.0.1:{port}?from=a@example.com&cto=3", sms_url=gateway.url)
        for n in range(3):
            tell(f"case-{n}", email=CHEN, phone=f"1380000000{n}")
        began = time.monotonic()
        with sending():
            wait_until(lambda: len(gateway.messages) == 15, 10)
            assert time.monotonic() - began < 3, "while the first letters still wait for a greeting"
            wait_until(lambda: states("case-0")[0] is FAILED, 10)
    [notice, *_] = ledger("case-0", EMAIL)
    assert "等待应答超时" in notice.error
    assert notice.next_try_at is not None
    for n in range(3):
        sent = [one.body for one in ledger(f"case-{n}", SMS)]
        assert gateway.to(f"1380000000{n}") == sent


def test_an_sms_gateway_that_hangs_holds_up_neither_mail_nor_the_desks(
    mail: MailServer, channels: Channels
) -> None:
    with sms_gateway(status=None) as gateway:
        channels(sms_url=gateway.url.replace("rto=1", "rto=12"))
        for n in range(2 * AT_ONCE):
            tell(f"case-{n}", email=f"person{n}@example.com", phone=f"1380000000{n}", events=[Event.RECEIPT])
        began = time.monotonic()
        with sending():
            wait_until(lambda: len(gateway.messages) == AT_ONCE, 10)  # all that may be in flight hang there
            wait_until(lambda: len(mail.letters) == 2 * AT_ONCE, 10)
            desk = somebody()
            for _ in range(5):
                asked = time.monotonic()
                assert desk.get("/healthz").status_code == 200
                assert desk.get("/track").status_code == 200
                assert time.monotonic() - asked < 2
            tell("case-new", email=CHEN, events=[Event.RECEIPT])
            wait_until(lambda: bool(mail.to(CHEN)), 5)
            assert time.monotonic() - began < 11, "while the short messages still wait for an answer"
            assert len(gateway.messages) == AT_ONCE
            gateway.closing.set()


@contextmanager
def sending() -> Generator[None]:
    stop = threading.Event()
    sender = threading.Thread(target=keep_sending, args=(stop,))
    sender.start()
    try:
        yield
    finally:
        stop.set()
        sender.join(30)
        assert not sender.is_alive()


def test_what_is_queued_while_the_sender_runs_leaves_at_once(mail: MailServer) -> None:
    with sending():
        tell(email=CHEN)
        wait_until(lambda: len(mail.letters) == 5, 10)
        wait_until(lambda: states() == [HANDED_OVER] * 5, 5)


@pytest.mark.parametrize(
    ("status", "state", "again"),
    [
        (200, HANDED_OVER, False),
        (202, HANDED_OVER, False),
        (400, REJECTED, False),
        (403, FAILED, True),
        (429, FAILED, True),
        (500, FAILED, True),
        (503, FAILED, True),
        (504, UNKNOWN, False),
        (None, UNKNOWN, False),
    ],
)
def test_what_an_sms_gateway_says_and_what_it_means(
    channels: Channels, status: int | None, state: NoticeState, again: bool
) -> None:
    with sms_gateway(status=status) as gateway:
        channels(sms_url=gateway.url)
        tell(phone=MOBILE, events=[Event.RECEIPT])
        send_due(at=NOON)
        send_due(at=NOON + RETRY_AFTER[0] / 2)
    assert len(gateway.to(MOBILE)) == 1
    [notice] = ledger()
    assert notice.state is state
    assert (notice.next_try_at is not None) == again
    assert bool(notice.error) == (state is not HANDED_OVER)
    assert str(gateway.port) not in notice.error, "an address may hold the key of the gateway"


def test_a_gateway_that_is_not_there_is_tried_again(channels: Channels) -> None:
    channels(sms_url=f"json://127.0.0.1:{free_port()}/?:mobile={{to}}")
    tell(phone=MOBILE, events=[Event.RECEIPT])
    send_due(at=NOON)
    [notice] = ledger()
    assert (notice.state, notice.next_try_at) == (FAILED, NOON + RETRY_AFTER[0])
    assert "连接不上" in notice.error


def test_a_setting_that_is_wrong_keeps_the_notices_until_it_is_right(channels: Channels) -> None:
    channels(sms_url="smss://nobody")
    tell(phone=MOBILE, events=[Event.RECEIPT])
    send_due(at=NOON)
    [notice] = ledger()
    assert (notice.state, notice.next_try_at) == (FAILED, NOON + RETRY_AFTER[0])
    assert "smss://" in notice.error


def test_a_sender_killed_between_claim_and_record_leaves_unknown_and_sends_nothing_twice(
    mail: MailServer,
) -> None:
    tell(email=CHEN)
    mail.delay = 60
    sender = a_sender()
    wait_until(lambda: states()[0] is NoticeState.SENDING)
    wait_until(lambda: mail.begun > 0)
    kill(sender)
    mail.delay = 0
    at = NOON + timedelta(days=365 * 20)  # the killed sender went by the wall clock
    assert send_due(at=at) == 4, "the lease has lapsed: the others may go on"
    assert states() == [UNKNOWN, *[HANDED_OVER] * 4]
    [first, *_] = ledger()
    assert "核实" in first.error
    assert send_due(at=at + LEASE) == 0


def a_sender() -> "subprocess.Popen[bytes]":
    """Another process of this installation that sends what is due by the wall clock."""
    program = "from notifications.sending import send_due\nwhile True: send_due()"
    return subprocess.Popen([sys.executable, "-c", program], env=os.environ.copy())


def kill(sender: "subprocess.Popen[bytes]") -> None:
    sender.send_signal(signal.SIGKILL)
    sender.wait(10)


def test_many_messages_with_the_sender_killed_again_and_again(mail: MailServer) -> None:
    """None is lost, none arrives twice, and the ledger never claims what the server does not have."""
    kills, people = 3, 50
    addresses = {f"case-{n:02d}": f"person{n:02d}@example.com" for n in range(people)}
    for number, address in addresses.items():
        tell(number, email=address)
    for nth in count(1):
        sender, before = a_sender(), len(mail.letters)
        wait_until(lambda before=before: len(mail.letters) >= min(before + 25, people * 5), 30)  # type: ignore[misc]
        kill(sender)
        if nth == kills:
            break
    at = NOON + timedelta(days=365 * 20)
    while send_due(1000, at):
        pass
    unknown = 0
    for number, address in addresses.items():
        arrived = [letter.subject for letter in mail.to(address)]
        assert len(arrived) == len(set(arrived)), "nothing twice"
        for notice in ledger(number):
            assert notice.state in (HANDED_OVER, UNKNOWN)
            assert notice.state is UNKNOWN or notice.subject in arrived
            unknown += notice.state is UNKNOWN
    assert unknown <= kills * AT_ONCE, "only what was in hand"
