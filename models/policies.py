"""Which rows exist for whom? Row-level security, derived from the tables, so that a new one cannot be forgotten.

The role of the whole sees every row (USING true: the planner drops it). For the role of a district a row exists if its
own district begins as the session's does, or if what it hangs on exists: the inner question is under the same rule.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Table, text
from sqlmodel import SQLModel

import models.tables  # noqa: F401  makes the metadata complete
from models.districts import DISTRICT_ROLE, SETTING, WHOLE_ROLE

# What every desk needs and no case stands in. Any other table is closed to a district unless a rule opens it.
OPEN = frozenset(
    {
        "account",
        "api_token",
        "bundle_version",
        "department",
        "attempt",
        "heartbeat",
        "opinion_template",
        "provider",
        "provider_visit",
        "recovery_code",
        "sign_in",
    }
)

# What belongs to a person is seen where the person is. The column that names the account.
OF_PERSONS = {
    "delegation": "username",
    "desk_batch": "username",
    "digest": "username",
    "list_export": "username",
    "security_event": "username",
    "shift_change": "given_by",
}

# Missing or empty, the setting is NULL, and what begins with NULL is nothing.
WITHIN = f"starts_with({{row}}.district, nullif(current_setting('{SETTING}', true), ''))"

STANDING = """
SELECT c.relname, obj_description(p.oid, 'pg_policy') FROM pg_class c
  JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = 'district'
 WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity
"""
STATED = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS whole ON {table};
CREATE POLICY whole ON {table} TO {whole} USING (true);
DROP POLICY IF EXISTS district ON {table};
CREATE POLICY district ON {table} TO {narrow} USING ({rule});
COMMENT ON POLICY district ON {table} IS '{said}'
"""
CLOSED = "false"


def rules() -> dict[str, str]:
    """Table -> when a row of it exists for a district; the open ones are not in it."""
    tables = [table for table in SQLModel.metadata.sorted_tables if table.name not in OPEN]
    return {table.name: next(_ways(table), CLOSED) for table in tables}


def state_policies(connection: Connection) -> None:
    """Bring the policies to what `rules` says; a table whose policy stands is not locked. Call inside a transaction."""
    standing = dict(connection.execute(text(STANDING)).tuples().all())
    for table, rule in rules().items():
        if standing.get(table) != rule:
            said = rule.replace("'", "''")
            given = {"table": table, "whole": WHOLE_ROLE, "narrow": DISTRICT_ROLE, "rule": rule, "said": said}
            connection.execute(text(STATED.format(**given)))


def _ways(table: Table) -> Iterator[str]:
    """By what a row may belong to a district, the nearest first."""
    name = table.name
    if "district" in table.columns:
        yield WITHIN.format(row=name)
    if column := OF_PERSONS.get(name):
        yield _exists("account", "username", f"{name}.{column}", WITHIN.format(row="above"))
    if "case_number" in table.columns:
        yield _exists("case_file", "number", f"{name}.case_number")
    for key in table.foreign_keys:  # a row of a row of a case
        above = key.column.table
        if above.name not in OPEN and next(_ways(above), CLOSED) != CLOSED:
            yield _exists(above.name, key.column.name, f"{name}.{key.parent.name}")


def _exists(above: str, key: str, column: str, more: str = "") -> str:
    also = f" AND {more}" if more else ""
    return f"EXISTS (SELECT 1 FROM {above} above WHERE above.{key} = {column}{also})"  # noqa: S608  names of our own
