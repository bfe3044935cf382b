"""What follows from decisions: tables for the rules, and properties over random bundles and orders."""

from hypothesis import given
from hypothesis import strategies as st

from rules.bundle import Gate, JoinPolicy, Need, OnRefused
from rules.joining import Needs, consequences, may_issue, outcome, waits_to_decide
from rules.states import ITEM_FINAL, ItemState, Outcome

PENDING, WAITING, OPEN = ItemState.PENDING, ItemState.WAITING, ItemState.IN_REVIEW
GRANTED, REFUSED, STOPPED = ItemState.GRANTED, ItemState.REFUSED, ItemState.NOT_NEEDED
PASSED_ON = ItemState.TRANSFERRED

RESTAURANT: Needs = {
    "check": (),
    "food": (Need("check"), Need("health", Gate.DECISION, OnRefused.CONTINUE)),
    "sign": (Need("check"),),
    "health": (Need("check"),),
}


def test_at_acceptance_only_items_without_a_start_gate_begin() -> None:
    result = consequences(RESTAURANT, dict.fromkeys(RESTAURANT, PENDING))
    assert result.hand_over == ("check",)
    assert result.hold == ("food", "sign", "health")


def test_a_decision_gate_does_not_keep_an_item_from_beginning() -> None:
    states = {"check": GRANTED, "food": WAITING, "sign": WAITING, "health": WAITING}
    assert consequences(RESTAURANT, states).hand_over == ("food", "sign", "health")
    assert waits_to_decide("food", RESTAURANT, {**states, "food": OPEN, "health": OPEN}) == ("health",)


def test_a_refused_predecessor_stops_its_dependants_and_theirs_but_no_sibling() -> None:
    needs: Needs = {"a": (), "b": (Need("a"),), "c": (Need("b"),), "other": ()}
    result = consequences(needs, {"a": REFUSED, "b": WAITING, "c": WAITING, "other": OPEN})
    assert result.stop == (("b", "a"), ("c", "b"))
    assert result.outcome is None


def test_a_refusal_that_may_be_continued_past_releases_the_successor() -> None:
    needs: Needs = {"a": (), "b": (Need("a", Gate.START, OnRefused.CONTINUE),)}
    assert consequences(needs, {"a": REFUSED, "b": WAITING}).hand_over == ("b",)


def test_the_joint_answer() -> None:
    assert outcome({"a": GRANTED, "b": GRANTED}) is Outcome.ALL_GRANTED
    assert outcome({"a": GRANTED, "b": REFUSED}) is Outcome.PARTLY_GRANTED
    assert outcome({"a": REFUSED, "b": STOPPED}) is Outcome.ALL_REFUSED
    assert outcome({"a": GRANTED, "b": OPEN}) is None
    assert outcome({"a": PASSED_ON, "b": STOPPED}) is Outcome.TRANSFERRED
    assert outcome({"a": PASSED_ON, "b": REFUSED}) is Outcome.TRANSFERRED
    assert outcome({"a": PASSED_ON, "b": GRANTED}) is Outcome.PARTLY_GRANTED
    assert outcome({"a": ItemState.REVOKED, "b": GRANTED}) is Outcome.PARTLY_GRANTED


def test_where_all_must_be_granted_a_part_is_not_issued() -> None:
    assert not may_issue(JoinPolicy.ALL_GRANTED, Outcome.PARTLY_GRANTED)
    assert may_issue(JoinPolicy.BEST_EFFORT, Outcome.PARTLY_GRANTED)
    assert not may_issue(JoinPolicy.BEST_EFFORT, Outcome.ALL_REFUSED)


@st.composite
def bundles(draw: st.DrawFn) -> Needs:
    """A random bundle without cycles: an item needs only earlier ones."""
    names = [f"i{n}" for n in range(draw(st.integers(1, 7)))]
    return {
        name: tuple(
            Need(earlier, draw(st.sampled_from(Gate)), draw(st.sampled_from(OnRefused)))
            for earlier in names[:position]
            if draw(st.booleans())
        )
        for position, name in enumerate(names)
    }


@given(bundles(), st.randoms(use_true_random=False))
def test_every_case_ends_and_no_grant_is_ever_undone(needs: Needs, chance: st.DataObject) -> None:
    states = dict.fromkeys(needs, PENDING)
    granted: set[str] = set()
    for _ in range(4 * len(needs) + 2):
        result = consequences(needs, states)
        assert not granted & {item for item, _ in result.stop}
        states |= dict.fromkeys(result.hand_over, OPEN) | dict.fromkeys(result.hold, WAITING)
        states |= {item: STOPPED for item, _ in result.stop}
        if result.outcome:
            break
        ready = [i for i, s in states.items() if s is OPEN and not waits_to_decide(i, needs, states)]
        assert ready, "an open case always has somebody who can act"
        item = chance.choice(ready)  # type: ignore[attr-defined]
        states[item] = chance.choice([GRANTED, REFUSED])  # type: ignore[attr-defined]
        granted |= {item} if states[item] is GRANTED else set()
    assert all(state in ITEM_FINAL for state in states.values())
    assert {item for item, state in states.items() if state is GRANTED} == granted


@given(bundles(), st.data())
def test_a_refusal_stops_exactly_what_cannot_go_on_without_it(needs: Needs, data: st.DataObject) -> None:
    """Held against the graph itself: what is reached from the refused one along dependencies that cancel."""
    refused = data.draw(st.sampled_from(sorted(needs)))
    open_states = st.sampled_from((PENDING, WAITING, OPEN, ItemState.SPECIAL, ItemState.RECTIFYING, GRANTED))
    states = {name: data.draw(open_states) for name in needs} | {refused: REFUSED}
    reached = {refused}
    for _ in needs:  # as often as the longest way is long
        reached |= {
            name
            for name, wanted in needs.items()
            if states[name] is not GRANTED
            and any(need.item in reached and need.on_refused is OnRefused.CANCEL for need in wanted)
        }
    result = consequences(needs, states)
    assert {item for item, _ in result.stop} == reached - {refused}
    everything = consequences(needs, states, frozenset({refused}))
    assert {item for item, _ in everything.stop} == {n for n, s in states.items() if s not in ITEM_FINAL}
    assert everything.outcome is not None
    assert consequences(needs, states, frozenset(needs) - {refused}).stop == result.stop


@given(bundles(), st.data())
def test_what_was_foreseen_is_all_that_happens(needs: Needs, data: st.DataObject) -> None:
    """The preview is one look; carried out, a second look finds nothing more to stop, and says why for each."""
    states = {name: data.draw(st.sampled_from((WAITING, OPEN, GRANTED))) for name in needs}
    refused = data.draw(st.sampled_from(sorted(needs)))
    states[refused] = REFUSED
    all_stopped = frozenset(data.draw(st.sets(st.sampled_from(sorted(needs)))))
    foreseen = consequences(needs, states, all_stopped)
    done: set[str] = set()
    for item, because in foreseen.stop:
        assert because == refused or because in done, "each is stopped by one that has failed before it"
        done.add(item)
    states |= dict.fromkeys(done, STOPPED) | dict.fromkeys(foreseen.hand_over, OPEN)
    again = consequences(needs, states, all_stopped)
    assert (again.stop, again.hand_over) == ((), ())
    assert again.outcome == foreseen.outcome
