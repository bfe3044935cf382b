"""What does the idle platform take with 500 open cases, and what with 100,000? And how long does it take to start?

Some cases are played, and copied by SQL in the record and in Prefect's database until there are enough; then the
platform is started anew, left alone, and asked for one page and one decision. `OPEN=20,500 make bench-memory` takes
other numbers of cases.
"""

import math
import os
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bench.copies import PREFECT, RECORD, multiply
from bench.people import DESKS, WINDOW, Person, applied, engine_gone, everybody
from bench.weighing import KINDS, by_kind, cpu, family, memory
from bench.where import machine
from hosting.databases import through_psycopg2
from models.server import connected
from rules.identifiers import case_number
from tasks.drifting import Place, compare, now
from tests.clusters import Platform, environment_of, reachable_folder, started
from tests.flows.hall import departments, prefect, rows, until

SIZES = [int(size) for size in os.environ.get("OPEN", "500,100000").split(",")]
PLAYED = 5  # one waits for the check of the licence, the others for three departments at once
FIRST = "B1-1"  # that check
SETTLING, AT_REST = 60.0, 60.0  # seconds
LOOKS = 5  # at a desk's page
SAMPLES = 5  # places at which a hundred cases each are compared with Prefect
START, REST = "start-up, s", "memory at rest, MB"
AIMS = {START: 15.0, REST: 1000.0}

MOVING = """
SELECT (SELECT count(*) FROM case_file WHERE flow_run_id IS NULL OR look_at IS NOT NULL OR lease_until IS NOT NULL)
     + (SELECT count(*) FROM item
         WHERE told_at IS NOT NULL OR handed_over_at IS NOT NULL AND shown IS DISTINCT FROM state)
     + (SELECT count(*) FROM notice WHERE next_try_at IS NOT NULL)
"""
WAITING = """
SELECT count(*) FROM case_file WHERE state = 'accepted' AND flow_run_id IS NOT NULL AND look_at IS NULL
   AND lease_until IS NULL AND failures = 0
"""
RUN_OF = "SELECT flow_run_id FROM case_file WHERE number = :number"
RUNS = ("SELECT flow_run_id AS id FROM case_file", "SELECT id FROM flow_run WHERE tags @> '[\"办件\"]'")
TASK_RUNS = (
    "SELECT task_run_id AS id FROM item WHERE task_run_id IS NOT NULL",
    "SELECT id FROM task_run WHERE task_key LIKE 'handled_by_department%'",
)
ALL_AT_ONCE = "SELECT md5(string_agg(CAST(id AS text), ',' ORDER BY id)) FROM ({}) one"
SIZE_OF_DATABASES = "SELECT sum(pg_database_size(oid)) FROM pg_database WHERE datname LIKE 'yijianshi%'"
GONE = "在 Prefect 中不存在"  # what the conductor's log says of a run that it misses

Found = dict[str, float]  # what was measured -> how much


def main() -> int:
    """Play some, measure with each number of cases, print the table."""
    print(machine(), flush=True)
    with reachable_folder() as folder:
        environment = environment_of(folder)
        with started(environment) as platform:
            played = play(platform)
        copied, columns = 0, []
        for size in SIZES:
            columns.append(_measured(environment, played, copied, size))
            copied = size // PLAYED - 1
    return _table(columns)


def play(platform: Platform) -> list[str]:
    """Cases that wait for departments, and nothing of them is under way; only the first one's licence is unchecked."""
    numbers, people = applied(platform, PLAYED), everybody(platform.url)
    for number in numbers:
        people[WINDOW].press(f"/cases/{number}/accept")
    for number in numbers[1:]:
        people[DESKS[FIRST]].press(f"/cases/{number}/items/{FIRST}/grant")
    until("nothing under way", lambda: not under_way(platform), 180)
    return numbers


def under_way(platform: Platform) -> int:
    """How much is there that Prefect or the people have still to be told?"""
    return int(rows(platform, MOVING)[0][0])


def multiplied(platform: Platform, played: list[str], copies: range) -> list[str]:
    """Make these copies of each: Prefect has their runs before the record asks for them. Their numbers."""
    there = platform.settings
    twins = list(_twins(played, copies))
    for url, tables in ((through_psycopg2(there.prefect_database_url), PREFECT), (there.owner_url, RECORD)):
        with create_engine(url, poolclass=NullPool).begin() as database:
            multiply(database, tables, twins)
        with connected(url) as database:
            for tidying in ("VACUUM ANALYZE", "CHECKPOINT"):  # else the stop, or the start, would pay for it
                database.execute(text(tidying))
    return [name for _, _, name in twins]


def _twins(played: list[str], copies: range) -> Iterator[tuple[str, int, str]]:
    """Numbers as the window would have given them, each with its check digit."""
    for copy in copies:
        for number in played:
            region, bundle, day, serial, _ = number.split("-")
            on = date.fromisoformat(day)
            yield number, copy, case_number(region, bundle, on, int(serial) + copy * len(played))


def shown_after(platform: Platform, number: str) -> tuple[float, float]:
    """Check the licence of this case: seconds for the answer, and until Prefect shows what follows from it.

    The department's bar has ended, those of the next departments are there, and the run waits again.
    """
    run = str(rows(platform, RUN_OF, number=number)[0][0])
    bars, passes = len(departments(platform, run)), _run(platform, run)["run_count"]
    officer, began = Person(platform.url, DESKS[FIRST]), time.perf_counter()
    answer = officer.press(f"/cases/{number}/items/{FIRST}/grant")

    def follows() -> bool:
        seen, now_there = _run(platform, run), departments(platform, run)
        waits = seen["state_name"] == "Suspended" and seen["run_count"] > passes
        return waits and len(now_there) > bars and sum(bar["end_time"] is not None for bar in now_there) == 1

    until(f"what follows in Prefect for {number}", follows, 120)
    return answer, time.perf_counter() - began


