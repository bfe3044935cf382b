"""From answers to items, materials, dependencies and the longest path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import catalogue
from rules.bundle import Bundle, Gate, ItemSpec, Limit, Need, Unit
from rules.errors import Faulty
from rules.selecting import (
    complete_answers,
    is_commitment,
    items_called_for,
    longest_hours,
    longest_path,
    materials_called_for,
    needs_in_force,
    promise_of,
    shortest_hours,
    waves,
)

RESTAURANT = catalogue()["B1"]
EVERYTHING = {"Q2": 320, "Q3": True, "Q4": True, "Q5": True, "Q6": False}


def items_of(bundle: Bundle, **answers: Any) -> list[str]:
    return [item.code for item in items_called_for(bundle, complete_answers(bundle, answers))]


def materials_of(bundle: Bundle, **answers: Any) -> set[str]:
    complete = complete_answers(bundle, answers)
    return {m.id for m in materials_called_for(bundle, items_called_for(bundle, complete), complete)}


def test_a_small_shop_needs_little_a_large_one_everything() -> None:
    assert items_of(RESTAURANT) == ["B1-1", "B1-2", "B1-5"]
    assert items_of(RESTAURANT, Q7=True) == ["B1-1", "B1-2"]
    assert items_of(RESTAURANT, **EVERYTHING) == ["B1-1", "B1-2", "B1-3", "B1-4", "B1-5", "B1-6"]
    assert "B1-4" not in items_of(RESTAURANT, Q2=299)
    assert "B1-4" in items_of(RESTAURANT, Q2=300)


def test_answers_come_as_values_or_as_the_text_of_a_form() -> None:
    complete = complete_answers(
        RESTAURANT, {"Q1": "no", "Q2": " 320 ", "Q4": "on", "Q5": "true", "Q6": "否", "Q3": ""}
    )
    assert complete == {"Q1": False, "Q2": 320, "Q3": False, "Q4": True, "Q5": True, "Q6": False, "Q7": False}
    assert complete_answers(RESTAURANT, {"Q2": "32.5"})["Q2"] == 32.5


def test_every_wrong_answer_is_told_at_once() -> None:
    wrong = {"Q1": "也许", "Q2": "很大", "Q4": 1, "Q99": True, 7: "x"}
    with pytest.raises(Faulty) as told:
        complete_answers(RESTAURANT, wrong)
    assert set(told.value.faults) == {"Q1", "Q2", "Q4", "Q99", "7"}
    assert all(sentence.endswith("。") for sentence in told.value.faults.values())


@pytest.mark.parametrize(
    "number", [-1, float("nan"), float("inf"), 10**13, True, "1e3", "-5", "٣" * 20, [], {}, "1" * 5000]
)
def test_a_number_is_a_number(number: Any) -> None:
    with pytest.raises(Faulty, match="数字"):
        complete_answers(RESTAURANT, {"Q2": number})


def test_a_choice_is_one_of_those_offered() -> None:
    new_born = catalogue()["B3"]
    assert complete_answers(new_born, {"Q3": "随父"})["Q3"] == "随父"
    for wrong in ("随便", 1, ["随父"]):
        with pytest.raises(Faulty, match="随母"):
            complete_answers(new_born, {"Q3": wrong})


def test_a_question_that_is_not_asked_has_no_answer() -> None:
    """消防告知承诺 is asked of large places only; a stray answer changes nothing."""
    assert complete_answers(RESTAURANT, {"Q2": 100, "Q6": False}).get("Q6") is None
    assert complete_answers(RESTAURANT, {"Q2": 300, "Q6": False})["Q6"] is False


def test_completing_twice_changes_nothing() -> None:
    for bundle in catalogue().values():
        once = complete_answers(bundle, {})
        assert complete_answers(bundle, once) == once


def test_a_material_is_asked_for_only_where_an_item_needs_it() -> None:
    assert "M-SIGN" not in materials_of(RESTAURANT)
    assert {"M-SIGN", "M-FIRE-TECHNICAL"} <= materials_of(RESTAURANT, **EVERYTHING)
    assert "M-FIRE-PROMISE" not in materials_of(RESTAURANT, **EVERYTHING)
    assert "M-FIRE-PROMISE" in materials_of(RESTAURANT, **(EVERYTHING | {"Q6": True}))


def test_nobody_waits_for_what_no_item_produces() -> None:
    assert "M-HEALTH" in materials_of(RESTAURANT, Q7=False)
    with_certificates = materials_of(RESTAURANT, Q7=True)
    assert "M-HEALTH" not in with_certificates
    assert "M-HEALTH-OWN" in with_certificates


def test_a_dependency_on_an_item_not_called_for_falls_away() -> None:
    food = RESTAURANT.item("B1-2")
    all_needs = needs_in_force(food, {"B1-1", "B1-5"}, {"Q7": False})
    assert [(need.item, need.gate) for need in all_needs] == [("B1-1", Gate.START), ("B1-5", Gate.DECISION)]
    assert [need.item for need in needs_in_force(food, {"B1-1"}, {"Q7": False})] == ["B1-1"]
    assert [need.item for need in needs_in_force(food, {"B1-1", "B1-5"}, {"Q7": True})] == ["B1-1"]


def test_a_commitment_shortens_the_promise() -> None:
    fire = RESTAURANT.item("B1-4")
    assert is_commitment(fire, {"Q6": True})
    assert promise_of(fire, {"Q6": True}).n == 1
    assert not is_commitment(fire, {"Q6": False})
    assert promise_of(fire, {"Q6": False}).n == 8
    assert not is_commitment(RESTAURANT.item("B1-2"), {"Q6": True})


def an_item(code: str, days: int, *needs: Need) -> ItemSpec:
    promise = Limit(days, Unit.WORKING_DAY, source="assumption")
    return ItemSpec(code, code, "market", "01", "2", promise, needs=needs)


def test_a_start_gate_adds_up_and_a_decision_gate_only_waits() -> None:
    first, beside = an_item("A", 3), an_item("B", 7)
    last = an_item("C", 2, Need("A"), Need("B", gate=Gate.DECISION))
    items = (first, beside, last)
    needs = {item.code: item.needs for item in items}
    path = longest_path(items, needs)
    assert (path.working_days, path.items) == (7, ("B", "C"))
    assert waves(items, needs) == (("A", "B"), ("C",))
    longer = an_item("C", 6, Need("A"), Need("B", gate=Gate.DECISION))
    assert longest_path((first, beside, longer), needs).items == ("A", "C")


def test_a_circle_is_named() -> None:
    items = (an_item("A", 1, Need("B")), an_item("B", 1, Need("A")))
    needs = {item.code: item.needs for item in items}
    for walk in (waves, longest_path):
        with pytest.raises(ValueError, match="循环依赖"):
            walk(items, needs)


def test_the_published_promises_can_be_kept() -> None:
    for bundle in catalogue().values():
        path = longest_path(bundle.items, {item.code: item.needs for item in bundle.items})
        assert path.hours <= shortest_hours(bundle.promise), bundle.code


@given(n=st.integers(1, 400), unit=st.sampled_from(list(Unit)))
def test_the_shortest_is_never_longer_than_the_longest(n: int, unit: Unit) -> None:
    limit = Limit(n, unit)
    assert 0 <= shortest_hours(limit) <= longest_hours(limit)
    assert longest_hours(limit) <= longest_hours(Limit(n + 1, unit))


def test_twenty_calendar_days_are_fourteen_or_fifteen_working_days() -> None:
    limit = Limit(20, Unit.CALENDAR_DAY)
    assert (shortest_hours(limit), longest_hours(limit)) == (14 * 7, 15 * 7)
