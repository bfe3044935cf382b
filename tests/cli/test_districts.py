"""Commands in somebody's name reach as far as that person; districts are set by command."""

import json
from pathlib import Path

import pytest
from sqlmodel import col, select

from config.settings import settings
from models.database import transaction
from models.security import SecurityEvent
from tests.commands import answer, refusal, yjs
from tests.people import CLERK, COUNTY, MORNING, OTHER_COUNTY, a_case, a_city, a_district
from tests.web.things import given

RESTAURANT = Path(__file__).parent.parent.parent / "examples" / "open-a-restaurant.yaml"


@pytest.fixture(autouse=True)
def lands(fresh_database: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_DATA", str(tmp_path / "data"))
    settings.cache_clear()
    with transaction() as session:
        a_city(session)
        for district in (COUNTY, OTHER_COUNTY):
            a_district(session, district)


@pytest.fixture
def theirs() -> dict[str, str]:
    with transaction() as session:
        case = a_case(session, clerk="qu-linxiao")
        one = given(session, case, MORNING)
        return {"case": case.number, "card": one["/cards/"]["number"]}


def test_every_command_in_a_name_ends_at_the_district(theirs: dict[str, str]) -> None:
    number, card, officer, boss = theirs["case"], theirs["card"], "xian-market", "xian-zhaomin"
    for words in (
        ("acts", number, "--as", officer),
        ("act", number, "claim", "--item", "B1-1", "--as", officer),
        ("act", number, "urge", "--item", "B1-1", "--as", boss, "--data", json.dumps({"words": "请抓紧"})),
        ("act", number, "claim", "--item", "B1-1", "--as", officer, "--dry-run"),
        ("decide", number, "B1-1", "grant", "--as", officer),
        ("bundles", "move", number, "--as", boss),
    ):
        assert f"没有编号为 {number} 的办件" in refusal(*words), words
    explain = refusal("cards", "explain", card, "--as", "xian-fire-head", "--text", "看看")
    assert f"没有编号为 {card} 的监察卡" in explain
    assert answer("acts", number, "--as", "qu-market")
    assert answer("acts", number, "--as", "market")


def test_an_application_by_command_is_of_the_clerks_district() -> None:
    number = answer("apply", str(RESTAURANT), "--as", "qu-linxiao")["case_no"]
    assert answer("case", number)["district"] == COUNTY
    assert answer("case", answer("apply", str(RESTAURANT), "--as", CLERK)["case_no"])["district"] == "000000"


def add(*more: str) -> object:
    words = ("accounts", "add", "wangfang", "--name", "王芳", "--password-stdin", *more)
    return yjs(*words, typed="long enough 1\n")


def test_districts_of_accounts_are_set_and_listed_by_command() -> None:
    assert add("--role", "officer", "--department", "fire", "--district", COUNTY).exit_code == 0
    [row] = [one for one in answer("accounts", "list") if one["username"] == "wangfang"]
    assert row["district"] == COUNTY
    assert "示例县" in yjs("accounts", "district", "wangfang", OTHER_COUNTY).stdout
    assert "示例市" in yjs("accounts", "district", "wangfang", "000000").stdout
    [row] = [one for one in answer("accounts", "list") if one["username"] == "wangfang"]
    assert row["district"] is None
    with transaction() as session:
        said = [event.detail for event in session.exec(select(SecurityEvent).order_by(col(SecurityEvent.id)))]
    assert said[1:] == ["行政区划：示例区 → 示例县", "行政区划：示例县 → 示例市"]


def test_a_wrong_district_is_one_sentence_and_changes_nothing() -> None:
    assert "没有行政区划“000077”，可用的：000001（示例区）" in refusal(
        "accounts", "district", "fire", "000077"
    )
    result = add("--role", "officer", "--department", "fire", "--district", "x")
    assert (result.exit_code, "没有行政区划" in result.stderr) == (1, True)
    result = add("--role", "security", "--district", COUNTY)
    assert (result.exit_code, "面向整个平台" in result.stderr) == (1, True)
    assert "wangfang" not in {one["username"] for one in answer("accounts", "list")}
    # A narrowed account does not become an administrator of everything by the way.
    assert "面向整个平台" in refusal("accounts", "role", "qu-fire", "security")
    [row] = [one for one in answer("accounts", "list") if one["username"] == "qu-fire"]
    assert (row["role"], row["district"]) == ("officer", COUNTY)
