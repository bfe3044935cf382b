"""Are both databases there, new enough, and ready for our tables and Prefect's?"""

from sqlalchemy.engine import make_url

from config.settings import APPLICATION, DATABASE, Settings
from hosting import migrating
from models.server import (
    connected,
    ensure_database,
    ensure_role,
    ensure_row_roles,
    ensure_trigrams,
    let_work,
    place,
    require_supported,
)
from rules.errors import Refused


def prepare_databases(settings: Settings) -> None:
    """Create what may be created, refuse what cannot serve."""
    if settings.embedded:
        with connected(_maintenance(settings)) as connection:
            ensure_database(connection, DATABASE)
            ensure_role(connection, APPLICATION)
    if place(settings.owner_url) != place(settings.database_url):
        raise Refused("设置 dsn 和 owner_dsn 写的不是同一个库，请改成同一台主机上的同一个库。")
    with connected(settings.owner_url) as connection:
        require_supported(connection)
        ensure_row_roles(connection)
    migrating.require_known(settings.owner_url)  # before anything is started on it
    ensure_prefects(settings)


def ensure_prefects(settings: Settings) -> None:
    """Prefect's database; lost, an empty one is made, and the conductor fills it from the record."""
    if settings.prefect_dsn is None:
        with connected(settings.owner_url) as connection:
            ensure_database(connection, prefect_database(settings))
    with connected(through_psycopg2(settings.prefect_database_url)) as connection:
        require_supported(connection)
        ensure_trigrams(connection)


def bring_tables_up(settings: Settings) -> None:
    """Migrate as the owner of the tables, then let the role that works in them work, and no more."""
    with connected(settings.owner_url) as connection:
        ensure_row_roles(connection)
        migrating.upgrade(settings.owner_url)
        let_work(connection, settings.application_role)
    with connected(settings.database_url):
        pass  # or a sentence why this role cannot come in


def prefect_database(settings: Settings) -> str:
    """The name of Prefect's database."""
    return make_url(settings.prefect_database_url).database or ""


def through_psycopg2(asyncpg_url: str) -> str:
    """The same address for our own driver."""
    url = make_url(asyncpg_url)
    query = {{"ssl": "sslmode"}.get(name, name): value for name, value in url.query.items()}
    return url.set(drivername="postgresql+psycopg2", query=query).render_as_string(hide_password=False)


def _maintenance(settings: Settings) -> str:
    """The database every cluster has from the beginning."""
    return make_url(settings.owner_url).set(database="postgres").render_as_string(hide_password=False)
