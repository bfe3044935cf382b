"""Who answers, stands in and is told of what, where departments have people in the city and in its counties?"""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, select

from actions.asking import Sent, send
from actions.deciding import grant
from actions.delegating import Period, delegate, end_delegation
from actions.desk_work import claim, release
from actions.digesting import compose_digests
from actions.doing import possible
from actions.extending import extend_item
from actions.shifts import hand_over
from actions.supervising import fire_due_rungs
from actions.suspending import Procedure, start_special
from models.account import Account, colleagues, responsible_for
from models.audit import timeline
from models.card import cards
from models.case import Case, find_case
from models.clock import clocks_of
from models.digest import Digest
from models.districts import acting, confined
from models.notice import notices_of
from models.shift import successors
from rules.errors import Faulty, NotFound, NotYourDesk, WrongState
from rules.notices import NoticeState
from rules.states import Act
from rules.voices import VoiceKind
from tests.people import (
    CLERK,
    COUNTY,
    MANAGER,
    MORNING,
    OTHER_COUNTY,
    TOWN,
    a_case,
    a_city,
    a_district,
    account,
)
from tests.web.things import given

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)  # 09:30 in the hall
WEEK = Period(date(2026, 3, 6), date(2026, 3, 12))


@pytest.fixture(autouse=True)
def lands(db: Session) -> None:
    a_city(db)
    for district in (COUNTY, OTHER_COUNTY, TOWN):
        a_district(db, district)
    db.flush()


def test_a_case_is_of_the_window_where_it_came_in(db: Session) -> None:
    assert a_case(db).district == ""
    assert a_case(db, clerk="qu-linxiao").district == COUNTY
    assert a_case(db, clerk="jie-linxiao").district == TOWN


def test_the_nearest_office_answers_for_the_work(db: Session) -> None:
    answers = {place: responsible_for(db, "fire", place) for place in ("", COUNTY, TOWN, OTHER_COUNTY)}
    assert answers == {
        "": "fire-head",
        COUNTY: "qu-fire-head",
        TOWN: "jie-fire-head",
        OTHER_COUNTY: "xian-fire-head",
    }
    for name in ("jie-fire-head", "jie-fire", "qu-fire-head"):
        account(db, name).active = False
    assert responsible_for(db, "fire", TOWN) == "qu-fire"
    assert {one.username for one in colleagues(db, "fire", TOWN)} == {"fire", "fire-head", "qu-fire"}


def test_an_item_is_given_to_nobody_who_does_not_see_it(db: Session) -> None:
    number = a_case(db, clerk="qu-linxiao").number
    head = account(db, "qu-market-head")
    with pytest.raises(Faulty, match="本部门的人员"):
        claim(db, number, "B1-1", by=head, at=MORNING, whom="xian-market")
    assert claim(db, number, "B1-1", by=head, at=MORNING, whom="qu-market").assignee == "qu-market"


def test_a_post_is_given_to_nobody_who_does_not_see_its_cases(db: Session) -> None:
    head = account(db, "qu-fire-head")
    with pytest.raises(Faulty, match="行政区划不同"):
        delegate(db, "qu-fire", "xian-fire", WEEK, "休假", by=head, at=MORNING)
    with pytest.raises(Faulty, match="行政区划不同"):
        delegate(db, "fire", "qu-fire", WEEK, "休假", by=account(db, "fire-head"), at=MORNING)
    with pytest.raises(NotYourDesk, match="本部门负责人"):  # of another district's department
        delegate(db, "qu-fire", "fire", WEEK, "休假", by=account(db, "xian-fire-head"), at=MORNING)
    made = delegate(db, "qu-fire", "fire", WEEK, "休假", by=head, at=MORNING)
    neighbour = acting(db, "xian-fire-head")
    db.expunge_all()
    with pytest.raises(NotFound):
        end_delegation(db, made.id, by=neighbour, at=MORNING)


def test_a_post_carries_no_further_than_its_district(db: Session) -> None:
    delegate(db, "qu-market-head", "market", WEEK, "休假", by=account(db, "qu-market-head"), at=MORNING)
    officer, experts = account(db, "market"), Procedure("检验检测", "需抽样送检。", 9)
    for clerk in (CLERK, "xian-linxiao"):
        number = licence_at_hand(db, clerk)
        with pytest.raises(NotYourDesk):
            start_special(db, number, "B1-2", experts, by=officer, at=MORNING)
        with pytest.raises(NotYourDesk):
            extend_item(db, number, "B1-2", "须补查。", by=officer, at=MORNING)
        assert not {"start-special", "extend"} & offered(db, number, officer)
    own = licence_at_hand(db, "qu-linxiao")
    assert {"start-special", "extend"} <= offered(db, own, officer)
    start_special(db, own, "B1-2", experts, by=officer, at=MORNING)
    said = next(entry for entry in timeline(db, own) if entry.act is Act.START_SPECIAL)
    assert (said.actor, said.facts["for"]) == ("market", "qu-market-head")


