"""What has just been done? The page one lands on says it in one line, as the record has it: no link can claim it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from models.account import Account
from models.audit import AuditEntry, timeline
from models.case import Case, Item, find_case, items_of
from rules.errors import NotFound
from rules.states import ITEM_DECIDED, Act, ItemState
from web.showing import day

DECISIONS = frozenset({Act.GRANT, Act.REFUSE})


@dataclass(frozen=True)
class Landed:
    """The line, and whether it is about a decision, after which the next item is offered."""

    words: str
    decided: bool = False


def landing(path: str, act: Act, item: str = "") -> str:
    """The address of the page after this act on the case, or on this item of it."""
    return f"{path}?done={act.value}.{item}"


def handed_away(number: str, act: Act) -> str:
    """The desk, where the act has taken the case away from whoever took it."""
    return f"/desk?done={act.value}.&of={number}"


def landed(
    asked: str,
    case: Case,
    items: Sequence[Item],
    entries: Sequence[AuditEntry],
    viewer: Account,
    people: Mapping[str, str],
) -> Landed | None:
    """What to say, or None where the act is not the last that this person has taken here."""
    name, _, code = asked.partition(".")
    item = next((one for one in items if one.code == code), None)
    if name == Act.CLAIM.value and item and item.assignee and item.state is not ItemState.PENDING:
        return _claimed(item, viewer, people)
    if name == Act.ACCEPT.value and case.accepted_at:
        due = f"承诺 {day(case.promised_due_on)}前办结。" if case.promised_due_on else ""
        return Landed(f"已受理。{due}")
    act = _last_act(entries, viewer, name)
    if act is None:
        return None
    if act in DECISIONS and item and item.state in ITEM_DECIDED:
        terms = "附条件" if item.conditions else ""
        return Landed(f"“{item.name}”的决定已经生效：{terms}{item.state.label}。", decided=True)
    return Landed(f"已办理：{act.label}{f'（{item.name}）' if item else ''}。")


def landed_on_desk(db: Session, asked: str, number: str, viewer: Account) -> Landed | None:
    """The same for a case that this person may not open any more: only their own act is told."""
    try:
        case = find_case(db, number)
    except NotFound:
        return None
    act = _last_act(timeline(db, number), viewer, asked.partition(".")[0])
    return Landed(f"已办理：{act.label}（{case.number}）。") if act else None


def landed_beside(db: Session, asked: str, case: Case, viewer: Account) -> Landed | None:
    """The same on another page of the case, which has nothing of the record at hand."""
    if not asked:
        return None
    return landed(asked, case, items_of(db, case.number), timeline(db, case.number), viewer, {})


def _last_act(entries: Sequence[AuditEntry], viewer: Account, name: str) -> Act | None:
    """The act of this name, if it belongs to the last that this person did: one click may leave several entries."""
    own = [entry for entry in entries if entry.actor == viewer.username]
    return next((entry.act for entry in own if entry.act.value == name and entry.at == own[-1].at), None)


def _claimed(item: Item, viewer: Account, people: Mapping[str, str]) -> Landed:
    if item.assignee == viewer.username:
        return Landed(f"“{item.name}”已由您领办。")
    return Landed(f"“{item.name}”由 {people.get(item.assignee, item.assignee)} 领办。")
