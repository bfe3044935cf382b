"""How many statements does an act cost? The desks' speed depends on it: seen to grow once, and mended."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlmodel import Session

from actions.accepting import accept
from actions.deciding import grant
from models.account import Account
from models.case import items_of
from tests.people import CLERK, MORNING, a_case, a_city, account


@contextmanager
def counted(db: Session) -> Generator[Counter[str]]:
    """Every statement sent to the database, by its first words."""
    sent: Counter[str] = Counter()
    connection = db.connection()

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent[" ".join(statement.split()[:3])[:60]] += 1

    event.listen(connection, "before_cursor_execute", note)
    yield sent
    db.flush()
    event.remove(connection, "before_cursor_execute", note)


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def officer(db: Session, number: str, code: str) -> Account:
    item = next(item for item in items_of(db, number) if item.code == code)
    return account(db, item.department_code)


def test_a_grant_that_completes_no_wave(db: Session) -> None:
    number = a_case(db).number
    grant(db, number, "B1-1", by=officer(db, number, "B1-1"), at=MORNING)
    by = officer(db, number, "B1-3")
    db.flush()
    with counted(db) as sent:
        grant(db, number, "B1-3", by=by, at=MORNING)
    assert sent.total() <= 12, sent


def test_an_acceptance(db: Session) -> None:
    number = a_case(db, accepted=False).number
    by = account(db, CLERK)
    db.flush()
    with counted(db) as sent:
        accept(db, number, by=by, at=MORNING)
    assert sent.total() <= 14, sent


def test_a_grant_that_hands_five_items_over(db: Session) -> None:
    number = a_case(db).number
    by = officer(db, number, "B1-1")
    db.flush()
    with counted(db) as sent:
        grant(db, number, "B1-1", by=by, at=MORNING)
    assert sent.total() <= 16, sent
