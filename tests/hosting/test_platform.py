"""Does `yjs up` bring a whole installation up, keep it up, and leave nothing behind?"""

import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from config.settings import Settings
from models.server import connected, ensure_database
from tests.clusters import Platform, environment_of, reachable_folder, run_yjs, started, stop

pytestmark = pytest.mark.platform


@pytest.fixture
def environment() -> Generator[dict[str, str]]:
    with reachable_folder() as folder:
        yield environment_of(folder)


def status_of(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return int(answer.status)


def examined(platform: Platform) -> list[dict[str, str]]:
    return list(json.loads(platform.yjs("doctor", "--json").stdout))


def family(platform: Platform) -> list[psutil.Process]:
    return psutil.Process(platform.process.pid).children(recursive=True)


def all_gone(processes: list[psutil.Process], seconds: float = 10) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def test_the_pages_and_prefect_answer(platform: Platform) -> None:
    assert platform.printed[0] == f"ready {platform.url}\n"
    assert status_of(f"{platform.url}/healthz") == 200
    assert status_of(f"{platform.prefect_api_url}/health") == 200
    assert status_of(f"{platform.prefect_url}/") == 200


def test_addresses_accounts_and_the_folder_are_printed(platform: Platform) -> None:
    deadline = time.monotonic() + 5
    while "Ctrl-C" not in "".join(platform.printed) and time.monotonic() < deadline:
        time.sleep(0.05)
    printed = "".join(platform.printed)
    for part in (platform.prefect_url, str(platform.data), "chuangkou", "market", "密码"):
        assert part in printed


def test_the_doctor_finds_no_fault(platform: Platform) -> None:
    findings = examined(platform)
    assert [found for found in findings if found["level"] == "fault"] == []
    assert {"数据库", "数据表", "Prefect", "Prefect 的库", "网页"} <= {found["check"] for found in findings}


def test_prefect_schedules_what_has_a_schedule(platform: Platform) -> None:
    query = json.dumps({"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}).encode()
    request = urllib.request.Request(
        f"{platform.prefect_api_url}/flow_runs/count", query, {"Content-Type": "application/json"}
    )
    deadline = time.monotonic() + 60
    scheduled = 0
    while not scheduled and time.monotonic() < deadline:
        time.sleep(0.5)
        with urllib.request.urlopen(request, timeout=5) as answer:
            scheduled = json.load(answer)
    assert scheduled, "the scheduler of Prefect does not work (docs/decisions/0006-pins.md)"


def test_several_processes_serve_the_pages_and_count_together(platform: Platform) -> None:
    serving = [child for child in family(platform) if child.cmdline()[1:3] == ["-m", "web"]]
    assert len(serving) == 2
    asked_before = answers_counted(platform)
    used = {child.pid: sum(child.cpu_times()[:2]) for child in serving}
    with ThreadPoolExecutor(12) as visitors:
        assert set(visitors.map(status_of, [f"{platform.url}/track"] * 240)) == {200}
    assert answers_counted(platform) - asked_before == 240
    busy = [child for child in serving if sum(child.cpu_times()[:2]) > used[child.pid] + 0.05]
    assert len(busy) == 2, "one process answered everybody"


def test_who_comes_while_no_process_serves_waits_and_is_not_sent_away(platform: Platform) -> None:
    serving = [child for child in family(platform) if child.cmdline()[1:3] == ["-m", "web"]]
    for child in serving:
        child.kill()
    psutil.wait_procs(serving, timeout=10)
    with urllib.request.urlopen(f"{platform.url}/track", timeout=60) as answer:
        assert answer.status == 200


def answers_counted(platform: Platform) -> float:
    """To /track, by all web processes, as whichever is asked says."""
    with urllib.request.urlopen(f"{platform.url}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    counted = [line for line in lines if line.startswith('yjs_requests_total{method="GET",route="/track"')]
    return sum(float(line.split()[-1]) for line in counted)


def test_a_second_one_on_the_same_data_is_refused(platform: Platform) -> None:
    answer = platform.yjs("up")
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert "已有一个平台在运行" in answer.stderr


def test_another_one_on_the_same_port_is_refused(platform: Platform, tmp_path: Path) -> None:
    answer = platform_elsewhere(tmp_path, YJS_PORT=platform.environment["YJS_PORT"])
    assert (
        f"端口 {platform.environment['YJS_PORT']} 用不了（已被别的程序占用），请用 YJS_PORT 换一个" in answer
    )
    assert answer.count("\n") == 1
    answer = platform_elsewhere(tmp_path, YJS_PREFECT_PORT=platform.environment["YJS_PREFECT_PORT"])
    assert "请用 YJS_PREFECT_PORT 换一个端口" in answer


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("YJS_DSN", "postgresql://u:secret@127.0.0.1:1/x", "没有在这个端口上应答"),
        ("YJS_DATA", "/proc/yijianshi", "不能"),
    ],
)
def test_what_cannot_be_started_is_one_sentence(variable: str, value: str, says: str, tmp_path: Path) -> None:
    answer = platform_elsewhere(tmp_path, **{variable: value})
    assert says in answer.splitlines()[-1]
    assert "Traceback" not in answer
    assert "secret" not in answer


def platform_elsewhere(folder: Path, **changes: str) -> str:
    answer = run_yjs("up", environment=environment_of(folder) | changes)
    assert (answer.returncode, answer.stdout) == (1, "")
    return answer.stderr


def test_ctrl_c_leaves_no_process_and_a_second_start_keeps_the_data(environment: dict[str, str]) -> None:
    with started(environment) as first:
        _note(first, "还在")
        processes = family(first)
        first.process.send_signal(signal.SIGINT)
        assert stop(first.process) == 0
        assert all_gone(processes, 1)
        for name in ("YJS_PORT", "YJS_PREFECT_PORT"):
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", int(environment[name]))) != 0
    with started(environment) as second:
        assert _noted(second) == "还在"


def test_a_kill_leaves_no_process_either_and_the_next_start_works(environment: dict[str, str]) -> None:
    with started(environment) as first:
        _note(first, "也在")
        processes = family(first)
        first.process.kill()
        assert all_gone(processes)
    with started(environment) as second:
        assert _noted(second) == "也在"
        victim = next(process for process in family(second) if process.cmdline()[1:3] == ["-m", "web"])
        os.kill(victim.pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not _answers(f"{second.url}/healthz"):
            time.sleep(0.1)
        assert status_of(f"{second.url}/healthz") == 200


def test_on_a_postgresql_of_ones_own(cluster: Settings) -> None:
    with connected(cluster.owner_url) as connection:
        ensure_database(connection, "own")
    dsn = f"postgresql://yijianshi@/own?host={cluster.socket_folder}&port=5432"
    with reachable_folder() as folder, started(environment_of(folder, dsn=dsn)) as platform:
        assert not (platform.data / "postgres").exists()
        assert status_of(f"{platform.url}/healthz") == 200
        assert [found for found in examined(platform) if found["level"] == "fault"] == []


def _answers(url: str) -> bool:
    try:
        return status_of(url) == 200
    except OSError:
        return False


def _note(platform: Platform, word: str) -> None:
    with connected(platform.settings.database_url) as connection:
        connection.execute(text("UPDATE account SET name = :word WHERE username = 'guanli'"), {"word": word})


def _noted(platform: Platform) -> str:
    with connected(platform.settings.database_url) as connection:
        return str(
            connection.execute(text("SELECT name FROM account WHERE username = 'guanli'")).scalar_one()
        )
