"""Cases by the thousand: those that were played are copied by SQL, each copy under a number and keys of its own.

In the record and in Prefect's database alike: the keys of a copy follow from those of its original, so that a copied
case in the record finds its copied run and task runs in Prefect.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import islice

from sqlalchemy import Connection, text
from sqlmodel import Session

RECORD = ("case_file", "item", "clock", "material", "audit_entry", "notice", "delivery")  # parents first
ARTIFACTS = ("artifact", "artifact_collection")
PREFECT = ("flow_run", "flow_run_state", "task_run", "task_run_state", *ARTIFACTS)
IN_DETAILS = ("flow_run_id", "task_run_id")  # what the details of a state name besides
KEYS = ("id", *IN_DETAILS, "state_id", "latest_id")
AT_ONCE = 10_000  # numbers sent in one statement
COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = :table AND is_identity = 'NO' AND is_generated = 'NEVER'
"""
# Those that enforce nothing.
INDEXES = """
SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = CAST(:table AS regclass) AND NOT i.indisunique AND NOT i.indisexclusion
"""
TWIN = "CREATE TEMP TABLE twin (original text, copy_no integer, copied_as text) ON COMMIT DROP"
TWINS = """
INSERT INTO twin SELECT * FROM unnest(CAST(:originals AS text[]), CAST(:places AS integer[]), CAST(:names AS text[]))
"""
NAME_OF_RUN = "(SELECT name FROM flow_run WHERE id = flow_run_id)"
NAME_OVER_TASK_RUN = """
(SELECT r.name FROM flow_run r JOIN task_run t ON t.flow_run_id = r.id WHERE t.id = task_run_id)
"""
CASE_OF = {  # the number of the case that a row belongs to
    "case_file": "number",
    "flow_run": "name",
    "flow_run_state": NAME_OF_RUN,
    "task_run": NAME_OF_RUN,
    "task_run_state": NAME_OVER_TASK_RUN,
    **dict.fromkeys(ARTIFACTS, NAME_OF_RUN),
}


def _own(key: str) -> str:
    """The copy's key, made of the original's; of nothing, nothing."""
    return f"CAST(md5(CAST({key} AS text) || '-' || copy_no) AS uuid)"


def _renamed(column: str) -> str:
    return f"replace({column}, original, copied_as)"


def _own_in_details(key: str) -> str:
    return f"'{key}', " + _own(f"(state_details ->> '{key}')")


FRESH = {  # what must differ from copy to copy
    **{key: _own(key) for key in KEYS},
    "case_file.number": "copied_as",
    "case_file.submission_key": "md5(copied_as)",
    "case_number": "copied_as",
    "item.number": _renamed("number"),
    "item_number": _renamed("item_number"),
    "delivery.items": f"CAST({_renamed('CAST(items AS text)')} AS jsonb)",
    "flow_run.name": "copied_as",
    "flow_run.idempotency_key": "copied_as",
    "flow_run.parameters": "jsonb_build_object('case_number', copied_as)",
    "flow_run_state.message": _renamed("message"),
    "state_details": f"state_details || jsonb_build_object({', '.join(map(_own_in_details, IN_DETAILS))})",
    "task_run.dynamic_key": _renamed("dynamic_key"),
    **{f"{table}.key": "replace(key, lower(original), lower(copied_as))" for table in ARTIFACTS},
    **{f"{table}.description": _renamed("description") for table in ARTIFACTS},
}


def multiply(
    database: Session | Connection,
    tables: Iterable[str],
    twins: Iterable[tuple[str, int, str]],
    *,
    alone: bool = False,
) -> None:
    """Copy what these tables have of each original: its number, which copy this is, and the copy's number.

    `alone`: nobody else works with the database meanwhile.
    """
    # Rows made by the thousand need no check of their references.
    database.execute(text("SET LOCAL session_replication_role = replica"))
    database.execute(text(TWIN))
    left = iter(twins)
    while some := list(islice(left, AT_ONCE)):
        originals, places, names = map(list, zip(*some, strict=True))
        database.execute(text(TWINS), {"originals": originals, "places": places, "names": names})
    database.execute(text("ANALYZE twin"))
    for table in tables:
        with _indexed_afterwards(database, table) if alone else nullcontext():
            _copy(database, table)


@contextmanager
def _indexed_afterwards(database: Session | Connection, table: str) -> Iterator[None]:
    """Millions of rows are indexed in one go at the end: put into each index one by one they take three times as long.

    What keeps rows unique stays.
    """
    found = database.execute(text(INDEXES), {"table": table}).all()
    for name, _ in found:
        database.execute(text(f'DROP INDEX "{name}"'))
    yield
    database.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
    for _, definition in found:
        database.execute(text(definition))


def _copy(database: Session | Connection, table: str) -> None:
    columns = [row[0] for row in database.execute(text(COLUMNS), {"table": table})]
    values = [FRESH.get(f"{table}.{name}", FRESH.get(name, name)) for name in columns]
    database.execute(
        text(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608  our own names
            f"FROM {table} JOIN twin ON twin.original = {CASE_OF.get(table, 'case_number')}"
        )
    )
