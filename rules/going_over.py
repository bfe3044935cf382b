"""Can a running case go over to a newer version of its bundle? What would change for it, or why it cannot. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.bundle import Blocks, Bundle, ItemSpec, MaterialSpec, Source
from rules.errors import Faulty
from rules.joining import consequences
from rules.material import MaterialState
from rules.named import Named
from rules.selecting import (
    complete_answers,
    is_commitment,
    items_called_for,
    materials_called_for,
    needs_in_force,
    unanswered,
)
from rules.states import ITEM_DECIDED, ITEM_OPEN_AT_DESK, ItemState
from rules.versions import WORDING, Change, changes_between, differing, labelled

# What an item that has begun was begun under. Its department is another matter: it can be handed over before (转办).
FIXED_ONCE_BEGUN = frozenset(
    {"commitment", "automatic", "silence", "notice_period", "steps", "item_type", "result"}
)
# What a paper was asked for under, as long as somebody waits for it: a promised one has its clock by its days.
FIXED_WHILE_OWED = frozenset({"source", "from_item", "deferrable", "defer_days", "when"})
OWED = frozenset({MaterialState.DEFERRED, MaterialState.AWAITED})


class Fate(Named):
    """What becomes of a running case when a version is published."""

    UNAFFECTED = "unaffected", "不受影响"
    MOVABLE = "movable", "可以迁移"
    STUCK = "stuck", "不能迁移"


@dataclass(frozen=True)
class Running:
    """What must be known of a case to say whether it can go over."""

    items: Mapping[str, ItemState]
    materials: Mapping[str, MaterialState]
    answers: Mapping[str, Any]
    departments: Mapping[str, str]  # which has each item now


@dataclass(frozen=True)
class Verdict:
    """Whether a case can go over; what would change for it, or why it cannot."""

    fate: Fate
    changes: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def verdict(old: Bundle, new: Bundle, case: Running, departments: Mapping[str, str]) -> Verdict:
    """As far as the two versions tell: dates are for those who know the clocks. `departments`: code -> name."""
    changes = changes_between(old, new, departments)
    concerning = [one for one in changes if not one.is_wording and _concerns(one, old, new, case)]
    told = tuple(one.text for one in concerning)
    reasons = tuple(dict.fromkeys(_hindrances(old, new, case)))
    if reasons:
        return Verdict(Fate.STUCK, told, reasons)
    return Verdict(Fate.MOVABLE if told else Fate.UNAFFECTED, told)


def answers_for(new: Bundle, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as the new version keeps them: what it does not ask falls away. Raises Faulty."""
    asked = {question.id for question in new.questions}
    return complete_answers(new, {name: given for name, given in answers.items() if name in asked})


def _hindrances(old: Bundle, new: Bundle, case: Running) -> Iterator[str]:
    there = {item.code for item in new.items}
    known = {material.id for material in new.materials}
    gone = [code for code in case.items if code not in there]
    yield from (f"新版本没有事项“{old.item(code).name}”，办件里有。" for code in gone)
    lost = sorted(case.materials.keys() - known)
    yield from (f"新版本没有材料“{old.material(name).name}”，办件里有。" for name in lost)
    if gone or lost:
        return
    for code, state in case.items.items():
        yield from _hindrances_of_item(old.item(code), new.item(code), state, case.departments[code])
    for name, there_as in case.materials.items():
        yield from _hindrances_of_paper(old.material(name), new.material(name), there_as)
    if old.join is not new.join and any(state is ItemState.GRANTED for state in case.items.values()):
        yield f"结论方式由“{old.join.label}”改为“{new.join.label}”，办件已有准予的事项。"
    try:
        answers = answers_for(new, case.answers)
    except Faulty as faulty:
        yield from (f"原来的回答在新版本里不能用：{why}" for why in faulty.faults.values())
        return
    yield from _hindrances_of_answers(old, new, case, answers)


