"""增加事项、减少事项: on a live case a department joins that the answers did not call for, or leaves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from actions.accepting import stated
from actions.acting import REASON, Asked, Doing, Field, Form, Said, Scene, text
from actions.deciding import item_named
from actions.ending import end_item
from actions.fitting import fit_of
from actions.following import follow
from actions.moving import move_item, record
from actions.permitting import must_be_allowed
from actions.relimiting import GONE, limit_by_items
from actions.settling import hand_on_papers
from models.account import Account
from models.case import Case, Item, Material, items_of, lock_case, materials_of
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.bundle import Bundle, ItemSpec, Source
from rules.errors import Faulty, WrongState
from rules.material import MaterialState
from rules.notices import Event
from rules.people import Role
from rules.selecting import materials_called_for
from rules.states import ITEM_OPEN, Act, CaseState, ItemState

ARRIVES = {
    Source.APPLICANT: MaterialState.DEFERRED,  # gates the grant until it comes; no promise was made, no day runs
    Source.PREDECESSOR: MaterialState.AWAITED,
    Source.E_LICENCE: MaterialState.SHARED,
    Source.DATA_SHARE: MaterialState.SHARED,
}


@dataclass(frozen=True)
class Added:
    """The item that joined, and what does not fit in the time that is left."""

    item: Item
    warnings: tuple[str, ...]


def add_item(session: Session, number: str, code: str, reason: str, *, by: Account, at: datetime) -> Added:
    """增加事项: one of the bundle's that the case does not have. It gets what is left of the case's time.

    Its gates hold as for any other; papers it lacks are owed, shared or awaited. Nobody's decision is touched.
    """
    case, items, bundle = _live(session, number, Act.ADD_ITEM, by)
    reason = stated(reason, "请写明增加事项的理由。")
    spec = _addable(bundle, items, code)
    fit = fit_of(session, case, bundle, items, spec, at=at)
    item = _joined(session, case, items, spec)
    item.added, item.reason, item.assignee, item.handled_by = True, "", "", ""
    facts: dict[str, Any] = {"left": fit.left, "warnings": list(fit.warnings)}
    if item.state is ItemState.DROPPED:
        move_item(session, case, item, Act.ADD_ITEM, by=by.username, at=at, reason=reason, facts=facts)
    else:
        record(
            session,
            case,
            Act.ADD_ITEM,
            by=by.username,
            at=at,
            item=item,
            reason=reason,
            facts=facts,
            after=item.state,
        )
    session.flush()
    owed = ask_for_papers(session, case, bundle, items_of(session, number), at)
    kept = limit_by_items(session, case, at=at)
    _tell(session, case, reason, at, added=[item.name], materials=owed)
    session.flush()
    follow(session, case, at=at)
    return Added(item, (*fit.warnings, *([kept] if kept else [])))


def drop_item(session: Session, number: str, name: str, reason: str, *, by: Account, at: datetime) -> Item:
    """减少事项: called for by mistake, so it was never needed; those that wait for it go on without it."""
    case, items, _ = _live(session, number, Act.DROP_ITEM, by)
    reason = stated(reason, "请写明减少事项的理由。")
    item = item_named(items, name, number)
    if item.state not in ITEM_OPEN:
        raise WrongState(f"“{item.name}”的状态为“{item.state.label}”，只能减少还没有办结的事项。")
    if all(other.state in GONE for other in items if other is not item):
        raise WrongState(f"“{item.name}”是办件的最后一个事项，不能减少；不用办了的，请撤回办件。")
    end_item(session, case, item, Act.DROP_ITEM, by=by.username, at=at, reason=reason)
    limit_by_items(session, case, at=at)
    _tell(session, case, reason, at, dropped=[item.name])
    session.flush()
    follow(session, case, at=at)
    return item


def addable(session: Session, case: Case) -> list[ItemSpec]:
    """The bundle's items that the case does not have, or does not have any more."""
    there = {item.code for item in items_of(session, case.number) if item.state is not ItemState.DROPPED}
    return [spec for spec in bundle_of_version(session, case.bundle_digest).items if spec.code not in there]


def of_the_lead(session: Session, case: Case, by: Account) -> bool:
    """The window, or the head of the department that leads the bundle."""
    lead = bundle_of_version(session, case.bundle_digest).lead_department
    return by.role is not Role.HEAD or by.department_code == lead


