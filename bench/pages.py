"""How long does each page take, and how large is it, with 100,000 cases stored? `make bench-pages` prints it.

CASES=20000 takes fewer. A page above 200 ms (95 %) or 300 KB is marked, and the command fails. Processor time is of
this process and of PostgreSQL together: beside other work the clock says little, and that says how long a page takes.
"""

import os
import statistics
import sys
import time
from datetime import UTC, datetime

import psutil
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bench.filled import fill
from bench.where import machine
from config.settings import Settings, settings
from hosting import migrating
from models.case import find_case, items_of
from models.database import engine, transaction
from models.server import connected
from tasks.patrolling import count_days
from tests.clusters import running_postgres
from tests.people import CLERK, GOVERNOR, MANAGER
from tests.web.hall import Browser, at_desk, somebody, the_app
from web.app import settle

CASES = int(os.environ.get("CASES", "100000"))
ROUNDS = 20
SLOWEST, LARGEST = 200.0, 300.0  # ms, KB

PUBLIC = ("/", "/guides", "/guides/B1", "/track", "/sign-in")
WINDOW = (
    "/window",
    "/window/new",
    "/window/new/B1",
    "/window/all",
    "/window/deliveries",
    "/calls",
    "/cards",
    "/inbox",
    "/inbox?case={tail}",
    "/inbox?event=deferral_reminded",
)
DESK = (
    "/desk",
    "/desk/done",
    "/desk/done?q={tail}",
    "/cards",
    "/delegations",
    "/cases/{case}",
    "/cases/{case}/acts",
)
CASE = ("/cases/{case}", "/cases/{case}/clocks", "/cases/{case}/acts")
OVERSIGHT = (
    "/manage",
    "/manage?due=overdue",
    "/manage?sort=newest&page=200",
    "/manage?department=fire",
    "/manage?bundle=B1&state=accepted",
    "/manage?q={tail}",
    "/manage/items",
    "/manage/items?department=fire&due=overdue",
    "/manage/figures",
    "/manage/figures?days=90",
    "/manage/figures/flow.svg",
    "/manage/figures/backlog.svg",
    "/manage/figures/hours.svg",
    "/manage/figures/peaks.svg",
    "/manage/notices",
    "/manage/notices?days=7",
    "/cards",
    "/inbox",
)
PAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", PUBLIC),
    (CLERK, (*WINDOW, *CASE, "/cases/{case}/receipt")),
    ("fire", DESK),
    ("market-head", DESK),
    (MANAGER, (*OVERSIGHT, *CASE)),
    (GOVERNOR, ("/manage", "/manage/figures", "/cases/{case}")),
)


def main() -> int:
    """Fill, ask each page, print the table."""
    print(machine(), flush=True)
    with running_postgres() as cluster:
        os.environ["YJS_DSN"] = _migrated(cluster)
        settings.cache_clear()
        began = time.perf_counter()
        played = fill(CASES)
        with connected(settings().database_url) as connection:
            connection.execute(text("VACUUM ANALYZE"))
            stored = connection.execute(text("SELECT count(*) FROM case_file")).scalar_one()
        print(f"{stored:,} cases stored in {time.perf_counter() - began:.0f} s", flush=True)
        began = time.perf_counter()
        days = count_days(datetime.now(UTC))
        print(f"the patrol counts {days} days in {time.perf_counter() - began:.0f} s", flush=True)
        server = psutil.Process(int((cluster.postgres / "postmaster.pid").read_text().split()[0]))
        the_app()
        settle()  # as a web process does when it begins
        failed = _measure(_open_one(played), server)
        engine().dispose()
    return 1 if failed else 0


def _measure(case: str, server: psutil.Process) -> int:
    print(f"{'':14}{'page':40}{'median ms':>10}{'95 % ms':>10}{'CPU ms':>10}{'KB':>6}")
    failed = 0
    for username, paths in PAGES:
        browser = at_desk(username) if username else somebody()
        for path in paths:
            asked = path.replace("{case}", case).replace("{tail}", case[-8:])
            failed += _line(browser, asked, f"{username:14}{path:40}", server)
    print("within 200 ms and 300 KB" if not failed else f"{failed} pages beyond 200 ms or 300 KB")
    return failed


def _line(browser: Browser, path: str, shown: str, server: psutil.Process) -> bool:
    answer = browser.get(path)  # the first look fills the caches of templates and plans
    if answer.status_code != 200:
        print(f"{shown}{answer.status_code:>10}")
        return True
    times, before = [], _processor_time(server)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        browser.get(path)
        times.append(1000 * (time.perf_counter() - began))
    used = 1000 * (_processor_time(server) - before) / ROUNDS
    slow, large = sorted(times)[int(ROUNDS * 0.95) - 1], len(answer.content) / 1024
    beyond = slow > SLOWEST or large > LARGEST
    mark = "  !" if beyond else ""
    median = statistics.median(times)
    print(f"{shown}{median:>10.0f}{slow:>10.0f}{used:>10.0f}{large:>6.0f}{mark}", flush=True)
    return beyond


def _processor_time(server: psutil.Process) -> float:
    """Seconds of this process and of PostgreSQL, with those of its processes that have ended."""
    main = server.cpu_times()
    ended = main.user + main.system + main.children_user + main.children_system
    return time.process_time() + ended + sum(sum(one.cpu_times()[:2]) for one in server.children())


def _open_one(played: list[str]) -> str:
    """A case that is with several departments just now."""
    with transaction() as session:
        for number in played:
            if find_case(session, number).state == "accepted" and len(items_of(session, number)) > 4:
                return number
    return played[0]


def _migrated(cluster: Settings) -> str:
    url = make_url(cluster.owner_url).set(database="pages").render_as_string(hide_password=False)
    with connected(cluster.owner_url) as connection:
        connection.execute(text("CREATE DATABASE pages"))
    migrating.upgrade(url)
    return url


if __name__ == "__main__":
    sys.exit(main())
