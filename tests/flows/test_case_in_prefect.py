"""A whole case on a whole platform: one run, one task run a department, and no disaster loses or repeats anything."""

import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient
from sqlalchemy import text

from flows.conductor import Conductor
from hosting import databases
from models.server import connected
from tests.clusters import Platform, running_platform
from tests.flows.hall import (
    apply,
    case,
    decide,
    delete,
    departments,
    moment,
    prefect,
    processes,
    rows,
    run_in_state,
    runs,
    state_names,
    task_runs,
    task_state_names,
    until,
    written,
)
from tests.smtp import MailServer, mail_server

pytestmark = pytest.mark.platform

WAVE = {"B1-5": "health", "B1-2": "market", "B1-3": "urban", "B1-4": "fire", "B1-6": "tobacco"}


@pytest.fixture(scope="module")
def mailbox() -> Generator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def hall(mailbox: MailServer) -> Generator[Platform]:
    """A platform that sends its mail to a real SMTP server."""
    with running_platform(mail_url=mailbox.url) as running:
        yield running


def grant_all(hall: Platform, number: str) -> None:
    decide(hall, number, "B1-1", "market")
    for item, by in WAVE.items():
        decide(hall, number, item, by)


def nothing_lost_nothing_twice(hall: Platform, number: str, outcome: str = "全部准予") -> None:
    run = run_in_state(hall, number, outcome)
    assert run["state"]["message"].endswith(f"/cases/{number}")
    bars = written(hall, run["id"], 6, ended=True)
    assert len({bar["name"] for bar in bars}) == 6
    acts = [row[0] for row in rows(hall, "SELECT act FROM audit_entry WHERE case_number = :no", no=number)]
    assert acts.count("grant") + acts.count("refuse") == 6
    assert (acts.count("conclude"), acts.count("issue")) == (1, 1)
    until("the last notice", lambda: not _waiting(hall, number))
    sent = rows(hall, "SELECT event, about, channel FROM notice WHERE case_number = :no", no=number)
    assert len(sent) == len(set(sent)) == 2 * (2 + 6 + 2)


def _waiting(hall: Platform, number: str) -> list[object]:
    return rows(
        hall, "SELECT 1 FROM notice WHERE case_number = :no AND state IN ('queued', 'sending')", no=number
    )


def test_five_departments_are_five_overlapping_bars_as_long_as_they_took(
    hall: Platform, mailbox: MailServer
) -> None:
    number = apply(hall)
    waiting = run_in_state(hall, number, "Suspended")
    assert waiting["state"]["message"].endswith(f"/cases/{number}"), "the way back, on the run's own page"
    decide(hall, number, "B1-1", "market")
    run = run_in_state(hall, number, "Suspended")
    until("the wave", lambda: len(departments(hall, run["id"])) == 6)
    for item, by in WAVE.items():
        decide(hall, number, item, by, reason="疏散通道宽度不足。" if item == "B1-4" else "")
    nothing_lost_nothing_twice(hall, number, "部分准予")

    assert runs(hall, number)[0]["id"] == run["id"], "one run for the case's whole life"
    bars = departments(hall, run["id"])
    wave = [bar for bar in bars if "营业执照" not in bar["name"]]
    latest_start = max(moment(bar["start_time"]) for bar in wave)
    earliest_end = min(moment(bar["end_time"]) for bar in wave)
    assert latest_start < earliest_end, "the departments worked at the same time"
    decided = dict(rows(hall, "SELECT name, decided_at FROM item WHERE case_number = :no", no=number))
    for bar in bars:
        assert abs((moment(bar["end_time"]) - decided[bar["name"].split("·")[1]]).total_seconds()) < 5
    states = {bar["name"].split("·")[0]: (bar["state_type"], bar["state_name"]) for bar in wave}
    assert states["消防救援"] == ("COMPLETED", "不予"), "a refusal is no technical failure"
    assert states["烟草专卖"] == ("COMPLETED", "准予")
    results = {item["item"]: (item["decision"], item["result"]) for item in case(hall, number)["items"]}
    assert results["B1-4"] == ("refused", None)
    assert all(decision == "granted" for item, (decision, _) in results.items() if item != "B1-4")
    assert results["B1-2"][1], "its certificate was issued all the same"

    subjects = [letter.subject for letter in mailbox.letters if number in letter.text]
    assert len(subjects) == 2 + 6 + 2
    assert [subjects.index(subject) for subject in dict.fromkeys(subjects)] == sorted(
        subjects.index(subject) for subject in dict.fromkeys(subjects)
    )
    for word, place in (("收", 0), ("受理", 1), ("办结", -2), ("领取", -1)):
        assert word in subjects[place], subjects


