"""What does a page cost the record, and how does a list say how long it is? Counted, not timed."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, update
from sqlmodel import col, func, select

from actions.tokens import make_token
from models import leaf as leaves
from models.case import Case, Item, items_of
from models.database import engine, transaction
from models.leaf import count_of
from models.notice import Notice
from models.remembering import remembering
from models.together import gatherings_of
from tests.people import CLERK, GOVERNOR, MANAGER
from tests.web.hall import a_case_today, at_desk, somebody, the_app
from web.app import settle
from web.entering import now


@contextmanager
def counted() -> Generator[list[str]]:
    """Every statement that reaches PostgreSQL meanwhile."""
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(" ".join(statement.split())[:200])

    event.listen(engine(), "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine(), "before_cursor_execute", note)


@pytest.mark.parametrize("username", [CLERK, "fire", "market-head", MANAGER, GOVERNOR])
@pytest.mark.parametrize(("page", "most"), [("", 30), ("/acts", 16)])
def test_a_case_is_read_in_few_statements(username: str, page: str, most: int) -> None:
    """Each act asks for itself whether it is open; PostgreSQL is asked once."""
    number, desk = a_case_today().number, at_desk(username)
    assert desk.get(f"/cases/{number}{page}").status_code == 200
    with counted() as sent:
        desk.get(f"/cases/{number}{page}")
    assert len(sent) <= most, sent


@pytest.mark.parametrize(
    ("username", "path", "most"),
    [
        (CLERK, "/window", 12),
        ("fire", "/desk", 22),
        (MANAGER, "/manage", 18),
        (MANAGER, "/manage/items", 13),
        (MANAGER, "/manage/notices", 12),
    ],
)
def test_a_list_costs_the_same_however_long_it_is(username: str, path: str, most: int) -> None:
    desk = at_desk(username)
    for _ in range(3):
        a_case_today()
    desk.get(path)
    with counted() as few:
        desk.get(path)
    for _ in range(9):
        a_case_today()
    with counted() as many:
        desk.get(path)
    # What goes beyond one page is counted, which is one statement; what fits on it needs none.
    assert len(few) <= len(many) <= min(most, len(few) + 1), many


def test_a_question_is_put_once_and_anew_when_something_has_changed() -> None:
    number = a_case_today().number
    with transaction() as session, remembering(session), counted() as sent:
        first, again = items_of(session, number), items_of(session, number)
        assert [id(item) for item in first] == [id(item) for item in again]
        assert len(sent) == 1
        assert items_of(session, "000000-B1-20260306-999999-9") == []
        assert len(sent) == 2, "another number is another question"
        first[0].reason = "改了"
        session.flush()
        sent.clear()
        assert items_of(session, number)[0].reason == "改了"
        assert len(sent) == 1
        session.execute(update(Item).where(col(Item.case_number) == number).values(reason="又改了"))
        assert items_of(session, number)[0].reason == "又改了"
        session.rollback()


def test_outside_the_block_nothing_is_remembered() -> None:
    number = a_case_today().number
    with transaction() as session:
        with remembering(session):
            with remembering(session):
                assert gatherings_of(session, number) == []
            with counted() as sent:
                assert gatherings_of(session, number) == []
            assert sent == [], "the inner block ends nothing"
        with counted() as sent:
            items_of(session, number)
            items_of(session, number)
        assert len(sent) == 2


def test_a_locked_row_is_always_read_anew() -> None:
    number = a_case_today().number
    query = select(Item).where(Item.case_number == number).with_for_update()
    with transaction() as session, remembering(session), counted() as sent:
        session.exec(query).all()
        session.exec(query).all()
    assert len(sent) == 2


@pytest.mark.parametrize("path", ["/manage/notices", "/inbox"])
def test_a_long_list_is_counted_only_so_far_and_read_to_its_end(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = at_desk(MANAGER)
    for _ in range(12):
        a_case_today()
    with transaction() as session:
        total = session.exec(select(func.count()).select_from(Notice)).one()
    last = -(-total // leaves.PAGE)
    assert f"第 1 / {last} 页，共 {total} 条" in manager.text(path)
    monkeypatch.setattr(leaves, "COUNTED", 10)
    answer = manager.get(path)
    assert "第 1 页，共 20 条以上" in answer.text
    assert 'rel="next"' in answer.text
    for number in range(2, last):
        answer = manager.get(f"{path}?page={number}")
        assert f"第 {number} 页，共 {number * 20} 条以上" in answer.text
        assert 'rel="next"' in answer.text
        assert 'rel="prev"' in answer.text
    for number in (last, last + 1, 9999):
        answer = manager.get(f"{path}?page={number}")
        assert f"第 {last} / {last} 页，共 {total} 条" in answer.text, "the end is known once it is reached"
        assert 'rel="next"' not in answer.text


def test_programs_are_told_exactly_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(21):
        a_case_today()
    monkeypatch.setattr(leaves, "COUNTED", 10)
    with transaction() as session:
        token = make_token(session, MANAGER, "测试", 1, at=now())
    answer = somebody().get("/api/v1/cases", headers={"Authorization": f"Bearer {token}"}).json()
    assert (answer["total"], answer["pages"]) == (21, 2)


def test_what_is_joined_is_counted_as_it_is_listed() -> None:
    number = a_case_today().number
    joined = select(Item, Case).join(Case).where(Case.number == number).order_by(Item.number)  # type: ignore[arg-type]
    with transaction() as session:
        assert count_of(session, joined) == len(session.exec(joined).all()) == 6
        assert count_of(session, select(Case)) == 1, "without any condition"


def test_what_is_there_when_a_process_begins_is_not_gone_through_again() -> None:
    the_app()
    try:
        settle()
        left = len(gc.get_objects())
        assert gc.get_freeze_count() > 100_000 > left, (
            "each of them costs 0.6 microseconds, in which nobody is answered"
        )
    finally:
        gc.unfreeze()
