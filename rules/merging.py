"""Which messages of one stage become one? Grants of a case that wait to leave, and the conclusion after them."""

from collections.abc import Mapping
from typing import Any

from rules.notices import Event
from rules.quiet_hours import may_wait

ALSO = "also"  # the fact under which a decision's message carries those of other departments
MOST_NAMED = 6  # decisions that a short message has room to name


def waits_for_company(event: Event, *, statutory: bool) -> bool:
    """A plain grant may wait for those of other departments. What the law wants in writing is told by itself."""
    return event is Event.ITEM_DECIDED and may_wait(event, statutory=statutory)


def lists(conclusion: Mapping[str, Any], waiting: Mapping[str, Any]) -> bool:
    """Does the conclusion tell everything that the waiting message of a grant was to tell, however short it is?"""
    granted = conclusion["granted"]
    nothing_else = not conclusion["refused"] and not conclusion["transferred"]
    return set(decided(waiting)) <= set(granted) and (nothing_else or len(granted) <= MOST_NAMED)


def has_room(waiting: Mapping[str, Any]) -> bool:
    """Can the waiting message of a grant name one more?"""
    return len(decided(waiting)) < MOST_NAMED


def decided(facts: Mapping[str, Any]) -> list[str]:
    """Every item that a decision's message tells of."""
    return [facts["item"], *(other["item"] for other in facts.get(ALSO) or ())]


def together(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of one message for both: all decisions, and what is left after the later one."""
    other = {"item": later["item"], "department": later["department"]}
    also = [*(earlier.get(ALSO) or ()), other, *(later.get(ALSO) or ())]
    return {**earlier, ALSO: also, "left": later["left"], "still_with": later["still_with"]}
