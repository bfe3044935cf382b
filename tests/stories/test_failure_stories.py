"""What broke in systems people use (docs/failure-stories.md): the stories no other test tells, and the list of all."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from actions.applying import submit
from actions.deciding import grant
from actions.extending import extend_item
from actions.suspending import Procedure, end_special, start_special
from models.account import account_named
from models.case import items_of
from models.database import engine, transaction
from models.desk import Days, DeskWanted, desk_listed
from models.supervision import clock_views, standings
from rules.clock import ClockKind
from rules.identifiers import fault_of_case_number
from rules.lights import Light
from tests.people import CLERK, MORNING, a_case, a_city, account, an_application, head_of

HERE = Path(__file__).parent
LIST = HERE.parent.parent / "docs" / "failure-stories.md"


def statutory(db: Session, number: str, at: datetime) -> object:
    views = clock_views(db, number, at=at, item="B1-2")
    return next(view for view in views if view.row.kind is ClockKind.STATUTORY)


@pytest.fixture
def reviewed(db: Session) -> str:
    """The food licence is being reviewed since MORNING."""
    a_city(db)
    number = a_case(db).number
    grant(db, number, "B1-1", by=account(db, "market"), at=MORNING)
    db.flush()
    return number


def test_5_the_end_date_of_a_suspended_case_moves(db: Session, reviewed: str) -> None:
    before = statutory(db, reviewed, MORNING).now.due  # type: ignore[attr-defined]
    procedure = Procedure("检验检测", "送检餐具", 10)
    start_special(db, reviewed, "B1-2", procedure, by=head_of(db, "market"), at=MORNING + timedelta(days=3))
    db.flush()
    later = MORNING + timedelta(days=20)
    meanwhile = statutory(db, reviewed, later)
    assert meanwhile.suspended and meanwhile.now.due is None  # type: ignore[attr-defined]  # noqa: PT018
    end_special(db, reviewed, "B1-2", "合格", by=account(db, "market"), at=later)
    db.flush()
    after = statutory(db, reviewed, later).now  # type: ignore[attr-defined]
    assert after.due > before + timedelta(days=15)
    item = next(item for item in items_of(db, reviewed) if item.code == "B1-2")
    assert item.legal_due_on == after.due, "the list shows the same date"


def test_5_an_extension_clears_the_warning(db: Session, reviewed: str) -> None:
    near_the_end = datetime(2026, 4, 2, 2, tzinfo=UTC)  # the law's 20 working days end on 3 April
    assert statutory(db, reviewed, near_the_end).light is Light.WARNING  # type: ignore[attr-defined]
    extend_item(db, reviewed, "B1-2", "案情复杂", by=head_of(db, "market"), at=near_the_end)
    db.flush()
    assert statutory(db, reviewed, near_the_end).light is Light.GREEN  # type: ignore[attr-defined]


def test_9_no_two_submissions_share_a_number(fresh_database: object) -> None:
    with transaction() as session:
        a_city(session)

    def one(_: int) -> str:
        with transaction() as session:
            clerk = account_named(session, CLERK)
            return submit(session, an_application(), by=clerk, region="000000", at=MORNING).number

    with ThreadPoolExecutor(16) as windows:
        numbers = list(windows.map(one, range(100)))
    assert len(set(numbers)) == 100
    assert not [number for number in numbers if fault_of_case_number(number)]


def test_12_a_desk_does_not_get_slow_with_what_others_have_and_what_is_done(fresh_database: object) -> None:
    """The same statements whatever is stored, and the index of what is open instead of a walk through all."""
    with transaction() as session:
        a_city(session)
        number = a_case(session).number
    few = _statements_of_the_desk()
    with transaction() as session:
        session.execute(text(MANY), {"number": number})
    with engine().connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE item"))
    assert _statements_of_the_desk() == few
    with transaction() as session:
        rows = session.execute(text(f"EXPLAIN {OPEN}")).scalars()
        plan = "\n".join(str(row) for row in rows)
    assert "item_open_at_desk" in plan, plan
    assert "Seq Scan on item" not in plan, plan


OPEN = (
    "SELECT * FROM item WHERE department_code = 'market' AND state IN ('in_review', 'rectifying', 'special')"
)
MANY = """
INSERT INTO item (number, case_number, code, name, department_code, state, decided_at, decided_by, reason,
    due_provisional, result_number, conditions, transferred_to, step, assignee, added, handled_by)
SELECT :number || '-' || n, :number, 'X-' || n, '办过的事', 'market', 'granted', now(), 'market', '', false, '', '',
    '', 'approve', '', false, ''
FROM generate_series(1, 20000) n
"""


def _statements_of_the_desk() -> int:
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    with transaction() as session:
        leaf = desk_listed(session, "market", DeskWanted(), Days(MORNING.date(), MORNING.date()))
        standings(session, {row.case.number for row in leaf.rows}, at=MORNING)
    event.remove(engine(), "before_cursor_execute", note)
    return len(sent)


def test_the_list_names_tests_that_are_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", LIST.read_text(encoding="utf-8"))
    assert len(named) >= 20
    for file, test in named:
        assert f"def {test}(" in (HERE.parent.parent / file).read_text(encoding="utf-8"), (file, test)
