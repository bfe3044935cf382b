"""Whatever way a case goes, Prefect shows in the end what the record says: one run, one bar for each item."""

import random
from collections.abc import Generator
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from actions.acting import Asked, Form, Scene
from actions.applying import submit
from actions.doing import Possible, do, possible
from models.account import account_named
from models.case import Case, Item, find_case, items_of
from models.database import engine, transaction
from rules.errors import Refused
from rules.states import CASE_CLOSED, CaseState, ItemState
from tests.clusters import Platform
from tests.flows.hall import (
    apply,
    case,
    decide,
    departments,
    run_in_state,
    runs,
    task_runs,
    until,
    written,
)
from tests.people import an_application

pytestmark = pytest.mark.platform

WAVE = {"B1-5": "health", "B1-2": "market", "B1-3": "urban", "B1-4": "fire", "B1-6": "tobacco"}
CAST = (
    "chuangkou",
    "guanli",
    "zhengfu",
    *(who for code in set(WAVE.values()) for who in (code, f"{code}-head")),
)


@pytest.fixture(scope="module")
def at_hand(platform: Platform) -> Generator[Platform]:
    """This process acts on the platform's record, as its pages do."""
    with platform.at_hand():
        yield platform
        engine().dispose()


def act(platform: Platform, number: str, name: str, by: str, data: str = "{}", item: str = "") -> None:
    words = ["--item", item] if item else []
    answer = platform.yjs("act", number, name, "--as", by, "--data", data, *words)
    assert answer.returncode == 0, answer.stderr


def record(number: str) -> tuple[Case, list[Item]]:
    with transaction() as session:
        return find_case(session, number), items_of(session, number)


def agrees(platform: Platform, number: str) -> bool:
    """One run in the state of the case; for every item that was handed out one bar in the state of the item."""
    of_case, items = record(number)
    if of_case.accepted_at is None:
        return not runs(platform, number)
    found = runs(platform, number)
    if len(found) != 1:
        return False
    over = of_case.state in CASE_CLOSED
    named = (of_case.outcome.label if of_case.outcome else of_case.state.label) if over else "Suspended"
    shown = sorted(
        (bar["name"].split("·")[1], bar["state_name"]) for bar in departments(platform, found[0]["id"])
    )
    wanted = sorted((item.name, item.state.label) for item in items if item.handed_over_at)
    return found[0]["state_name"] == named and shown == wanted


def test_a_case_that_is_withdrawn_ends_its_run(at_hand: Platform) -> None:
    number = apply(at_hand)
    run_in_state(at_hand, number, "Suspended")
    act(at_hand, number, "withdraw", "chuangkou", '{"reason": "申请人改变主意。"}')
    assert record(number)[0].state is CaseState.WITHDRAWN
    run = run_in_state(at_hand, number, "已撤回")
    assert run["state_type"] == "COMPLETED"
    until("agreement", lambda: agrees(at_hand, number))


def test_a_case_that_is_void_ends_its_run_and_keeps_its_grants(at_hand: Platform) -> None:
    number = apply(at_hand)
    run_in_state(at_hand, number, "Suspended")
    decide(at_hand, number, "B1-1", "market")
    act(at_hand, number, "void", "guanli", '{"reason": "重复录入。"}')
    run_in_state(at_hand, number, "已作废")
    until("agreement", lambda: agrees(at_hand, number))
    granted = [item for item in record(number)[1] if item.state is ItemState.GRANTED]
    assert [item.code for item in granted] == ["B1-1"]


