"""Every row of the tables of transitions, and every row that is not there."""

import pytest

from rules.errors import WrongState
from rules.states import (
    CASE_TRANSITIONS,
    ITEM_FINAL,
    ITEM_TRANSITIONS,
    Act,
    CaseState,
    ItemState,
    case_after,
    item_after,
)


@pytest.mark.parametrize(("row", "after"), ITEM_TRANSITIONS.items())
def test_an_item_goes_where_the_table_says(row: tuple[ItemState, Act], after: ItemState) -> None:
    assert item_after(*row) is after


@pytest.mark.parametrize("row", [(s, a) for s in ItemState for a in Act if (s, a) not in ITEM_TRANSITIONS])
def test_every_other_act_on_an_item_is_refused_in_chinese(row: tuple[ItemState, Act]) -> None:
    with pytest.raises(WrongState, match=row[0].label):
        item_after(*row)


@pytest.mark.parametrize("row", [(s, a) for s in CaseState for a in Act if (s, a) not in CASE_TRANSITIONS])
def test_every_other_act_on_a_case_is_refused_in_chinese(row: tuple[CaseState, Act]) -> None:
    with pytest.raises(WrongState, match=row[0].label):
        case_after(*row)


def test_what_is_decided_stays_decided_but_for_revoking_and_review() -> None:
    undoing = {act for state, act in ITEM_TRANSITIONS if state in ITEM_FINAL - {ItemState.DROPPED}}
    assert undoing == {Act.REVOKE, Act.REOPEN, Act.ASK_HUMAN}


def test_nothing_is_ever_undone_by_the_decision_of_another() -> None:
    by_rule = {Act.STOP, Act.WITHDRAW, Act.DROP_ITEM}
    assert not [row for row in ITEM_TRANSITIONS if row[0] in ITEM_FINAL and row[1] in by_rule]
