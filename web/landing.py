"""What has just been done? The page one lands on says it in one line, as the record has it: no link can claim it."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request
from sqlmodel import Session

from models.account import Account, Department, departments_by_code, name_of
from models.audit import AuditEntry, timeline
from models.case import Case, Item, find_case, items_of
from models.enquiry import course_of
from models.shift import ShiftChange
from models.together import Delegation
from rules.errors import NotFound
from rules.identifiers import fault_of_case_number
from rules.states import ITEM_DECIDED, Act, ItemState
from rules.voices import fault_of_enquiry_number
from web.entering import csrf_token
from web.showing import day

DECISIONS = frozenset({Act.GRANT, Act.REFUSE})


# What is done at a desk and is no act on a case, and the line that says so.
GIVEN, TAKEN, RECALLED, DELEGATED, ENDED = "given", "taken", "recalled", "delegated", "ended"
SAID: Mapping[str, str] = {
    GIVEN: "已交出{what}，等{who}接手。",
    TAKEN: "已接手{who}的交接：{what}。",
    RECALLED: "已收回{what}，仍由您经办。",
    DELEGATED: "已委托：{post} {since} 至 {until} 由 {who} 代办。",
    ENDED: "委托已经结束：{who} 不再代 {post} 办理。",
}
# What the record keeps nothing of, so that only a mark in the address can say that it was done.
ADDED, CHANGED, DROPPED, DISCARDED = "added", "changed", "dropped", "discarded"
MARKED: Mapping[str, str] = {
    ADDED: "已添加常用意见。",
    CHANGED: "已修改常用意见。",
    DROPPED: "已删除常用意见。",
    DISCARDED: "已丢弃这份未提交的表。",
}


@dataclass(frozen=True)
class Landed:
    """The line, and whether it is about a decision, after which the next item is offered."""

    words: str
    decided: bool = False


def landing(path: str, done: str, item: object = "") -> str:
    """The address of the page after this act on the case or on this item of it, or after a step with another thing."""
    return f"{path}?done={done}.{item}"


def landing_on_list(path: str, act: Act, number: str) -> str:
    """A list, where the act was taken from it, or has taken the case away from whoever took it."""
    return f"{path}?done={act.value}.&of={number}"


def landing_marked(request: Request, path: str, done: str) -> str:
    """A page after what leaves nothing in the record."""
    return landing(path, done, _mark(request, done))


def landed_marked(request: Request, asked: str) -> Landed | None:
    """The line, where the mark is of this browser: nobody else can make the link."""
    name, _, mark = asked.partition(".")
    if name not in MARKED or not hmac.compare_digest(mark.encode(), _mark(request, name).encode()):
        return None
    return Landed(MARKED[name])


def landed(
    asked: str,
    case: Case,
    items: Sequence[Item],
    entries: Sequence[AuditEntry],
    viewer: Account,
    people: Mapping[str, str],
    departments: Mapping[str, Department],
) -> Landed | None:
    """What to say, or None where the act is not the last that this person has taken here."""
    name, _, code = asked.partition(".")
    item = next((one for one in items if one.code == code), None)
    if name == Act.CLAIM.value and item and item.assignee and item.state is not ItemState.PENDING:
        return _claimed(item, viewer, people)
    if name == Act.ACCEPT.value and case.accepted_at:
        due = f"承诺 {day(case.promised_due_on)}前办结。" if case.promised_due_on else ""
        return Landed(f"已受理。{due}")
    entry = _last_entry(entries, viewer, name)
    if entry is None:
        return None
    if entry.act in DECISIONS and item and item.state in ITEM_DECIDED:
        terms = "附条件" if item.conditions else ""
        return Landed(f"“{item.name}”的决定已经生效：{terms}{item.state.label}。", decided=True)
    return _done(entry, item.name if item else "", departments)


def landed_on_list(db: Session, asked: str, number: str, viewer: Account) -> Landed | None:
    """The same for a case that this person may not open any more: only their own act is told."""
    if not asked or fault_of_case_number(number):
        return None
    try:
        case = find_case(db, number)
    except NotFound:
        return None
    entry = _last_entry(timeline(db, number), viewer, asked.partition(".")[0])
    return _done(entry, case.number, departments_by_code(db)) if entry else None


def landed_beside(db: Session, asked: str, case: Case, viewer: Account) -> Landed | None:
    """The same on another page of the case, which has nothing of the record at hand."""
    if not asked:
        return None
    items, entries = items_of(db, case.number), timeline(db, case.number)
    return landed(asked, case, items, entries, viewer, {}, departments_by_code(db))


def landed_letter(db: Session, asked: str, viewer: Account) -> Landed | None:
    """The last step this person took with a letter, and who has it since, where it was handed on."""
    name, _, number = asked.partition(".")
    if not name or fault_of_enquiry_number(number):
        return None
    own = [entry for entry in course_of(db, number) if entry.actor == viewer.username]
    if not own or own[-1].step.value != name:
        return None
    words = f"已办理：{own[-1].step.label}（{number}）"
    if "department" not in own[-1].facts:
        return Landed(f"{words}。")
    there = own[-1].facts["department"]
    return Landed(
        f"{words}，现在由{departments_by_code(db)[there].short_name if there else '综合窗口'}办理。"
    )


def landed_shift(db: Session, asked: str, viewer: Account) -> Landed | None:
    """What this person has laid out, taken over or taken back, as long as it is so."""
    name, change = asked.partition(".")[0], db.get(ShiftChange, _id_in(asked)) if asked else None
    if change is None:
        return None
    theirs = change.given_by == viewer.username
    so = {
        GIVEN: theirs and not change.taken_at and not change.recalled_at,
        TAKEN: change.taken_by == viewer.username,
        RECALLED: theirs and change.recalled_at is not None,
    }
    other = change.given_to if theirs else change.given_by
    words = {"what": _laid_out(change), "who": name_of(db, other) if other else "下一班"}
    return Landed(SAID[name].format(**words)) if so.get(name) else None


def landed_delegation(db: Session, asked: str, viewer: Account, people: Mapping[str, str]) -> Landed | None:
    """The delegation that this person made, or one of their department that is over."""
    name, found = asked.partition(".")[0], db.get(Delegation, _id_in(asked))
    post = db.get(Account, found.username) if found else None
    if found is None or post is None or post.department_code != viewer.department_code:
        return None
    so = {
        DELEGATED: found.made_by == viewer.username and not found.ended_at,
        ENDED: found.ended_at is not None,
    }
    words = {
        "post": people.get(found.username, found.username),
        "who": people.get(found.stand_in, found.stand_in),
        "since": day(found.from_day),
        "until": day(found.until_day),
    }
    return Landed(SAID[name].format(**words)) if so.get(name) else None


def _mark(request: Request, done: str) -> str:
    """What only a page of ours can write into an address for this browser, by the secret of its forms."""
    return hmac.new(csrf_token(request).encode(), f"done {done}".encode(), hashlib.sha256).hexdigest()[:32]


def _id_in(asked: str) -> UUID:
    """The identifier after the point; where there is none, one that nothing has."""
    try:
        return UUID(asked.partition(".")[2])
    except ValueError:
        return UUID(int=0)


def _laid_out(change: ShiftChange) -> str:
    parts = {"办件 {} 件": len(change.cases), "未提交的表 {} 份": len(change.drafts)}
    return "、".join(words.format(n) for words, n in parts.items() if n) or "交接的话"


def _last_entry(entries: Sequence[AuditEntry], viewer: Account, name: str) -> AuditEntry | None:
    """The act of this name, if it belongs to the last that this person did: one click may leave several entries."""
    own = [entry for entry in entries if entry.actor == viewer.username]
    return next((entry for entry in own if entry.act.value == name and entry.at == own[-1].at), None)


def _done(entry: AuditEntry, what: str, departments: Mapping[str, Department]) -> Landed:
    """The act, on what, and who has it since, where it was handed on."""
    words = f"已办理：{entry.act.label}{f'（{what}）' if what else ''}"
    if entry.act is not Act.REASSIGN:
        return Landed(f"{words}。")
    return Landed(f"{words}，现在由{departments[entry.facts['to']].short_name}办理。")


def _claimed(item: Item, viewer: Account, people: Mapping[str, str]) -> Landed:
    if item.assignee == viewer.username:
        return Landed(f"“{item.name}”已由您领办。")
    return Landed(f"“{item.name}”由 {people.get(item.assignee, item.assignee)} 领办。")
