"""Prefect behind a password: nobody without it, and our own processes work as before."""

import time
from collections.abc import Generator

import httpx
import pytest

from config.prefect_lock import lock_file, prefect_auth
from tests.clusters import Platform, running_platform

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def locked() -> Generator[Platform]:
    with running_platform(prefect_locked="true") as platform:
        yield platform


def test_nobody_asks_prefect_anything_without_the_password(locked: Platform) -> None:
    for auth in (None, ("prefect", "guessed")):
        answer = httpx.post(f"{locked.prefect_api_url}/flow_runs/filter", json={}, auth=auth, timeout=20)
        assert answer.status_code == 401
    assert httpx.get(f"{locked.prefect_api_url}/health", timeout=20).status_code == 200
    path = lock_file(locked.settings)
    assert path.stat().st_mode & 0o777 == 0o600
    printed = "".join(locked.printed)
    assert str(path) in printed
    assert path.read_text() not in printed


def test_cases_are_conducted_through_the_lock(locked: Platform) -> None:
    applied = locked.yjs("apply", "examples/open-a-restaurant.yaml")
    assert applied.returncode == 0, applied.stderr
    auth = prefect_auth(locked.settings)
    deadline, runs = time.monotonic() + 90, []
    while not runs and time.monotonic() < deadline:
        time.sleep(0.5)
        answer = httpx.post(f"{locked.prefect_api_url}/flow_runs/filter", json={}, auth=auth, timeout=20)
        runs = [run["name"] for run in answer.json() if "B1" in run["name"] and run["total_run_time"] > 0]
    assert runs, "no pass was made"
    findings = locked.yjs("doctor").stdout
    assert "错误" not in findings, findings


def test_the_password_is_in_no_log(locked: Platform) -> None:
    password = lock_file(locked.settings).read_text()
    for log in locked.settings.logs.glob("*.log"):
        assert password not in log.read_text(errors="replace"), log.name
