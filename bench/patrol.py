"""Does a patrol cost what is due, or what is open? 1,000 due among 10,000 and among 1,000,000 open clocks.

`make bench` runs it on an embedded PostgreSQL in a temporary folder and fails above a ratio of 3.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import make_url

from actions.dating import InPlay, hall_calendar
from config.catalogue import catalogue
from config.settings import Settings, settings
from hosting import migrating
from models.clock import ClockRow
from models.database import engine, transaction
from models.server import connected
from models.version import keep_version
from rules.bundle import Limit
from rules.clock import ClockKind
from tasks.patrolling import fire_what_is_due
from tests.clusters import running_postgres
from tests.people import a_city

FEW, MANY, DUE = 10_000, 1_000_000, 1_000
CLOCKS_A_CASE = 4  # promised and statutory, of the case and of its one item
MOST = 3.0
BEGUN = tuple(datetime(2026, 3, day, 2, tzinfo=UTC) for day in (5, 6))  # each falls due on a day of its own
PATROLS = tuple(datetime(2026, 3, day, 10, tzinfo=UTC) for day in (17, 18))  # at 18:00, eight days later
OTHERS_BEGUN = datetime(2026, 3, 18, 2, tzinfo=UTC)

CASES = """
INSERT INTO case_file (number, query_code, submission_key, bundle_code, bundle_digest, state, applicant_kind,
    applicant_name, applicant_id_number, contact_name, phone, email, address, agent_name, agent_id_number,
    agent_phone, answers, submitted_by, submitted_at, accepted_at, decline_reason, due_provisional,
    end_reason, told_by, agent_authority, window_clerk, notice_count, revision, failures, failure)
SELECT :group || '-' || n, 'X', :group || '-' || n, 'B1', :digest, 'accepted', 'person', '张三', 'X', '', '', '',
    '', '', '', '', '{}', 'linxiao', :begun, :begun, '', false, '', 'both', '', '', 0, 0, 0, ''
FROM generate_series(1, :count) n
"""
ITEMS = """
INSERT INTO item (number, case_number, code, name, department_code, state, handed_over_at, decided_by, reason,
    due_provisional, result_number, conditions, transferred_to, step, assignee, added)
SELECT :group || '-' || n || '-01', :group || '-' || n, 'B1-2', '食品经营许可', 'market', 'in_review', :begun,
    '', '', false, '', '', '', 'approve', '', false
FROM generate_series(1, :count) n
"""
CLOCKS = """
INSERT INTO clock (id, case_number, item_number, kind, n, unit, basis, source, extend, started_at, extended_n,
    extended_by, extension_reason, extension_document, due_on, due_at, provisional, next_rung_at)
SELECT gen_random_uuid(), :group || '-' || n, CASE WHEN :of_item THEN :group || '-' || n || '-01' ELSE '' END,
    :kind, :n, :unit, :basis, '', :extend, :begun, 0, '', '', '', :due_on, :due_at, false, :next_rung_at
FROM generate_series(1, :count) n
"""
WARNED = """
INSERT INTO fired_rung (clock_id, code, fired_at)
SELECT id, 'near_end', started_at FROM clock WHERE item_number <> '' AND kind = 'promised' AND case_number LIKE 'due%'
"""


def main() -> int:
    """Load both, patrol both in turn, print the times."""
    with running_postgres() as cluster:
        # Rows made by the thousand need no check of their references, and lost on a crash they do no harm.
        os.environ["PGOPTIONS"] = "-c session_replication_role=replica -c synchronous_commit=off"
        loaded = {count: _timed(lambda count=count: _load(cluster, count)) for count in (FEW, MANY)}  # type: ignore[misc]
        del os.environ["PGOPTIONS"]
        for count, seconds in loaded.items():
            print(f"{count:>9,} open clocks loaded in {seconds:.1f} s", flush=True)
        times: dict[int, list[float]] = {FEW: [], MANY: []}
        for at in PATROLS:
            for count in (FEW, MANY):
                with _database(cluster, count):
                    times[count].append(_timed(lambda: _patrol(at)))  # noqa: B023  called at once
    for count in (FEW, MANY):
        each = "、".join(f"{seconds:.2f}" for seconds in times[count])
        print(f"{count:>9,} open, {DUE:,} due: {statistics.median(times[count]):.2f} s a patrol ({each})")
    ratio = statistics.median(times[MANY]) / statistics.median(times[FEW])
    print(f"ratio {ratio:.2f} (at most {MOST:.0f})")
    return 0 if ratio <= MOST else 1


def _patrol(at: datetime) -> None:
    written = fire_what_is_due(at)
    if written != DUE:
        raise SystemExit(f"{written} cards instead of {DUE}: the bench is wrong")


def _load(cluster: Settings, count: int) -> None:
    with connected(cluster.owner_url) as connection:
        connection.execute(text(f"CREATE DATABASE bench_{count}"))
    with _database(cluster, count):
        migrating.upgrade(settings().owner_url)
        with transaction() as session:
            a_city(session)
            keep_version(session, catalogue()["B1"], at=OTHERS_BEGUN)
        for number, begun in enumerate(BEGUN):
            _fill(f"due{number}", begun, DUE)
        _fill("open", OTHERS_BEGUN, count // CLOCKS_A_CASE - len(BEGUN) * DUE)
        with transaction() as session:
            session.execute(text(WARNED))
    with connected(_address(cluster, count)) as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _fill(group: str, begun: datetime, count: int) -> None:
    common: dict[str, Any] = {"group": group, "begun": begun, "count": count}
    with transaction() as session:
        digest = keep_version(session, catalogue()["B1"], at=begun)
        session.execute(text(CASES), common | {"digest": digest})
        session.execute(text(ITEMS), common)
        for of_item, kind, limit in _limits():
            session.execute(text(CLOCKS), common | _dated(kind, limit, begun, of_item))


def _limits() -> list[tuple[bool, ClockKind, Limit]]:
    bundle = catalogue()["B1"]
    food = bundle.item("B1-2")
    assert bundle.legal is not None and food.legal is not None  # noqa: S101, PT018
    return [
        (False, ClockKind.PROMISED, bundle.promise),
        (False, ClockKind.STATUTORY, bundle.legal),
        (True, ClockKind.PROMISED, food.promise),
        (True, ClockKind.STATUTORY, food.legal),
    ]


def _dated(kind: ClockKind, limit: Limit, begun: datetime, of_item: bool) -> dict[str, Any]:
    """The dates as the acts would have set them; the item's promise has been warned of."""
    row = ClockRow(case_number="", kind=kind, n=limit.n, unit=limit.unit, started_at=begun)
    warned = {"near_end"} if of_item and kind is ClockKind.PROMISED and begun in BEGUN else set()
    InPlay([], [], {row.id: warned}, hall_calendar(), catalogue()["B1"].supervision).set_dates(row)
    due_on: date | None = row.due_on
    return {
        "of_item": of_item, "kind": kind.value, "n": limit.n, "unit": limit.unit.value, "basis": limit.basis,
        "extend": limit.extend, "due_on": due_on, "due_at": row.due_at, "next_rung_at": row.next_rung_at,
    }  # fmt: skip


@contextmanager
def _database(cluster: Settings, count: int) -> Any:
    os.environ["YJS_DSN"] = _address(cluster, count)
    settings.cache_clear()
    yield
    engine().dispose()


def _address(cluster: Settings, count: int) -> str:
    return make_url(cluster.owner_url).set(database=f"bench_{count}").render_as_string(hide_password=False)


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
