"""Put right and inspected again: one item waits, the promise stands still, the law's clock and the others run on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from actions.acting import Asked
from actions.deciding import grant, refuse
from actions.doing import do
from actions.extending import extend_item
from actions.gatherings import Minutes, arrange, hold
from actions.rectifying import reinspect, require_rectification
from actions.supervising import fire_due_rungs
from models.account import Account
from models.audit import timeline
from models.card import cards_of
from models.case import Case
from models.clock import ClockRow, clocks_of
from models.database import transaction
from models.notice import notices_of
from models.supervision import clock_views
from models.together import GatheringKind, rectifications_of
from rules.bundle import Bundle
from rules.clock import ClockKind
from rules.errors import Faulty, NotYourDesk, Refused, WrongState
from rules.notices import Event
from rules.states import Act, ItemState, Outcome
from tests.actions import small
from tests.joint import FIRE, PLAIN, STEPPED, URBAN, a_joint_case, item_of, offered
from tests.people import CLERK, MORNING, a_city, account, head_of

__all__ = ["offered"]  # a fixture

MONDAY = datetime(2026, 3, 9, 2, tzinfo=UTC)
WEDNESDAY = datetime(2026, 3, 11, 2, tzinfo=UTC)
WORDS = "二层疏散通道堆物，须清理并补装应急照明。"


@pytest.fixture
def city(db: Session) -> None:
    a_city(db)


@pytest.fixture
def case(db: Session, city: None, offered: Bundle) -> Case:
    return a_joint_case(db)


@pytest.fixture
def fire(db: Session, case: Case) -> Account:
    return account(db, "fire")


def clock(db: Session, case: Case, kind: ClockKind, code: str = FIRE) -> ClockRow:
    number = item_of(db, case, code).number
    rows = [row for row in clocks_of(db, case.number) if row.item_number == number and row.kind is kind]
    return max(rows, key=lambda row: row.started_at)


def told(db: Session, case: Case, event: Event) -> list[dict[str, object]]:
    notices = notices_of(db, case.number)
    return [one.facts for one in notices if one.event is event and one.channel.value == "sms"]


def visited(db: Session, case: Case, at: datetime) -> None:
    clerk = account(db, CLERK)
    arrange(db, case.number, GatheringKind.VISIT, at + timedelta(hours=1), "示例路1号", by=clerk, at=at)
    minutes = Minutes(("张伟", "王芳"), "查看。", (FIRE, URBAN))
    hold(db, case.number, GatheringKind.VISIT, minutes, by=clerk, at=at + timedelta(hours=2))


def test_one_item_is_put_right_and_the_others_go_on(db: Session, case: Case, fire: Account) -> None:
    visited(db, case, MORNING)
    promised, legal = clock(db, case, ClockKind.PROMISED).due_on, clock(db, case, ClockKind.STATUTORY).due_on
    others = clock(db, case, ClockKind.PROMISED, PLAIN).due_on
    require_rectification(db, case.number, FIRE, WORDS, by=fire, at=MONDAY)
    item = item_of(db, case, FIRE)
    assert item.state is ItemState.RECTIFYING
    assert clock(db, case, ClockKind.PROMISED).due_on is None, "the promise stands still"
    assert clock(db, case, ClockKind.STATUTORY).due_on == legal, "the law's limit runs (R7)"
    assert item.due_on == legal
    assert clock(db, case, ClockKind.RECTIFICATION).due_on == date(2026, 3, 16)
    assert clock(db, case, ClockKind.PROMISED, PLAIN).due_on == others
    assert told(db, case, Event.RECTIFICATION) == [
        {
            "item": "消防验收",
            "department": "消防救援",
            "requirement": WORDS,
            "due_on": "2026-03-16",
            "provisional": False,
        }
    ]
    for code, who in ((URBAN, "urban"), (PLAIN, "health")):
        grant(db, case.number, code, by=account(db, who), at=MONDAY)
    with pytest.raises(WrongState, match="整改中"):
        grant(db, case.number, FIRE, by=fire, at=MONDAY)
    reinspect(db, case.number, FIRE, "已清理，照明已补装。", passed=True, by=fire, at=WEDNESDAY)
    assert promised is not None
    assert clock(db, case, ClockKind.PROMISED).due_on == promised + timedelta(days=2), (
        "two working days later"
    )
    assert clock(db, case, ClockKind.RECTIFICATION).stopped_at == WEDNESDAY
    assert told(db, case, Event.SPECIAL_ENDED)[0]["kind"] == "整改"
    grant(db, case.number, FIRE, by=fire, at=WEDNESDAY)
    row = rectifications_of(db, case.number)[0]
    assert (row.required_by, row.ended_by) == ("fire", "fire")
    assert row.finding == "复验合格：已清理，照明已补装。"
    assert case.outcome is None, "规划核实 is not decided"


def test_not_passed_it_may_be_required_again_or_refused(db: Session, case: Case, fire: Account) -> None:
    require_rectification(db, case.number, FIRE, WORDS, by=fire, at=MONDAY)
    reinspect(db, case.number, FIRE, "照明未装。", passed=False, by=fire, at=WEDNESDAY)
    require_rectification(db, case.number, FIRE, "补装应急照明。", by=fire, at=WEDNESDAY)
    assert len(told(db, case, Event.RECTIFICATION)) == 2
    reinspect(db, case.number, FIRE, "仍未装。", passed=False, by=fire, at=WEDNESDAY + timedelta(days=1))
    refuse(db, case.number, FIRE, "整改后仍不合格。", by=fire, at=WEDNESDAY + timedelta(days=1))
    assert item_of(db, case, PLAIN).state is ItemState.IN_REVIEW
    assert case.outcome is None
    findings = [row.finding for row in rectifications_of(db, case.number)]
    assert findings == ["复验不合格：照明未装。", "复验不合格：仍未装。"]


def test_the_applicant_is_reminded_and_nothing_happens_by_itself(
    db: Session, case: Case, fire: Account
) -> None:
    require_rectification(db, case.number, FIRE, WORDS, by=fire, at=MONDAY)
    for day in (13, 16, 18, 20):
        fire_due_rungs(db, case.number, at=datetime(2026, 3, day, 10, tzinfo=UTC))
        db.flush()
    assert len(told(db, case, Event.RECTIFICATION)) == 2, "required, and reminded once"
    reasons = [entry.reason for entry in timeline(db, case.number) if entry.act is Act.REMIND]
    assert reasons == ["整改期限将满，已提醒申请人。", "整改期限已过，请复验后作出决定。"]
    assert item_of(db, case, FIRE).state is ItemState.RECTIFYING
    assert not [card for card in cards_of(db, case.number) if card.rule.startswith("rectification")]
    late = clock_views(db, case.number, at=datetime(2026, 3, 18, 2, tzinfo=UTC), item=FIRE)
    assert [view.overdue for view in late if view.row.kind is ClockKind.RECTIFICATION] == [True]
    near = clock_views(db, case.number, at=datetime(2026, 3, 12, 2, tzinfo=UTC), item=FIRE)
    assert [view.overdue for view in near if view.row.kind is ClockKind.RECTIFICATION] == [False]
    reinspect(
        db, case.number, FIRE, "没有整改。", passed=False, by=fire, at=datetime(2026, 3, 18, 2, tzinfo=UTC)
    )
    refuse(db, case.number, FIRE, "逾期没有整改。", by=fire, at=datetime(2026, 3, 18, 2, tzinfo=UTC))


def test_a_patrol_that_was_away_reminds_nobody_of_a_past_day(db: Session, case: Case, fire: Account) -> None:
    require_rectification(db, case.number, FIRE, WORDS, by=fire, at=MONDAY)
    fire_due_rungs(db, case.number, at=datetime(2026, 4, 1, 2, tzinfo=UTC))
    assert len(told(db, case, Event.RECTIFICATION)) == 1
    reasons = [entry.reason for entry in timeline(db, case.number) if entry.act is Act.REMIND]
    assert [reason for reason in reasons if "整改" in reason] == ["整改期限已过，请复验后作出决定。"]


def test_only_where_the_bundle_gives_a_time_for_it(db: Session, case: Case) -> None:
    with pytest.raises(WrongState, match="没有规定整改期限"):
        require_rectification(db, case.number, PLAIN, WORDS, by=account(db, "health"), at=MONDAY)


def test_words_roles_and_states(db: Session, case: Case, fire: Account) -> None:
    with pytest.raises(Faulty, match="需要整改的内容"):
        require_rectification(db, case.number, FIRE, " ", by=fire, at=MONDAY)
    for who in ("urban", CLERK):
        with pytest.raises(NotYourDesk):
            require_rectification(db, case.number, FIRE, WORDS, by=account(db, who), at=MONDAY)
    with pytest.raises(WrongState, match="不能复验"):
        reinspect(db, case.number, FIRE, "看过。", passed=True, by=fire, at=MONDAY)
    require_rectification(db, case.number, FIRE, WORDS, by=head_of(db, "fire"), at=MONDAY)
    with pytest.raises(WrongState, match="不能责令整改"):
        require_rectification(db, case.number, FIRE, WORDS, by=fire, at=MONDAY)
    with pytest.raises(Faulty, match="复验的情况"):
        reinspect(db, case.number, FIRE, "", passed=True, by=fire, at=WEDNESDAY)
    with pytest.raises(NotYourDesk):
        reinspect(db, case.number, FIRE, "看过。", passed=True, by=account(db, "urban"), at=WEDNESDAY)
    assert item_of(db, case, FIRE).state is ItemState.RECTIFYING


def test_by_name_to_the_end(db: Session, case: Case, fire: Account) -> None:
    def take(name: str, **data: object) -> None:
        do(name, Asked(db, case.number, FIRE, data, fire, WEDNESDAY))

    visited(db, case, MONDAY)
    take("require-rectification", requirement=WORDS)
    with pytest.raises(Faulty, match="复验是否合格"):
        take("reinspect", passed="perhaps", finding="看过。")
    take("reinspect", passed="yes", finding="合格。")
    take("grant")
    market = head_of(db, "market")
    for name, data in (("pass-on", {"opinion": "好。"}), ("pass-on", {"opinion": "好。"}), ("grant", {})):
        do(name, Asked(db, case.number, STEPPED, data, market, WEDNESDAY))
    grant(db, case.number, URBAN, by=account(db, "urban"), at=WEDNESDAY)
    grant(db, case.number, PLAIN, by=account(db, "health"), at=WEDNESDAY)
    assert case.outcome is Outcome.ALL_GRANTED


@pytest.mark.parametrize("_round", range(3))
def test_inspected_twice_at_once(fresh_database: Engine, offered: Bundle, _round: int) -> None:
    with transaction() as session:
        a_city(session)
        number = a_joint_case(session).number
        require_rectification(session, number, FIRE, WORDS, by=account(session, "fire"), at=MONDAY)
    start = Barrier(2)

    def inspect(username: str) -> str:
        start.wait()
        try:
            with transaction() as session:
                by = account(session, username)
                reinspect(session, number, FIRE, "合格。", passed=True, by=by, at=WEDNESDAY)
        except Refused as refused:
            return str(refused)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(inspect, ("fire", "fire-head")))
    assert answers[0] == "done"
    assert "不能复验" in answers[1]


def test_an_extension_during_a_rectification_moves_the_whole_when_the_promise_runs_on(
    db: Session, city: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = replace(small.working_days(20, "某条例"), extend=10)
    put_right = small.an_item(1, "fire", rectify=small.working_days(5))
    bundle = small.a_bundle(put_right, small.an_item(2, legal=law))
    case = small.a_case_of(db, bundle, monkeypatch)
    fire = account(db, "fire")
    require_rectification(db, case.number, "B9-1", WORDS, by=fire, at=MONDAY)
    extend_item(db, case.number, "B9-2", "情况复杂。", by=head_of(db, "market"), at=MONDAY)
    assert case.promised_due_on is None
    reinspect(db, case.number, "B9-1", "已清理。", passed=True, by=fire, at=WEDNESDAY)
    other = small.items(db, case)["2"]
    assert other.due_on
    assert case.promised_due_on
    assert case.promised_due_on >= other.due_on
