"""Lists have pages: does each say truly which rows it holds and how many there are?"""

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select

from models.account import Account
from models.leaf import leaf_of, leaf_out_of
from models.worklists import Wanted, cases_listed
from rules.moments import china_day
from tests.people import MORNING, a_case, a_city


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


@pytest.mark.parametrize("page", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7])
def test_every_page_has_its_rows_and_knows_how_many_there_are(db: Session, page: int, size: int) -> None:
    names = sorted(db.exec(select(Account.username)).all())[:12]
    query = select(Account.username).where(col(Account.username).in_(names)).order_by(col(Account.username))
    leaf = leaf_of(db, query, page, size=size)
    shown = min(page, -(-12 // size))
    assert leaf.rows == names[(shown - 1) * size : shown * size]
    assert (leaf.number, leaf.total, leaf.goes_on) == (shown, 12, shown * size < 12)


def test_a_list_that_has_become_shorter_shows_its_last_page(db: Session) -> None:
    total = db.exec(select(func.count()).select_from(Account)).one()
    leaf = leaf_of(db, select(Account).order_by(col(Account.username)), 10**6, size=total - 1)
    assert (leaf.number, leaf.total, len(leaf.rows)) == (2, total, 1)


def test_a_list_of_nothing_has_one_empty_page(db: Session) -> None:
    leaf = leaf_of(db, select(Account).where(Account.username == "nobody"), 3)
    assert (leaf.rows, leaf.total, leaf.number, leaf.pages, leaf.goes_on) == ([], 0, 1, 1, False)


def test_what_is_found_is_listed_as_all_is_listed(db: Session) -> None:
    numbers = sorted((a_case(db).number for _ in range(23)), reverse=True)
    today, part = china_day(MORNING), numbers[0][:10]
    for page in (1, 2, 3):
        found = cases_listed(db, Wanted(search=part, page=page), today)
        listed = cases_listed(db, Wanted(page=page), today)
        assert found == listed
        assert (found.total, found.pages) == (23, 2)


def test_what_was_cut_off_says_that_there_is_more() -> None:
    leaf = leaf_out_of(range(40), 2, beyond=True)
    assert (leaf.rows, leaf.goes_on, leaf.said) == (list(range(20, 40)), True, "40 多")
