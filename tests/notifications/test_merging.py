"""Is one stage one message, and is no decision lost on the way?"""

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from actions.deciding import grant, refuse, transfer
from models.case import items_of
from models.database import transaction
from models.notice import Notice, notices_of
from notifications.sending import send_due
from rules.merging import MOST_NAMED, has_room, lists, together
from rules.notices import Channel, Event, NoticeState
from tests.notifications.conftest import Channels
from tests.people import MORNING, a_case, a_city, account

WINDOW = timedelta(minutes=10)
SMS, EMAIL = Channel.SMS, Channel.EMAIL


@pytest.fixture
def number(fresh_database: Engine, channels: Channels) -> str:
    """A case of five items whose receipt and acceptance have been told."""
    channels(quiet_hours="true", merge_minutes="10")
    with transaction() as session:
        a_city(session)
        number = a_case(session).number
    send_due(at=MORNING)
    return number


def decide(number: str, code: str, how: str, at: datetime) -> None:
    with transaction() as session:
        item = next(one for one in items_of(session, number) if one.code == code)
        officer = account(session, item.department_code)
        if how == "grant":
            grant(session, number, code, by=officer, at=at)
        elif how == "refuse":
            refuse(session, number, code, f"{code}不符合规定", by=officer, at=at)
        else:
            transfer(session, number, code, "示例省主管部门", "属于省级权限", by=officer, at=at)


def told(number: str, channel: Channel = SMS) -> list[Notice]:
    """The messages about decisions on this way, in their order."""
    with transaction() as session:
        return [
            notice
            for notice in notices_of(session, number)
            if notice.channel is channel and notice.event in (Event.ITEM_DECIDED, Event.CONCLUDED)
        ]


def codes(number: str) -> list[str]:
    """The items in an order in which they may be decided: B1-2 waits for the health checks of its staff."""
    with transaction() as session:
        return sorted((item.code for item in items_of(session, number)), key=lambda code: code == "B1-2")


def names(number: str) -> dict[str, str]:
    with transaction() as session:
        return {item.code: item.name for item in items_of(session, number)}


def test_grants_of_one_stage_are_one_message(number: str) -> None:
    first, second, *_ = codes(number)
    decide(number, first, "grant", MORNING)
    decide(number, second, "grant", MORNING + timedelta(minutes=9))
    assert send_due(at=MORNING + timedelta(minutes=9, seconds=59)) == 0, "they wait for each other"
    assert send_due(at=MORNING + WINDOW) == 2, "one on each way"
    for channel in (SMS, EMAIL):
        carrier, carried = told(number, channel)
        assert (carrier.state, carried.state) == (NoticeState.HANDED_OVER, NoticeState.MERGED)
        assert carried.merged_into == carrier.id
        assert carried.next_try_at is None
        assert "2" in carrier.body
        for code in (first, second):
            assert names(number)[code] in carrier.body
    assert told(number)[0].facts["left"] == len(codes(number)) - 2
    assert send_due(at=MORNING + timedelta(days=3)) == 0


def test_a_grant_after_the_window_is_a_message_of_its_own(number: str) -> None:
    first, second, *_ = codes(number)
    decide(number, first, "grant", MORNING)
    send_due(at=MORNING + WINDOW)
    decide(number, second, "grant", MORNING + WINDOW + timedelta(minutes=1))
    send_due(at=MORNING + 3 * WINDOW)
    assert [notice.state for notice in told(number)] == [NoticeState.HANDED_OVER] * 2


def test_a_refusal_leaves_at_once_and_alone(number: str) -> None:
    first, second, *_ = codes(number)
    decide(number, first, "grant", MORNING)
    decide(number, second, "refuse", MORNING + timedelta(minutes=1))
    assert send_due(at=MORNING + timedelta(minutes=1)) == 2
    waiting, refusal = told(number)
    assert (waiting.state, refusal.state) == (NoticeState.QUEUED, NoticeState.HANDED_OVER)
    assert refusal.statutory
    assert "行政复议" in refusal.body


def test_the_conclusion_takes_up_what_still_waits(number: str) -> None:
    for place, code in enumerate(codes(number)):
        decide(number, code, "grant", MORNING + timedelta(minutes=place))
    at = MORNING + timedelta(minutes=len(codes(number)))
    assert send_due(at=at) == 2, "one message on each way, and at once"
    for channel in (SMS, EMAIL):
        *grants, conclusion = told(number, channel)
        assert {one.state for one in grants} == {NoticeState.MERGED}
        assert {one.merged_into for one in grants} == {conclusion.id}
        assert conclusion.state is NoticeState.HANDED_OVER
    for name in names(number).values():
        assert name in told(number, EMAIL)[-1].body


