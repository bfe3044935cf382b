"""Which messages of one stage become one? Grants of a case that wait to leave, and the conclusion after them."""

from collections.abc import Mapping
from typing import Any

from rules.notices import Event
from rules.quiet_hours import may_wait

ALSO = "also"  # the fact under which a decision's message carries those of other departments


def waits_for_company(event: Event, *, statutory: bool) -> bool:
    """A plain grant may wait for those of other departments. What the law wants in writing is told by itself."""
    return event is Event.ITEM_DECIDED and may_wait(event, statutory=statutory)


def lists(conclusion: Mapping[str, Any], waiting: Mapping[str, Any]) -> bool:
    """Does the conclusion name everything that the waiting message of a grant was to tell?"""
    return set(decided(waiting)) <= set(conclusion["granted"])


def decided(facts: Mapping[str, Any]) -> list[str]:
    """Every item that a decision's message tells of."""
    return [facts["item"], *(other["item"] for other in facts.get(ALSO) or ())]


def together(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of one message for both: all decisions, and what is left after the later one."""
    other = {"item": later["item"], "department": later["department"]}
    also = [*(earlier.get(ALSO) or ()), other, *(later.get(ALSO) or ())]
    return {**earlier, ALSO: also, "left": later["left"]}
