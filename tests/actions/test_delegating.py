"""Who fills a post, from which day to which; refused in a sentence when it cannot be."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from actions.accounts import Keeper, set_active
from actions.deciding import grant
from actions.delegating import Period, delegate, end_delegation
from actions.doing import possible
from actions.extending import extend_item
from actions.permitting import posts_held
from actions.suspending import Procedure, start_special
from models.account import Account
from models.audit import timeline
from models.case import Case
from models.database import transaction
from models.desk import standing_in
from models.together import Delegation, delegations_of
from rules.errors import AlreadyDone, Faulty, NotFound, NotYourDesk, Refused
from rules.states import Act, ItemState
from tests.joint import SECOND, add_second_officer
from tests.people import CLERK, MANAGER, MORNING, a_case, a_city, account, head_of

TODAY = date(2026, 3, 6)
WEEK = Period(TODAY, TODAY + timedelta(days=6))


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)
    add_second_officer(db)
    db.flush()


def give(
    db: Session, post: str, stand_in: str, period: Period = WEEK, reason: str = "休假。", by: str = ""
) -> Delegation:
    return delegate(db, post, stand_in, period, reason, by=account(db, by or post), at=MORNING)


def held(db: Session, who: str, offset: int = 0) -> list[str]:
    posts = posts_held(db, account(db, who), at=MORNING + timedelta(days=offset))
    return [post.username for post in posts]


def test_from_the_first_day_to_the_last(db: Session) -> None:
    give(db, "market", SECOND, Period(day(1), day(3)))
    assert [bool(held(db, SECOND, offset)) for offset in range(5)] == [False, True, True, True, False]
    assert held(db, "market-head", 1) == []


def test_the_head_arranges_it_for_somebody_who_fell_ill(db: Session) -> None:
    give(db, "market", SECOND, by="market-head")
    assert held(db, SECOND) == ["market"]
    assert [one.username for one in delegations_of(db, "market", TODAY)] == ["market"]
    assert delegations_of(db, "fire", TODAY) == []


@pytest.mark.parametrize("by", [SECOND, "fire-head", CLERK, MANAGER])
def test_nobody_else_gives_a_post_away(db: Session, by: str) -> None:
    with pytest.raises(NotYourDesk):
        give(db, "market", SECOND, by=by)
    with pytest.raises(NotYourDesk):
        give(db, "market-head", SECOND, by=by)


@pytest.mark.parametrize("stand_in", ["market", "fire", CLERK, "nobody", ""])
def test_only_a_colleague_stands_in(db: Session, stand_in: str) -> None:
    with pytest.raises(Faulty, match=r"本部门的(其他)?人员"):
        give(db, "market", stand_in)


@pytest.mark.parametrize(
    ("period", "why"),
    [
        (Period(day(3), day(2)), "早于开始日期"),
        (Period(day(-1), day(2)), "已经过去"),
        (Period(day(0), day(400)), "不超过 366 天"),
    ],
)
def test_a_period_that_is_none(db: Session, period: Period, why: str) -> None:
    with pytest.raises(Faulty, match=why):
        give(db, "market", SECOND, period)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (6, 9), (2, 4), (0, 30)])
def test_one_stand_in_a_day(db: Session, first: int, last: int) -> None:
    give(db, "market", SECOND)
    with pytest.raises(Refused, match="已委托 周宁 代办，同一天只能委托一人"):
        give(db, "market", "market-head", Period(day(first), day(last)))
    give(db, "market", "market-head", Period(day(7), day(8)))


def test_ended_early(db: Session) -> None:
    delegation = give(db, "market", SECOND)
    with pytest.raises(NotYourDesk):
        end_delegation(db, delegation.id, by=account(db, SECOND), at=MORNING)
    end_delegation(db, delegation.id, by=account(db, "market"), at=MORNING)
    db.flush()
    assert held(db, SECOND) == []
    with pytest.raises(AlreadyDone):
        end_delegation(db, delegation.id, by=head_of(db, "market"), at=MORNING)
    with pytest.raises(NotFound):
        end_delegation(db, uuid4(), by=account(db, "market"), at=MORNING)
    give(db, "market", "market-head")


def test_it_needs_a_reason(db: Session) -> None:
    with pytest.raises(Faulty, match="委托的原因"):
        give(db, "market", SECOND, reason=" ")


def test_whoever_moves_to_another_department_stands_in_no_more(db: Session) -> None:
    give(db, "market", SECOND)
    account(db, SECOND).department_code = "fire"
    db.flush()
    assert held(db, SECOND) == []


def test_what_a_closed_account_may_do_nobody_does_for_it(db: Session) -> None:
    case, second, post = a_case(db), account(db, SECOND), account(db, "market-head")
    give(db, "market-head", SECOND)
    keeper = Keeper(MORNING)
    set_active(db, post.username, active=False, by=keeper)
    db.flush()
    assert held(db, SECOND) == []
    assert standing_in(db, SECOND, "market", TODAY) == []
    assert delegations_of(db, "market", TODAY) == []
    assert "extend" not in open_to(db, case, second, MORNING)
    with pytest.raises(NotYourDesk):
        extend_item(db, case.number, "B1-1", "须补查。", by=second, at=MORNING)
    set_active(db, post.username, active=True, by=keeper)
    db.flush()
    assert held(db, SECOND) == ["market-head"]
    assert [one.stand_in for one in delegations_of(db, "market", TODAY)] == [SECOND]


def test_the_heads_rights_for_the_period(db: Session) -> None:
    case, second = a_case(db), account(db, SECOND)
    grant(db, case.number, "B1-1", by=second, at=MORNING)
    experts = Procedure("检验检测", "需抽样送检。", 9)
    with pytest.raises(NotYourDesk):
        start_special(db, case.number, "B1-2", experts, by=second, at=MORNING)
    give(db, "market-head", SECOND)
    offered = open_to(db, case, second, MORNING)
    assert {"start-special", "extend"} <= offered
    assert not {"add-item", "drop-item", "reopen", "move-version"} & offered, "these wait for the person"
    extend_item(db, case.number, "B1-2", "须补查。", by=second, at=MORNING)
    item = start_special(db, case.number, "B1-2", experts, by=second, at=MORNING)
    assert item.state is ItemState.SPECIAL
    said = [entry for entry in timeline(db, case.number) if entry.act in (Act.EXTEND, Act.START_SPECIAL)]
    assert [(entry.actor, entry.facts["for"]) for entry in said] == [(SECOND, "market-head")] * 2
    after = MORNING + timedelta(days=7)
    with pytest.raises(NotYourDesk):
        extend_item(db, case.number, "B1-2", "须补查。", by=second, at=after)
    assert "extend" not in open_to(db, case, second, after)


def open_to(db: Session, case: Case, by: Account, at: datetime) -> set[str]:
    return {one.doing.name for one in possible(db, case.number, by, at=at)}


@pytest.mark.parametrize("_round", range(3))
def test_two_stand_ins_at_once_and_one_has_it(fresh_database: Engine, _round: int) -> None:
    with transaction() as session:
        a_city(session)
        add_second_officer(session)
        session.add(
            Account(username="m3", name="秦岚", role="officer", department_code="market", password_hash="!")
        )
    start = Barrier(2)

    def take(stand_in: str) -> str:
        start.wait()
        try:
            with transaction() as session:
                give(session, "market", stand_in)
        except Refused as refused:
            return str(refused)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(take, (SECOND, "m3")))
    assert told[0] == "done"
    assert "同一天只能委托一人" in told[1]
