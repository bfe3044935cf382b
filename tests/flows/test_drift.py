"""What somebody does to Prefect behind the record's back is found with its reason, and put right."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import psutil
import pytest

from actions.accepting import accept
from actions.applying import submit
from actions.deciding import refuse
from models.account import account_named
from models.conducting import GIVE_UP_AFTER
from models.database import engine, transaction
from rules.drifting import Drift, DriftKind
from tasks.drifting import compare, flow_page, now, repair
from tests.clusters import Platform, running_platform
from tests.flows.hall import delete, prefect, processes, rows, run_in_state, runs, until, written
from tests.people import an_application

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def hall() -> Generator[Platform]:
    """This process acts on its record and its Prefect, as the platform's own processes do."""
    with running_platform() as running, running.at_hand():
        yield running
        engine().dispose()


@contextmanager
def conductor_held(hall: Platform) -> Generator[None]:
    """It would put things right before the test has looked."""
    held: list[psutil.Process] = until("the conductor", lambda: processes(hall, "flows.conductor"))
    for process in held:
        process.suspend()
    try:
        yield
    finally:
        for process in held:
            process.resume()


def a_case() -> str:
    with transaction() as session:
        clerk = account_named(session, "chuangkou")
        case = submit(session, an_application(), by=clerk, region="000000", at=now())
        accept(session, case.number, by=clerk, at=now())
        return case.number


def ended(number: str) -> str:
    """The check of the licence is refused, and everything waits for it."""
    with transaction() as session:
        refuse(session, number, "B1-1", "查无此照。", by=account_named(session, "market"), at=now())
    return number


def drifts() -> list[Drift]:
    return list(compare(at=now(), settle=timedelta()))[-1].found


def in_step() -> bool:
    return not drifts()


def set_state(hall: Platform, run: str, kind: str, what: str = "flow_runs") -> None:
    body = {"state": {"type": kind, "name": kind.title()}, "force": True}
    prefect(hall, f"/{what}/{run}/set_state", body)


def test_every_kind_of_drift_is_found_and_put_right(hall: Platform) -> None:
    numbers = {
        word: a_case() for word in ("gone", "stopped", "hangs", "bar", "bar_gone", "unopened", "closed")
    }
    own = {word: run_in_state(hall, number, "Suspended")["id"] for word, number in numbers.items()}
    ended(numbers["closed"])
    run_in_state(hall, numbers["closed"], "全部不予")
    until("nothing amiss", in_step)
    bars = {word: written(hall, own[word])[0]["id"] for word in ("bar", "bar_gone")}
    deployment = prefect(
        hall, "/deployments/filter", {"deployments": {"name": {"any_": ["open-a-restaurant"]}}}
    )[0]
    with conductor_held(hall):
        delete(hall, f"/flow_runs/{own['gone']}")
        set_state(hall, own["stopped"], "CANCELLED")
        set_state(hall, own["hangs"], "RUNNING")
        set_state(hall, own["closed"], "RUNNING")
        set_state(hall, bars["bar"], "FAILED", "task_runs")
        delete(hall, f"/task_runs/{bars['bar_gone']}")
        forgotten = "UPDATE item SET task_run_id = NULL, shown = NULL, told_at = NULL WHERE case_number = :no"
        rows(hall, f"{forgotten} RETURNING number", no=numbers["unopened"])
        for number in (numbers["bar"], "000000-B1-20260306-999999-9"):
            paused = {"type": "PAUSED", "name": "Suspended"}
            body = {"parameters": {"case_number": number}, "name": number, "state": paused, "tags": ["办件"]}
            prefect(hall, f"/deployments/{deployment['id']}/create_flow_run", body)
        found = drifts()
        words = {number: word for word, number in numbers.items()}
        kinds = {(words.get(one.case_number, "nobody"), one.kind.value) for one in found}
        # Whoever cancels a run cancels its bars, sooner or later.
        assert kinds - {("stopped", "bar_differs")} == {
            ("gone", "run_gone"),
            ("stopped", "run_stopped"),
            ("hangs", "run_hangs"),
            ("bar", "bar_differs"),
            ("bar_gone", "bar_gone"),
            ("unopened", "bar_gone"),
            ("closed", "not_ended"),
            ("bar", "second_run"),
            ("nobody", "no_case"),
        }
        assert all(repair(one, at=now()) for one in found)
    until("everything in step again", in_step)
    for word in ("gone", "stopped", "hangs", "bar", "bar_gone", "unopened"):
        states = {run["state_name"] for run in runs(hall, numbers[word])}
        assert "Suspended" in states, word
    assert runs(hall, numbers["closed"])[0]["state_name"] == "全部不予"
    assert written(hall, own["bar"])[0]["state_name"] == "办理中"


def test_a_case_whose_passes_always_fail_stops_pages_and_holds_up_nobody(hall: Platform) -> None:
    poisoned, other = a_case(), a_case()
    run_in_state(hall, poisoned, "Suspended")
    poison = "UPDATE case_file SET failures = :n, look_at = now(), bundle_code = 'B9' WHERE number = :no RETURNING 1"
    assert rows(hall, poison, n=GIVE_UP_AFTER - 1, no=poisoned)  # its flow takes it for somebody else's
    resting = "SELECT failures FROM case_file WHERE number = :no AND look_at IS NULL AND lease_until IS NULL"
    until("it is given up", lambda: rows(hall, resting, no=poisoned) == [(GIVE_UP_AFTER,)])
    run_in_state(hall, ended(other), "全部不予")
    until("the comparison has come past", lambda: [one.kind for one in drifts()] == [DriftKind.GIVEN_UP])
    assert rows(hall, resting, no=poisoned) == [(GIVE_UP_AFTER,)], "and has left it alone"
    log = "".join(path.read_text(encoding="utf-8") for path in (hall.data / "logs").glob("*.log"))
    assert f"办件 {poisoned} 连续 {GIVE_UP_AFTER} 次推进失败，已停下" in log
    answer = hall.yjs("drift", "--repair", "--json", "--settle", "0")
    [left] = json.loads(answer.stdout)["differences"]
    assert (answer.returncode, left["case"], left["repaired"], left["needs_a_person"]) == (
        1,
        poisoned,
        False,
        True,
    )
    assert rows(hall, "UPDATE case_file SET bundle_code = 'B1' WHERE number = :no RETURNING 1", no=poisoned)
    assert hall.yjs("drift", "--retry", poisoned).returncode == 0
    until("everything in step again", in_step)
    assert hall.yjs("drift", "--settle", "0").returncode == 0


def test_from_the_record_to_prefect_and_back(hall: Platform) -> None:
    number = a_case()
    run = run_in_state(hall, number, "Suspended")
    [flow] = prefect(hall, "/flows/filter", {"flows": {"id": {"any_": [run["flow_id"]]}}})
    with hall.at_hand() as settings:
        assert flow_page(flow["name"]) == f"{settings.prefect_url}/flows/flow/{flow['id']}"
    assert flow_page("没有的流程") is None
    wanted = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}, "type": {"any_": ["progress"]}}}
    [progress] = until("its progress", lambda: prefect(hall, "/artifacts/filter", wanted))
    assert f"[{number}]({settings.web_url}/cases/{number})" in progress["description"]
