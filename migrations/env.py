"""How does Alembic reach the database? Through the address it was given, or else the settings."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

import models.tables  # noqa: F401  makes the metadata complete
from config.settings import settings

# Rather fail than stop every desk while a migration waits for somebody's long query.
LOCK_TIMEOUT = "5s"
ONE_AT_A_TIME = 7_301_001  # advisory lock: two platforms on one database migrate one after the other

database_url = context.config.attributes.get("database_url") or settings().database_url
connectable = create_engine(database_url, poolclass=NullPool)

with connectable.connect() as connection:
    connection.execute(text(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})"))
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=SQLModel.metadata)
    with context.begin_transaction():
        context.run_migrations()