def test_a_colleagues_claim_is_the_stand_ins_where_the_post_reaches(db: Session) -> None:
    delegate(db, "qu-market-head", "market", WEEK, "休假", by=account(db, "qu-market-head"), at=MORNING)
    for clerk, colleague, whose in (
        ("qu-linxiao", "qu-market", True),
        ("xian-linxiao", "xian-market", False),
    ):
        number = a_case(db, clerk=clerk).number
        claim(db, number, "B1-1", by=account(db, colleague), at=MORNING)
        if whose:
            assert release(db, number, "B1-1", by=account(db, "market"), at=MORNING).assignee == ""
        else:
            with pytest.raises(WrongState, match="领办"):
                release(db, number, "B1-1", by=account(db, "market"), at=MORNING)


def licence_at_hand(db: Session, clerk: str) -> str:
    """A case whose B1-2 is with the market's people."""
    number = a_case(db, clerk=clerk).number
    grant(db, number, "B1-1", by=account(db, "market"), at=MORNING)
    db.flush()
    return number


def offered(db: Session, number: str, by: Account) -> set[str]:
    return {one.doing.name for one in possible(db, number, by, at=MORNING)}


def test_a_shift_is_left_to_whoever_sees_all_of_it(db: Session) -> None:
    assert {one.username for one in successors(db, account(db, "qu-linxiao"))} == {CLERK}
    assert successors(db, account(db, CLERK)) == []
    for to in ("xian-linxiao", "jie-linxiao"):
        with pytest.raises(Faulty, match="行政区划不同"):
            hand_over(db, cases=(), drafts=(), to=to, note="请", by=account(db, "qu-linxiao"), at=MORNING)
    hand_over(db, cases=(), drafts=(), to=CLERK, note="请", by=account(db, "qu-linxiao"), at=MORNING)


def test_a_letter_about_a_case_goes_to_where_the_case_is(db: Session) -> None:
    number = a_case(db, clerk="qu-linxiao").number

    def sent(key: str, case: str) -> str:
        letter = Sent(key=key * 8, kind=VoiceKind.CONSULT.value, words="什么时候办好？", case_number=case)
        return send(db, letter, at=MORNING).district

    assert sent("a", number) == COUNTY
    assert sent("b", "") == ""


def test_a_letter_goes_to_a_department_whose_people_see_its_district(db: Session) -> None:
    number = a_case(db, clerk="qu-linxiao").number
    for one in colleagues(db, "fire", ""):
        one.active = False
    db.flush()
    of_case = Sent("consult", "什么时候办好？", "a" * 32, "fire", case_number=number)
    of_none = Sent("consult", "什么时候办好？", "b" * 32, "fire")
    assert send(db, of_case, at=MORNING).department_code == "fire"
    assert send(db, of_none, at=MORNING).department_code is None, "those of the districts do not see it"


def test_the_daily_digest_tells_a_manager_of_the_own_district_only(db: Session) -> None:
    numbers = {}
    for serial, clerk in enumerate((CLERK, "qu-linxiao", "xian-linxiao", "jie-linxiao"), start=1):
        case = a_case(db, clerk=clerk)
        given(db, case, MORNING, serial)
        notices_of(db, case.number)[0].state = NoticeState.UNKNOWN
        numbers[clerk] = case.number
    db.flush()
    compose_digests(db, at=MONDAY)
    told = {one.username: one.body for one in db.exec(select(Digest))}

    def mentioned(username: str) -> set[str]:
        return {clerk for clerk, number in numbers.items() if number in told[username]}

    assert mentioned(MANAGER) == set(numbers)
    assert mentioned("qu-zhaomin") == {"qu-linxiao", "jie-linxiao"}
    assert mentioned("xian-zhaomin") == {"xian-linxiao"}
    assert mentioned("jie-zhaomin") == {"jie-linxiao"}
    assert "结果不明 1 条" in told["jie-zhaomin"]
    assert mentioned("qu-fire") == {"qu-linxiao"}


def test_supervision_holds_the_nearest_head_responsible(db: Session) -> None:
    number = a_case(db, clerk="qu-linxiao").number
    late = max(clock.due_at for clock in clocks_of(db, number) if clock.due_at) + timedelta(days=60)
    fire_due_rungs(db, number, at=late)
    held = {card.responsible for card in cards(db)}
    assert "qu-market-head" in held
    assert all(name.startswith("qu-") for name in held)


def test_whoever_acts_by_command_is_confined(db: Session) -> None:
    theirs, own = a_case(db).number, a_case(db, clerk="qu-linxiao").number
    assert acting(db, MANAGER).district == ""
    assert not confined(db)
    acting(db, "qu-fire")
    assert confined(db)
    db.expunge_all()
    assert find_case(db, own)
    with pytest.raises(NotFound):
        find_case(db, theirs)
    assert [case.number for case in db.exec(select(Case))] == [own]
