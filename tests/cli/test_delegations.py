"""`yjs delegations` through the command's own door."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from models.database import transaction
from rules.moments import china_day
from tests.joint import SECOND, add_second_officer
from tests.people import a_city

TODAY = china_day(datetime.now(UTC))


@pytest.fixture(autouse=True)
def city(fresh_database: object) -> None:
    with transaction() as session:
        a_city(session)
        add_second_officer(session)


def yjs(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["delegations", *arguments])


def add(*more: str, until: int = 3) -> Any:
    days = ("--from", str(TODAY), "--until", str(TODAY + timedelta(days=until)))
    return yjs("add", "market", SECOND, "--as", "market", *days, "--reason", "休假", *more)


def test_given_listed_and_ended() -> None:
    assert "没有委托" in yjs().output
    made = json.loads(add("--json").stdout)
    assert (made["username"], made["stand_in"]) == ("market", SECOND)
    assert "market经办 由 周宁 代办" in yjs().stdout
    assert json.loads(yjs("--department", "market", "--json").stdout) == [made]
    assert json.loads(yjs("--department", "fire", "--json").stdout) == []
    assert "已结束委托" in yjs("end", made["id"], "--as", "market-head").stdout
    assert "没有委托" in yjs().output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("end", "nonsense", "--as", "market"), "没有这个委托"),
        (
            ("add", "market", SECOND, "--as", "market", "--from", "下周", "--until", "x", "--reason", "休假"),
            "2026-11-23 这样的日期",
        ),
    ],
)
def test_refused_in_a_sentence(arguments: tuple[str, ...], why: str) -> None:
    result = yjs(*arguments)
    assert result.exit_code == 1
    assert why in result.output


def test_backwards_and_doubled_are_refused() -> None:
    assert "早于开始日期" in add(until=-1).output
    assert add().exit_code == 0
    assert "同一天只能委托一人" in add().output