def _hindrances_of_item(old: ItemSpec, new: ItemSpec, state: ItemState, department: str) -> Iterator[str]:
    changed = [name for name in differing(old, new) if name not in WORDING]
    if state in ITEM_DECIDED and changed:
        yield f"“{old.name}”已经{state.label}，新版本改了它的{labelled(changed)}。"
    elif state in ITEM_OPEN_AT_DESK:
        if fixed := [name for name in changed if name in FIXED_ONCE_BEGUN]:
            yield f"“{old.name}”已经开始办理，新版本改了它的{labelled(fixed)}。"
        if "department" in changed and department != new.department:
            yield f"“{old.name}”已经开始办理，新版本改了它的承办部门，请先转办。"


def _hindrances_of_paper(old: MaterialSpec, new: MaterialSpec, state: MaterialState) -> Iterator[str]:
    changed = differing(old, new)
    if state in OWED and (fixed := [name for name in changed if name in FIXED_WHILE_OWED]):
        yield f"材料“{old.name}”还没有到，新版本改了它的{labelled(fixed)}。"
    elif Source.APPLICANT in (old.source, new.source) and old.source is not new.source:
        yield f"材料“{old.name}”在办件里是{old.source.label}，新版本改为{new.source.label}。"


def _hindrances_of_answers(
    old: Bundle, new: Bundle, case: Running, answers: Mapping[str, Any]
) -> Iterator[str]:
    yield from (
        f"新版本多了一个问题，申请人没有回答过：{why}"
        for why in unanswered(new, case.answers, answers).values()
    )
    for code, state in case.items.items():
        promised, item = is_commitment(old.item(code), case.answers), new.item(code)
        if state in ITEM_OPEN_AT_DESK and promised is not is_commitment(item, answers):
            how = "不按" if promised else "按"
            yield f"“{item.name}”已经开始办理，按新版本留下的回答改为{how}告知承诺办理。"
    called_for = items_called_for(new, answers)
    for item in called_for:
        if item.code not in case.items:
            yield f"按新版本还要办理“{item.name}”，办件里没有。"
    left = _still_there(case)
    present = [new.item(code) for code in left]
    for material in materials_called_for(new, present, answers):
        if material.id not in case.materials and material.source is Source.APPLICANT:
            yield f"按新版本还要提交“{material.name}”，办件里没有。"
    needs = {code: needs_in_force(new.item(code), frozenset(case.items), answers) for code in case.items}
    stopping = frozenset(item.code for item in new.items if item.blocks is Blocks.ALL)
    for code, because in consequences(needs, case.items, stopping).stop:
        yield f"按新版本“{new.item(code).name}”会因为“{new.item(because).name}”没有获准而停办。"


def _concerns(change: Change, old: Bundle, new: Bundle, case: Running) -> bool:
    """Does this difference touch anything the case has, or would have?"""
    if not change.about:
        return True
    left = set(_still_there(case))
    specs = {item.code: item for item in (*old.items, *new.items)}
    if change.about in specs:
        return change.about in left or change.about in _newly_called_for(new, case)
    if change.about in {one.id for one in (*old.materials, *new.materials)}:
        used = {
            name
            for bundle in (old, new)
            for one in bundle.items
            if one.code in left
            for name in one.materials
        }
        return change.about in used
    return (change.about in case.answers) is not (change.about in _answers_kept(new, case))


def _newly_called_for(new: Bundle, case: Running) -> set[str]:
    return {item.code for item in items_called_for(new, _answers_kept(new, case))} - set(case.items)


def _answers_kept(new: Bundle, case: Running) -> Mapping[str, Any]:
    """The answers as they would be after the move; none where it cannot be made with them."""
    try:
        return answers_for(new, case.answers)
    except Faulty:
        return {}


def _still_there(case: Running) -> list[str]:
    over = (ItemState.DROPPED, ItemState.WITHDRAWN, ItemState.NOT_NEEDED)
    return [code for code, state in case.items.items() if state not in over]
