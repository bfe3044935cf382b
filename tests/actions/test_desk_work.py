"""Inside a department: who has it, in which step, to whom it goes, and nothing vanishes, doubles or sticks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from actions.acting import Asked
from actions.deciding import grant, refuse
from actions.delegating import Period, delegate
from actions.desk_work import claim, pass_on, reassign, release, send_back, urge
from actions.digesting import compose_digests
from actions.doing import do, possible
from models.account import Account
from models.audit import timeline
from models.case import Case, items_of
from models.clock import running_clocks
from models.database import transaction
from models.desk import Days, DeskWanted, desk_listed
from models.digest import latest_digest
from rules.bundle import Bundle
from rules.errors import AlreadyDone, Faulty, NotYourDesk, Refused, WrongState
from rules.states import Act, DeskStep, ItemState
from tests.joint import PLAIN, SECOND, STEPPED, a_joint_case, item_of, offered
from tests.people import CLERK, MANAGER, MORNING, a_case, a_city, account, head_of

__all__ = ["offered"]  # a fixture

LATER = MORNING + timedelta(hours=2)
TOMORROW = MORNING + timedelta(days=3)  # Monday


@pytest.fixture
def city(db: Session) -> None:
    a_city(db)


@pytest.fixture
def case(db: Session, city: None, offered: Bundle) -> Case:
    return a_joint_case(db)


@pytest.fixture
def market(db: Session, case: Case) -> Account:
    return account(db, "market")


@pytest.fixture
def second(db: Session, case: Case) -> Account:
    return account(db, SECOND)


@pytest.fixture
def head(db: Session, case: Case) -> Account:
    return head_of(db, "market")


def actions_of(db: Session, case: Case, by: Account, code: str, at: datetime = MORNING) -> set[str]:
    found = possible(db, case.number, by, at=at)
    return {one.doing.name for one in found if one.item and one.item.code == code}


def acts(db: Session, case: Case) -> list[Act]:
    return [entry.act for entry in timeline(db, case.number)]


# Claim and release


def test_what_nobody_has_claimed_lies_open_for_all(
    db: Session, case: Case, market: Account, second: Account
) -> None:
    """Failure story 17: an empty assignee is nobody's, so the task is shown to nobody."""
    assert item_of(db, case, STEPPED).assignee == ""
    assert on_desk(db, "market") == [STEPPED]
    for officer in (market, second):
        assert {"claim", "pass-on"} <= actions_of(db, case, officer, STEPPED)


def on_desk(db: Session, department: str) -> list[str]:
    days = Days(MORNING.date(), MORNING.date())
    return [row.item.code for row in desk_listed(db, department, DeskWanted(), days).rows]


def test_a_claimed_item_is_the_claimers(
    db: Session, case: Case, market: Account, second: Account, head: Account
) -> None:
    claim(db, case.number, STEPPED, by=market, at=MORNING)
    assert item_of(db, case, STEPPED).assignee == "market"
    with pytest.raises(WrongState, match="已由 market经办 领办"):
        claim(db, case.number, STEPPED, by=second, at=LATER)
    with pytest.raises(WrongState, match="market经办"):
        pass_on(db, case.number, STEPPED, "同意。", by=second, at=LATER)
    with pytest.raises(AlreadyDone, match="已经由market经办领办"):
        claim(db, case.number, STEPPED, by=market, at=LATER)
    assert not {"claim", "pass-on"} & actions_of(db, case, second, STEPPED)
    pass_on(db, case.number, STEPPED, "材料属实。", by=head, at=LATER)


def test_released_it_is_everybodys_again(db: Session, case: Case, market: Account, second: Account) -> None:
    with pytest.raises(WrongState, match="没有人领办"):
        release(db, case.number, STEPPED, by=market, at=MORNING)
    claim(db, case.number, STEPPED, by=market, at=MORNING)
    with pytest.raises(WrongState, match="market经办"):
        release(db, case.number, STEPPED, by=second, at=LATER)
    release(db, case.number, STEPPED, by=market, at=LATER)
    claim(db, case.number, STEPPED, by=second, at=LATER)
    assert item_of(db, case, STEPPED).assignee == SECOND
    assert acts(db, case)[-3:] == [Act.CLAIM, Act.RELEASE, Act.CLAIM]