def test_a_case_that_is_opened_again_goes_on_in_its_own_run(at_hand: Platform) -> None:
    number = apply(at_hand)
    decide(at_hand, number, "B1-1", "market")
    for item, by in WAVE.items():
        decide(at_hand, number, item, by, reason="疏散通道宽度不足。" if item == "B1-4" else "")
    before = run_in_state(at_hand, number, "部分准予")
    data = '{"items": ["B1-4"], "reason": "复议决定撤销原决定。", "document": "示复决〔2026〕3号"}'
    act(at_hand, number, "reopen", "zhengfu", data)
    after = run_in_state(at_hand, number, "Suspended")
    assert after["id"] == before["id"], "one run for the case's whole life"
    until("agreement", lambda: agrees(at_hand, number))
    decide(at_hand, number, "B1-4", "fire")
    run_in_state(at_hand, number, "全部准予")
    assert case(at_hand, number)["outcome"] == "all_granted"
    until("agreement", lambda: agrees(at_hand, number))
    assert len([one for one in task_runs(at_hand, before["id"]) if "·" in one["name"]]) >= 6


def test_an_item_that_comes_back_behind_its_gate_waits_with_its_bar(at_hand: Platform) -> None:
    """B1-4 begins as B1-1 is dropped; both come back, and it waits again, and is shown so."""
    number, reason = apply(at_hand), '{"reason": "情形有变。"}'
    run = run_in_state(at_hand, number, "Suspended")
    act(at_hand, number, "drop-item", "chuangkou", reason, "B1-1")
    written(at_hand, run["id"], 1 + len(WAVE))
    act(at_hand, number, "drop-item", "chuangkou", reason, "B1-4")
    for code in ("B1-1", "B1-4"):
        act(at_hand, number, "add-item", "chuangkou", f'{{"code": "{code}", "reason": "仍要办理。"}}')
    assert next(one for one in record(number)[1] if one.code == "B1-4").state is ItemState.WAITING
    until("agreement", lambda: agrees(at_hand, number))
    decide(at_hand, number, "B1-1", "market")
    until("agreement", lambda: agrees(at_hand, number))


@pytest.mark.parametrize("seed", range(3))
def test_random_ways(at_hand: Platform, seed: int) -> None:
    """A dozen acts by anybody on each of four cases; then Prefect catches up."""
    chance = random.Random(seed)
    with transaction() as session:
        clerk = account_named(session, "chuangkou")
        at = datetime.now(UTC)
        cases = [submit(session, an_application(), by=clerk, region="000000", at=at) for _ in range(4)]
        numbers = [one.number for one in cases]
    taken = [_take_one(chance, chance.choice(numbers)) for _ in range(60)]
    for number in numbers:
        until(f"agreement on {number} after {taken}", lambda number=number: agrees(at_hand, number), 150)  # type: ignore[misc]


def _take_one(chance: random.Random, number: str) -> str:
    """Something that somebody is offered; void and the like seldom, or no case would live long."""
    with transaction() as session:
        offers = [
            (who, one)
            for who in CAST
            for one in possible(session, number, account_named(session, who))
            if one.doing.name not in ("void", "withdraw", "decline") or chance.random() < 0.05
        ]
    if not offers:
        return "nothing"
    who, one = chance.choice(offers)
    with suppress(Refused), transaction() as session:
        by = account_named(session, who)
        item = one.item.code if one.item else ""
        scene = Scene(session, find_case(session, number), one.item, by)
        do(one.doing.name, Asked(session, number, item, _filled(chance, one, scene), by, datetime.now(UTC)))
        return f"{who} {one.doing.name} {item}"
    return "refused"


def _filled(chance: random.Random, one: Possible, scene: Scene) -> dict[str, object]:
    filled: dict[str, object] = {}
    for field in one.doing.fields:
        if not field.required:
            continue
        values = [value for value, _ in field.choices(scene)] if field.choices else []
        match field.form:
            case Form.CHOICE:
                filled[field.name] = chance.choice(values) if values else ""
            case Form.SEVERAL:
                filled[field.name] = values[:1]
            case Form.NUMBER:
                filled[field.name] = 3
            case Form.DATE:
                filled[field.name] = "2027-03-01"
            case Form.MOMENT:
                filled[field.name] = "2027-03-01T09:30"
            case _:
                filled[field.name] = "张伟、王芳"
    return filled
