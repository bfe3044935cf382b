"""Two people at once, on several real connections: seen to fail with the case lock removed."""

from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier

import pytest
from sqlmodel import Session

from actions.applying import submit
from actions.deciding import grant
from actions.shifts import hand_over
from models.account import Account
from models.case import find_case, items_of
from models.database import transaction
from models.notice import notices_of
from models.shift import shift_changes_waiting
from rules.errors import AlreadyDone, Faulty, Refused
from rules.notices import Event
from rules.people import Role
from rules.states import ItemState, Outcome
from tests.people import CLERK, MORNING, a_case, a_city, account, an_application


@pytest.fixture(autouse=True)
def city(fresh_database: object) -> None:
    with transaction() as session:
        a_city(session)


def a_case_before_its_last_two_decisions() -> str:
    with transaction() as session:
        number = a_case(session).number
    for code in ("B1-1", "B1-5", "B1-2", "B1-3"):
        decide(number, code)
    return number


def decide(number: str, code: str) -> None:
    with transaction() as session:
        item = next(item for item in items_of(session, number) if item.code == code)
        grant(session, number, code, by=account(session, item.department_code), at=MORNING)


@pytest.mark.parametrize("round_number", range(5))
def test_two_last_decisions_at_once_give_one_joint_answer(round_number: int) -> None:
    number, start = a_case_before_its_last_two_decisions(), Barrier(2)

    def last(code: str) -> None:
        start.wait()
        decide(number, code)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(last, ("B1-4", "B1-6")))
    with transaction() as session:
        assert find_case(session, number).outcome is Outcome.ALL_GRANTED
        told = [notice.event for notice in notices_of(session, number)]
        assert told.count(Event.CONCLUDED) == 2, "once by SMS, once by e-mail"


@pytest.mark.parametrize("round_number", range(5))
def test_a_double_click_decides_once(round_number: int) -> None:
    with transaction() as session:
        number = a_case(session).number
    start = Barrier(2)

    def click(_: int) -> str:
        start.wait()
        try:
            decide(number, "B1-1")
        except AlreadyDone:
            return "told"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(click, range(2))) == ["done", "told"]
    with transaction() as session:
        assert items_of(session, number)[0].state is ItemState.GRANTED


def test_two_clicks_lay_out_a_case_for_the_next_shift_once() -> None:
    with transaction() as session:
        session.add(Account(username="zhouning", name="周宁", role=Role.CLERK, password_hash="!"))
        number = a_case(session, accepted=False).number

    def lay_out(session: Session) -> None:
        by = account(session, CLERK)
        hand_over(session, cases=[number], drafts=(), to="zhouning", note="", by=by, at=MORNING)

    def click() -> None:
        with transaction() as session:
            lay_out(session)

    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            lay_out(session)
            second = pool.submit(click)
            wait([second], timeout=1)  # until it stands behind the first
        with pytest.raises(Faulty):
            second.result()
    with transaction() as session:
        assert [change.cases for change in shift_changes_waiting(session, "zhouning")] == [[number]]


def test_forty_submissions_at_once_have_forty_numbers_and_one_form_one_case() -> None:
    def send(key: str) -> str:
        try:
            with transaction() as session:
                clerk = account(session, CLERK)
                application = an_application(submission_key=key)
                return submit(session, application, by=clerk, region="000000", at=MORNING).number
        except Refused as refused:
            return getattr(refused, "case_number", str(refused))

    with ThreadPoolExecutor(8) as pool:
        different = list(pool.map(send, [f"form-{n:02d}" for n in range(40)]))
        same = list(pool.map(send, ["one-form"] * 8))
    assert len(set(different)) == 40
    assert len(set(same)) == 1
