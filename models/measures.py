"""How much waits in the record, and for how long? Asked on indexes of what is open, however much is stored."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from models.notice import TO_FOLLOW_UP

CASES = """
SELECT state, count(*) FROM case_file
 WHERE state IN ('submitted', 'correction', 'accepted') GROUP BY state
"""
NOTICES = """
SELECT channel, state, count(*) FROM notice WHERE next_try_at IS NOT NULL GROUP BY channel, state
UNION ALL
SELECT channel, state, count(*) FROM notice WHERE state = 'unknown' GROUP BY channel, state
"""
# Name -> how many; and how long the one that has waited longest is due, in seconds.
WAITING = {
    "passes": """
        SELECT count(*), extract(epoch FROM now() - min(look_at)) FROM case_file WHERE look_at <= now()""",
    "passes_in_hand": "SELECT count(*), 0 FROM case_file WHERE lease_until IS NOT NULL",
    "passes_failing": "SELECT count(*), 0 FROM case_file WHERE failures > 0 AND look_at IS NOT NULL",
    "items_to_show": """
        SELECT count(*), 0 FROM item WHERE task_run_id IS NOT NULL AND shown IS DISTINCT FROM state""",
    "notices": """
        SELECT count(*), extract(epoch FROM now() - min(next_try_at)) FROM notice
         WHERE next_try_at <= now() AND state IN ('queued', 'failed')""",
    "notices_to_follow_up": f"SELECT count(*), 0 FROM notice WHERE {TO_FOLLOW_UP}",  # noqa: S608
    "rungs": """
        SELECT count(*), extract(epoch FROM now() - min(next_rung_at)) FROM clock WHERE next_rung_at <= now()""",
    "papers": """
        SELECT count(*), extract(epoch FROM now() - min(issued_at)) FROM document WHERE digest = ''""",
}


@dataclass(frozen=True)
class Waiting:
    """How many wait, and how long the oldest of them is due (seconds)."""

    count: int
    oldest: float


@dataclass(frozen=True)
class Measures:
    """The record at one moment."""

    cases: dict[str, int]
    notices: list[tuple[str, str, int]]  # channel, state, how many
    waiting: dict[str, Waiting] = field(default_factory=dict)


def measures(session: Session) -> Measures:
    """Ask everything at once."""
    connection = session.connection()

    def rows(query: str) -> list[Any]:
        return list(connection.execute(text(query)))

    waiting = {}
    for name, query in WAITING.items():
        count, oldest = rows(query)[0]
        waiting[name] = Waiting(int(count), max(0.0, float(oldest or 0)))
    return Measures(
        cases={state: int(count) for state, count in rows(CASES)},
        notices=[(channel, state, int(count)) for channel, state, count in rows(NOTICES)],
        waiting=waiting,
    )


def revision(session: Session) -> str:
    """Which migration the tables are at."""
    return str(session.connection().execute(text("SELECT version_num FROM alembic_version")).scalar_one())
