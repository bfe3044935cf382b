"""What Prometheus and a balancer read, who may, and what stands in the log of a request."""

import logging
import re
from collections.abc import Generator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from actions import readiness
from config.settings import settings
from models.case import Case
from models.database import transaction
from models.heartbeat import Pulse, beat, forget, seen
from models.measures import measures
from rules.notices import NoticeState
from tests.people import a_case, a_city
from web.app import create_app
from web.metrics import RecordCollector

HERE = ("127.0.0.1", 50000)
ELSEWHERE = ("203.0.113.9", 50000)
TOKEN = "a-token-of-this-test-only"


@pytest.fixture
def city(fresh_database: Engine) -> str:
    with transaction() as session:
        a_city(session)
        return a_case(session).number


def asked(path: str, client: tuple[str, int] = HERE, **headers: str) -> Any:
    browser = TestClient(create_app(), raise_server_exceptions=False, follow_redirects=False, client=client)
    return browser.get(path, headers=headers)


def beats(*kinds: str, idle: float = 0) -> None:
    with transaction() as session:
        for kind in kinds:
            pulse = Pulse(kind)
            pulse.turn(rounds=3)
            pulse.turned -= idle
            beat(session, pulse)


def test_only_this_machine_or_the_token_reads_the_figures(city: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked("/metrics").status_code == 200
    assert asked("/metrics", ELSEWHERE).status_code == 404
    assert (
        asked("/metrics", **{"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    )  # a proxy on this machine
    assert asked("/metrics", ELSEWHERE, Authorization=f"Bearer {TOKEN}").status_code == 404
    monkeypatch.setenv("YJS_METRICS_TOKEN", TOKEN)
    settings.cache_clear()
    assert asked("/metrics", ELSEWHERE, Authorization=f"Bearer {TOKEN}").status_code == 200
    assert asked("/metrics", ELSEWHERE, Authorization=f"Bearer {TOKEN}x").status_code == 404


def test_figures_of_the_record(city: str) -> None:
    with transaction() as session:
        case = session.get_one(Case, city)
        found = measures(session)
        assert found.cases == {"accepted": 1}
        assert found.waiting["passes"].count == 1
        assert found.waiting["passes"].oldest > 0
        assert sum(count for _, state, count in found.notices if state == NoticeState.QUEUED) == 4
        assert found.waiting["notices"].count == 4
        assert found.waiting["papers"].count >= 1
        case.look_at = None
    with transaction() as session:
        assert measures(session).waiting["passes"].count == 0


def test_the_page_tells_of_processes_and_requests(city: str) -> None:
    beats("conductor", "worker")
    asked(f"/cases/{city}")
    told = _fresh()
    assert 'yjs_processes_up{kind="conductor"} 1.0' in told
    assert 'yjs_processes_up{kind="sender"} 0.0' in told
    assert 'what="rounds"} 3.0' in told
    assert 'yjs_requests_total{method="GET",route="/cases/{number}",status="303"}' in told
    assert city not in told


def _fresh() -> str:
    RecordCollector()
    from web import metrics  # its collector keeps an answer for a few seconds

    for collector in metrics.REGISTRY._collector_to_names:
        if isinstance(collector, RecordCollector):
            collector._asked = float("-inf")
    return str(asked("/metrics").text)


def test_without_the_record_the_figures_say_so(city: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_DSN", "postgresql://nobody@127.0.0.1:9/none")
    settings.cache_clear()
    assert "yjs_record_up 0.0" in _fresh()
    assert asked("/readyz").status_code == 503


def test_pages_are_ready_without_the_conductor_the_platform_is_not(city: str) -> None:
    assert asked("/readyz").json()["ready"]
    answer = asked("/readyz/all")
    assert answer.status_code == 503
    assert not answer.json()["checks"]["conductor"]["ok"]
    beats("conductor", "worker", "sender")
    assert asked("/readyz/all").json()["ready"]
    with transaction() as session:
        session.connection().execute(text("UPDATE heartbeat SET seen_at = now() - interval '30 seconds'"))
    assert re.search("3[0-9] 秒前", asked("/readyz/all").json()["checks"]["worker"]["says"])


def test_a_process_that_lives_and_does_nothing_is_told_apart(city: str) -> None:
    beats("conductor", "worker", "sender")
    beats("conductor", idle=90)
    check = asked("/readyz/all").json()["checks"]["conductor"]
    assert (check["ok"], "没有进展" in check["says"]) == (False, True)


def test_tables_of_another_version_are_not_ready(city: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "newest", lambda: "9999")
    answer = asked("/readyz")
    assert (answer.status_code, answer.json()["checks"]["tables"]["ok"]) == (503, False)


def test_who_leaves_is_not_missed(city: str) -> None:
    beats("worker")
    with transaction() as session:
        [row] = seen(session)
        forget(session, row[1])
        assert seen(session) == []


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Generator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, logger="yijianshi.requests"):
        yield caplog


def test_the_log_of_a_request_has_its_route_and_nobodys_words(
    city: str, log: pytest.LogCaptureFixture
) -> None:
    answer = asked("/track?no=陈一诺", **{"X-Request-ID": "from-the-proxy-1"})
    assert answer.headers["X-Request-ID"] == "from-the-proxy-1"
    assert len(asked("/track", **{"X-Request-ID": "bad id\n"}).headers["X-Request-ID"]) == 16
    [first, _] = [one for one in log.records if one.name == "yijianshi.requests"]
    assert (first.method, first.route, first.status) == ("GET", "/track", 200)  # type: ignore[attr-defined]
    assert "陈" not in first.getMessage()
    asked("/livez")
    assert len([one for one in log.records if one.name == "yijianshi.requests"]) == 2
