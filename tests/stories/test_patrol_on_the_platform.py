"""The scheduled patrol on a whole platform: nobody calls it, and Prefect shows what it found."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from actions.applying import submit
from models.account import account_named
from models.card import cards_of
from models.case import find_case
from models.database import engine, transaction
from models.supervision import overdue_listed
from rules.states import CaseState
from tasks.patrolling import EVENT
from tests.clusters import Platform
from tests.people import an_application

pytestmark = pytest.mark.platform


def eventually(holds: Callable[[], object], seconds: float = 150) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(2)


def test_a_silent_desk_is_found_by_the_clock_alone(platform: Platform) -> None:
    with platform.at_hand():
        try:
            silence_is_found(platform)
        finally:
            engine().dispose()


def silence_is_found(platform: Platform) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    with transaction() as session:
        clerk = account_named(session, "chuangkou")
        number = submit(session, an_application(), by=clerk, region="000000", at=long_ago).number

    def found() -> bool:
        with transaction() as session:
            return any(card.announced_at for card in cards_of(session, number))

    eventually(found)
    with transaction() as session:
        assert find_case(session, number).state is CaseState.ACCEPTED
        assert "notice-passed" in [card.rule for card in cards_of(session, number)]
        assert number in {line.case_number for line in overdue_listed(session, at=datetime.now(UTC))}
    artifact = {"artifacts": {"key": {"any_": ["overdue"]}}}
    eventually(lambda: number in asked(platform, "artifacts/filter", artifact))
    resource = {"id": [f"yijianshi.case.{number}"]}
    event = {"filter": {"event": {"name": [EVENT]}, "resource": resource}}
    eventually(lambda: "notice-passed" in asked(platform, "events/filter", event))
    assert "陈一诺" not in asked(platform, "artifacts/filter", artifact)


def asked(platform: Platform, path: str, wanted: dict[str, Any]) -> str:
    """What Prefect answers."""
    answer = httpx.post(f"{platform.prefect_api_url}/{path}", json=wanted)
    answer.raise_for_status()
    return answer.text
