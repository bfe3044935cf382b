"""Ten thousand messages, and the sender killed twenty times: none is lost, none twice, the ledger tells the truth."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle

import pytest
from sqlalchemy import Engine

from models.database import transaction
from models.notice import queue_notice
from models.version import keep_version
from notifications.sending import PLACES, send_due
from rules.notices import Channel, NoticeState
from tests.gateway import Gateway, sms_gateway
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON, STORY, TOLD, a_bundle, case_row, ledger
from tests.smtp import MailServer, mail_server, wait_until

CASES, BY_MAIL, KILLS = 1600, 400, 20  # everybody has a phone, some have a mailbox as well
MESSAGES = (CASES + BY_MAIL) * len(STORY)
assert MESSAGES == 10_000
NUMBERS = [f"case-{n:04d}" for n in range(CASES)]
LONG_AFTER = NOON + timedelta(days=365 * 20)  # the killed senders went by the wall clock

# Forks a sender whenever it is told to: a new process each time, without the seconds that the imports take.
SENDERS = """
import os, sys, threading
from notifications.sending import keep_sending
for told in sys.stdin:
    sender = os.fork()
    if sender == 0:
        keep_sending(threading.Event())
    print(sender, flush=True)
    os.waitpid(sender, 0)
"""


def everybody_is_to_be_told() -> None:
    with transaction() as session:
        digest = keep_version(session, a_bundle(), at=NOON)
        for n, number in enumerate(NUMBERS):
            case = case_row(number, bundle_digest=digest, phone=phone(n), email=email(n))
            session.add(case)
            session.flush()
            for event in STORY:
                queue_notice(session, case, event, facts=TOLD[event], at=NOON)


def phone(n: int) -> str:
    return f"139{n:08d}"


def email(n: int) -> str:
    return f"person{n:04d}@example.com" if n < BY_MAIL else ""


@contextmanager
def senders() -> Generator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", SENDERS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def begin_sending(process: "subprocess.Popen[str]") -> int:
    assert process.stdin
    assert process.stdout
    process.stdin.write("go\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def arrived(mail: MailServer, gateway: Gateway) -> int:
    return len(mail.letters) + len(gateway.messages)


@pytest.mark.timeout(900)
def test_ten_thousand_messages_with_the_sender_killed_twenty_times(
    fresh_database: Engine, channels: Channels
) -> None:
    everybody_is_to_be_told()
    with mail_server() as mail, sms_gateway() as gateway:
        channels(mail_url=mail.url, sms_url=gateway.url)
        with senders() as one, senders() as other:
            running = {one: begin_sending(one), other: begin_sending(other)}  # two at once, killed in turn
            for nth, process in zip(range(1, KILLS + 1), cycle(running), strict=False):
                enough = nth * MESSAGES // (KILLS + 1)
                wait_until(lambda enough=enough: arrived(mail, gateway) >= enough, 300)  # type: ignore[misc]
                os.kill(running[process], signal.SIGKILL)
                if nth <= KILLS - len(running):
                    running[process] = begin_sending(process)
        while send_due(MESSAGES, LONG_AFTER):
            pass
        told = Counter(gateway.messages)
        told.update((letter.to, letter.subject) for letter in mail.letters)
    assert set(told.values()) == {1}, "nothing twice"
    unknown, claimed = 0, 0
    for number in NUMBERS:
        for notice in ledger(number):
            said = notice.body if notice.channel is Channel.SMS else notice.subject
            if notice.state is NoticeState.UNKNOWN:
                unknown += 1
            else:
                assert notice.state is NoticeState.HANDED_OVER, (notice.state, notice.error)
                claimed += told[notice.address, said]
    assert claimed == MESSAGES - unknown, "what the ledger claims, the servers have"
    assert claimed <= sum(told.values()) <= MESSAGES, "and hardly more than that"
    assert unknown <= KILLS * len(PLACES), "only what was in hand"
