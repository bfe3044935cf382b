"""Two people at once, on real connections: one rating, one enquiry, one owner, one answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from actions.asking import Sent, judge, send
from actions.enquiring import answer, take
from actions.rating import Given, rate
from models.account import Account
from models.database import transaction
from models.enquiry import course_of, find_enquiry
from models.rating import ratings_of
from rules.errors import Refused
from rules.people import Role
from rules.voices import Step
from tests.people import MORNING, a_case, a_city, account

OFFICERS = ("market", "market2")


@pytest.fixture(autouse=True)
def city(fresh_database: object) -> None:
    with transaction() as session:
        a_city(session)
        session.add(
            Account(
                username="market2",
                name="市场二",
                role=Role.OFFICER,
                department_code="market",
                password_hash="!",
            )
        )


def both(act: Callable[[int], object]) -> list[str]:
    """Two threads do it at the same moment; what each of them was told."""
    start = Barrier(2)

    def one(turn: int) -> str:
        start.wait()
        try:
            act(turn)
        except Refused as refused:
            return str(refused)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(one, range(2)), key=lambda said: said != "done")


def a_question() -> str:
    with transaction() as session:
        return send(session, Sent("consult", "怎样办理？请告诉我。", "k" * 32, "market"), at=MORNING).number


def test_a_double_click_is_one_rating() -> None:
    with transaction() as session:
        number = a_case(session).number

    def click(_: int) -> None:
        with transaction() as session:
            rate(session, number, Given("submission-20260306", "dissatisfied"), at=MORNING)

    first, second = both(click)
    assert first == "done"
    assert "已经评价过" in second
    with transaction() as session:
        assert len(ratings_of(session, number)) == 1


def test_a_form_sent_twice_at_once_is_one_enquiry() -> None:
    numbers = []

    def click(_: int) -> None:
        numbers.append(a_question())

    assert both(click) == ["done", "done"]
    assert len(set(numbers)) == 1


def test_two_take_it_and_one_has_it() -> None:
    number = a_question()

    def click(turn: int) -> None:
        with transaction() as session:
            take(session, number, by=account(session, OFFICERS[turn]), at=MORNING)

    first, second = both(click)
    assert first == "done"
    assert "领办" in second


def test_two_answer_and_one_answer_stands() -> None:
    number = a_question()

    def click(turn: int) -> None:
        with transaction() as session:
            answer(session, number, f"答复{turn}，请看。", by=account(session, OFFICERS[turn]), at=MORNING)

    assert both(click)[0] == "done"
    with transaction() as session:
        said = [entry for entry in course_of(session, number) if entry.step is Step.ANSWER]
        assert len(said) == 1
        assert find_enquiry(session, number).answer == said[0].words


def test_a_double_click_of_dissatisfaction_reopens_once() -> None:
    number = a_question()
    with transaction() as session:
        answer(session, number, "请看指南。", by=account(session, "market"), at=MORNING)

    def click(_: int) -> None:
        with transaction() as session:
            judge(session, number, satisfied=False, remark="", at=MORNING)

    assert both(click)[0] == "done"
    with transaction() as session:
        assert [entry.step for entry in course_of(session, number)].count(Step.REOPEN) == 1
