"""撤回与作废: the applicant takes back what is not decided yet; a supervisor ends what should not go on."""

from datetime import datetime

from sqlmodel import Session

from actions.accepting import stated
from actions.acting import REASON, Asked, Doing, text
from actions.dating import stop_clocks
from actions.deciding import item_named
from actions.dropping_gaps import drop_unused
from actions.ending import end_case, end_item
from actions.following import follow
from actions.moving import APPLICANT
from actions.needing import block_all, needs_of
from actions.permitting import must_be_allowed
from actions.relimiting import limit_by_items
from models.account import Account
from models.case import Case, Item, items_of, lock_case
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.answering import UNSTORABLE
from rules.clock import ClockKind
from rules.errors import AlreadyDone, Faulty, WrongState
from rules.joining import consequences
from rules.moments import china_text
from rules.notices import Event
from rules.states import (
    CASE_TRANSITIONS,
    ITEM_DECIDED,
    ITEM_OPEN,
    Act,
    CaseState,
    ItemState,
    case_after,
    item_after,
)

WISH = "申请人撤回。"
WISH_LIMIT = 500  # signs
WHY = "代申请人撤回，请写明申请人的意思和凭据。"


def withdraw(
    session: Session, number: str, name: str = "", reason: str = "", *, by: Account | None, at: datetime
) -> Case:
    """撤回: one item, or everything that is not decided yet. `by` None: the applicant, who owes no reason.

    Those that cannot go on without what is withdrawn end with it, as with a refusal. Where no department has decided
    anything the case is withdrawn; otherwise it is concluded by what was decided.
    """
    reason = _reason(reason, by)
    case = lock_case(session, number)
    case_after(case.state, Act.WITHDRAW)  # raises before anything is written
    items = items_of(session, number)
    if name:
        chosen = [item_named(items, name, number)]
        _must_be_undecided(chosen[0])
    else:
        chosen = [item for item in items if item.state in ITEM_OPEN]
    stopped, whole = _what_ends(session, case, items, chosen)
    who = by.username if by else APPLICANT
    for item in chosen:
        end_item(session, case, item, Act.WITHDRAW, by=who, at=at, reason=reason)
    _tell(session, case, chosen, stopped, whole=whole, at=at)
    session.flush()
    if not whole and case.state is CaseState.ACCEPTED:
        follow(session, case, at=at)
        if case.state is CaseState.ACCEPTED:  # by what is left once those that needed it have stopped
            limit_by_items(session, case, at=at)
        return case
    for item in stopped:
        why = f"前置事项“{chosen[0].name}”已撤回，本事项不再办理。"
        end_item(session, case, item, Act.STOP, by=who, at=at, reason=why)
    session.flush()
    if whole:
        end_case(session, case, Act.WITHDRAW, by=who, at=at, reason=reason)
    else:
        drop_unused(session, case, at=at)
    return case


def void(session: Session, number: str, reason: str, *, by: Account, at: datetime) -> Case:
    """作废: nothing is deleted, the number stays. What is granted stands until its department revokes it."""
    must_be_allowed(by, Act.VOID)
    reason = stated(reason, "作废必须写明理由。")
    case = lock_case(session, number)
    case_after(case.state, Act.VOID)
    items = items_of(session, number)
    for item in items:
        if item.state in ITEM_OPEN:
            why = f"办件作废：{reason}"[:2000]
            end_item(session, case, item, Act.STOP, by=by.username, at=at, reason=why)
    granted = [item for item in items if item.state is ItemState.GRANTED]
    for item in (one for one in granted if not one.result_number):  # its department hands it over itself
        stop_clocks(session, case, item, at=at, kind=ClockKind.DELIVERY)
    end_case(session, case, Act.VOID, by=by.username, at=at, reason=reason)
    facts = {"reason": reason, "granted": [item.name for item in granted]}
    queue_notice(session, case, Event.VOIDED, facts=facts, at=at)
    return case


def _reason(reason: str, by: Account | None) -> str:
    if by is not None:
        must_be_allowed(by, Act.WITHDRAW)
        return stated(reason, WHY)
    reason = reason.strip()
    if UNSTORABLE.search(reason) or len(reason) > WISH_LIMIT:
        raise Faulty({"reason": f"撤回的原因请不超过 {WISH_LIMIT} 字，不含控制字符。"})
    return f"{WISH}{reason}"


def _must_be_undecided(item: Item) -> None:
    if item.state in ITEM_DECIDED and item.decided_at:
        when = china_text(item.decided_at)
        raise WrongState(f"“{item.name}”已于 {when} 作出{item.state.label}决定，决定作出后不能撤回。")
    if item.state is ItemState.WITHDRAWN:
        raise AlreadyDone(f"“{item.name}”已经撤回，不用再撤回。", item.case_number)
    item_after(item.state, Act.WITHDRAW)


def _what_ends(
    session: Session, case: Case, items: list[Item], chosen: list[Item]
) -> tuple[list[Item], bool]:
    """Those that end with what is withdrawn, and whether the whole case does."""
    bundle = bundle_of_version(session, case.bundle_digest)
    states = {item.code: item.state for item in items}
    states |= {item.code: ItemState.WITHDRAWN for item in chosen}
    stops = {code for code, _ in consequences(needs_of(bundle, case, items), states, block_all(bundle)).stop}
    decided = any(item.state in ITEM_DECIDED for item in items)
    left = [code for code, state in states.items() if state in ITEM_OPEN and code not in stops]
    return [item for item in items if item.code in stops], not left and not decided


def _tell(
    session: Session, case: Case, chosen: list[Item], stopped: list[Item], *, whole: bool, at: datetime
) -> None:
    facts = {
        "items": [item.name for item in chosen],
        "stopped": [item.name for item in stopped],
        "whole": whole,
    }
    queue_notice(session, case, Event.WITHDRAWN, about=f"{case.revision}", facts=facts, at=at)


def _withdraw(asked: Asked) -> object:
    reason = text(asked, "reason")
    return withdraw(asked.session, asked.number, asked.item, reason, by=asked.by, at=asked.at)


def _withdraw_all(asked: Asked) -> object:
    return withdraw(asked.session, asked.number, "", text(asked, "reason"), by=asked.by, at=asked.at)


def _void(asked: Asked) -> object:
    return void(asked.session, asked.number, text(asked, "reason"), by=asked.by, at=asked.at)


DOINGS = (
    Doing("withdraw", Act.WITHDRAW, False, (REASON,), _withdraw_all, confirm=True),
    Doing(
        "withdraw-item",
        Act.WITHDRAW,
        True,
        (REASON,),
        _withdraw,
        lambda scene: (
            scene.item is not None
            and scene.item.state in ITEM_OPEN
            and (scene.case.state, Act.WITHDRAW) in CASE_TRANSITIONS
        ),
        confirm=True,
    ),
    Doing("void", Act.VOID, False, (REASON,), _void, confirm=True),
)