def test_managers_find_progress_departments_and_tags_on_the_run(hall: Platform) -> None:
    number = apply(hall)
    run = run_in_state(hall, number, "Suspended")
    assert {"办件", "B1"} <= set(run["tags"])
    wanted = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
    found = until("artifacts", lambda: prefect(hall, "/artifacts/filter", wanted))
    by_type = {artifact["type"]: artifact for artifact in found}
    assert {"progress", "table"} <= set(by_type)
    assert "市场监管" in by_type["table"]["data"]
    everything = str(found) + str(run)
    assert not [word for word in ("陈一诺", "13800000000", "000000199001010018") if word in everything]

    decide(hall, number, "B1-1", "market")
    until("the wave", lambda: len(departments(hall, run["id"])) == 6)
    run_in_state(hall, number, "Suspended")
    before = state_names(hall, run["id"])
    decide(hall, number, "B1-5", "health")
    until("both grants in the table", lambda: _table(hall, run["id"]).count('"状态": "准予"') == 2)
    assert state_names(hall, run["id"]) == before, "a decision that opens no wave costs Prefect no pass"
    artifacts = prefect(hall, "/artifacts/filter", wanted)
    assert len(artifacts) == 2, "brought up to date in their place"
    delete(hall, f"/artifacts/{artifacts[0]['id']}")
    decide(hall, number, "B1-3", "urban")
    until("what was deleted is there again", lambda: len(prefect(hall, "/artifacts/filter", wanted)) == 2)
    assert not prefect(hall, "/logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}})


def _table(hall: Platform, run: str) -> str:
    wanted = {"artifacts": {"flow_run_id": {"any_": [run]}, "type": {"any_": ["table"]}}}
    return str(prefect(hall, "/artifacts/filter", wanted)[0]["data"])


def worker_held(hall: Platform) -> psutil.Process:
    """The worker, stopped where it is, so that it does not run ahead of the test."""
    [worker] = until("a worker", lambda: processes(hall, "flows.worker"))
    worker.suspend()
    return worker


def kill_in_mid_pass(hall: Platform, worker: psutil.Process) -> None:
    """But not in mid-send: whether that message left, nobody can know, and it is not sent again blindly."""

    def caught() -> bool:
        worker.resume()
        time.sleep(0.1)
        worker.suspend()
        leased = rows(hall, "SELECT number FROM case_file WHERE lease_until IS NOT NULL")
        return bool(leased) and not rows(hall, "SELECT id FROM notice WHERE state = 'sending'")

    until("a pass", caught)
    worker.kill()
    worker.wait(30)  # until it has gone, whoever looks for the worker finds it


def test_a_worker_killed_in_mid_pass_loses_and_repeats_nothing(hall: Platform) -> None:
    numbers = [apply(hall) for _ in range(3)]
    worker = worker_held(hall)
    for number in numbers:
        decide(hall, number, "B1-1", "market")
    kill_in_mid_pass(hall, worker)
    worker = worker_held(hall)
    for number in numbers:
        for item, by in WAVE.items():
            decide(hall, number, item, by)
    kill_in_mid_pass(hall, worker)
    for number in numbers:
        nothing_lost_nothing_twice(hall, number)


def test_with_prefect_down_the_desks_work_and_prefect_catches_up(hall: Platform) -> None:
    for server in processes(hall, "prefect.server.api.server:create_app"):
        server.kill()
    number = apply(hall)
    grant_all(hall, number)
    assert case(hall, number)["outcome"] == "all_granted"
    nothing_lost_nothing_twice(hall, number)


def test_a_case_decided_before_prefect_gets_to_it_takes_one_pass_and_one_state_a_department(
    hall: Platform,
) -> None:
    worker = worker_held(hall)
    number = apply(hall)
    grant_all(hall, number)
    time.sleep(20)  # longer than Prefect's own service would leave it unmarked as late
    worker.resume()
    nothing_lost_nothing_twice(hall, number)
    run = runs(hall, number)[0]
    assert sorted(state_names(hall, run["id"])) == sorted(["Scheduled", "Running", "全部准予"])
    assert [task_state_names(hall, bar["id"]) for bar in departments(hall, run["id"])] == [["准予"]] * 6


def test_a_task_run_that_a_dead_pass_opened_without_noting_it_is_found_again_and_settled(
    hall: Platform,
) -> None:
    number = apply(hall)
    run = run_in_state(hall, number, "Suspended")
    [bar] = written(hall, run["id"])
    with connected(hall.settings.owner_url) as connection:
        forgotten = text(
            "UPDATE item SET task_run_id = NULL, shown = NULL, told_at = NULL WHERE case_number = :number"
        )
        connection.execute(forgotten, {"number": number})
    grant_all(hall, number)
    nothing_lost_nothing_twice(hall, number)
    assert task_state_names(hall, bar["id"]) == ["办理中", "准予"]


def test_what_a_manager_presses_in_prefect_does_no_harm(hall: Platform) -> None:
    number = apply(hall)
    run = run_in_state(hall, number, "Suspended")
    prefect(hall, f"/flow_runs/{run['id']}/resume", {})
    until("resumed and suspended again", lambda: state_names(hall, run["id"]).count("Suspended") == 2)
    cancelled = {"state": {"type": "CANCELLED", "name": "Cancelled"}, "force": True}
    prefect(hall, f"/flow_runs/{run['id']}/set_state", cancelled)
    run_in_state(hall, number, "Suspended", seconds=120)
    assert len(task_runs(hall, run["id"])) == 1, "only new steps run on a pass after a resume"
    grant_all(hall, number)
    nothing_lost_nothing_twice(hall, number)


def test_a_run_started_by_hand_beside_the_cases_own_changes_nothing(hall: Platform) -> None:
    number = apply(hall)
    run_in_state(hall, number, "Suspended")
    deployment = prefect(
        hall, "/deployments/filter", {"deployments": {"name": {"any_": ["open-a-restaurant"]}}}
    )[0]
    for given, ends in [(number, "已有运行"), ("000000-B1-20260306-000001-0", "编号有误")]:
        body = {"parameters": {"case_number": given}, "name": f"手工-{given}-{ends}"}
        by_hand = prefect(hall, f"/deployments/{deployment['id']}/create_flow_run", body)
        wanted = {"flow_runs": {"id": {"any_": [by_hand["id"]]}}}
        until(ends, lambda: prefect(hall, "/flow_runs/filter", wanted)[0]["state_name"] == ends)  # noqa: B023
    run_in_state(hall, number, "Suspended")


def test_prefects_database_dropped_is_made_again_from_the_record(hall: Platform) -> None:
    number, decided_meanwhile = apply(hall), apply(hall)
    before = run_in_state(hall, number, "Suspended")
    for case_number in (number, decided_meanwhile):
        decide(hall, case_number, "B1-1", "market")
        run = run_in_state(hall, case_number, "Suspended")
        until("the wave", lambda run=run: len(departments(hall, run["id"])) == 6)  # type: ignore[misc]
    for server in processes(hall, "prefect.server.api.server:create_app"):
        server.kill()
    with connected(hall.settings.owner_url) as connection:
        connection.execute(text("DROP DATABASE yijianshi_prefect WITH (FORCE)"))
    databases.prepare_databases(hall.settings)
    decide(hall, decided_meanwhile, "B1-5", "health")  # opens no wave: only a task run would be settled
    after = run_in_state(hall, number, "Suspended", seconds=150)
    assert after["id"] != before["id"]
    for item, by in WAVE.items():
        decide(hall, number, item, by)
        if item != "B1-5":
            decide(hall, decided_meanwhile, item, by)
    nothing_lost_nothing_twice(hall, number)
    nothing_lost_nothing_twice(hall, decided_meanwhile)


def test_a_task_run_deleted_in_prefect_is_opened_again(hall: Platform) -> None:
    number = apply(hall)
    run = run_in_state(hall, number, "Suspended")
    [bar] = written(hall, run["id"])
    delete(hall, f"/task_runs/{bar['id']}")
    grant_all(hall, number)
    nothing_lost_nothing_twice(hall, number)


def test_what_prefect_was_told_and_did_not_write_down_is_told_again(hall: Platform) -> None:
    """Its server answers first and writes later: it may die in between."""
    number = apply(hall)
    run = run_in_state(hall, number, "Suspended")
    [bar] = written(hall, run["id"])
    told = "UPDATE item SET told_at = now() - interval '1 minute' WHERE number = :number RETURNING number"
    delete(hall, f"/task_runs/{bar['id']}")
    with connected(hall.settings.owner_url) as connection:
        assert connection.execute(text(told), {"number": bar["dynamic_key"]}).all()
    assert written(hall, run["id"])[0]["state_name"] == "办理中", "no act was needed"
    seen = "SELECT 1 FROM item WHERE case_number = :number AND task_run_id IS NOT NULL AND told_at IS NULL"
    until("Prefect was seen to show it", lambda: rows(hall, seen, number=number))


def test_a_patrol_that_died_with_its_worker_does_not_hold_its_place_for_ever(hall: Platform) -> None:
    """One that was late and works now is not taken for dead: what counts is how long it has been at it."""
    named = {"deployments": {"name": {"any_": ["patrol"]}}}
    [deployment] = until("the deployment", lambda: prefect(hall, "/deployments/filter", named))
    long_ago = (datetime.now(UTC) - timedelta(minutes=20)).isoformat()
    scheduled = {"type": "SCHEDULED", "state_details": {"scheduled_time": long_ago}}
    body = {"state": scheduled, "name": "断了的巡查", "tags": ["定时"]}
    dead = prefect(hall, f"/deployments/{deployment['id']}/create_flow_run", body)
    wanted = {"flow_runs": {"id": {"any_": [dead["id"]]}}}
    until(
        "it ran",
        lambda: prefect(hall, "/flow_runs/filter", wanted)[0]["state_type"] in ("COMPLETED", "CANCELLED"),
    )
    running = {"state": {"type": "RUNNING"}, "force": True}
    prefect(hall, f"/flow_runs/{dead['id']}/set_state", running)
    with SyncPrefectClient(hall.prefect_api_url) as client:
        for minutes, state in ((9, "RUNNING"), (11, "CRASHED")):
            then = datetime.now(UTC) + timedelta(minutes=minutes)
            Conductor(client, now=lambda then=then: then)._end_orphans()  # type: ignore[misc]
            assert prefect(hall, "/flow_runs/filter", wanted)[0]["state_type"] == state
