"""One visit for all departments that need one, at least two officers, minutes; a meeting that only advises."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from actions.acting import Asked
from actions.deciding import grant, refuse
from actions.desk_work import pass_on, reassign
from actions.doing import do, possible
from actions.gatherings import Minutes, arrange, call_off, hold, open_gathering
from actions.withdrawing import withdraw
from models.account import Account
from models.audit import timeline
from models.case import Case, items_of
from models.clock import running_clocks
from models.database import transaction
from models.notice import notices_of
from models.together import GatheringKind, gatherings_of
from rules.bundle import Bundle
from rules.errors import Faulty, NotYourDesk, Refused, WrongState
from rules.notices import Event
from rules.states import Act, CaseState, ItemState
from tests.joint import FIRE, PLAIN, STEPPED, URBAN, a_joint_case, item_of, offered
from tests.people import CLERK, MANAGER, MORNING, a_city, account, head_of

__all__ = ["offered"]  # a fixture

VISIT, MEETING = GatheringKind.VISIT, GatheringKind.MEETING
PLANNED = datetime(2026, 3, 12, 1, 30, tzinfo=UTC)  # 09:30 in the hall
AFTER = PLANNED + timedelta(hours=3)
PLACE = "示例市示例区示例路1号"
GOOD = Minutes(("张伟", "王芳"), "逐项查看，符合要求。", (FIRE, URBAN))


@pytest.fixture
def city(db: Session) -> None:
    a_city(db)


@pytest.fixture
def case(db: Session, city: None, offered: Bundle) -> Case:
    return a_joint_case(db)


@pytest.fixture
def clerk(db: Session, case: Case) -> Account:
    return account(db, CLERK)


def told(db: Session, case: Case) -> list[dict[str, object]]:
    notices = notices_of(db, case.number)
    return [one.facts for one in notices if one.event is Event.VISIT and one.channel.value == "sms"]


def test_one_visit_serves_all_that_need_one(db: Session, case: Case, clerk: Account) -> None:
    before = {row.id: row.due_on for row in running_clocks(db, case.number, item_of(db, case, FIRE).number)}
    visit = arrange(db, case.number, VISIT, PLANNED, PLACE, by=clerk, at=MORNING)
    assert visit.items == [item_of(db, case, FIRE).number, item_of(db, case, URBAN).number]
    assert told(db, case) == [
        {
            "kind": "联合踏勘",
            "departments": ["消防救援", "城市管理"],
            "planned": "2026-03-12 09:30",
            "place": PLACE,
            "cancelled": False,
        }
    ]
    with pytest.raises(WrongState, match="已经安排过一次"):
        arrange(db, case.number, VISIT, PLANNED, PLACE, by=head_of(db, "fire"), at=MORNING)
    after = {row.id: row.due_on for row in running_clocks(db, case.number, item_of(db, case, FIRE).number)}
    assert after == before, "a visit stops no clock (domain 0.5)"


def test_no_grant_before_the_visit_is_recorded(db: Session, case: Case, clerk: Account) -> None:
    fire, urban = account(db, "fire"), account(db, "urban")
    with pytest.raises(WrongState, match="须先联合踏勘并记录结果"):
        grant(db, case.number, FIRE, by=fire, at=MORNING)
    arrange(db, case.number, VISIT, PLANNED, PLACE, by=clerk, at=MORNING)
    with pytest.raises(WrongState, match="须先联合踏勘"):
        grant(db, case.number, FIRE, by=fire, at=MORNING)
    grant(db, case.number, PLAIN, by=account(db, "health"), at=MORNING)
    hold(db, case.number, VISIT, GOOD, by=fire, at=AFTER)
    grant(db, case.number, FIRE, by=fire, at=AFTER)
    grant(db, case.number, URBAN, by=urban, at=AFTER)
    assert item_of(db, case, URBAN).state is ItemState.GRANTED


def test_a_refusal_needs_no_visit(db: Session, case: Case) -> None:
    refuse(db, case.number, FIRE, "图纸不符。", by=account(db, "fire"), at=MORNING)


@pytest.mark.parametrize("officers", [(), ("张伟",), ("张伟", "张伟"), ("张伟", " ")])
def test_two_officers_at_least(db: Session, case: Case, clerk: Account, officers: tuple[str, ...]) -> None:
    arrange(db, case.number, VISIT, PLANNED, PLACE, by=clerk, at=MORNING)
    with pytest.raises(Faulty, match="至少两名（行政许可法第三十四条第三款）"):
        hold(db, case.number, VISIT, Minutes(officers, "查看。", (FIRE, URBAN)), by=clerk, at=AFTER)
    assert gatherings_of(db, case.number)[0].held_at is None


def test_what_did_not_pass_is_explained_and_visited_again(db: Session, case: Case, clerk: Account) -> None:
    arrange(db, case.number, VISIT, PLANNED, PLACE, by=clerk, at=MORNING)
    people = ("张伟", "王芳")
    with pytest.raises(Faulty, match=f"没有通过的事项要写明发现：{URBAN}"):
        hold(db, case.number, VISIT, Minutes(people, "查看。", (FIRE,)), by=clerk, at=AFTER)
    with pytest.raises(Faulty, match="没有事项“B9-4”"):
        hold(db, case.number, VISIT, Minutes(people, "查看。", (FIRE, PLAIN)), by=clerk, at=AFTER)
    with pytest.raises(Faulty, match="请写明记录"):
        hold(db, case.number, VISIT, Minutes(people, " ", (FIRE, URBAN)), by=clerk, at=AFTER)
    with pytest.raises(Faulty, match="结束后记录"):
        hold(
            db,
            case.number,
            VISIT,
            Minutes(people, "查看。", (FIRE, URBAN), held_at=AFTER + timedelta(hours=1)),
            by=clerk,
            at=AFTER,
        )
    found = Minutes(people, "查看。", (FIRE,), {URBAN: "招牌超出屋檐。"})
    visit = hold(db, case.number, VISIT, found, by=account(db, "urban"), at=AFTER)
    assert visit.findings == {
        item_of(db, case, FIRE).number: {"passed": True, "finding": "合格"},
        item_of(db, case, URBAN).number: {"passed": False, "finding": "招牌超出屋檐。"},
    }
    again = arrange(
        db, case.number, VISIT, AFTER + timedelta(days=2), PLACE, by=head_of(db, "urban"), at=AFTER
    )
    assert again.items == [item_of(db, case, URBAN).number]


def test_cancelled_the_applicant_need_not_wait(db: Session, case: Case, clerk: Account) -> None:
    with pytest.raises(WrongState, match="没有已经安排"):
        call_off(db, case.number, VISIT, "下雨。", by=clerk, at=MORNING)
    arrange(db, case.number, VISIT, PLANNED, PLACE, by=clerk, at=MORNING)
    with pytest.raises(Faulty, match="取消的理由"):
        call_off(db, case.number, VISIT, "", by=clerk, at=MORNING)
    call_off(db, case.number, VISIT, "下雨。", by=clerk, at=MORNING)
    assert [one["cancelled"] for one in told(db, case)] == [False, True]
    with pytest.raises(WrongState, match="没有已经安排"):
        hold(db, case.number, VISIT, GOOD, by=clerk, at=AFTER)
    arrange(db, case.number, VISIT, PLANNED, PLACE, by=clerk, at=MORNING)


def all_refused(db: Session, case: Case, at: datetime) -> None:
    """Also what has steps, by the head of whichever department has it now."""
    for code, who in ((FIRE, "fire"), (URBAN, "urban"), (PLAIN, "health")):
        refuse(db, case.number, code, "不符。", by=account(db, who), at=at)
    stepped = next(item for item in items_of(db, case.number) if item.code == STEPPED)
    head = head_of(db, stepped.department_code)
    for _ in range(2):
        pass_on(db, case.number, STEPPED, "报送。", by=head, at=at)
    refuse(db, case.number, STEPPED, "不符。", by=head, at=at)
    db.flush()


def test_none_outlives_its_case(db: Session, case: Case, clerk: Account) -> None:
    for kind in (VISIT, MEETING):
        arrange(db, case.number, kind, PLANNED, PLACE, by=clerk, at=MORNING)
    all_refused(db, case, MORNING)
    assert case.state is CaseState.CONCLUDED
    assert [one.cancel_reason for one in gatherings_of(db, case.number)] == ["办件已办结。"] * 2
    assert [(one["cancelled"], one["departments"]) for one in told(db, case)] == [
        (False, ["消防救援", "城市管理"]),
        (True, ["消防救援", "城市管理"]),
    ]


def test_what_was_withdrawn_is_not_visited(db: Session, case: Case, clerk: Account) -> None:
    arrange(db, case.number, VISIT, PLANNED, PLACE, by=clerk, at=MORNING)
    withdraw(db, case.number, by=None, at=MORNING)
    db.flush()
    assert open_gathering(db, case.number, VISIT) is None
    assert [one["cancelled"] for one in told(db, case)] == [False, True]


def test_a_visit_whose_day_has_passed_is_closed_without_a_word(
    db: Session, case: Case, clerk: Account
) -> None:
    arrange(db, case.number, VISIT, PLANNED, PLACE, by=clerk, at=MORNING)
    all_refused(db, case, AFTER)
    assert open_gathering(db, case.number, VISIT) is None
    assert [one["cancelled"] for one in told(db, case)] == [False]


def test_when_and_where_are_checked(db: Session, case: Case, clerk: Account) -> None:
    for planned in (None, MORNING, MORNING - timedelta(days=1)):
        with pytest.raises(Faulty, match="将来的日期"):
            arrange(db, case.number, VISIT, planned, PLACE, by=clerk, at=MORNING)
    with pytest.raises(Faulty, match="地点"):
        arrange(db, case.number, VISIT, PLANNED, " ", by=clerk, at=MORNING)
    assert told(db, case) == []


def test_who_arranges_and_who_records(db: Session, case: Case, clerk: Account) -> None:
    for who in (MANAGER, "fire", "tax-head"):
        with pytest.raises(NotYourDesk):
            arrange(db, case.number, VISIT, PLANNED, PLACE, by=account(db, who), at=MORNING)
    arrange(db, case.number, VISIT, PLANNED, PLACE, by=head_of(db, "fire"), at=MORNING)
    for who in (MANAGER, "tax"):
        with pytest.raises(NotYourDesk):
            hold(db, case.number, VISIT, GOOD, by=account(db, who), at=AFTER)
    with pytest.raises(NotYourDesk):
        call_off(db, case.number, VISIT, "下雨。", by=account(db, "fire"), at=MORNING)


def test_nothing_to_visit(db: Session, case: Case, clerk: Account) -> None:
    for code, who in ((FIRE, "fire"), (URBAN, "urban")):
        refuse(db, case.number, code, "不符。", by=account(db, who), at=MORNING)
    with pytest.raises(WrongState, match="没有需要联合踏勘的事项"):
        arrange(db, case.number, VISIT, PLANNED, PLACE, by=clerk, at=MORNING)


def test_not_on_a_case_that_is_over(db: Session, case: Case, clerk: Account) -> None:
    reassign(db, case.number, STEPPED, "planning", "转。", by=account(db, MANAGER), at=MORNING)
    all_refused(db, case, MORNING)
    with pytest.raises(WrongState, match="已办结，不能安排联合会审"):
        arrange(db, case.number, MEETING, PLANNED, PLACE, by=clerk, at=MORNING)


def test_a_meeting_only_advises_and_is_not_told_to_the_applicant(
    db: Session, case: Case, clerk: Account
) -> None:
    meeting = arrange(
        db, case.number, MEETING, PLANNED, "三楼会议室", by=clerk, at=MORNING, subject="消防与招牌"
    )
    assert len(meeting.items) == 4
    assert told(db, case) == []
    grant(db, case.number, PLAIN, by=account(db, "health"), at=MORNING)
    hold(db, case.number, MEETING, Minutes(("张伟", "王芳"), "一致同意。"), by=account(db, "fire"), at=AFTER)
    with pytest.raises(WrongState, match="须先联合踏勘"):
        grant(db, case.number, FIRE, by=account(db, "fire"), at=AFTER)
    arrange(db, case.number, MEETING, AFTER + timedelta(days=1), "三楼会议室", by=clerk, at=AFTER)
    call_off(db, case.number, MEETING, "已经谈妥。", by=clerk, at=AFTER)
    acts = [entry.act for entry in timeline(db, case.number)]
    for act in (Act.ARRANGE_MEETING, Act.RECORD_MEETING, Act.CANCEL_MEETING):
        assert act in acts
    assert told(db, case) == []


def test_by_name(db: Session, case: Case, clerk: Account) -> None:
    def take(name: str, by: Account, at: datetime = AFTER, **data: object) -> None:
        do(name, Asked(db, case.number, "", data, by, at))

    def names(by: Account) -> set[str]:
        return {one.doing.name for one in possible(db, case.number, by, at=MORNING) if one.item is None}

    assert {"arrange-visit", "arrange-meeting"} <= names(clerk)
    assert "arrange-visit" not in names(account(db, "fire"))
    assert not {"arrange-visit", "record-visit"} & names(head_of(db, "tax"))
    take("arrange-visit", clerk, MORNING, planned="2026-03-12T09:30", place=PLACE)
    assert "record-visit" in names(account(db, "fire"))
    with pytest.raises(Faulty, match="每行写一个事项"):
        take("record-visit", clerk, officers="张伟、王芳", minutes="查看。", findings="都好")
    take(
        "record-visit",
        clerk,
        officers="张伟、王芳",
        minutes="查看。",
        passed=[FIRE],
        findings=f"{URBAN}：招牌超出屋檐。",
        held="2026-03-12T10:00",
    )
    take("arrange-visit", clerk, planned="2026-03-16T09:30", place=PLACE)
    take("cancel-visit", clerk, reason="下雨。")
    take("arrange-visit", clerk, planned="2026-03-17T09:30", place=PLACE)
    take("record-visit", clerk, officers=["张伟", "王芳"], minutes="复看。", findings="仍超出屋檐。")
    take("arrange-visit", clerk, planned="2026-03-18T09:30", place=PLACE)
    take("record-visit", clerk, officers=["张伟", "王芳"], minutes="复看。", findings={URBAN: "仍然。"})
    found = [one.findings.get(item_of(db, case, URBAN).number) for one in gatherings_of(db, case.number)]
    said = [one["finding"] if one else None for one in found]
    assert set(said) == {"招牌超出屋檐。", None, "仍超出屋檐。", "仍然。"}
    take("arrange-meeting", clerk, planned="2026-03-18T09:30", place="三楼", subject="招牌")
    take("record-meeting", clerk, officers="张伟、王芳", minutes="拆短。")


@pytest.mark.parametrize("_round", range(3))
def test_two_arrange_at_once_and_the_applicant_is_told_of_one(
    fresh_database: Engine, offered: Bundle, _round: int
) -> None:
    with transaction() as session:
        a_city(session)
        number = a_joint_case(session).number
    start = Barrier(2)

    def take(username: str) -> str:
        start.wait()
        try:
            with transaction() as session:
                by = account(session, username)
                arrange(session, number, VISIT, PLANNED, PLACE, by=by, at=MORNING)
        except Refused as refused:
            return str(refused)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(take, (CLERK, "fire-head")))
    assert answers[0] == "done"
    assert "已经安排过一次" in answers[1]
    with transaction() as session:
        assert len(gatherings_of(session, number)) == 1
