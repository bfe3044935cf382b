"""Does PostgreSQL itself keep a session to its district, in every table, and cost the others nothing?"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session, SQLModel, col, select

from config.settings import Settings, settings
from hosting import databases, migrating
from models.case import Case, Item, find_case
from models.database import engine, owner_transaction, transaction
from models.districts import DISTRICT_ROLE, confine, seen_from
from models.policies import CLOSED, OPEN, rules
from models.server import connected, let_work
from rules.errors import NotFound
from tests.people import COUNTY, MARKS, OTHER_COUNTY, TOWN, a_case, a_city, a_district
from tests.web.things import given

# Of the whole installation, or of nobody's case: no district sees a row of them. A new table that lands here says why.
FOR_NOBODY = {
    "audit_anchor": "the day's seal over all cases",
    "bulletin": "the city's figures, for the staff's channel",
    "contact_code": "an applicant's, before there is a case",
    "day_figure": "figures of the whole (models/figures.py counts a district's own)",
    "hour_figure": "the same",
}
NARROW = text("SELECT set_config('role', :role, true)")


@pytest.fixture
def record(fresh_database: Engine) -> dict[str, str]:
    """A case with everything that hangs on one in the city, in each county and in a town."""
    numbers = {}
    with transaction() as session:
        a_city(session)
        for district in MARKS:
            a_district(session, district)
    for serial, district in enumerate(("", *MARKS), start=1):
        mark = f"{MARKS[district]}-" if district else ""
        with transaction() as session:
            case = a_case(session, at=datetime.now(UTC), clerk=f"{mark}linxiao")
            given(session, case, datetime.now(UTC), serial)
            numbers[district] = case.number
    return numbers


def counts(session: Session) -> dict[str, int]:
    return {table: session.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one() for table in rules()}


def test_every_table_has_a_rule_or_is_named_as_one_that_needs_none(record: dict[str, str]) -> None:
    """A new table: if no rule is found for it, say in OPEN, OF_PERSONS (models/policies.py) or here what it is."""
    assert {table for table, rule in rules().items() if rule == CLOSED} == set(FOR_NOBODY)
    assert set(SQLModel.metadata.tables) - set(rules()) == OPEN
    for name in OPEN:
        columns = SQLModel.metadata.tables[name].columns
        assert not {"case_number", "item_number", "enquiry_number"} & {one.name for one in columns}, name
    query = """
        SELECT c.relname, c.relrowsecurity, array_agg(p.polname::text || ':' || r.rolname ORDER BY p.polname)
          FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid LEFT JOIN pg_roles r ON r.oid = ANY(p.polroles)
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY 1, 2
    """
    with connected(settings().owner_url) as connection:
        found = {name: (on, policies) for name, on, policies in connection.execute(text(query)).tuples()}
    both = ["district:yijianshi_district", "whole:yijianshi_whole"]
    for name, (on, policies) in found.items():
        open_to_all = name in OPEN | {"alembic_version"}
        assert (on, policies) == ((False, [None]) if open_to_all else (True, both)), name


def test_every_key_that_leads_to_a_case_is_followed(record: dict[str, str]) -> None:
    """By whatever name a column is called that refers to a case, an item or a letter, the table has a rule."""
    hangs = {"case_file", "enquiry"}
    for table in SQLModel.metadata.sorted_tables:
        if any(key.column.table.name in hangs for key in table.foreign_keys):
            hangs.add(table.name)
    assert hangs <= {table for table, rule in rules().items() if rule != CLOSED}


@pytest.mark.parametrize("district", list(MARKS))
def test_no_table_shows_a_row_of_another_district(record: dict[str, str], district: str) -> None:
    own = {record[one] for one in MARKS if one.startswith(district)}
    with transaction() as session:
        everything = counts(session)
    with transaction(district) as session:
        seen = counts(session)
        for table in rules():
            columns = SQLModel.metadata.tables[table].columns
            if "case_number" in columns:
                query = f"SELECT DISTINCT case_number FROM \"{table}\" WHERE case_number <> ''"
                assert set(session.execute(text(query)).scalars()) <= own, table
        assert set(session.exec(select(Case.number))) == own
    with_rows = {table for table, rows in everything.items() if rows and table not in FOR_NOBODY}
    assert {
        "item",
        "card",
        "enquiry",
        "notice",
        "call",
        "material",
        "shift_change",
        "delegation",
    } <= with_rows
    for table in with_rows:
        share = everything[table] * len(own) / len(record)
        assert seen[table] == share, (table, seen[table], everything[table])


def test_a_forgotten_setting_shows_nothing(record: dict[str, str]) -> None:
    with transaction() as session:
        session.execute(NARROW, {"role": DISTRICT_ROLE})
        assert set(counts(session).values()) == {0}
        session.execute(text("SELECT set_config('yjs.district', '', true)"))
        assert set(counts(session).values()) == {0}


def test_it_holds_for_every_transaction_and_is_gone_with_the_session(record: dict[str, str]) -> None:
    with Session(engine()) as session:
        confine(session, COUNTY)
        for _ in range(2):
            with session.begin():
                with session.begin_nested():
                    assert len(session.exec(select(Case)).all()) == 2
                assert len(session.exec(select(Case)).all()) == 2
        with session.begin(), pytest.raises(NotFound):
            find_case(session, record[OTHER_COUNTY])
    for _ in range(20):  # whichever connection of the pool comes next
        with transaction() as session:
            assert len(session.exec(select(Case)).all()) == 4


def test_in_the_middle_of_a_transaction_it_begins_at_once(record: dict[str, str]) -> None:
    with transaction() as session:
        assert len(session.exec(select(Case)).all()) == 4
        with seen_from(session, TOWN):
            assert list(session.exec(select(Case.number))) == [record[TOWN]]
        assert len(session.exec(select(Case.number)).all()) == 4
        confine(session, COUNTY)
        assert len(session.exec(select(Case.number)).all()) == 2


STATEMENTS = [
    "UPDATE case_file SET district = '{own}' WHERE number = '{theirs}'",
    "DELETE FROM item WHERE case_number = '{theirs}'",
    "UPDATE item SET state = 'granted', decided_at = now() WHERE case_number = '{theirs}'",
    "SELECT number FROM case_file WHERE number = '{theirs}' FOR UPDATE",
    "SELECT c.number FROM case_file c JOIN item i ON true WHERE i.case_number = '{theirs}'",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_is_not_seen_is_not_touched(record: dict[str, str], statement: str) -> None:
    with transaction(COUNTY) as session:
        asked = statement.format(own=COUNTY, theirs=record[OTHER_COUNTY])
        assert session.execute(text(asked)).rowcount == 0
    with transaction(COUNTY) as session:
        asked = statement.format(own=COUNTY, theirs=record[COUNTY])
        assert session.execute(text(asked)).rowcount != 0
        session.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_file SET district = '000002' WHERE number = '{own}'",
        "UPDATE material SET case_number = '{theirs}' WHERE case_number = '{own}'",
        "INSERT INTO gap (id, case_number, department_code, spec_id, what, listed_by, listed_at, existed,"
        " override_reason, answer) VALUES (gen_random_uuid(), '{theirs}', 'fire', 'M1', '', 'x', now(), true, '', '')",
    ],
)
def test_nothing_is_written_into_another_district(record: dict[str, str], statement: str) -> None:
    given = {"own": record[COUNTY], "theirs": record[OTHER_COUNTY]}
    with pytest.raises(ProgrammingError, match="row-level security"), transaction(COUNTY) as session:
        session.execute(text(statement.format(**given)))


def test_the_audit_is_added_to_and_not_rewritten_from_a_district_either(record: dict[str, str]) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction(COUNTY) as session:
        session.execute(text("UPDATE audit_entry SET reason = ''"))


def queries() -> Iterator[str]:
    lists = (
        select(Case).order_by(col(Case.submitted_at).desc()).limit(20),
        select(Item).where(Item.department_code == "fire").order_by(col(Item.due_on)),
        select(Item, Case).where(Case.number == Item.case_number, col(Case.applicant_name).startswith("陈")),
    )
    for query in lists:
        yield str(query.compile(engine(), compile_kwargs={"literal_binds": True}))


def test_a_list_of_the_whole_is_planned_as_if_there_were_no_policies(record: dict[str, str]) -> None:
    for query in queries():
        with transaction() as session:
            ours = list(session.execute(text(f"EXPLAIN {query}")).scalars())
        with owner_transaction() as session:  # to whom policies do not apply
            assert ours == list(session.execute(text(f"EXPLAIN {query}")).scalars()), query
        with transaction(COUNTY) as session:
            assert "starts_with" in "\n".join(session.execute(text(f"EXPLAIN {query}")).scalars())


def test_with_one_role_for_everything_the_district_holds_as_well(cluster: Settings) -> None:
    """One address only: the tables' owner, whom policies do not bind, steps down like everybody."""
    address = f"{cluster.socket_folder}&port=5432"
    with connected(cluster.owner_url) as connection:
        for statement in (
            "CREATE ROLE alone LOGIN",
            "GRANT yijianshi_whole, yijianshi_district TO alone",
            "CREATE DATABASE alone OWNER alone",
        ):
            connection.execute(text(statement))
    dsn = f"postgresql://alone@/alone?host={address}"
    ours = Settings(dsn=dsn, owner_dsn=dsn)
    assert ours.application_role == ""
    databases.bring_tables_up(ours)
    databases.bring_tables_up(ours)
    with connected(ours.database_url) as connection:
        assert connection.execute(text("SELECT current_user")).scalar_one() == "alone"
        connection.execute(text("BEGIN"))
        connection.execute(NARROW, {"role": DISTRICT_ROLE})
        plan = "\n".join(connection.execute(text("EXPLAIN SELECT * FROM item")).scalars())
        assert "starts_with" in plan
        connection.execute(text("ROLLBACK"))


def test_stated_again_nothing_is_locked(record: dict[str, str]) -> None:
    """A second platform starts while desks are busy: a table whose policy stands is left alone."""
    with transaction() as session:
        session.execute(text("LOCK TABLE case_file, item IN ROW EXCLUSIVE MODE"))
        with connected(settings().owner_url) as connection:
            let_work(connection, settings().application_role)


def test_the_migration_goes_back_and_forth(record: dict[str, str]) -> None:
    engine().dispose()
    migrating.downgrade(settings().owner_url, "0013")
    databases.bring_tables_up(settings())
    with transaction() as session:
        assert {one.district for one in session.exec(select(Case))} == {""}
    with transaction(COUNTY) as session:
        assert list(session.exec(select(Case))) == []  # what was there before is of the whole
