"""准予或不予: a department decides its item, in its own name; the last decision is the joint answer."""

from datetime import datetime

from sqlmodel import Session

from actions.accepting import stated
from actions.acting import REASON, Asked, Doing, Field, Form, text
from actions.dating import start_delivery_clock, stop_clocks
from actions.following import block_all, follow, needs_of
from actions.moving import move_item
from actions.permitting import must_be_allowed
from models.account import Account, departments_by_code
from models.case import Case, Item, items_of, lock_case, materials_of
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.errors import AlreadyDone, NotFound, WrongState
from rules.joining import consequences, waits_to_decide
from rules.material import MaterialState
from rules.moments import china_text
from rules.notices import Event
from rules.states import ITEM_DECIDED, ITEM_FINAL, Act, ItemState, item_after


def grant(session: Session, number: str, item: str, *, by: Account, at: datetime, opinion: str = "") -> Item:
    """准予. `item` is its code (B1-2) or its number."""
    case, mine, items = _mine(session, number, item, Act.GRANT, by)
    _must_be_ready(session, case, mine, items)
    mine.reason = stated(opinion, "") if opinion.strip() else ""
    return _decide(session, case, mine, items, Act.GRANT, by=by, at=at)


def refuse(session: Session, number: str, item: str, reason: str, *, by: Account, at: datetime) -> Item:
    """不予, always with reasons (art. 38); it stops only those that cannot go on without it."""
    case, mine, items = _mine(session, number, item, Act.REFUSE, by)
    mine.reason = stated(reason, "不予许可必须写明理由（行政许可法第三十八条）。")
    return _decide(session, case, mine, items, Act.REFUSE, by=by, at=at)


def item_named(items: list[Item], name: str, case_number: str) -> Item:
    """The item with this code or number."""
    for item in items:
        if name in (item.code, item.number):
            return item
    raise NotFound(
        f"办件 {case_number} 没有事项“{name}”，它的事项有：{'、'.join(item.code for item in items)}。"
    )


def _mine(session: Session, number: str, name: str, act: Act, by: Account) -> tuple[Case, Item, list[Item]]:
    case = lock_case(session, number)
    items = items_of(session, number)
    item = item_named(items, name, number)
    must_be_allowed(by, act, department=item.department_code, what=f"事项“{item.name}”")
    if item.state in ITEM_DECIDED and item.decided_at:
        when = china_text(item.decided_at)
        raise AlreadyDone(
            f"“{item.name}”已于 {when} 由 {item.decided_by} 作出{item.state.label}决定，不能重复办理。",
            number,
        )
    item_after(item.state, act)  # raises before anything is written
    return case, item, items


def _must_be_ready(session: Session, case: Case, mine: Item, items: list[Item]) -> None:
    """A grant waits for its decision gates and for what was accepted with gaps (容缺)."""
    bundle = bundle_of_version(session, case.bundle_digest)
    states = {item.code: item.state for item in items}
    names = {item.code: item.name for item in items}
    if waiting := waits_to_decide(mine.code, needs_of(bundle, case, items), states):
        raise WrongState(f"须等“{'、'.join(names[code] for code in waiting)}”办结后才能作出决定。")
    own = bundle.item(mine.code).materials
    gaps = [
        material.name
        for material in materials_of(session, case.number)
        if material.spec_id in own and material.state is MaterialState.DEFERRED
    ]
    if gaps:
        raise WrongState(f"容缺材料“{'、'.join(gaps)}”尚未补齐，不能准予。")


def _hand_on_result(session: Session, case: Case, item: Item, at: datetime) -> None:
    """The certificate is due to the applicant, and what it proves is a material of those who waited for it."""
    bundle = bundle_of_version(session, case.bundle_digest)
    if bundle.item(item.code).result:
        start_delivery_clock(session, case, item, at=at)
    for material in materials_of(session, case.number):
        if (
            material.state is MaterialState.AWAITED
            and bundle.material(material.spec_id).from_item == item.code
        ):
            material.state, material.supplied_at = MaterialState.SHARED, at


def _decide(
    session: Session, case: Case, item: Item, items: list[Item], act: Act, *, by: Account, at: datetime
) -> Item:
    item.decided_at, item.decided_by = at, by.username  # before the move: the table wants both together
    move_item(session, case, item, act, by=by.username, at=at, reason=item.reason)
    stop_clocks(session, case, item, at=at)
    if act is Act.GRANT:
        _hand_on_result(session, case, item, at)
    queue_notice(
        session, case, Event.ITEM_DECIDED, about=item.number, facts=_facts(session, case, item, items), at=at
    )
    session.flush()  # what follows reads the items anew
    follow(session, case, at=at)
    return item


def _facts(session: Session, case: Case, item: Item, items: list[Item]) -> dict[str, object]:
    """What the applicant is told of the decision; those it stops are not left to wait for."""
    bundle = bundle_of_version(session, case.bundle_digest)
    states = {other.code: other.state for other in items}
    stopped = {
        code for code, _ in consequences(needs_of(bundle, case, items), states, block_all(bundle)).stop
    }
    return {
        "item": item.name,
        "department": departments_by_code(session)[item.department_code].short_name,
        "granted": item.state is ItemState.GRANTED,
        "reason": item.reason if item.state is ItemState.REFUSED else "",
        "left": sum(other.state not in ITEM_FINAL and other.code not in stopped for other in items),
    }


def _grant(asked: Asked) -> object:
    opinion = text(asked, "opinion")
    return grant(asked.session, asked.number, asked.item, by=asked.by, at=asked.at, opinion=opinion)


def _refuse(asked: Asked) -> object:
    reason = text(asked, "reason")
    return refuse(asked.session, asked.number, asked.item, reason, by=asked.by, at=asked.at)


DOINGS = (
    Doing("grant", Act.GRANT, True, (Field("opinion", "意见", Form.TEXT, required=False),), _grant),
    Doing("refuse", Act.REFUSE, True, (REASON,), _refuse),
)
