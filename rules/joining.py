"""What follows from what the departments have decided? Who is released, who is stopped, what is the answer."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.bundle import Gate, JoinPolicy, Need, OnRefused
from rules.states import ITEM_DECIDED, ITEM_FINAL, ItemState, Outcome

Needs = Mapping[str, tuple[Need, ...]]  # item code -> the needs in force for this case
States = Mapping[str, ItemState]


@dataclass(frozen=True)
class Consequences:
    """What the record must do now: by item code, with the reason for each stop."""

    hand_over: tuple[str, ...]
    hold: tuple[str, ...]
    stop: tuple[tuple[str, str], ...]  # (item, the item whose failure ended it)
    outcome: Outcome | None


# What a successor that cannot go on without it takes for a failure. A dropped item was not needed at all.
FAILED = frozenset(
    {
        ItemState.REFUSED,
        ItemState.TRANSFERRED,
        ItemState.REVOKED,
        ItemState.WITHDRAWN,
        ItemState.NOT_NEEDED,
    }
)


def consequences(needs: Needs, states: States, block_all: frozenset[str] = frozenset()) -> Consequences:
    """The fixpoint of the rules over the items of an accepted case.

    A refusal stops those that cannot go on without it, and in turn those that needed them; it never
    touches a sibling that does not depend on it, nor a decision already made (domain 2.4). Only the refusal
    of an item in `block_all` stops everything that is not decided yet.
    """
    now = dict(states)
    stopped: dict[str, str] = {}
    while found := _next_stop(needs, now, block_all):
        item, because = found
        stopped[item] = because
        now[item] = ItemState.NOT_NEEDED
    hand_over = tuple(item for item in needs if _may_begin(item, needs, now))
    hold = tuple(item for item in needs if now[item] is ItemState.PENDING and item not in hand_over)
    return Consequences(hand_over, hold, tuple(stopped.items()), outcome(now))


def outcome(states: States) -> Outcome | None:
    """The joint answer once every item is final, else None. Items no longer needed do not count as grants.

    What was withdrawn or dropped has no answer; where no department decided anything there is none, and the case
    is withdrawn.
    """
    counted = [state for state in states.values() if state not in (ItemState.WITHDRAWN, ItemState.DROPPED)]
    if any(state not in ITEM_FINAL for state in counted) or not ITEM_DECIDED & set(counted):
        return None
    if all(state is ItemState.GRANTED for state in counted):
        return Outcome.ALL_GRANTED
    if ItemState.GRANTED in counted:
        return Outcome.PARTLY_GRANTED
    # What another authority still decides has not been refused, whatever became of the rest.
    return Outcome.TRANSFERRED if ItemState.TRANSFERRED in counted else Outcome.ALL_REFUSED


def waits_to_decide(item: str, needs: Needs, states: States) -> tuple[str, ...]:
    """The predecessors whose decision this item must still wait for before its own."""
    return tuple(need.item for need in needs[item] if states[need.item] not in ITEM_FINAL)


def may_issue(policy: JoinPolicy, result: Outcome) -> bool:
    """Do certificates leave the house under this joint answer?"""
    if result in (Outcome.ALL_REFUSED, Outcome.TRANSFERRED):
        return False
    return policy is JoinPolicy.BEST_EFFORT or result is Outcome.ALL_GRANTED


def _next_stop(needs: Needs, states: States, block_all: frozenset[str]) -> tuple[str, str] | None:
    refused_all = next(
        (code for code in needs if code in block_all and states[code] is ItemState.REFUSED), ""
    )
    for item, wanted in needs.items():
        if states[item] in ITEM_FINAL:
            continue
        if refused_all:
            return item, refused_all
        for need in wanted:
            if states[need.item] in FAILED and need.on_refused is OnRefused.CANCEL:
                return item, need.item
    return None


def _may_begin(item: str, needs: Needs, states: States) -> bool:
    if states[item] not in (ItemState.PENDING, ItemState.WAITING):
        return False
    return all(states[need.item] in ITEM_FINAL for need in needs[item] if need.gate is Gate.START)
