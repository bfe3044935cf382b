"""Asked of another department: what holds the decision, who answers, and who is late."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from actions.acting import Asked
from actions.deciding import grant, refuse
from actions.doing import do, possible
from actions.opinions import Question, ask_opinion, cancel_opinion, give_opinion
from actions.supervising import explain, fire_due_rungs
from models.account import Account
from models.audit import timeline
from models.card import cards_of
from models.case import Case
from models.clock import ClockRow, clocks_of
from models.database import transaction
from models.supervision import overdue_listed
from models.together import OpinionKind, opinions_of
from rules.bundle import Bundle
from rules.clock import ClockKind
from rules.errors import Faulty, NotYourDesk, Refused, WrongState
from rules.lights import Light
from rules.states import Act, ItemState
from tests.joint import PLAIN, STEPPED, a_joint_case, item_of, offered
from tests.people import CLERK, MANAGER, MORNING, a_case, a_city, account, head_of

__all__ = ["offered"]  # a fixture

LATER = MORNING + timedelta(hours=2)
COUNTERSIGN = Question(OpinionKind.COUNTERSIGN, "fire", "消防通道是否满足要求？")
ADVICE = Question(OpinionKind.ADVICE, "urban", "招牌位置是否合适？")


@pytest.fixture
def city(db: Session) -> None:
    a_city(db)


@pytest.fixture
def case(db: Session, city: None, offered: Bundle) -> Case:
    return a_joint_case(db)


@pytest.fixture
def health(db: Session, case: Case) -> Account:
    return account(db, "health")


@pytest.fixture
def tax(db: Session, case: Case) -> Account:
    """税务 has no item in this case."""
    return account(db, "tax")


def opinion_clocks(db: Session, case: Case) -> list[ClockRow]:
    return [row for row in clocks_of(db, case.number) if row.kind is ClockKind.OPINION]


def names(db: Session, case: Case, by: Account) -> set[str]:
    return {one.doing.name for one in possible(db, case.number, by, at=MORNING)}


@pytest.mark.parametrize("kind", [OpinionKind.COUNTERSIGN, OpinionKind.ADDED])
def test_the_decision_waits_for_those_who_must_sign(
    db: Session, case: Case, health: Account, kind: OpinionKind
) -> None:
    ask_opinion(db, case.number, PLAIN, Question(kind, "tax", "有无欠税？"), by=health, at=MORNING)
    sentence = f"还在等税务的{kind.label}意见"
    with pytest.raises(WrongState, match=sentence):
        grant(db, case.number, PLAIN, by=health, at=LATER)
    with pytest.raises(WrongState, match=sentence):
        refuse(db, case.number, PLAIN, "不符。", by=head_of(db, "health"), at=LATER)
    assert item_of(db, case, PLAIN).state is ItemState.IN_REVIEW
    give_opinion(db, case.number, PLAIN, "没有欠税。", agrees=True, by=account(db, "tax"), at=LATER)
    grant(db, case.number, PLAIN, by=health, at=LATER)
    assert [entry.act for entry in timeline(db, case.number)].count(Act.GIVE_OPINION) == 1


def test_an_advice_may_come_or_not(db: Session, case: Case, health: Account) -> None:
    ask_opinion(db, case.number, PLAIN, ADVICE, by=health, at=MORNING)
    grant(db, case.number, PLAIN, by=health, at=LATER)
    with pytest.raises(WrongState, match="准予，不再需要意见"):
        give_opinion(db, case.number, PLAIN, "合适。", agrees=True, by=account(db, "urban"), at=LATER)
    assert opinion_clocks(db, case)[0].stopped_at == LATER, "and nobody is late with it"


def test_a_department_without_an_item_answers_and_nothing_else(
    db: Session, case: Case, health: Account, tax: Account
) -> None:
    assert names(db, case, tax) == set()
    question = Question(OpinionKind.COUNTERSIGN, "tax", "有无欠税？")
    ask_opinion(db, case.number, PLAIN, question, by=health, at=MORNING)
    assert names(db, case, tax) == {"give-opinion"}
    opinion = give_opinion(db, case.number, PLAIN, "欠税三笔。", agrees=False, by=tax, at=LATER)
    assert (opinion.agrees, opinion.answered_by) == (False, "tax")
    assert names(db, case, tax) == set()
    with pytest.raises(NotYourDesk, match="可能已经由同事反馈"):
        give_opinion(db, case.number, PLAIN, "没有欠税。", agrees=True, by=head_of(db, "tax"), at=LATER)
    with pytest.raises(NotYourDesk):
        grant(db, case.number, PLAIN, by=tax, at=LATER)
    refuse(db, case.number, PLAIN, "欠税未清。", by=health, at=LATER)


def test_added_in_the_own_department_is_answered_by_another(db: Session, case: Case, health: Account) -> None:
    with pytest.raises(Faulty, match="本部门内部用加签"):
        ask_opinion(
            db,
            case.number,
            PLAIN,
            Question(OpinionKind.COUNTERSIGN, "health", "？"),
            by=health,
            at=MORNING,
        )
    question = Question(OpinionKind.ADDED, "", "请负责人把关。")
    asked = ask_opinion(db, case.number, PLAIN, question, by=health, at=MORNING)
    assert asked.department_code == "health", "no department named is one's own"
    with pytest.raises(NotYourDesk, match="不能由提出的人"):
        give_opinion(db, case.number, PLAIN, "同意。", agrees=True, by=health, at=LATER)
    assert "give-opinion" not in names(db, case, health)
    give_opinion(db, case.number, PLAIN, "同意。", agrees=True, by=head_of(db, "health"), at=LATER)
    grant(db, case.number, PLAIN, by=health, at=LATER)


def test_cancelled_by_whoever_asked_or_the_head(
    db: Session, case: Case, health: Account, tax: Account
) -> None:
    ask_opinion(db, case.number, PLAIN, COUNTERSIGN, by=health, at=MORNING)
    ask_opinion(
        db, case.number, PLAIN, Question(OpinionKind.ADDED, "tax", "？"), by=head_of(db, "health"), at=MORNING
    )
    with pytest.raises(NotYourDesk, match="提出的人或者本部门负责人"):
        cancel_opinion(db, case.number, PLAIN, "tax", "不用了。", by=health, at=LATER)
    with pytest.raises(NotYourDesk):
        cancel_opinion(db, case.number, PLAIN, "tax", "不用了。", by=tax, at=LATER)
    with pytest.raises(Faulty, match="撤销的理由"):
        cancel_opinion(db, case.number, PLAIN, "fire", " ", by=health, at=LATER)
    cancel_opinion(db, case.number, PLAIN, "fire", "已当面说清。", by=health, at=LATER)
    with pytest.raises(WrongState, match="没有在等这个部门"):
        cancel_opinion(db, case.number, PLAIN, "fire", "再撤。", by=health, at=LATER)
    running = [row for row in opinion_clocks(db, case) if row.stopped_at is None]
    assert len(running) == 1, "that of 税务 runs on"
    cancel_opinion(db, case.number, PLAIN, "tax", "不用了。", by=head_of(db, "health"), at=LATER)
    grant(db, case.number, PLAIN, by=health, at=LATER)


def test_what_is_asked_is_checked_before_anything_is_written(
    db: Session, case: Case, health: Account
) -> None:
    def ask(question: Question, by: Account = health) -> None:
        ask_opinion(db, case.number, PLAIN, question, by=by, at=MORNING)

    for days in (0, 31):
        with pytest.raises(Faulty, match="1 至 30 个工作日"):
            ask(Question(OpinionKind.ADVICE, "fire", "？", days))
    with pytest.raises(Faulty, match="其他部门"):
        ask(Question(OpinionKind.ADVICE, "nobody", "？"))
    with pytest.raises(Faulty, match="要征求意见的问题"):
        ask(Question(OpinionKind.ADVICE, "fire", " "))
    for who in (CLERK, MANAGER, "fire"):
        with pytest.raises(NotYourDesk):
            ask(COUNTERSIGN, account(db, who))
    assert opinions_of(db, case.number) == []
    ask(COUNTERSIGN)
    with pytest.raises(WrongState, match="已经在等消防救援的意见"):
        ask(Question(OpinionKind.ADVICE, "fire", "？"))
    for username in ("tax", "tax-head"):
        account(db, username).active = False
    db.flush()
    with pytest.raises(Faulty, match="无人反馈"):
        ask(Question(OpinionKind.ADVICE, "tax", "？"))


def test_late_is_the_department_that_was_asked(db: Session, case: Case, health: Account) -> None:
    question = Question(OpinionKind.COUNTERSIGN, "tax", "有无欠税？", days=2)
    ask_opinion(db, case.number, PLAIN, question, by=health, at=MORNING)
    ask_opinion(db, case.number, PLAIN, COUNTERSIGN, by=health, at=MORNING)
    clock = next(row for row in opinion_clocks(db, case) if row.n == 2)
    assert clock.due_on == date(2026, 3, 10)
    assert clock.source == "tax" or "给定" in clock.source
    assert next(row for row in opinion_clocks(db, case) if row.n == 3).source == "assumption"
    give_opinion(db, case.number, PLAIN, "满足。", agrees=True, by=account(db, "fire"), at=LATER)
    late = datetime(2026, 3, 12, 2, tzinfo=UTC)
    cards = [card for card in fire_due_rungs(db, case.number, at=late) if card.rule.startswith("opinion")]
    assert [(card.rule, card.level, card.department_code) for card in cards] == [
        ("opinion-passed", Light.WARNING, "tax")
    ]
    assert cards[0].responsible == "tax-head"
    assert [line.department for line in overdue_listed(db, at=late) if line.clock == "反馈意见期限"] == [
        "税务"
    ]
    with pytest.raises(NotYourDesk):
        explain(db, cards[0].number, "我们没有。", by=health, at=late)
    explain(db, cards[0].number, "系统升级，今天反馈。", by=account(db, "tax"), at=late)
    db.flush()
    assert len([card for card in cards_of(db, case.number) if card.rule == "opinion-passed"]) == 1


def test_only_the_claimers_ask(db: Session, case: Case) -> None:
    do("claim", Asked(db, case.number, STEPPED, {}, account(db, "market"), MORNING))
    with pytest.raises(WrongState, match="领办"):
        ask_opinion(db, case.number, STEPPED, COUNTERSIGN, by=account(db, "market-2"), at=LATER)


def test_by_name(db: Session, case: Case, health: Account) -> None:
    def take(name: str, by: Account, **data: object) -> None:
        do(name, Asked(db, case.number, PLAIN, data, by, LATER))

    take("ask-opinion", health, kind="countersign", department="tax", question="有无欠税？", days="5")
    take("give-opinion", account(db, "tax"), agrees="no", answer="欠税。")
    take("ask-opinion", health, kind="advice", department="tax", question="何时清？")
    take("cancel-opinion", health, department="tax", reason="已清。")
    with pytest.raises(Faulty, match="countersign"):
        take("ask-opinion", health, kind="gossip", department="tax", question="？")
    take("ask-opinion", health, kind="advice", department="tax", question="？")
    with pytest.raises(Faulty, match="同意或者不同意"):
        take("give-opinion", account(db, "tax"), agrees="maybe", answer="？")
    take("give-opinion", account(db, "tax"), agrees=True, answer="好。")
    assert {one.agrees for one in opinions_of(db, case.number)} == {False, None, True}


@pytest.mark.parametrize("_round", range(3))
def test_answered_twice_at_once(fresh_database: Engine, _round: int) -> None:
    with transaction() as session:
        a_city(session)
        number = a_case(session).number
        ask_opinion(session, number, "B1-1", COUNTERSIGN, by=account(session, "market"), at=MORNING)
    start = Barrier(2)

    def answer(username: str) -> str:
        start.wait()
        try:
            with transaction() as session:
                by = account(session, username)
                give_opinion(session, number, "B1-1", "满足。", agrees=True, by=by, at=LATER)
        except Refused as refused:
            return str(refused)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(answer, ("fire", "fire-head")))
    assert told[0] == "done"
    assert "已经由同事反馈" in told[1]
