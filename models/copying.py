"""What does a copy of the whole record ask of PostgreSQL, and what must a copy that was brought back not do?"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlmodel import Session, col

from models.notice import Notice, move_all
from models.server import connected
from rules.notices import NoticeState

# One number over all rows of a table, whatever their order, the same on every PostgreSQL.
FINGERPRINT = (
    "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint), 0) FROM {table} t"
)
TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1
"""
AS_TEXT = "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres'"
MAY_HAVE_LEFT = "从备份恢复：备份之后可能已经发出，请核实后再决定是否重发"

# Numbers given out after the backup are on people's papers: none is given out a second time.
SKIPPED = 100_000
SEQUENCES = """
SELECT schemaname || '.' || sequencename AS name, last_value, min_value, max_value FROM pg_sequences
 WHERE schemaname = 'public' AND last_value IS NOT NULL
"""
HELD_BESIDE = "UPDATE {table} SET next_try_at = NULL, error = :why WHERE next_try_at IS NOT NULL"
NOBODY_HAS_IT = """
UPDATE case_file SET lease_holder = NULL, lease_until = NULL, asked_at = NULL, revision = revision + :skipped
"""
REVISIONS_SKIPPED = 1000  # papers are numbered by the revision of their case

Counts = dict[str, tuple[int, str]]  # table -> rows, and the number over all of them


@contextmanager
def one_moment(url: str) -> Generator[tuple[Connection, str]]:
    """A connection that sees the record as it is now until it is closed, and the snapshot's name for others."""
    with connected(url) as connection:
        connection.execute(text("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        connection.execute(text(AS_TEXT))
        yield connection, str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())
        connection.execute(text("ROLLBACK"))


def fingerprints(connection: Connection) -> Counts:
    """How much is in each table, and what."""
    found: Counts = {}
    for (table,) in connection.execute(text(TABLES)).all():
        rows, total = connection.execute(text(FINGERPRINT.format(table=f'"{table}"'))).one()
        found[table] = (int(rows), str(total))
    return found


def files_named(connection: Connection) -> list[str]:
    """Every upload that the record names."""
    named = "SELECT DISTINCT stored_as FROM material WHERE stored_as <> '' ORDER BY 1"
    return [row[0] for row in connection.execute(text(named))]


def some_files(session: Session, limit: int = 20) -> list[str]:
    """A few uploads of late cases: whoever sees none of them looks into another folder."""
    named = "SELECT stored_as FROM material WHERE stored_as <> '' ORDER BY case_number DESC LIMIT :limit"
    return [row[0] for row in session.connection().execute(text(named), {"limit": limit})]


def revision_of(connection: Connection) -> str:
    """Which migration the tables are at; '' for none."""
    if not is_empty(connection):
        there = connection.execute(text("SELECT to_regclass('public.alembic_version')")).scalar_one()
        if there:
            return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")
    return ""


def is_empty(connection: Connection) -> bool:
    """Is there no table?"""
    found = connection.execute(text("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1"))
    return found.first() is None


def wipe(connection: Connection) -> None:
    """Take away every table. The caller has made sure that they are what a restore that broke off has left."""
    connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))


def hold_what_may_have_left(connection: Connection, *, moved: bool) -> int:
    """What was in hand is unknown; so is what waited, unless the old platform was stopped (`moved`). How many."""
    states = [NoticeState.SENDING] if moved else [NoticeState.QUEUED, NoticeState.FAILED, NoticeState.SENDING]
    with Session(connection) as session, session.begin():
        waiting = col(Notice.next_try_at).is_not(None)
        held = move_all(session, states, NoticeState.UNKNOWN, waiting, why=MAY_HAVE_LEFT)
    if not moved:
        for table in ("bulletin", "digest", "enquiry_message"):
            connection.execute(text(HELD_BESIDE.format(table=table)), {"why": MAY_HAVE_LEFT})
    return held


def begin_anew(connection: Connection) -> None:
    """Nobody has a case in hand, and no number is given out twice."""
    connection.execute(text(NOBODY_HAS_IT), {"skipped": REVISIONS_SKIPPED})
    for name, last, least, most in connection.execute(text(SEQUENCES)).all():
        further = last + SKIPPED
        after = further if further <= most else least + (further - most)
        connection.execute(text("SELECT setval(:name, :after)"), {"name": name, "after": after})


def differences(before: Counts, after: Counts) -> Iterable[str]:
    """A sentence for each table that is not as it was."""
    for table in sorted(before.keys() | after.keys()):
        was, now = before.get(table), after.get(table)
        if was != now:
            yield f"{table}：备份时 {was[0] if was else 0} 行，恢复后 {now[0] if now else 0} 行"
