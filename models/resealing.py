"""Under which key lies what? Counts and re-seals, a batch at a time; whatever is left off is taken up again."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, Text, and_, cast, func, literal_column, not_, or_, select, text
from sqlmodel import Session, SQLModel

import models.tables  # noqa: F401  makes the metadata complete
from config.keys import keyring
from models.sealing import Sealed

AT_ONCE = 500  # rows, each batch a transaction of its own

# What is sealed among the facts of the audit stays under the key of its day: entries are never changed.
IN_THE_AUDIT = "SELECT count(*) FROM audit_entry WHERE act = 'correct' AND facts::text LIKE :under"


@dataclass(frozen=True)
class Lying:
    """So many values of one column under this key; '' are not sealed."""

    place: str
    key: str
    count: int


def sealed_tables() -> list[tuple[Table, list[str]]]:
    """Every table with sealed columns."""
    found = []
    for table in SQLModel.metadata.sorted_tables:
        names = [column.name for column in table.columns if isinstance(column.type, Sealed)]
        if names:
            found.append((table, names))
    return found


def lying(session: Session) -> Iterator[Lying]:
    """How many values there are under each key."""
    for table, names in sealed_tables():
        for name in names:
            kept = cast(table.c[name], Text)
            key = func.coalesce(func.substring(kept, literal_column(r"'^v1\.(k[0-9]+)\.'")), "")
            query = select(key, func.count()).select_from(table).where(_raw(table, name) != "").group_by(key)
            for under, count in session.execute(query):
                yield Lying(f"{table.name}.{name}", str(under), int(count))


def in_the_audit(session: Session, key: str) -> int:
    """Entries that hold something under this key."""
    return int(session.execute(text(IN_THE_AUDIT), {"under": f'%"v1.{key}.%'}).scalar_one())


def reseal_some(session: Session, table: Table, names: list[str]) -> int:
    """Seal a batch of rows anew under the key in use; how many there were. 0: nothing is left."""
    outdated = or_(*(_outdated(table, name) for name in names))
    keys = list(table.primary_key.columns)
    query = select(*keys, *(table.c[name] for name in names)).where(outdated).limit(AT_ONCE)
    rows = session.execute(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        here = and_(*(key == value for key, value in zip(keys, row, strict=False)))
        values = dict(zip(names, row[len(keys) :], strict=True))
        session.execute(table.update().where(here).values(values))
    return len(rows)


def _outdated(table: Table, name: str) -> ColumnElement[bool]:
    raw = _raw(table, name)
    return and_(raw != "", not_(raw.startswith(f"v1.{keyring().active}.", autoescape=True)))


def _raw(table: Table, name: str) -> ColumnElement[str]:
    """The column as it lies in the database."""
    return func.concat(table.c[name], type_=Text())
