"""What happens while a pass is on its way is seen by this very pass, or by the next: nothing is slept on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect.client.schemas.objects import FlowRun
from sqlalchemy import Engine

from flows import bundles
from models.case import Case, find_case, items_of
from models.conducting import Conducted, cases_to_ask_for, claim_pass, end_pass, forget_run, note_lost
from models.database import transaction
from tasks import departments
from tests.people import a_case, a_city

RUN = UUID(int=7)
WORKER = "worker-1"


class Told:
    """Prefect's server, as far as a pass speaks to it: what it was told of task runs."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def request(self, method: str, path: str, json: list[dict[str, Any]]) -> None:
        assert (method, path) == ("POST", "/events")
        self.events += json

    @property
    def items(self) -> list[str]:
        return [event["payload"]["task_run"]["dynamic_key"] for event in self.events]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    server = Told()
    monkeypatch.setattr(departments, "prefect_client", lambda: server)
    return server


@pytest.fixture
def case(fresh_database: Engine) -> Case:
    """Accepted, handed over to its first department, and under way."""
    with transaction() as session:
        a_city(session)
        accepted = a_case(session)
    with transaction() as session:
        now = datetime.now(UTC)
        assert claim_pass(session, accepted.number, RUN, WORKER, now, timedelta(seconds=20))
    return accepted


def passed(case: Case, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> Conducted | None:
    """A pass, in which something happens once while it brings the manager's table up to date."""
    happens = iter([meanwhile])
    monkeypatch.setattr(bundles, "show_progress", lambda *_, **__: next(happens, lambda: None)())
    seen = bundles._in_step(FlowRun(id=RUN, flow_id=RUN, run_count=1), case.number)
    with transaction() as session:
        end_pass(session, case.number, WORKER)
    return seen


def due(number: str) -> bool:
    """Is another pass due?"""
    with transaction() as session:
        later = datetime.now(UTC) + timedelta(seconds=1)
        return number in [one.number for one in cases_to_ask_for(session, later, timedelta(seconds=20), 10)]


def handed_over(case: Case) -> str:
    with transaction() as session:
        return next(item.number for item in items_of(session, case.number) if item.handed_over_at)


def test_without_news_the_case_sleeps(case: Case, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = passed(case, monkeypatch, lambda: None)
    assert seen is not None
    assert told.items == [handed_over(case)]
    assert not due(case.number)


def test_a_task_run_found_missing_during_a_pass_is_opened_by_this_pass(
    case: Case, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conductor looks up what Prefect was told, and does so whoever holds the case's lease."""
    item = handed_over(case)

    def conductor_misses_it() -> None:
        with transaction() as session:
            known = next(one.task_run_id for one in items_of(session, case.number) if one.number == item)
            assert known is not None
            note_lost(session, item, known, datetime.now(UTC))

    seen = passed(case, monkeypatch, conductor_misses_it)
    assert seen is not None
    assert told.items == [item, item]
    assert not due(case.number)
    with transaction() as session:
        assert next(one.task_run_id for one in items_of(session, case.number) if one.number == item)


def test_a_run_found_missing_during_its_own_pass_leaves_the_case_to_another(
    case: Case, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conductor_misses_the_run() -> None:
        with transaction() as session:
            forget_run(session, case.number, RUN, datetime.now(UTC))

    assert passed(case, monkeypatch, conductor_misses_the_run) is None
    assert due(case.number), "a pass under a new run"
    with transaction() as session:
        assert find_case(session, case.number).flow_run_id is None
        assert all(item.task_run_id is None for item in items_of(session, case.number))


def test_an_act_during_a_pass_is_seen_by_this_pass(
    case: Case, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def somebody_acts() -> None:
        with transaction() as session:
            acted_on = find_case(session, case.number)
            acted_on.look_at = datetime.now(UTC)
            acted_on.revision += 1

    seen = passed(case, monkeypatch, somebody_acts)
    assert seen is not None
    assert seen.case.revision == case.revision + 1
    assert not due(case.number)
