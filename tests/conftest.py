"""What do tests get? A real PostgreSQL migrated by Alembic, and for some the whole platform."""

import os
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from sqlmodel import Session

from config.settings import APPLICATION, Settings, settings
from hosting import migrating
from models.database import engine
from models.server import connected, let_work
from tests.clusters import Platform, running_platform, running_postgres

TEMPLATE = "migrated"  # every test database is a copy of it


@pytest.fixture(scope="session", autouse=True)
def _settings_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """Nothing of the installation around us: no YJS_ variable, no settings file, another data folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("YJS_", "PREFECT_"))]:
            patch.delenv(name)
        folder = tmp_path_factory.mktemp("installation")
        (folder / "settings.toml").touch()
        patch.setenv("YJS_SETTINGS", str(folder / "settings.toml"))
        patch.setenv("YJS_DATA", str(folder / "data"))
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(scope="session")
def cluster() -> Generator[Settings]:
    """One PostgreSQL for all tests, with one migrated database to copy."""
    with running_postgres() as running:
        # What a power cut would lose nobody misses here, and a new database for every test costs no disk.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            _execute(running, f"ALTER SYSTEM SET {setting} = off")
        _execute(running, "SELECT pg_reload_conf()")
        _execute(running, f"CREATE DATABASE {TEMPLATE}")
        migrating.upgrade(_address(running, TEMPLATE))
        with connected(_address(running, TEMPLATE)) as connection:
            let_work(connection, APPLICATION)
        yield running


@pytest.fixture(scope="session")
def database(cluster: Settings) -> Generator[Engine]:
    """The database that the settings name during the tests. Use `db`, which leaves no trace in it."""
    with _named_by_the_settings(cluster, "shared") as copy:
        yield copy


@pytest.fixture
def db(database: Engine) -> Generator[Session]:
    """A session whose every change is undone when the test ends, commits and all."""
    with database.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()


@pytest.fixture
def fresh_database(cluster: Settings) -> Generator[Engine]:
    """A database of its own, named by the settings: for real commits and several connections."""
    with _named_by_the_settings(cluster, "fresh") as copy:
        yield copy


@pytest.fixture(scope="session")
def platform() -> Generator[Platform]:
    """The whole platform, started once by `yjs up`, for browser and flow tests."""
    with running_platform() as running:
        yield running


@contextmanager
def _named_by_the_settings(cluster: Settings, name: str) -> Generator[Engine]:
    """A new copy of the migrated database, where everything in this process goes until the block is left.

    Under the name of the copy before it: the engine stays, and with it all statements it has compiled.
    """
    _execute(cluster, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YJS_OWNER_DSN", _address(cluster, name))
        patch.setenv("YJS_DSN", _worked_in(cluster, name))
        settings.cache_clear()
        copy = engine()
        yield copy
        copy.dispose()
    settings.cache_clear()
    _execute(cluster, f"DROP DATABASE {name} WITH (FORCE)")


def _address(cluster: Settings, name: str) -> str:
    return make_url(cluster.owner_url).set(database=name).render_as_string(hide_password=False)


def _worked_in(cluster: Settings, name: str) -> str:
    """As the platform's processes come in: a role that may not rewrite the audit."""
    return make_url(_address(cluster, name)).set(username=APPLICATION).render_as_string(hide_password=False)


def _execute(cluster: Settings, statement: str) -> None:
    with connected(cluster.owner_url) as connection:
        connection.execute(text(statement))
