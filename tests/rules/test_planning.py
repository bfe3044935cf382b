"""What is left for Prefect to do."""

from rules.planning import Facts, ItemFacts, Step, StepKind, plan
from rules.states import CaseState, ItemState


def item(number: str, state: ItemState, *, handed_over: bool = True, opened: bool = False) -> ItemFacts:
    return ItemFacts(number, state, handed_over, opened)


def test_a_wave_is_opened_at_once_and_only_once() -> None:
    items = [
        item("a", ItemState.GRANTED, opened=True),
        item("b", ItemState.IN_REVIEW),
        item("c", ItemState.REFUSED),
        item("d", ItemState.WAITING, handed_over=False),
    ]
    assert plan(Facts(CaseState.ACCEPTED, False, items)) == (
        Step(StepKind.OPEN, "b"),
        Step(StepKind.OPEN, "c"),
    )


def test_results_are_issued_once_after_the_joint_answer() -> None:
    items = [item("a", ItemState.GRANTED, opened=True)]
    assert plan(Facts(CaseState.ACCEPTED, False, items)) == ()
    assert plan(Facts(CaseState.CONCLUDED, False, items)) == (Step(StepKind.ISSUE),)
    assert plan(Facts(CaseState.CONCLUDED, True, items)) == ()
