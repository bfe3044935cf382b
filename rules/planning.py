"""What is left for Prefect to do for a case? The steps of the next pass, from what the record says now."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.named import Named
from rules.states import CaseState, ItemState


class StepKind(Named):
    """推进步骤."""

    OPEN = "open", "开启部门办理"  # a department's task run, from the hand-over on
    ISSUE = "issue", "制证"


@dataclass(frozen=True)
class ItemFacts:
    """What the plan must know of an item."""

    number: str
    state: ItemState
    handed_over: bool
    opened: bool  # Prefect has its task run


@dataclass(frozen=True)
class Facts:
    """What the plan must know of a case."""

    state: CaseState
    issued: bool
    items: Sequence[ItemFacts]


@dataclass(frozen=True)
class Step:
    """One thing to do; doing it twice changes nothing."""

    kind: StepKind
    item: str = ""


def plan(facts: Facts) -> tuple[Step, ...]:
    """Everything that can be done now, in parallel; nothing while the case waits for people."""
    steps = [Step(StepKind.OPEN, item.number) for item in facts.items if item.handed_over and not item.opened]
    if facts.state is CaseState.CONCLUDED and not facts.issued:
        steps.append(Step(StepKind.ISSUE))
    return tuple(steps)
