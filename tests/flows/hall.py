"""What do the flow tests see? A running platform through its command line, Prefect's API and PostgreSQL."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from sqlalchemy import text

from models.server import connected
from tests.clusters import Platform

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "open-a-restaurant.yaml"
T = TypeVar("T")


def until(what: str, found: Callable[[], T], seconds: float = 60) -> T:
    """Wait until something is there; the platform works at its own pace."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds:.0f} s in vain for: {what}")


def apply(platform: Platform) -> str:
    answer = platform.yjs("apply", str(EXAMPLE), "--json")
    assert answer.returncode == 0, answer.stderr
    return str(json.loads(answer.stdout)["case_no"])


def case(platform: Platform, number: str) -> dict[str, Any]:
    answer = platform.yjs("case", number, "--json")
    assert answer.returncode == 0, answer.stderr
    return dict(json.loads(answer.stdout))


def decide(platform: Platform, number: str, item: str, by: str, reason: str = "") -> None:
    words = ["refuse", "--reason", reason] if reason else ["grant"]
    answer = platform.yjs("decide", number, item, *words, "--as", by)
    assert answer.returncode == 0, answer.stderr


def prefect(platform: Platform, path: str, body: dict[str, Any]) -> Any:
    answer = httpx.post(f"{platform.prefect_api_url}{path}", json=body, timeout=20)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def delete(platform: Platform, path: str) -> None:
    httpx.delete(f"{platform.prefect_api_url}{path}", timeout=20).raise_for_status()


def runs(platform: Platform, number: str) -> list[dict[str, Any]]:
    """Every run Prefect has under this case number."""
    try:
        return list(prefect(platform, "/flow_runs/filter", {"flow_runs": {"name": {"any_": [number]}}}))
    except httpx.HTTPError:
        return []  # it is being restarted


def state_names(platform: Platform, run_id: str) -> list[str]:
    """Every state the run has been in."""
    answer = httpx.get(
        f"{platform.prefect_api_url}/flow_run_states/", params={"flow_run_id": run_id}, timeout=20
    )
    answer.raise_for_status()
    return [str(state["name"]) for state in answer.json()]


def task_state_names(platform: Platform, task_run_id: str) -> list[str]:
    """Every state the task run has been in, in that order."""
    answer = httpx.get(
        f"{platform.prefect_api_url}/task_run_states/", params={"task_run_id": task_run_id}, timeout=20
    )
    answer.raise_for_status()
    return [str(state["name"]) for state in sorted(answer.json(), key=lambda state: state["timestamp"])]


def task_runs(platform: Platform, run_id: str) -> list[dict[str, Any]]:
    found = prefect(platform, "/task_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
    return sorted(found, key=lambda one: one["start_time"] or "")


def run_in_state(platform: Platform, number: str, *names: str, seconds: float = 90) -> dict[str, Any]:
    """The case's one run, once it is in one of these states."""

    def found() -> dict[str, Any] | None:
        known = runs(platform, number)
        return known[0] if len(known) == 1 and known[0]["state_name"] in names else None

    return until(f"run of {number} in {names}", found, seconds)


def departments(platform: Platform, run_id: str) -> list[dict[str, Any]]:
    """The task runs of departments: named 部门·事项."""
    return [one for one in task_runs(platform, run_id) if "·" in one["name"] and "制证" not in one["name"]]


def written(platform: Platform, run_id: str, count: int = 1, *, ended: bool = False) -> list[dict[str, Any]]:
    """So many of them; Prefect writes them down a moment after it was told of them."""

    def found() -> list[dict[str, Any]] | None:
        bars = departments(platform, run_id)
        return bars if len(bars) == count and all(bar["end_time"] or not ended for bar in bars) else None

    return until(f"{count} task runs of departments", found)


def processes(platform: Platform, word: str) -> list[psutil.Process]:
    """The platform's processes whose command line has this word."""
    found = []
    for child in psutil.Process(platform.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it was killed a moment ago
            if any(word in part for part in child.cmdline()):
                found.append(child)
    return found


def rows(platform: Platform, statement: str, **values: Any) -> list[Any]:
    with connected(platform.settings.database_url) as connection:
        return list(connection.execute(text(statement), values))


def moment(value: str) -> datetime:
    return datetime.fromisoformat(value)
