"""What will happen if these answers stand? Items, departments, dates and papers, before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from actions.dating import hall_calendar
from rules.bundle import Bundle, ItemSpec, Limit, MaterialSpec, Source, Unit
from rules.clock import Clock, Due, due_of
from rules.conditions import holds
from rules.errors import Faulty
from rules.selecting import (
    Path,
    complete_answers,
    items_called_for,
    longest_path,
    materials_called_for,
    needs_in_force,
    promise_of,
)

NO_PATH = Path(0, ())


def path_said(path: Path, promise: Limit) -> str:
    """Why the longest path and the promise are two numbers, in one line; '' where there is nothing to tell apart."""
    if not path.items or (promise.unit is Unit.WORKING_DAY and path.working_days == promise.n):
        return ""
    which = "环环相扣的这几项" if len(path.items) > 1 else "用时最长的这一项"
    return (
        f"{path.working_days} 个工作日是{which}都按各自的承诺期限办要用的时间，其他事项同时办理，不另加；"
        f"整件事从受理到办结，以承诺的 {promise.text}为准。"
    )


@dataclass(frozen=True)
class Plan:
    """What the answers call for; without items while an answer is faulty."""

    faults: dict[str, str]  # by field name of the form
    asked: frozenset[str]  # the questions these answers lead to
    items: tuple[ItemSpec, ...] = ()  # each with the promise that applies
    to_bring: tuple[MaterialSpec, ...] = ()  # the applicant hands these in
    spared: tuple[MaterialSpec, ...] = ()  # shared between departments or made on the way: nobody brings them
    longest: Path = NO_PATH
    longest_said: str = ""  # what its number is, beside that of the promise
    due: Due | None = None  # the promised day if the case were accepted now

    @property
    def by_department(self) -> dict[str, list[ItemSpec]]:
        """Department code -> its items, in the order of the bundle."""
        found: dict[str, list[ItemSpec]] = {}
        for item in self.items:
            found.setdefault(item.department, []).append(item)
        return found


def plan(bundle: Bundle, fields: Mapping[str, str], at: datetime) -> Plan:
    """The consequences of the answers typed so far."""
    try:
        answers = complete_answers(bundle, answers_in(bundle, fields))
    except Faulty as faulty:
        faults = {f"answers.{name}": why for name, why in faulty.faults.items()}
        return Plan(faults, frozenset(question.id for question in bundle.questions))
    items = items_called_for(bundle, answers)
    codes = [item.code for item in items]
    promised = tuple(replace(item, promise=promise_of(item, answers)) for item in items)
    materials = materials_called_for(bundle, items, answers)
    longest = longest_path(promised, {item.code: needs_in_force(item, codes, answers) for item in items})
    return Plan(
        faults={},
        asked=frozenset(question.id for question in bundle.questions if holds(question.when, answers)),
        items=promised,
        to_bring=tuple(material for material in materials if material.source is Source.APPLICANT),
        spared=tuple(material for material in materials if material.source is not Source.APPLICANT),
        longest=longest,
        longest_said=path_said(longest, bundle.promise),
        due=due_of(Clock(bundle.promise, at), hall_calendar()),
    )


def answers_in(bundle: Bundle, fields: Mapping[str, str]) -> dict[str, str]:
    """The answers as typed; the rules read them."""
    return {question.id: fields[f"answers.{question.id}"] for question in bundle.questions}
