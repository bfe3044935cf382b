"""What follows from an act by the rules alone, in the same transaction: releases, stops, the joint answer."""

from datetime import datetime

from sqlmodel import Session

from actions.dating import start_item_clocks, stop_clocks
from actions.moving import SYSTEM, move_case, move_item
from models.case import Case, Item, items_of
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.bundle import Blocks, Bundle
from rules.joining import Consequences, Needs, consequences
from rules.notices import Event
from rules.selecting import needs_in_force
from rules.states import Act, ItemState, Outcome


def needs_of(bundle: Bundle, case: Case, items: list[Item]) -> Needs:
    """The dependencies in force between the items of this case, by item code."""
    codes = frozenset(item.code for item in items)
    return {item.code: needs_in_force(bundle.item(item.code), codes, case.answers) for item in items}


def block_all(bundle: Bundle) -> frozenset[str]:
    """The items whose refusal stops the whole case."""
    return frozenset(item.code for item in bundle.items if item.blocks is Blocks.ALL)


def follow(session: Session, case: Case, *, at: datetime) -> None:
    """Bring the case to where the rules say it is now. The caller holds the lock of the case."""
    bundle = bundle_of_version(session, case.bundle_digest)
    items = {item.code: item for item in items_of(session, case.number)}
    states = {code: item.state for code, item in items.items()}
    result = consequences(needs_of(bundle, case, list(items.values())), states, block_all(bundle))
    for code, because in result.stop:
        items[code].reason = f"前置事项“{items[because].name}”未获准予，本事项不再办理。"
        move_item(session, case, items[code], Act.STOP, by=SYSTEM, at=at, reason=items[code].reason)
        stop_clocks(session, case, items[code], at=at)
    for code in result.hold:
        move_item(session, case, items[code], Act.HOLD, by=SYSTEM, at=at)
    for code in result.hand_over:
        _hand_over(session, bundle, case, items[code], at)
    if result.outcome:
        _conclude(session, case, items, result.outcome, at)
    _ask_for_a_pass(case, result, at)


def _hand_over(session: Session, bundle: Bundle, case: Case, item: Item, at: datetime) -> None:
    item.handed_over_at = at
    start_item_clocks(session, case, item, bundle.item(item.code), at=at)
    move_item(session, case, item, Act.HAND_OVER, by=SYSTEM, at=at)


def _conclude(session: Session, case: Case, items: dict[str, Item], outcome: Outcome, at: datetime) -> None:
    case.outcome, case.concluded_at = outcome, at
    stop_clocks(session, case, None, at=at)
    move_case(session, case, Act.CONCLUDE, by=SYSTEM, at=at, facts={"outcome": outcome.value})
    facts = {
        "outcome": outcome.label,
        "granted": [item.name for item in items.values() if item.state is ItemState.GRANTED],
        "refused": [item.name for item in items.values() if item.state is ItemState.REFUSED],
    }
    queue_notice(session, case, Event.CONCLUDED, facts=facts, at=at)


def _ask_for_a_pass(case: Case, result: Consequences, at: datetime) -> None:
    """Only where there is something new to orchestrate; a decision that completes no wave costs Prefect no pass."""
    if result.hand_over or result.outcome:
        case.look_at = at
