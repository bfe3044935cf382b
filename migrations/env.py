"""How does Alembic reach the database? Through the address it was given, or else the settings."""

from typing import Any

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import models.tables  # noqa: F401  makes the metadata complete
from config.settings import settings
from models.columns import Code
from models.sealing import Sealed

# Rather fail than stop every desk while a migration waits for somebody's long query.
LOCK_TIMEOUT = "5s"
ONE_AT_A_TIME = 7_301_001  # advisory lock: two platforms on one database migrate one after the other


def as_plain_text(kind: str, value: Any, _autogenerating: Any) -> str | bool:
    """A migration is history: it names no type of ours, which may change or go."""
    if kind == "type" and isinstance(value, Sealed):
        return "sa.Text()"
    if kind == "type" and isinstance(value, AutoString | Code):
        length = value.length if isinstance(value, AutoString) else value.impl.length
        return f"sa.String({length or ''})"
    return False


database_url = context.config.attributes.get("database_url") or settings().owner_url
connectable = create_engine(database_url, poolclass=NullPool)

with connectable.connect() as connection:
    connection.execute(text(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})"))
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_item=as_plain_text)
    with context.begin_transaction():
        context.run_migrations()
