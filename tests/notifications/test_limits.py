"""Is a person spared too many messages a day, and are others spared a gateway that hangs? On real servers."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from models.case import lock_case
from models.database import transaction
from notifications.sending import AT_ONCE, keep_sending, send_due
from rules.notices import Channel, Event, NoticeState
from rules.shares import REST_AFTER
from tests.gateway import sms_gateway
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON, ledger, tell
from tests.smtp import mail_server, wait_until

MOBILE = "13800000000"
CHEN = "chen@example.com"


@pytest.fixture(autouse=True)
def _record(fresh_database: Engine) -> None:
    """Real commits on several connections."""


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


def test_after_enough_for_one_day_courtesies_wait_and_what_the_law_wants_does_not(channels: Channels) -> None:
    with sms_gateway() as gateway:
        channels(sms_url=gateway.url, sms_daily_limit="3")
        for nth in range(5):
            tell(f"case-{nth}", phone=MOBILE, events=[Event.READY, Event.NOT_ACCEPTED])
        tell("case-9", phone="13900000000", events=[Event.READY])
        for second in range(10):  # one sender counts a person's messages at a time, the other comes back
            send_due(at=NOON + timedelta(seconds=second))
        told = [text for text in gateway.to(MOBILE) if "不予受理" in text]
        assert len(told) == 5, "the law wants every one of them told at once"
        assert len(gateway.to(MOBILE)) == 3 + 5
        assert len(gateway.to("13900000000")) == 1
        waiting = [one for nth in range(5) for one in ledger(f"case-{nth}") if one.event is Event.READY]
        waiting = [one for one in waiting if one.state is NoticeState.QUEUED]
        assert len(waiting) == 2
        assert all(one.next_try_at and one.next_try_at > NOON for one in waiting)
        assert {one.attempts for one in waiting} == {0}
        for second in range(10):
            send_due(at=NOON + timedelta(days=4, seconds=second))  # after the week-end
        assert len(gateway.to(MOBILE)) == 5 + 5


def test_letters_are_not_counted(channels: Channels) -> None:
    with mail_server() as server:
        channels(mail_url=server.url, sms_daily_limit="1")
        for nth in range(3):
            tell(f"case-{nth}", email=CHEN, events=[Event.READY])
        send_due(at=NOON)
        assert len(server.to(CHEN)) == 3


def test_a_gateway_that_hangs_slows_neither_letters_nor_desks(channels: Channels) -> None:
    """It takes every message and never answers; meanwhile mail flows, and no case is locked."""
    with sms_gateway(status=None) as gateway, mail_server() as server:
        channels(sms_url=gateway.url, mail_url=server.url)
        for nth in range(20):
            tell(f"case-{nth:02d}", phone=f"138000000{nth:02d}", email=CHEN, events=[Event.RECEIPT])
        with sending():
            wait_until(lambda: len(gateway.messages) > 0, 10)
            for nth in range(20):
                with transaction() as session:
                    session.execute(text("SET LOCAL lock_timeout = '500ms'"))  # it hangs for a second
                    lock_case(session, f"case-{nth:02d}")  # nobody at a desk waits for it
            wait_until(lambda: len(server.to(CHEN)) == 20, 30)
            wait_until(lambda: len(doubtful()) >= 3, 30)
            time.sleep(1.5)
    most = REST_AFTER - 1 + AT_ONCE  # what was in flight when enough was enough
    assert len(doubtful()) <= most, "it rests, and the queue does not become one great doubt"
    assert len(gateway.messages) <= most
    with sms_gateway() as other:
        channels(sms_url=other.url)
        rest = 20 - len(doubtful())
        assert send_due(at=NOON + timedelta(days=365 * 20)) >= rest
        assert len(other.messages) == rest, "the others leave through a gateway that works, each once"


def doubtful() -> list[str]:
    return [
        one.case_number
        for nth in range(20)
        for one in ledger(f"case-{nth:02d}", Channel.SMS)
        if one.state is NoticeState.UNKNOWN
    ]