def test_the_head_gives_it_to_somebody_and_takes_it_back(
    db: Session, case: Case, market: Account, second: Account, head: Account
) -> None:
    claim(db, case.number, STEPPED, by=head, at=MORNING, whom="market")
    claim(db, case.number, STEPPED, by=head, at=LATER, whom=SECOND)
    assert item_of(db, case, STEPPED).assignee == SECOND
    release(db, case.number, STEPPED, by=head, at=LATER)
    with pytest.raises(NotYourDesk, match="只有负责人"):
        claim(db, case.number, STEPPED, by=market, at=LATER, whom=SECOND)
    with pytest.raises(Faulty, match="本部门的人员"):
        claim(db, case.number, STEPPED, by=head, at=LATER, whom="fire")


def test_only_the_claimer_decides(db: Session, case: Case) -> None:
    db.add(Account(username="h2", name="秦岚", role="officer", department_code="health", password_hash="!"))
    db.flush()
    claim(db, case.number, PLAIN, by=account(db, "h2"), at=MORNING)
    with pytest.raises(WrongState, match="已由 秦岚 领办"):
        grant(db, case.number, PLAIN, by=account(db, "health"), at=LATER)
    assert item_of(db, case, PLAIN).state is ItemState.IN_REVIEW
    grant(db, case.number, PLAIN, by=account(db, "h2"), at=LATER)
    with pytest.raises(AlreadyDone):
        grant(db, case.number, PLAIN, by=account(db, "health"), at=LATER)


@pytest.mark.parametrize("who", [CLERK, MANAGER, "fire", "fire-head"])
def test_others_have_nothing_to_claim_here(db: Session, case: Case, who: str) -> None:
    by = account(db, who)
    for act in (claim, release):
        with pytest.raises(NotYourDesk):
            act(db, case.number, STEPPED, by=by, at=MORNING)
    assert "claim" not in actions_of(db, case, by, STEPPED)


# Steps


def test_three_steps_three_people(
    db: Session, case: Case, market: Account, second: Account, head: Account
) -> None:
    number = case.number
    assert item_of(db, case, STEPPED).step is DeskStep.HANDLE
    for by in (market, head):
        with pytest.raises(WrongState, match="还在承办环节，报送到批准环节后"):
            grant(db, number, STEPPED, by=by, at=MORNING)
    claim(db, number, STEPPED, by=market, at=MORNING)
    pass_on(db, number, STEPPED, "材料属实。", by=market, at=MORNING)
    item = item_of(db, case, STEPPED)
    assert (item.step, item.assignee, item.handled_by) == (DeskStep.REVIEW, "", "market")
    with pytest.raises(NotYourDesk, match="审核须由其他人员"):
        pass_on(db, number, STEPPED, "同意。", by=market, at=LATER)
    assert "pass-on" not in actions_of(db, case, market, STEPPED)
    pass_on(db, number, STEPPED, "同意。", by=second, at=LATER)
    with pytest.raises(NotYourDesk, match="由本部门负责人办理"):
        grant(db, number, STEPPED, by=second, at=LATER)
    assert "grant" not in actions_of(db, case, second, STEPPED)
    assert "grant" in actions_of(db, case, head, STEPPED)
    with pytest.raises(WrongState, match="直接作出决定"):
        pass_on(db, number, STEPPED, "同意。", by=head, at=LATER)
    grant(db, number, STEPPED, by=head, at=LATER)
    assert item_of(db, case, STEPPED).state is ItemState.GRANTED


