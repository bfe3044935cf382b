"""Two officers and the clerk at the same moment, on real connections: one notice, and nothing is lost in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from actions.listing_gaps import list_gap
from actions.supervising import fire_due_rungs
from actions.supplementing import Answer, answer_gap, ask_supplement
from models.audit import timeline
from models.case import Case, find_case, materials_of
from models.database import transaction
from models.notice import notices_of
from models.supplement import gaps_of, supplement_notices_of
from rules.errors import Refused
from rules.notices import Event
from rules.states import Act, CaseState
from tasks.patrolling import fire_what_is_due
from tests.people import CLERK, MORNING, a_case, a_city, account

LATE = MORNING + timedelta(days=60)


@pytest.fixture
def number(fresh_database: object) -> str:
    with transaction() as session:
        a_city(session)
        return a_case(session, accepted=False).number


def lists(number: str, who: str, what: str) -> None:
    with transaction() as session:
        list_gap(session, number, "M-LAYOUT", what, by=account(session, who), at=MORNING)


def asks(number: str) -> None:
    with transaction() as session:
        ask_supplement(session, number, by=account(session, CLERK), at=MORNING)


def answers(number: str) -> None:
    with transaction() as session:
        answer_gap(session, number, "M-LAYOUT", Answer("已补"), by=None, at=MORNING)


def at_once(*doings: object) -> list[str]:
    """All of them at the same moment; '' for each that was done, the sentence for each that was not."""
    start = Barrier(len(doings))

    def run(doing: object) -> str:
        start.wait()
        try:
            doing()  # type: ignore[operator]
        except Refused as refused:
            return str(refused)
        return ""

    with ThreadPoolExecutor(len(doings)) as pool:
        return list(pool.map(run, doings))


def the_case(number: str) -> Case:
    with transaction() as session:
        return find_case(session, number)


@pytest.mark.parametrize("round_number", range(5))
def test_two_officers_list_while_the_clerk_sends(number: str, round_number: int) -> None:
    lists(number, CLERK, "看不清")
    said = at_once(
        lambda: lists(number, "market", "缺比例"),
        lambda: asks(number),
        lambda: lists(number, "fire", "缺疏散通道"),
    )
    assert said[1] == "", "the clerk has something to send whatever happens"
    with transaction() as session:
        gaps = gaps_of(session, number)
        [notice] = supplement_notices_of(session, number)
        assert {gap.notice_number for gap in gaps} == {notice.number}, "in the notice, or refused"
        for sentence, what in ((said[0], "缺比例"), (said[2], "缺疏散通道")):
            assert (sentence == "") == (what in {gap.what for gap in gaps})
            assert sentence == "" or "一次发出，不能再加" in sentence
        told = {one.about for one in notices_of(session, number) if one.event is Event.SUPPLEMENT_ASKED}
    assert told == {notice.number}


@pytest.mark.parametrize("round_number", range(3))
def test_a_double_click_sends_once_and_completes_once(number: str, round_number: int) -> None:
    lists(number, CLERK, "看不清")
    assert sorted(map(bool, at_once(lambda: asks(number), lambda: asks(number)))) == [False, True]
    assert sorted(map(bool, at_once(lambda: answers(number), lambda: answers(number)))) == [False, True]
    assert the_case(number).state is CaseState.SUBMITTED
    with transaction() as session:
        acts = [entry.act for entry in timeline(session, number)]
        assert acts.count(Act.CLOSE_SUPPLEMENT) == acts.count(Act.ASK_SUPPLEMENT) == 1
        assert len({paper.spec_id for paper in materials_of(session, number)}) == len(
            materials_of(session, number)
        )


@pytest.mark.parametrize("round_number", range(3))
def test_the_answer_and_the_patrol_at_once_lose_neither(number: str, round_number: int) -> None:
    lists(number, CLERK, "看不清")
    asks(number)

    def patrol() -> None:
        with transaction() as session:
            fire_due_rungs(session, number, at=LATE)

    def late() -> None:
        with transaction() as session:
            answer_gap(session, number, "M-LAYOUT", Answer("已补"), by=None, at=LATE)

    assert at_once(patrol, late) == ["", ""]
    assert the_case(number).state is CaseState.SUBMITTED, "asked first or not: a late answer is taken"


def test_two_patrols_at_once_lapse_once(number: str) -> None:
    lists(number, CLERK, "看不清")
    asks(number)
    at_once(lambda: fire_what_is_due(LATE), lambda: fire_what_is_due(LATE))
    fire_what_is_due(LATE + timedelta(days=1))
    with transaction() as session:
        acts = [entry.act for entry in timeline(session, number)]
        assert acts.count(Act.LAPSE_SUPPLEMENT) == 1
        assert Act.REMIND not in acts, "nobody is reminded of what is over"
        assert find_case(session, number).state is CaseState.CORRECTION
