"""What do the answers call for: which items, materials and dependencies, in which order, on which path?"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rules.answering import read_answer
from rules.bundle import Bundle, Gate, ItemSpec, Limit, MaterialSpec, Need, Source, Unit
from rules.conditions import holds
from rules.errors import Faulty
from rules.office_hours import OfficeHours

HOURS_A_DAY = OfficeHours().length.total_seconds() / 3600

Needs = Mapping[str, tuple[Need, ...]]  # item code -> its dependencies


@dataclass(frozen=True)
class Path:
    """The path that decides how long a bundle takes if every department keeps its promise to the hour."""

    hours: float  # of office time
    items: tuple[str, ...]

    @property
    def working_days(self) -> int:
        return math.ceil(self.hours / HOURS_A_DAY)


def complete_answers(bundle: Bundle, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Every question asked, answered: as given, else by its default. Raises Faulty with a sentence a question.

    What the answers before it do not lead to is not asked, and has no answer whatever was sent along.
    """
    known = {question.id for question in bundle.questions}
    faults = {str(name): f"没有编号为“{name}”的问题。" for name in answers if name not in known}
    complete: dict[str, Any] = {}
    for question in bundle.questions:
        if not holds(question.when, complete):
            continue
        complete[question.id] = question.default
        given = answers.get(question.id)
        if given is None or given == "":
            continue
        try:
            complete[question.id] = read_answer(question, given)
        except ValueError as wrong:
            faults[question.id] = f"“{question.text}”{wrong}。"
    if faults:
        raise Faulty(faults)
    return complete


def unanswered(bundle: Bundle, answers: Mapping[str, Any], complete: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each question that is asked and was left blank: an application rests on answers, not defaults."""
    return {
        question.id: f"请回答“{question.text}”"
        for question in bundle.questions
        if holds(question.when, complete) and answers.get(question.id) in (None, "")
    }


def items_called_for(bundle: Bundle, answers: Mapping[str, Any]) -> tuple[ItemSpec, ...]:
    """The items that apply, in the order of the bundle. The answers are complete."""
    return tuple(item for item in bundle.items if holds(item.when, answers))


def materials_called_for(
    bundle: Bundle, items: Iterable[ItemSpec], answers: Mapping[str, Any]
) -> tuple[MaterialSpec, ...]:
    """Each material once, however many items use it. What no item here produces nobody waits for."""
    items = tuple(items)
    used = {material for item in items for material in item.materials}
    codes = {item.code for item in items}
    return tuple(
        material
        for material in bundle.materials
        if material.id in used
        and holds(material.when, answers)
        and (material.source is not Source.PREDECESSOR or material.from_item in codes)
    )


def needs_in_force(item: ItemSpec, codes: Iterable[str], answers: Mapping[str, Any]) -> tuple[Need, ...]:
    """The dependencies of an item on others of the same case; on an item not called for there is none."""
    present = frozenset(codes)
    return tuple(need for need in item.needs if need.item in present and holds(need.when, answers))


def is_commitment(item: ItemSpec, answers: Mapping[str, Any]) -> bool:
    """告知承诺: is the item decided on a written commitment, and checked later?"""
    return item.commitment is not None and holds(item.commitment.when, answers)


def promise_of(item: ItemSpec, answers: Mapping[str, Any]) -> Limit:
    """The promised limit that applies: the shorter one when a commitment is given."""
    if item.commitment and item.commitment.promise and is_commitment(item, answers):
        return item.commitment.promise
    return item.promise


def waves(items: Iterable[ItemSpec], needs: Needs) -> tuple[tuple[str, ...], ...]:
    """Which items begin together: the first at acceptance, each later one when those before it are done."""
    left = [item.code for item in items]
    found: list[tuple[str, ...]] = []
    while left:
        wave = tuple(code for code in left if not _starts_after(needs[code]) & set(left))
        if not wave:
            raise _circle(left)
        found.append(wave)
        left = [code for code in left if code not in wave]
    return tuple(found)


def longest_path(items: Iterable[ItemSpec], needs: Needs) -> Path:
    """The promised critical path. A start gate adds up; a decision gate only makes the decision wait."""
    known: dict[str, Path] = {}
    left = list(items)
    while left:
        ready = [item for item in left if all(need.item in known for need in needs[item.code])]
        if not ready:
            raise _circle(item.code for item in left)
        for item in ready:
            known[item.code] = _path_to(item, needs[item.code], known)
        left = [item for item in left if item.code not in known]
    return max(known.values(), key=_reach, default=Path(0, ()))


def longest_hours(limit: Limit) -> float:
    """The most office time the limit can take. Calendar days: as if they began on a Monday."""
    weeks, days = divmod(limit.n, 7)
    return _hours(limit, 5 * weeks + min(days, 5))


def shortest_hours(limit: Limit) -> float:
    """The least office time the limit can take. Calendar days: as if they began on a Saturday."""
    weeks, days = divmod(limit.n, 7)
    return _hours(limit, 5 * weeks + max(0, days - 2))


def _hours(limit: Limit, working_days_if_calendar: int) -> float:
    match limit.unit:
        case Unit.IMMEDIATE:
            return 0
        case Unit.HOUR:
            return limit.n
        case Unit.WORKING_DAY:
            return limit.n * HOURS_A_DAY
        case Unit.CALENDAR_DAY:
            return working_days_if_calendar * HOURS_A_DAY


def _path_to(item: ItemSpec, needs: tuple[Need, ...], known: Mapping[str, Path]) -> Path:
    start, decision = (
        max((known[need.item] for need in needs if need.gate is gate), key=_reach, default=Path(0, ()))
        for gate in (Gate.START, Gate.DECISION)
    )
    own = Path(start.hours + longest_hours(item.promise), (*start.items, item.code))
    return own if own.hours >= decision.hours else Path(decision.hours, (*decision.items, item.code))


def _reach(path: Path) -> tuple[float, int]:
    return path.hours, len(path.items)  # of two equally long ones the one that says more


def _circle(codes: Iterable[str]) -> ValueError:
    return ValueError(f"事项之间有循环依赖：{'、'.join(codes)}。")  # the linter refuses such a bundle


def _starts_after(needs: tuple[Need, ...]) -> set[str]:
    return {need.item for need in needs if need.gate is Gate.START}