def test_sent_back_inside_one_branch_nothing_vanishes_doubles_or_sticks(
    db: Session, case: Case, market: Account, second: Account, head: Account
) -> None:
    """Failure story 1: a parallel branch returned to its sender gets stuck for ever, or its history doubles."""
    number = case.number
    others = {item.code: (item.state, item.step) for item in items_of(db, number) if item.code != STEPPED}
    clocks = {row.id: row.due_on for row in running_clocks(db, number, item_of(db, case, STEPPED).number)}
    pass_on(db, number, STEPPED, "材料属实。", by=market, at=MORNING)
    pass_on(db, number, STEPPED, "同意。", by=second, at=MORNING)
    for _ in range(3):
        send_back(db, number, STEPPED, "handle", "请补充现场照片。", by=head, at=LATER)
        assert item_of(db, case, STEPPED).step is DeskStep.HANDLE
        pass_on(db, number, STEPPED, "已补充。", by=second, at=LATER)
        pass_on(db, number, STEPPED, "同意。", by=market, at=LATER)
    items = items_of(db, number)
    assert len(items) == 4
    assert {i.code: (i.state, i.step) for i in items if i.code != STEPPED} == others
    left = {row.id: row.due_on for row in running_clocks(db, number, item_of(db, case, STEPPED).number)}
    assert left == clocks, "the days run on under the same dates"
    assert acts(db, case).count(Act.SEND_BACK) == 3
    assert acts(db, case).count(Act.PASS_ON) == 8
    assert acts(db, case).count(Act.HAND_OVER) == 4, "it was handed over once"
    refuse(db, number, STEPPED, "与规划条件不符。", by=head, at=LATER)
    assert item_of(db, case, PLAIN).state is ItemState.IN_REVIEW


def test_back_to_review_keeps_who_handled_it(
    db: Session, case: Case, market: Account, second: Account, head: Account
) -> None:
    pass_on(db, case.number, STEPPED, "材料属实。", by=market, at=MORNING)
    pass_on(db, case.number, STEPPED, "同意。", by=second, at=MORNING)
    send_back(db, case.number, STEPPED, "review", "请再核对面积。", by=head, at=LATER)
    with pytest.raises(NotYourDesk):
        pass_on(db, case.number, STEPPED, "同意。", by=market, at=LATER)


def test_the_words_of_a_step_are_checked(db: Session, case: Case, market: Account, head: Account) -> None:
    number = case.number
    with pytest.raises(Faulty, match="报送的意见"):
        pass_on(db, number, STEPPED, " ", by=market, at=MORNING)
    with pytest.raises(WrongState, match="第一个环节"):
        send_back(db, number, STEPPED, "handle", "再看。", by=market, at=MORNING)
    pass_on(db, number, STEPPED, "材料属实。", by=market, at=MORNING)
    with pytest.raises(Faulty, match="可以退回到：承办"):
        send_back(db, number, STEPPED, "approve", "再看。", by=head, at=MORNING)
    with pytest.raises(Faulty, match="退回的理由"):
        send_back(db, number, STEPPED, "handle", "", by=head, at=MORNING)
    assert item_of(db, case, STEPPED).step is DeskStep.REVIEW


def test_an_item_with_one_step_is_decided_as_before(db: Session, case: Case) -> None:
    health = account(db, "health")
    with pytest.raises(WrongState, match="直接作出决定"):
        pass_on(db, case.number, PLAIN, "同意。", by=health, at=MORNING)
    assert not {"pass-on", "send-back"} & actions_of(db, case, health, PLAIN)
    grant(db, case.number, PLAIN, by=health, at=MORNING)


# Reassign


def test_reassigned_it_keeps_its_dates_and_changes_the_desk(
    db: Session, case: Case, market: Account, head: Account
) -> None:
    """Failure story 18: the task is still on the screen of somebody who no longer owns it."""
    claim(db, case.number, STEPPED, by=market, at=MORNING)
    before = item_of(db, case, STEPPED)
    dates = (before.due_on, before.promised_due_on, before.legal_due_on)
    with pytest.raises(NotYourDesk):
        reassign(db, case.number, STEPPED, "planning", "属自然资源职责。", by=market, at=LATER)
    reassign(db, case.number, STEPPED, "planning", "属自然资源职责。", by=head, at=LATER)
    item = item_of(db, case, STEPPED)
    assert (item.department_code, item.assignee, item.step) == ("planning", "", DeskStep.HANDLE)
    assert (item.due_on, item.promised_due_on, item.legal_due_on) == dates, "no new time"
    assert case.look_at == LATER, "Prefect shows the new department"
    assert on_desk(db, "planning") == [STEPPED]
    assert on_desk(db, "market") == []
    for act in (grant, claim):
        with pytest.raises(NotYourDesk, match="由 market负责人 转给其他部门办理，不在您部门了"):
            act(db, case.number, STEPPED, by=market, at=LATER)
    entry = timeline(db, case.number)[-1]
    assert (entry.act, entry.facts["from"], entry.facts["to"]) == (Act.REASSIGN, "market", "planning")
    pass_on(db, case.number, STEPPED, "收到。", by=account(db, "planning"), at=LATER)


