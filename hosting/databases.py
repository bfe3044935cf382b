"""Are both databases there, new enough, and ready for our tables and Prefect's?"""

from sqlalchemy.engine import make_url

from config.settings import DATABASE, Settings
from models.server import connected, ensure_database, ensure_trigrams, require_supported


def prepare_databases(settings: Settings) -> None:
    """Create what may be created, refuse what cannot serve."""
    if settings.embedded:
        with connected(_maintenance(settings)) as connection:
            ensure_database(connection, DATABASE)
    with connected(settings.database_url) as connection:
        require_supported(connection)
        if settings.prefect_dsn is None:
            ensure_database(connection, prefect_database(settings))
    with connected(through_psycopg2(settings.prefect_database_url)) as connection:
        require_supported(connection)
        ensure_trigrams(connection)


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
    return make_url(settings.database_url).set(database="postgres").render_as_string(hide_password=False)
