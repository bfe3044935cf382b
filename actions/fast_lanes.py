"""快办: what the clock decides where the law takes silence for consent, and the way from a rule back to a person."""

from datetime import datetime, timedelta

from sqlmodel import Session

from actions.acting import Asked, Doing, Field, Form, Scene, text
from actions.dating import start_item_clocks
from actions.deciding import item_named
from actions.following import follow
from actions.moving import APPLICANT, SYSTEM, move_item, record
from actions.needing import ended_by, what_holds
from actions.permitting import must_be_allowed
from actions.settling import Decision, settle, undo
from models.account import Account
from models.case import Case, Item, items_of, lock_case
from models.clock import ClockRow, running_clocks
from models.version import bundle_of_version
from rules.answering import UNSTORABLE
from rules.clock import ClockKind
from rules.errors import Faulty, WrongState
from rules.states import Act, CaseState, ItemState, Lane

WISH = "申请人要求人工办理（个人信息保护法第二十四条）。"
WISH_LIMIT = 500  # signs


def consent_by_silence(session: Session, case: Case, item: Item | None, row: ClockRow, at: datetime) -> None:
    """逾期未异议视为同意. A department that has begun a special procedure has spoken; then a person decides."""
    if item is None or item.state in (ItemState.GRANTED, ItemState.REFUSED):
        return
    items = items_of(session, case.number)
    held = "" if item.state is ItemState.IN_REVIEW else f"事项{item.state.label}。"
    if held := held or what_holds(session, case, item, items, at=at):
        reason = f"{row.limit.text}已满，但{held}不适用逾期未异议视为同意，由承办部门决定。"
        record(session, case, Act.REMIND, by=SYSTEM, at=at, item=item, reason=reason)
        return
    reason = f"{row.limit.text}内没有提出异议，视为同意（{row.basis}）。"
    facts = {"basis": row.basis, "from": row.started_at.isoformat(), "until": str(row.due_on)}
    decision = Decision(Act.GRANT, Lane.SILENCE, reason, facts=facts)
    _in_time(session, case, item, row)
    settle(session, case, item, items, decision, by=SYSTEM, at=at)
    follow(session, case, at=at)


def _in_time(session: Session, case: Case, item: Item, silence: ClockRow) -> None:
    """The consent dates from the end of the silence, whenever the patrol comes: what ends no earlier was kept."""
    if silence.due_at is None:
        return
    for row in running_clocks(session, case.number, item.number):
        if row.due_at and row.due_at >= silence.due_at and row.kind is not ClockKind.SILENCE:
            row.stop(silence.due_at - timedelta(seconds=1))


def ask_human(
    session: Session, number: str, name: str, *, by: Account | None, at: datetime, wish: str = ""
) -> Item:
    """申请人工办理: what a rule decided is decided anew by a person, with fresh clocks. `by` None: the applicant.

    While the case is open; siblings keep what they have, those still open wait for the person's decision.
    """
    if by is not None:
        must_be_allowed(by, Act.ASK_HUMAN)
    case = lock_case(session, number)
    items = items_of(session, number)
    item = item_named(items, name, number)
    if UNSTORABLE.search(wish) or len(wish) > WISH_LIMIT:
        raise Faulty({"wish": f"说明请不超过 {WISH_LIMIT} 字，不含控制字符。"})
    if case.state is CaseState.CONCLUDED:
        raise WrongState("办件已办结。对结果有异议的，请向窗口申请复查。")
    if case.state is not CaseState.ACCEPTED or not decided_by_rule(item):
        raise WrongState(f"“{item.name}”不是由系统按规则作出的决定，不用转人工。")
    bundle = bundle_of_version(session, case.bundle_digest)
    stopped = ended_by(bundle, case, items, [item])
    reason = f"{WISH}{wish.strip()}"
    who = by.username if by else APPLICANT
    undo(session, case, item, Act.ASK_HUMAN, by=who, at=at, reason=reason)
    item.handed_over_at = at
    start_item_clocks(session, case, item, bundle.item(item.code), at=at)
    for other in stopped:
        other.reason, other.urged_at = "", None
        move_item(session, case, other, Act.REOPEN, by=SYSTEM, at=at, reason=f"“{item.name}”重新办理。")
    session.flush()
    follow(session, case, at=at)
    return item


def decided_by_rule(item: Item) -> bool:
    """Did no person take part in this decision? Silence is the department's own."""
    decided = item.state in (ItemState.GRANTED, ItemState.REFUSED)
    return decided and item.decided_by == SYSTEM and item.lane is not Lane.SILENCE


def _ask_human(asked: Asked) -> object:
    wish = text(asked, "wish")
    return ask_human(asked.session, asked.number, asked.item, by=asked.by, at=asked.at, wish=wish)


def _open_to_ask(scene: Scene) -> bool:
    return scene.item is not None and scene.case.state is CaseState.ACCEPTED and decided_by_rule(scene.item)


DOINGS = (
    Doing(
        "ask-human",
        Act.ASK_HUMAN,
        True,
        (Field("wish", "申请人的说明", Form.TEXT, required=False),),
        _ask_human,
        _open_to_ask,
    ),
)