def test_the_manager_reassigns_too_and_nobody_into_nowhere(db: Session, case: Case) -> None:
    """Failure story 16: in limbo without an owner."""
    manager = account(db, MANAGER)
    for nowhere in ("market", "nobody", ""):
        with pytest.raises(Faulty, match="其他部门"):
            reassign(db, case.number, STEPPED, nowhere, "转。", by=manager, at=LATER)
    for username in ("planning", "planning-head"):
        account(db, username).active = False
    db.flush()
    with pytest.raises(Faulty, match="无人办理"):
        reassign(db, case.number, STEPPED, "planning", "转。", by=manager, at=LATER)
    with pytest.raises(Faulty, match="转办的理由"):
        reassign(db, case.number, STEPPED, "urban", " ", by=manager, at=LATER)
    assert "reassign" in actions_of(db, case, manager, STEPPED)
    reassign(db, case.number, STEPPED, "urban", "属城管职责。", by=manager, at=LATER)
    grant(db, case.number, PLAIN, by=account(db, "health"), at=LATER)
    with pytest.raises(WrongState, match="准予，不能转办"):
        reassign(db, case.number, PLAIN, "urban", "转。", by=manager, at=LATER)


# Urge


def test_urged_at_most_once_a_day(db: Session, case: Case) -> None:
    manager = account(db, MANAGER)
    with pytest.raises(Faulty, match="督办的内容"):
        urge(db, case.number, PLAIN, "", by=manager, at=MORNING)
    urge(db, case.number, PLAIN, "请本周内办结。", by=manager, at=MORNING)
    assert item_of(db, case, PLAIN).urged_at == MORNING
    with pytest.raises(WrongState, match="今天已经督办过"):
        urge(db, case.number, PLAIN, "再催。", by=manager, at=LATER)
    urge(db, case.number, PLAIN, "请尽快。", by=manager, at=TOMORROW)
    with pytest.raises(NotYourDesk):
        urge(db, case.number, PLAIN, "催。", by=head_of(db, "health"), at=TOMORROW)
    grant(db, case.number, PLAIN, by=account(db, "health"), at=TOMORROW)
    with pytest.raises(WrongState, match="不能督办"):
        urge(db, case.number, PLAIN, "催。", by=manager, at=TOMORROW + timedelta(days=1))


# Stand-ins at the desk


def test_a_stand_in_has_what_the_other_claimed_and_the_record_says_for_whom(
    db: Session, case: Case, market: Account, second: Account
) -> None:
    claim(db, case.number, STEPPED, by=market, at=MORNING)
    today = Period(date(2026, 3, 6), date(2026, 3, 6))
    delegate(db, "market", SECOND, today, "出差。", by=market, at=MORNING)
    with pytest.raises(WrongState, match="market经办"):
        pass_on(db, case.number, STEPPED, "材料属实。", by=second, at=TOMORROW)
    pass_on(db, case.number, STEPPED, "材料属实。", by=second, at=LATER)
    assert timeline(db, case.number)[-1].facts["for"] == "market"


def test_the_stand_in_of_the_head_approves(
    db: Session, case: Case, market: Account, second: Account, head: Account
) -> None:
    pass_on(db, case.number, STEPPED, "材料属实。", by=market, at=MORNING)
    pass_on(db, case.number, STEPPED, "同意。", by=head, at=MORNING)
    delegate(
        db, "market-head", SECOND, Period(date(2026, 3, 6), date(2026, 3, 6)), "开会。", by=head, at=MORNING
    )
    assert "grant" in actions_of(db, case, second, STEPPED, LATER)
    assert "grant" not in actions_of(db, case, second, STEPPED, TOMORROW)
    with pytest.raises(NotYourDesk):
        grant(db, case.number, STEPPED, by=second, at=TOMORROW)
    grant(db, case.number, STEPPED, by=second, at=LATER)
    assert item_of(db, case, STEPPED).decided_by == SECOND
    entry = next(one for one in timeline(db, case.number) if one.act is Act.GRANT)
    assert entry.facts["for"] == "market-head"