def _run(platform: Platform, run: str) -> dict[str, Any]:
    return dict(prefect(platform, "/flow_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})[0])


def differences(platform: Platform, numbers: list[str]) -> tuple[int, list[str]]:
    """Compare samples of these cases, and all that the record knows by itself, with Prefect: how many, what differs."""
    compared, found = 0, []
    some = sorted(numbers)[:: max(1, len(numbers) // SAMPLES)]
    with platform.at_hand():
        for place in (Place(), *(Place(case=number) for number in some)):
            look = next(compare(place, at=now(), settle=timedelta()))
            compared += look.compared
            found += [drift.said for drift in look.found]
        engine_gone()
    return compared, found


def _measured(environment: dict[str, str], played: list[str], copied: int, size: int) -> Found:
    with started(environment) as platform:
        numbers = multiplied(platform, played, range(copied + 1, size // PLAYED))
    if not numbers:
        raise SystemExit(
            f"OPEN: each number {PLAYED} or more above the one before, the first from {2 * PLAYED} on"
        )
    began = time.perf_counter()
    with started(environment) as platform:
        start = {START: time.perf_counter() - began, "  CPU-seconds": cpu(family(platform.process.pid))}
        time.sleep(SETTLING)
        at_rest = _at_rest(platform)
        found = _in_step(platform, numbers, size) | start | at_rest | _alive(platform, numbers[-PLAYED])
    print(f"measured with {size:,} open cases", flush=True)
    return found


def _at_rest(platform: Platform) -> Found:
    kinds = by_kind(platform.process.pid)
    before, began = {kind: cpu(kinds[kind]) for kind in KINDS}, time.perf_counter()
    time.sleep(AT_REST)
    kinds = by_kind(platform.process.pid)
    used = {kind: 100 * (cpu(kinds[kind]) - before[kind]) / (time.perf_counter() - began) for kind in KINDS}
    weighs = {kind: memory(kinds[kind]) for kind in KINDS}
    return {
        REST: sum(weighs.values()),
        **{f"  {kind}": weighs[kind] for kind in KINDS},
        "processors at rest, % of a core": sum(used.values()),
        **{f"  % of {kind}": used[kind] for kind in KINDS},
    }


def _in_step(platform: Platform, numbers: list[str], size: int) -> Found:
    """Are the copies what they should be? Otherwise nothing of this is worth printing."""
    wanted = size // PLAYED * PLAYED
    waiting = rows(platform, WAITING)[0][0]
    suspended = _counted(platform, {"tags": {"all_": ["办件"]}, "state": {"name": {"any_": ["Suspended"]}}})
    compared, differ = differences(platform, numbers)
    differ += [pair[1] for pair in (RUNS, TASK_RUNS) if not same_in_both(platform, *pair)]
    log = (platform.data / "logs" / "conductor.log").read_text(encoding="utf-8")
    if differ or GONE in log or {waiting, suspended} != {wanted}:
        raise SystemExit(
            f"the copies are wrong: {wanted} wanted, {waiting} wait in the record, {suspended} in Prefect;"
            f" {log.count(GONE)} runs missed by the conductor; {differ[:5]}"
        )
    with connected(platform.settings.owner_url) as database:
        sizes = database.execute(text(SIZE_OF_DATABASES)).scalar_one()
    return {
        "open cases": wanted,
        "  their task runs in Prefect": prefect(platform, "/task_runs/count", {}),
        "  both databases, MB": float(sizes) / 1e6,
        "  looked at one by one": compared,
        "    of them out of step": len(differ),
    }


def same_in_both(platform: Platform, of_record: str, of_prefect: str) -> bool:
    """Does the record name exactly the runs, or task runs, that Prefect has?"""
    there, found = platform.settings, set()
    for url, ids in (
        (there.owner_url, of_record),
        (through_psycopg2(there.prefect_database_url), of_prefect),
    ):
        with connected(url) as database:
            found.add(database.execute(text(ALL_AT_ONCE.format(ids))).scalar_one())
    return len(found) == 1


def _counted(platform: Platform, wanted: dict[str, Any]) -> int:
    return int(prefect(platform, "/flow_runs/count", {"flow_runs": wanted}))


def _alive(platform: Platform, number: str) -> Found:
    officer = Person(platform.url, "fire")
    looks = [1000 * officer.look() for _ in range(LOOKS)]
    answer, shown = shown_after(platform, number)
    return {
        "a desk page, first look, ms": looks[0],
        f"a desk page, median of {LOOKS}, ms": median(looks),
        "a decision, ms": 1000 * answer,
        "decision to Prefect's pages, s": shown,
        "memory afterwards, MB": memory(family(platform.process.pid)),
    }


def _table(columns: list[Found]) -> int:
    """A line for each thing measured; 1 if the platform starts more slowly or weighs more than it should."""
    ratio = f"{'ratio':>9}" * (len(columns) - 1)
    print(f"{'':34}" + "".join(f"{column['open cases']:>12,.0f}" for column in columns) + ratio)
    beyond = False
    for what in columns[0]:
        numbers = [column[what] for column in columns]
        too_much = max(numbers) > AIMS.get(what, math.inf)
        beyond |= too_much
        ratios = "".join(
            f"{large / small:>9.2f}" if small else f"{'':9}" for small, large in pairwise(numbers)
        )
        print(f"{what:<34}" + "".join(f"{one:>12.2f}" for one in numbers) + ratios + "  !" * too_much)
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
