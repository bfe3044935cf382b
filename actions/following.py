"""What follows from an act by the rules alone, in the same transaction: releases, stops, the joint answer."""

from datetime import datetime

from sqlmodel import Session

from actions.automatic import grant_by_rule
from actions.dating import start_clock, start_item_clocks, stop_clocks
from actions.ending import end_case, end_item
from actions.gatherings import close_gatherings
from actions.moving import SYSTEM, answer_no, move_case, move_item
from actions.needing import block_all, needs_of
from models.case import Case, Item, items_of
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.bundle import Bundle
from rules.clock import ClockKind
from rules.joining import Consequences, Needs, consequences
from rules.notices import Event
from rules.states import ITEM_FINAL, Act, ItemState, Outcome

NOTHING_LEFT = "全部事项都已撤回、减除或者无需办理。"

OVER = "办件已办结。"

__all__ = ["block_all", "follow", "needs_of"]


def follow(session: Session, case: Case, at_hand: list[Item] | None = None, *, at: datetime) -> None:
    """Bring the case to where the rules say it is now. The caller holds the lock of the case.

    `at_hand`: all its items, where the caller read them under the lock; otherwise they are read here. What is handed
    over may be granted at once by a rule of its own, and that grant has consequences again.
    """
    bundle = bundle_of_version(session, case.bundle_digest)
    items = {item.code: item for item in at_hand or items_of(session, case.number)}
    needs = needs_of(bundle, case, list(items.values()))
    again, news = True, False
    while again:
        states = {code: item.state for code, item in items.items()}
        result = consequences(needs, states, block_all(bundle))
        _carry_out(session, bundle, case, items, needs, result, at)
        news = news or bool(result.hand_over)
        again = False
        for code in result.hand_over:
            again |= grant_by_rule(session, bundle, case, items[code], list(items.values()), at=at)
    if result.outcome:
        _conclude(session, case, items, result.outcome, at)
    elif all(item.state in ITEM_FINAL for item in items.values()):  # and no department has decided anything
        end_case(session, case, Act.WITHDRAW, by=SYSTEM, at=at, reason=NOTHING_LEFT)
    if news or result.outcome:  # a decision that completes no wave costs Prefect no pass
        case.look_at = at


def _carry_out(
    session: Session,
    bundle: Bundle,
    case: Case,
    items: dict[str, Item],
    needs: Needs,
    result: Consequences,
    at: datetime,
) -> None:
    for code, because in result.stop:
        why = _why_stopped(items[because], direct=any(need.item == because for need in needs[code]))
        end_item(session, case, items[code], Act.STOP, by=SYSTEM, at=at, reason=why)
    for code in result.hold:
        move_item(session, case, items[code], Act.HOLD, by=SYSTEM, at=at)
    for code in result.hand_over:
        _hand_over(session, bundle, case, items[code], at)


def _why_stopped(because: Item, *, direct: bool) -> str:
    if direct:
        why = "已撤回" if because.state is ItemState.WITHDRAWN else "未获准予"
        return f"前置事项“{because.name}”{why}，本事项不再办理。"
    return f"“{because.name}”不予，其余未办结的事项都不再办理。"


def _hand_over(session: Session, bundle: Bundle, case: Case, item: Item, at: datetime) -> None:
    item.handed_over_at = at
    spec = bundle.item(item.code)
    start_item_clocks(session, case, item, spec, at=at)
    item.step, item.assignee, item.handled_by = spec.steps[0], "", ""
    if spec.silence:
        start_clock(session, case, item, ClockKind.SILENCE, spec.silence, at=at)
    move_item(session, case, item, Act.HAND_OVER, by=SYSTEM, at=at)


def _conclude(session: Session, case: Case, items: dict[str, Item], outcome: Outcome, at: datetime) -> None:
    case.outcome, case.concluded_at = outcome, at
    stop_clocks(session, case, None, at=at)
    close_gatherings(session, case, at=at, reason=OVER)
    move_case(session, case, Act.CONCLUDE, by=SYSTEM, at=at, facts={"outcome": outcome.value})
    facts = {
        "outcome": outcome.label,
        "granted": [item.name for item in items.values() if item.state is ItemState.GRANTED],
        "refused": [item.name for item in items.values() if item.state is ItemState.REFUSED],
        "transferred": [item.name for item in items.values() if item.state is ItemState.TRANSFERRED],
    }
    queue_notice(session, case, Event.CONCLUDED, about=answer_no(case), facts=facts, at=at)