def test_what_is_decided_at_night_is_one_message_in_the_morning(number: str) -> None:
    evening = MORNING + timedelta(hours=13)  # 22:30 of a Friday
    for place, code in enumerate(codes(number)[:3]):
        decide(number, code, "grant", evening + timedelta(hours=place))
    assert send_due(at=evening + timedelta(hours=5)) == 0
    assert send_due(at=datetime.fromisoformat("2026-03-09T08:00+08:00")) == 2
    assert [one.state for one in told(number)].count(NoticeState.MERGED) == 2


def test_switched_off_everybody_is_told_of_each_by_itself(number: str, channels: Channels) -> None:
    channels(merge_minutes="0")
    for code in codes(number):
        decide(number, code, "grant", MORNING)
    send_due(at=MORNING)
    assert {one.state for one in told(number)} == {NoticeState.HANDED_OVER}
    assert len(told(number)) == len(codes(number)) + 1


@pytest.mark.parametrize("seed", range(6))
def test_every_decision_is_told_once_whatever_its_time_and_kind(number: str, seed: int) -> None:
    """In a message of its own, in that of another, or in the conclusion: the carriers together name each item."""
    dice = random.Random(seed)
    at, ways = MORNING, {}
    order = codes(number)
    dice.shuffle(order)
    for code in sorted(order, key=lambda code: code == "B1-2"):
        with transaction() as session:
            item = next(one for one in items_of(session, number) if one.code == code)
        if item.state.value != "in_review":
            continue  # stopped by a refusal before it
        ways[code] = dice.choice(["grant", "grant", "grant", "refuse", "transfer"])
        decide(number, code, ways[code], at)
        at += timedelta(minutes=dice.choice([0, 3, 11]))
        if dice.random() < 0.5:
            send_due(at=at)
    for _ in range(3):
        send_due(at=at + WINDOW)
    for channel in (SMS, EMAIL):
        rows = told(number, channel)
        by_id = {row.id: row for row in rows}
        for row in rows:
            assert row.state in (NoticeState.HANDED_OVER, NoticeState.MERGED)
            carrier = by_id[row.merged_into] if row.merged_into else row
            assert carrier.state is NoticeState.HANDED_OVER, "what was merged is told by what has left"
            if row.event is Event.ITEM_DECIDED:
                assert row.facts["item"][:6] in carrier.body
                own = [one for one in rows if one.state is NoticeState.HANDED_OVER and one.event is row.event]
                tells = [one for one in own if row.facts["item"] in decided_in(one)]
                assert len(tells) == (carrier.event is Event.ITEM_DECIDED), (
                    "in one message, or in the conclusion"
                )
        assert {row.facts["item"] for row in rows if row.event is Event.ITEM_DECIDED} == {
            names(number)[code] for code in ways
        }


def decided_in(notice: Notice) -> list[str]:
    return [notice.facts["item"], *(other["item"] for other in notice.facts.get("also") or ())]


def test_a_message_names_no_more_than_fits() -> None:
    facts = {"item": "甲", "department": "一", "left": 9, "still_with": []}
    for nth in range(1, MOST_NAMED):
        assert has_room(facts)
        facts = together(facts, {"item": f"乙{nth}", "department": "二", "left": 9 - nth, "still_with": []})
    assert not has_room(facts)
    assert facts["left"] == 9 - MOST_NAMED + 1


def test_a_conclusion_takes_up_only_what_it_tells() -> None:
    waiting = {"item": "甲", "also": [{"item": "乙", "department": "二"}]}
    none: dict[str, list[str]] = {"refused": [], "transferred": []}
    assert lists({"granted": ["甲", "乙", "丙"]} | none, waiting)
    assert not lists({"granted": ["甲"]} | none, waiting), "a decision that was undone meanwhile"
    many = [*"甲乙丙丁戊己庚"]
    assert lists({"granted": many} | none, waiting), "everything granted says it of each"
    assert not lists({"granted": many, "refused": ["辛"], "transferred": []}, waiting)


def test_two_decisions_at_the_same_time_meet_one_sender(number: str) -> None:
    """The sender may take the first while the second is being written: then the second goes by itself."""
    first, second, *_ = codes(number)
    decide(number, first, "grant", MORNING)
    with transaction() as session:
        item = next(one for one in items_of(session, number) if one.code == second)
        grant(session, number, second, by=account(session, item.department_code), at=MORNING + WINDOW)
        assert send_due(at=MORNING + WINDOW) == 0, "the waiting message is locked until this commits"
    send_due(at=MORNING + WINDOW)
    states = [one.state for one in told(number)]
    assert states == [NoticeState.HANDED_OVER, NoticeState.MERGED]
