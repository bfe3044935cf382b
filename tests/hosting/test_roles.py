"""May the role that pages, conductor and worker use rewrite the record? PostgreSQL itself refuses."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from config.settings import APPLICATION, Settings, settings
from documents.anchoring import make_anchor
from hosting import databases, migrating
from models.database import engine, transaction
from models.server import ADDED_ONLY, connected, may_rewrite_audit
from rules.errors import Refused
from tests.people import MORNING, a_case, a_city


@pytest.fixture
def record(fresh_database: Engine) -> None:
    with transaction() as session:
        a_city(session)
        a_case(session)
    make_anchor(MORNING)


STATEMENTS = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "DROP TABLE {table} CASCADE",
]


@pytest.mark.parametrize("table", ADDED_ONLY)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_platform_may_only_add_to_the_audit(record: None, table: str, statement: str) -> None:
    assert make_url(settings().database_url).username == APPLICATION
    with connected(settings().owner_url) as connection:
        before = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        columns = list(connection.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys())
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction() as session:
        session.execute(text(statement.format(table=table, column=columns[0])))
    with connected(settings().owner_url) as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == before


def test_nor_may_it_help_itself_to_more(record: None) -> None:
    for statement in (
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "CREATE RULE r AS ON INSERT TO audit_entry DO INSTEAD NOTHING",
        "SET ROLE yijianshi",
        "UPDATE alembic_version SET version_num = '0001'",
    ):
        with pytest.raises(ProgrammingError), transaction() as session:
            session.execute(text(statement))


def test_the_doors_question_tells_both_roles_apart(record: None) -> None:
    with connected(settings().database_url) as connection:
        assert not may_rewrite_audit(connection)
    with connected(settings().owner_url) as connection:
        assert may_rewrite_audit(connection)


def test_everything_else_it_may(record: None) -> None:
    """Every table there is, but the audit's and Alembic's: or some act would fail some day."""
    query = """
        SELECT relname FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
           AND NOT (has_table_privilege(:role, oid, 'UPDATE') AND has_table_privilege(:role, oid, 'DELETE'))
    """
    with engine().connect() as connection:
        closed = set(connection.execute(text(query), {"role": APPLICATION}).scalars())
    assert closed == {*ADDED_ONLY, "alembic_version"}


def test_an_external_postgresql_with_two_roles(cluster: Settings) -> None:
    address = f"{cluster.socket_folder}&port=5432"
    with connected(cluster.owner_url) as connection:
        connection.execute(text('CREATE ROLE "city-owner" LOGIN CREATEDB'))
        connection.execute(text('CREATE ROLE "city-app" LOGIN'))
        connection.execute(text('CREATE DATABASE two_roles OWNER "city-owner"'))
    with connected(
        make_url(cluster.owner_url).set(database="two_roles").render_as_string(False)
    ) as connection:
        connection.execute(text("CREATE EXTENSION pg_trgm"))
    ours = Settings(
        dsn=f"postgresql://city-app@/two_roles?host={address}",
        owner_dsn=f"postgresql://city-owner@/two_roles?host={address}",
    )
    assert ours.application_role == "city-app"
    grant = 'GRANT yijianshi_whole, yijianshi_district TO "city-app"'
    with pytest.raises(Refused, match=grant):
        databases.bring_tables_up(ours)  # the owner may not: one sentence for whoever may
    with connected(cluster.owner_url) as connection:
        connection.execute(text(grant))
    databases.bring_tables_up(ours)
    databases.bring_tables_up(ours)  # the second time changes nothing
    with connected(ours.database_url) as connection:
        assert not may_rewrite_audit(connection)
        assert connection.execute(text("SELECT count(*) FROM case_file")).scalar_one() == 0
    migrating.downgrade(ours.owner_url)
    databases.bring_tables_up(ours)


def test_slips_in_the_two_addresses_are_one_sentence(cluster: Settings) -> None:
    address = f"{cluster.socket_folder}&port=5432"
    owner = f"postgresql://yijianshi@/yijianshi?host={address}"
    with pytest.raises(Refused, match="不是同一个库"):
        databases.prepare_databases(Settings(dsn=f"postgresql://x@/other?host={address}", owner_dsn=owner))
    with pytest.raises(Refused, match="没有名为 nobody 的用户"):
        databases.bring_tables_up(
            Settings(dsn=f"postgresql://nobody@/yijianshi?host={address}", owner_dsn=owner)
        )


def test_with_one_address_there_is_no_second_role(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("YJS_DSN", "YJS_OWNER_DSN"):  # of the database that other tests have open
        monkeypatch.delenv(name, raising=False)
    assert Settings(dsn="postgresql://u@h/d").application_role == ""
    assert Settings(dsn="postgresql://u@h/d", owner_dsn="postgresql://u:x@h/d").application_role == ""
    assert Settings().application_role == APPLICATION