# Through the one door of all acts


def test_all_of_it_by_name(db: Session, case: Case, market: Account, second: Account, head: Account) -> None:
    def take(name: str, by: Account, **data: str) -> None:
        do(name, Asked(db, case.number, STEPPED, data, by, LATER))

    take("claim", market)
    take("release", market)
    take("claim", head, whom=SECOND)
    take("pass-on", second, opinion="材料属实。")
    take("send-back", head, step="handle", reason="补照片。")
    take("urge", account(db, MANAGER), words="请尽快。")
    take("reassign", head, department="planning", reason="属自然资源职责。")
    assert item_of(db, case, STEPPED).department_code == "planning"
    with pytest.raises(Faulty, match="报送下一环节要填写“意见”"):
        take("pass-on", account(db, "planning"))


# Two at once


@pytest.mark.parametrize("_round", range(3))
def test_two_colleagues_claim_at_once_and_one_has_it(fresh_database: Engine, _round: int) -> None:
    with transaction() as session:
        a_city(session)
        number = a_case(session).number
        session.add(
            Account(username="m2", name="周宁", role="officer", department_code="market", password_hash="!")
        )
    start = Barrier(2)

    def take(username: str) -> str:
        start.wait()
        try:
            with transaction() as session:
                claim(session, number, "B1-1", by=account(session, username), at=MORNING)
        except Refused as refused:
            return str(refused)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(take, ("market", "m2")))
    assert told[0] == "done"
    assert "领办" in told[1]
    with transaction() as session:
        assert [entry.act for entry in timeline(session, number)].count(Act.CLAIM) == 1


@pytest.mark.parametrize("_round", range(3))
def test_reassigned_while_another_decides(fresh_database: Engine, _round: int) -> None:
    with transaction() as session:
        a_city(session)
        number = a_case(session).number
    start = Barrier(2)

    def decide() -> str:
        start.wait()
        try:
            with transaction() as session:
                grant(session, number, "B1-1", by=account(session, "market"), at=MORNING)
        except NotYourDesk as refused:
            return str(refused)
        return "granted"

    def move() -> str:
        start.wait()
        try:
            with transaction() as session:
                by = head_of(session, "market")
                reassign(session, number, "B1-1", "tax", "属税务职责。", by=by, at=MORNING)
        except WrongState as refused:
            return str(refused)
        return "moved"

    with ThreadPoolExecutor(2) as pool:
        decided, moved = pool.submit(decide), pool.submit(move)
        told = (decided.result(), moved.result())
    assert (told[0] == "granted") != (told[1] == "moved"), told
    assert any(word in "".join(told) for word in ("转给其他部门", "准予，不能转办"))


def test_the_urged_is_told_once_a_day_whoever_has_it(db: Session, case: Case) -> None:
    manager = account(db, MANAGER)
    urge(db, case.number, PLAIN, "请本周内办结。", by=manager, at=MORNING)
    urge(db, case.number, STEPPED, "请本周内办结。", by=manager, at=MORNING)
    claim(db, case.number, STEPPED, by=account(db, SECOND), at=MORNING)
    db.flush()
    assert compose_digests(db, at=LATER) == 2
    assert compose_digests(db, at=LATER) == 0
    for reader, name in (("health-head", "档案验收"), (SECOND, "规划核实")):
        digest = latest_digest(db, reader)
        assert digest is not None
        assert "督办 1 件" in digest.subject
        assert f"督办  {'卫生健康' if reader != SECOND else '市场监管'}  {case.number}  {name}" in digest.body
    grant(db, case.number, PLAIN, by=account(db, "health"), at=LATER)
    release(db, case.number, STEPPED, by=account(db, SECOND), at=LATER)
    db.flush()
    assert compose_digests(db, at=TOMORROW) == 1
    assert latest_digest(db, "market-head") is not None
