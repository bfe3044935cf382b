"""How many cases does the platform carry, beside Prefect as it comes? Both in one run on one machine.

A case has five items: the licence check first, then four departments in any order, everything over HTTP with
real sign-ins. `CASES=500 make bench-throughput` takes more cases.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from sqlalchemy import text

from bench import capacity
from bench.people import (
    PACE,
    Act,
    Answers,
    People,
    applied,
    at_a_halls_pace,
    decided,
    engine_gone,
    everybody,
    looking,
    opened,
)
from bench.stock import NAME
from bench.weighing import cpu, family, memory
from bench.where import machine
from models.database import transaction
from tests.clusters import Platform, running_platform

CASES = int(os.environ.get("CASES", "120"))
STOCK_CASES = int(os.environ.get("STOCK_CASES", "3"))
HANDS = 12  # people who press a button at the same moment
KEPT = 20  # cases kept back for those who decide at a hall's pace while the engine works off the others: 27 seconds
PATIENCE = 1800.0  # seconds


WARM = (
    8  # looks at the desk's page before anything is measured: each web process has read its templates by then
)


@dataclass
class Measured:
    """One side of the comparison."""

    cases: int
    concluded: float = 0.0  # seconds until every joint answer is in the record
    completed: float = 0.0  # seconds until Prefect shows every run completed
    cpu: float = 0.0  # seconds, all processes
    left: int = 0  # cases not completed in Prefect when those at a hall's pace had done
    waits: list[float] = field(default_factory=list)  # seconds from the last decision to the end in Prefect


def main() -> int:
    """Both, then the table."""
    print(machine(), flush=True)
    with running_platform() as platform:
        idle = _memory(platform)
        ours, rush, busy = _ours(platform)
        told = _told(platform)
        after = _memory(platform)
        stock = _stock(platform)
    print(f"{'':34}{'this platform':>16}{'stock Prefect':>16}{'ratio':>9}")
    _line("cases", ours.cases, stock.cases)
    _line("concluded in the record, cases/s", CASES / ours.concluded)
    _line("completed in Prefect, cases/s", ours.cases / ours.completed, stock.cases / stock.completed)
    _line("CPU-seconds a case", ours.cpu / ours.cases, stock.cpu / stock.cases)
    _line("last decision to end, median s", _median(ours.waits), _median(stock.waits))
    _line("last decision to end, 95 % s", _most(ours.waits), _most(stock.waits))
    _line("last decision to told, median s", _median(told))
    _line("last decision to told, 95 % s", _most(told))
    for when, answers in (("rush", rush), ("engine busy", busy)):
        _line(f"{when}: a decision, median ms", 1000 * _median(answers.decisions))
        _line(f"{when}: a decision, 95 % ms", 1000 * _most(answers.decisions))
        _line(f"{when}: a desk page, median ms", 1000 * _median(answers.pages))
        _line(f"{when}: a desk page, 95 % ms", 1000 * _most(answers.pages))
    _line("engine busy: cases left at its end", ours.left)
    _line("memory idle, MB", idle)
    _line("memory after, MB", after)
    print(f"rush: {HANDS} people press without a pause, and the engine steps back behind them")
    print(f"engine busy: {PACE:.0f} decisions and a page a second while it works off what the rush has left")
    print(f"\n{capacity.table(*_for_capacity(ours))}")
    return 0


def _for_capacity(ours: Measured) -> tuple[float, float, float]:
    return CASES / ours.concluded, ours.cases / ours.completed, ours.cpu / ours.cases


def _ours(platform: Platform) -> tuple[Measured, Answers, Answers]:
    """The measure, then how long people waited: in the rush, and while the engine was busy."""
    numbers, kept = applied(platform, CASES), applied(platform, KEPT)
    people = everybody(platform.url)
    found, rush = Measured(CASES + KEPT), Answers()
    before = _cpu(platform)
    for wave in opened(kept):
        _press(people, wave)
    for _ in range(WARM):
        people["fire"].look()
    began = time.perf_counter()
    with looking(people["fire"]) as rush.pages:
        for wave in (*opened(numbers), *decided(numbers)):
            rush.decisions += _press(people, wave)
        found.concluded = time.perf_counter() - began
    busy = at_a_halls_pace(people, [act for wave in decided(kept) for act in wave])
    found.left = found.cases - _completed(platform)
    _until(lambda: _completed(platform) == found.cases)
    found.completed, found.cpu = time.perf_counter() - began, _cpu(platform) - before
    with platform.at_hand(), transaction() as session:
        ends = session.execute(
            text("SELECT flow_run_id, concluded_at FROM case_file WHERE concluded_at IS NOT NULL")
        )
        concluded = {str(run): at for run, at in ends}
    engine_gone()
    for run in _runs(platform, {"state": {"type": {"any_": ["COMPLETED"]}}, "tags": {"all_": ["办件"]}}):
        if run["id"] in concluded:
            ended = datetime.fromisoformat(run["end_time"])
            found.waits.append((ended - concluded[run["id"]]).total_seconds())
    return found, rush, busy


def _press(people: People, wave: list[Act]) -> list[float]:
    with ThreadPoolExecutor(HANDS) as hands:
        return list(hands.map(lambda act: people[act[0]].press(act[1]), wave))


def _told(platform: Platform) -> list[float]:
    query = text(
        "SELECT EXTRACT(EPOCH FROM n.sent_at - c.concluded_at) FROM notice n JOIN case_file c"
        " ON c.number = n.case_number WHERE n.event = 'concluded' AND n.sent_at IS NOT NULL"
    )
    with platform.at_hand():
        with transaction() as session:
            told = [float(seconds) for (seconds,) in session.execute(query)]
        engine_gone()
    return told


def _stock(platform: Platform) -> Measured:
    environment = {**platform.environment, "PREFECT_API_URL": platform.prefect_api_url}
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.stock"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        found = Measured(STOCK_CASES)
        deployment = _until(lambda: _deployment(platform), 120)
        before, began = _cpu(platform, server.pid), time.perf_counter()
        for number in range(STOCK_CASES):
            _ask(
                platform,
                f"/deployments/{deployment}/create_flow_run",
                {"parameters": {"number": f"case-{number}"}},
            )
        resumed: dict[str, int] = {}
        last: dict[str, float] = {}
        _until(lambda: _resume(platform, resumed, last) == STOCK_CASES)
        found.completed, found.cpu = time.perf_counter() - began, _cpu(platform, server.pid) - before
        ends = {
            run["id"]: run["end_time"] for run in _runs(platform, {"deployment_id": {"any_": [deployment]}})
        }
        found.waits = [datetime.fromisoformat(ends[run]).timestamp() - at for run, at in last.items()]
        return found
    finally:
        server.terminate()
        server.wait(60)


def _deployment(platform: Platform) -> str:
    found = _ask(platform, "/deployments/filter", {"deployments": {"name": {"any_": [NAME]}}})
    return str(found[0]["id"]) if found else ""


def _resume(platform: Platform, resumed: dict[str, int], last: dict[str, float]) -> int:
    """Decide whatever waits; how many have ended."""
    ended = 0
    for run in _runs(platform, {"deployment_id": {"any_": [_deployment(platform)]}}):
        ended += run["state_type"] == "COMPLETED"
        if run["state_name"] == "Suspended":
            _ask(platform, f"/flow_runs/{run['id']}/resume", {})
            resumed[run["id"]] = resumed.get(run["id"], 0) + 1
            last[run["id"]] = time.time()
    return ended


def _completed(platform: Platform) -> int:
    """How many of the cases' runs Prefect shows as completed."""
    wanted = {"state": {"type": {"any_": ["COMPLETED"]}}, "tags": {"all_": ["办件"]}}
    return int(_ask(platform, "/flow_runs/count", {"flow_runs": wanted}))


def _runs(platform: Platform, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := _ask(platform, "/flow_runs/filter", {"flow_runs": wanted, "offset": len(found)}):
        found += page
        if len(page) < 200:
            break
    return found


def _ask(platform: Platform, path: str, body: dict[str, Any]) -> Any:
    answer = httpx.post(f"{platform.prefect_api_url}{path}", json=body, timeout=60)
    answer.raise_for_status()
    return answer.json()


def _until(holds: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := holds():
            return answer
        time.sleep(0.5)
    raise SystemExit("it did not end in time")


def _cpu(platform: Platform, *besides: int) -> float:
    return cpu(family(platform.process.pid, *besides))


def _memory(platform: Platform) -> float:
    return memory(family(platform.process.pid))


def _median(values: list[float]) -> float:
    return statistics.median(values) if values else 0.0


def _most(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))] if values else 0.0


def _line(what: str, ours: float, stock: float | None = None) -> None:
    ratio = f"{ours / stock:>9.2f}" if stock else ""
    other = f"{stock:>16.2f}" if stock is not None else " " * 16
    print(f"{what:<34}{ours:>16.2f}{other}{ratio}")


if __name__ == "__main__":
    sys.exit(main())
