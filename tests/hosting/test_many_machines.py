"""Programs on several machines share the load over TCP; one of each is killed in mid-work, and the rest carries on.

Each machine is a process of `yjs serve` here: they share PostgreSQL by address and password, and the data folder.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from bench.fault_account import account
from bench.fault_day import Day
from bench.faults import wait_until_in_step
from config.settings import DEMO_PASSWORD
from models.server import connected
from tests.clusters import (
    Platform,
    free_ports,
    postgres_over_tcp,
    reachable_folder,
    run_yjs,
)
from tests.flows.hall import until
from tests.gateway import Gateway, sms_gateway
from tests.smtp import MailServer, mail_server

CASES = 8
SERVED = "SELECT coalesce(sum((counts->>:what)::int), 0) FROM heartbeat WHERE kind = :kind AND pid = :pid"
ELSEWHERE = "000099"  # a district without a single case


@dataclass
class Town:
    """What a day and its account ask of a platform; people come in by either door in turn."""

    environment: dict[str, str]
    prefect_url: str
    urls: list[str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    at_hand = Platform.at_hand
    settings = Platform.settings
    prefect_api_url = Platform.prefect_api_url

    def __post_init__(self) -> None:
        self.doors = cycle(self.urls)

    @property
    def url(self) -> str:
        return next(self.doors)

    def start(self, name: str, program: str, **given: str) -> None:
        """On a machine of its own; `given` are its own settings."""
        own = {f"YJS_{key.upper()}": value for key, value in given.items()}
        with (Path(self.environment["YJS_DATA"]) / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "cli", "serve", program],
                env=self.environment | own,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def counted(self, name: str, kind: str, what: str) -> int:
        """What the process says it has done."""
        given = {"what": what, "kind": kind, "pid": self.processes[name].pid}
        with connected(self.environment["YJS_DSN"]) as connection:
            return int(connection.execute(text(SERVED), given).scalar_one())

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    def answered(self, door: int) -> int:
        """How many acts this web process has answered well."""
        lines = httpx.get(f"{self.urls[door]}/metrics").text.splitlines()
        mine = [line for line in lines if line.startswith('yjs_requests_total{method="POST"')]
        return int(
            sum(float(line.split()[-1]) for line in mine if 'status="200"' in line or 'status="201"' in line)
        )


@contextmanager
def a_town(folder: Path, sms: Gateway, mail: MailServer) -> Generator[Town]:
    with ExitStack() as held:
        record, owner, prefects = held.enter_context(postgres_over_tcp())
        first, second, prefect_port = free_ports(3)
        prefect = f"http://127.0.0.1:{prefect_port}"
        (folder / "settings.toml").touch()
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("YJS_", "PREFECT_"))
        }
        environment = clean | {
            "YJS_SETTINGS": str(folder / "settings.toml"),
            "YJS_DATA": str(folder / "data"),
            "YJS_DSN": record,
            "YJS_PREFECT_DSN": prefects,
            "YJS_PREFECT_SERVER": prefect,
            "YJS_PREFECT_PORT": str(prefect_port),
            "YJS_SMS_URL": f"{sms.url}&:id={{id}}",
            "YJS_MAIL_URL": mail.url,
            "YJS_SMS_DAILY_LIMIT": "1000",
            "YJS_QUIET_HOURS": "false",
            "YJS_MERGE_MINUTES": "0",
        }
        refused = run_yjs("serve", "worker", environment=environment)
        assert (refused.returncode, "yjs migrate" in refused.stderr) == (1, True), refused.stderr
        made = run_yjs("migrate", environment=environment | {"YJS_OWNER_DSN": owner}, timeout=120)
        assert made.returncode == 0, made.stderr
        town = Town(environment, prefect, [f"http://127.0.0.1:{port}" for port in (first, second)])
        held.callback(lambda: [town.kill(name) for name in town.processes])
        town.start("prefect", "prefect")
        town.start("web-1", "web", port=str(first))
        town.start("web-2", "web", port=str(second))
        for url in town.urls:
            until(f"pages at {url}", lambda url=url: answers(f"{url}/readyz"), 90)
        for name in ("worker-1", "worker-2", "conductor-1", "conductor-2"):
            town.start(name, name.split("-")[0])
        town.start("worker-elsewhere", "worker", worker_districts=ELSEWHERE)
        until("Prefect", lambda: answers(f"{prefect}/api/health"), 90)
        yield town


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def people_come_until_two_send(town: Town, day: Any, come: int) -> int:
    """One more a second: whoever looks first sends all that a moment brings, and leaves the other nothing of it."""
    deadline = time.monotonic() + 120
    while not all(town.counted(f"worker-{n}", "sender", "sent") for n in (1, 2)):
        assert time.monotonic() < deadline, "only one of the two ever sends"
        day.take(come)
        come += 1
        time.sleep(1)
    return come


@pytest.mark.platform
def test_several_share_the_load_and_what_is_killed_is_made_up_for_by_the_rest() -> None:
    with (
        reachable_folder() as folder,
        sms_gateway() as sms,
        mail_server() as mail,
        a_town(folder, sms, mail) as town,
    ):
        day: Any = Day(town, seed=1)
        signed_in_at_one_works_at_the_other(town)
        for index in range(CASES // 2):
            day.take(index)
        for worker in ("worker-1", "worker-2"):
            until(f"passes by {worker}", lambda worker=worker: town.counted(worker, "worker", "passes"))
        come = people_come_until_two_send(town, day, CASES // 2)
        leads, stands_by = conductors(town)
        assert min(town.answered(0), town.answered(1)) > 0
        come += CASES // 2
        for index in range(come - CASES // 2, come):
            day.take(index)
        for name in ("web-2", "worker-1", leads):
            town.kill(name)
        day.finish()
        wait_until_in_step(town, print)
        wrong = [
            f"{line.what}: {what}" for line in account(town, day.told, sms, mail, None) for what in line.wrong
        ]
        assert not wrong
        assert len(day.told.cases) == come
        assert town.counted(stands_by, "conductor", "rounds") > 0, "it has taken over"
        elsewhere = town.counted("worker-elsewhere", "worker", "passes")
        assert elsewhere <= scheduled(town), (
            "what is scheduled is everybody's, but no case is of its district"
        )
        left_in_good_order(town)


def signed_in_at_one_works_at_the_other(town: Town) -> None:
    """No process keeps anything of a visitor for itself."""
    with httpx.Client() as person:
        page = person.get(f"{town.urls[0]}/sign-in").text
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        fields = {"csrf": csrf, "username": "guanli", "password": DEMO_PASSWORD}
        assert person.post(f"{town.urls[1]}/sign-in", data=fields).status_code == 303
        assert person.get(f"{town.urls[0]}/manage").status_code == 200


def conductors(town: Town) -> tuple[str, str]:
    """Who conducts, and who stands by."""
    rounds = {name: town.counted(name, "conductor", "rounds") for name in ("conductor-1", "conductor-2")}
    assert sorted(count > 0 for count in rounds.values()) == [False, True], rounds
    leads = max(rounds, key=lambda name: rounds[name])
    return leads, next(name for name in rounds if name != leads)


def scheduled(town: Town) -> int:
    """How many runs of the schedule have begun."""
    begun = {"tags": {"all_": ["定时"]}, "start_time": {"is_null_": False}}
    answer = httpx.post(f"{town.prefect_api_url}/flow_runs/count", json={"flow_runs": begun}, timeout=20)
    return int(answer.raise_for_status().json())


def left_in_good_order(town: Town) -> None:
    """Told to stop as a container is, each ends by itself, and says that it leaves."""
    staying = {name: one for name, one in town.processes.items() if one.poll() is None and name != "prefect"}
    assert len(staying) == 4, "web, worker, conductor, and the worker of the other district"
    began = time.monotonic()
    for process in staying.values():
        process.send_signal(signal.SIGTERM)
    codes = {name: process.wait(20) for name, process in staying.items()}
    assert set(codes.values()) == {0}, codes
    assert time.monotonic() - began < 12
    with connected(town.environment["YJS_DSN"]) as connection:
        pids = {row[0] for row in connection.execute(text("SELECT pid FROM heartbeat"))}
    assert not pids & {process.pid for process in staying.values()}