def ask_for_papers(
    session: Session, case: Case, bundle: Bundle, items: list[Item], at: datetime
) -> list[str]:
    """A row for each paper that is called for now and was not before; the names of those the applicant must bring."""
    there = {material.spec_id for material in materials_of(session, case.number)}
    present = [bundle.item(item.code) for item in items if item.state not in GONE]
    wanted = [one for one in materials_called_for(bundle, present, case.answers) if one.id not in there]
    for spec in wanted:
        state = ARRIVES[spec.source]
        session.add(Material(case_number=case.number, spec_id=spec.id, name=spec.name, state=state))
    session.flush()
    for item in items:
        if item.state is ItemState.GRANTED and bundle.item(item.code).result:
            hand_on_papers(session, bundle, case, item, at=at)
    return [spec.name for spec in wanted if spec.source is Source.APPLICANT]


def _live(session: Session, number: str, act: Act, by: Account) -> tuple[Case, list[Item], Bundle]:
    must_be_allowed(by, act)
    case = lock_case(session, number)
    bundle = bundle_of_version(session, case.bundle_digest)
    must_be_allowed(by, act, department=bundle.lead_department, what=f"办件 {number} 的牵头")
    if case.state is not CaseState.ACCEPTED:
        raise WrongState(f"办件状态为“{case.state.label}”，受理后、办结前才能{act.label}。")
    return case, items_of(session, number), bundle


def _addable(bundle: Bundle, items: list[Item], code: str) -> ItemSpec:
    there = {item.code: item for item in items if item.state is not ItemState.DROPPED}
    if code in there:
        raise WrongState(f"办件已经有“{there[code].name}”（{there[code].state.label}），不能重复增加。")
    for spec in bundle.items:
        if spec.code == code:
            return spec
    left = "、".join(spec.code for spec in bundle.items if spec.code not in there) or "没有了"
    raise Faulty({"code": f"“{bundle.name}”没有事项“{code}”，可以增加的有：{left}。"})


def _joined(session: Session, case: Case, items: list[Item], spec: ItemSpec) -> Item:
    """The row that was dropped before, or a new one after the last."""
    for item in items:
        if item.code == spec.code:
            return item
    position = 1 + max(int(item.number.rpartition("-")[2]) for item in items)
    item = Item(
        number=f"{case.number}-{position:02d}",
        case_number=case.number,
        code=spec.code,
        name=spec.name,
        department_code=spec.department,
        state=ItemState.PENDING,
    )
    session.add(item)
    return item


def _tell(
    session: Session,
    case: Case,
    reason: str,
    at: datetime,
    *,
    added: Sequence[str] = (),
    dropped: Sequence[str] = (),
    materials: Sequence[str] = (),
) -> None:
    facts = {
        "added": list(added),
        "dropped": list(dropped),
        "materials": list(materials),
        "reason": reason,
        "promised_due_on": case.promised_due_on.isoformat() if case.promised_due_on else None,
        "legal_due_on": case.legal_due_on.isoformat() if case.legal_due_on else None,
        "provisional": case.due_provisional,
    }
    queue_notice(session, case, Event.ITEMS_CHANGED, about=f"{case.revision}", facts=facts, at=at)


def _add(asked: Asked) -> object:
    code, reason = text(asked, "code"), text(asked, "reason")
    return Said(add_item(asked.session, asked.number, code, reason, by=asked.by, at=asked.at).warnings)


def _drop(asked: Asked) -> object:
    reason = text(asked, "reason")
    return drop_item(asked.session, asked.number, asked.item, reason, by=asked.by, at=asked.at)


def _choices(scene: Scene) -> list[tuple[str, str]]:
    return [(spec.code, spec.name) for spec in addable(scene.session, scene.case)]


def _may_change(scene: Scene) -> bool:
    return scene.case.state is CaseState.ACCEPTED and of_the_lead(scene.session, scene.case, scene.by)


def _may_drop(scene: Scene) -> bool:
    if scene.item is None or scene.item.state not in ITEM_OPEN or not _may_change(scene):
        return False
    others = items_of(scene.session, scene.case.number)
    return any(other.state not in GONE for other in others if other.number != scene.item.number)


DOINGS = (
    Doing(
        "add-item",
        Act.ADD_ITEM,
        False,
        (Field("code", "增加哪个事项", Form.CHOICE, choices=_choices), REASON),
        _add,
        lambda scene: _may_change(scene) and bool(addable(scene.session, scene.case)),
        confirm=True,
    ),
    Doing("drop-item", Act.DROP_ITEM, True, (REASON,), _drop, _may_drop, for_others=True, confirm=True),
)
