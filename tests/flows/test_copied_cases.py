"""Cases that a bench has copied by SQL are, to the record and to Prefect, what the played ones are."""

from collections.abc import Generator

import pytest

from bench.memory import (
    PLAYED,
    RUNS,
    TASK_RUNS,
    differences,
    multiplied,
    play,
    same_in_both,
    shown_after,
    under_way,
)
from rules.identifiers import fault_of_case_number
from tests.clusters import Platform, running_platform
from tests.flows.hall import delete, departments, processes, run_in_state, runs, until

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def hall() -> Generator[Platform]:
    with running_platform() as running:
        yield running


@pytest.fixture(scope="module")
def copies(hall: Platform) -> list[str]:
    """Two of each that was played."""
    return multiplied(hall, play(hall), range(1, 3))


def test_every_copy_is_a_case_with_a_run_of_its_own(hall: Platform, copies: list[str]) -> None:
    assert len(set(copies)) == 2 * PLAYED
    assert not [number for number in copies if fault_of_case_number(number)]
    assert differences(hall, copies)[1] == []
    assert same_in_both(hall, *RUNS)
    assert same_in_both(hall, *TASK_RUNS)
    for number in copies:
        assert [run["parameters"] for run in runs(hall, number)] == [{"case_number": number}]


def test_a_copy_can_be_decided_and_its_own_run_shows_it(hall: Platform, copies: list[str]) -> None:
    decided, beside = copies[0], copies[PLAYED]  # two copies of the same case
    shown_after(hall, decided)
    assert len(departments(hall, run_in_state(hall, decided, "Suspended")["id"])) > 1
    assert len(departments(hall, run_in_state(hall, beside, "Suspended")["id"])) == 1
    until("nothing under way", lambda: not under_way(hall))
    assert differences(hall, copies)[1] == []


def test_the_comparison_would_find_a_copy_without_its_run(hall: Platform, copies: list[str]) -> None:
    """Otherwise it could call anything in step."""
    held = processes(hall, "flows.conductor")
    for process in held:
        process.suspend()  # it would make the run anew before we have looked
    try:
        delete(hall, f"/flow_runs/{runs(hall, copies[1])[0]['id']}")
        assert [copies[1] in said for said in set(differences(hall, copies)[1])] == [True]
        assert not same_in_both(hall, *RUNS)
    finally:
        for process in held:
            process.resume()
