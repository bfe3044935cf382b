"""Told to stop, a process finishes what is in hand or hands it back; and it is not missed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from flows.worker import Worker
from models.case import Case
from models.database import transaction
from models.heartbeat import Pulse, seen
from models.listening import Bell
from models.notice import Notice
from notifications.sending import LEASE, settle_lapsed
from rules.notices import Channel, NoticeState
from tests.clusters import free_ports
from tests.flows.hall import until
from tests.gateway import Gateway, sms_gateway
from tests.people import a_case, a_city

PATIENCE = 10  # seconds; then the supervisor kills (hosting.programs)


@contextmanager
def running(module: str, **given: str) -> Generator[subprocess.Popen[bytes]]:
    """The module as the platform starts it; Prefect is away."""
    prefect = f"http://127.0.0.1:{free_ports(1)[0]}/api"
    own = {f"YJS_{name.upper()}": value for name, value in given.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", module], env={**os.environ, "PREFECT_API_URL": prefect, **own}
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def told_to_stop(process: subprocess.Popen[bytes]) -> float:
    """How long it took; it must end by itself, and well."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    return time.monotonic() - began


@pytest.fixture
def number(fresh_database: Engine) -> str:
    with transaction() as session:
        a_city(session)
        return a_case(session, at=datetime.now(UTC)).number


def states() -> list[NoticeState]:
    with transaction() as session:
        return list(session.exec(select(Notice.state).where(Notice.channel == Channel.SMS)))


def kinds() -> set[str]:
    with transaction() as session:
        return {row[0] for row in seen(session)}


def url(gateway: Gateway, seconds: int) -> str:
    return f"json://127.0.0.1:{gateway.port}/send?:mobile={{to}}&rto={seconds}&cto=1"


def test_a_message_in_hand_is_finished_and_written_down(number: str) -> None:
    with sms_gateway(delay=2.0) as gateway, running("flows.worker", sms_url=url(gateway, 10)) as worker:
        until("a message in hand", lambda: gateway.messages)
        assert {"worker", "sender"} <= kinds()
        told_to_stop(worker)
        assert len(gateway.messages) == states().count(NoticeState.HANDED_OVER) >= 1
    assert NoticeState.SENDING not in states()
    assert not kinds() & {"worker", "sender"}, "it said that it leaves"


def test_who_hangs_is_not_waited_for_and_nothing_is_sent_twice(number: str) -> None:
    with sms_gateway(delay=60.0) as gateway, running("flows.worker", sms_url=url(gateway, 60)) as worker:
        until("a message in hand", lambda: gateway.messages)
        assert told_to_stop(worker) < PATIENCE
        assert NoticeState.SENDING in states()
        settle_lapsed(datetime.now(UTC) + LEASE + timedelta(seconds=1))
        assert NoticeState.UNKNOWN in states(), "a person looks"
        assert len(gateway.messages) == 1


def test_the_conductor_ends_at_once_also_while_prefect_is_away(number: str) -> None:
    with running("flows.conductor") as conductor:
        until("it is heard of", lambda: "conductor" in kinds())
        assert told_to_stop(conductor) < PATIENCE
    assert "conductor" not in kinds()


def test_a_pass_that_does_not_end_is_handed_back(number: str) -> None:
    worker = Worker(None, Bell(), Pulse("worker"))  # type: ignore[arg-type]  # nothing is asked of Prefect
    with transaction() as session:
        case = session.get_one(Case, number)
        case.lease_holder, case.lease_until = worker.name, datetime.now(UTC) + timedelta(seconds=20)
    worker.running[uuid4()] = number
    ends: Future[None] = worker.pool.submit(threading.Event().wait, 1.0)  # type: ignore[arg-type]
    assert not worker.close(time.monotonic() + 0.2)
    with transaction() as session:
        case = session.get_one(Case, number)
        assert (case.lease_holder, case.lease_until) == (None, None)
    ends.result(5)
