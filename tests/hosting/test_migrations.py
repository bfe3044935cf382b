"""Do the migrations and the models describe the same database, and can every step be undone?"""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

import models.tables  # noqa: F401  makes the metadata complete
from config.settings import Settings
from hosting import migrating
from models.server import connected
from rules.errors import Refused

# What Alembic's own comparison leaves out (checks, partial indexes, sequences) PostgreSQL can tell.
EVERYTHING = """
SELECT 'column', table_name || '.' || column_name,
       concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default, is_identity)
  FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL
SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
  FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes
 WHERE schemaname = 'public' AND tablename <> 'alembic_version'
UNION ALL
SELECT 'sequence', sequencename, concat_ws(' ', min_value, max_value, increment_by, cycle, data_type)
  FROM pg_sequences WHERE schemaname = 'public'
ORDER BY 1, 2, 3
"""


def test_migrated_is_what_the_models_say(cluster: Settings) -> None:
    migrated, modelled = _new(cluster, "migrated_now"), _new(cluster, "modelled_now")
    migrating.upgrade(migrated)
    engine = create_engine(modelled)
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    assert _everything(migrated) == _everything(modelled)


def test_every_migration_can_be_undone_and_done_again(cluster: Settings) -> None:
    url = _new(cluster, "up_and_down")
    migrating.upgrade(url)
    migrating.downgrade(url)
    assert _everything(url) == []
    migrating.upgrade(url)
    assert migrating.current(url) == migrating.head()


def test_tables_of_a_later_version_are_refused_in_a_sentence(cluster: Settings) -> None:
    url = _new(cluster, "from_the_future")
    migrating.upgrade(url)
    with connected(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match="数据表是 9999，比这个版本新：请更新平台"):
        migrating.upgrade(url)


def _new(cluster: Settings, name: str) -> str:
    with connected(cluster.owner_url) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return make_url(cluster.owner_url).set(database=name).render_as_string(hide_password=False)


def _everything(url: str) -> list[tuple[str, ...]]:
    with connected(url) as connection:
        return [tuple(row) for row in connection.execute(text(EVERYTHING))]
