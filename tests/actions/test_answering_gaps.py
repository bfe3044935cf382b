"""补正: answered part by part; complete, the limit of the law begins."""

from datetime import date

import pytest
from sqlmodel import Session

from actions.accepting import accept
from actions.applying import supply
from actions.deciding import grant
from actions.dropping_gaps import drop_gap
from actions.supervising import fire_due_rungs
from actions.supplementing import Answer, answer_gap
from models.audit import timeline
from models.card import cards_of
from models.case import Case, former_versions
from models.clock import running_clocks
from models.supplement import gaps_of
from rules.application import Supplied
from rules.clock import ClockKind
from rules.errors import NotYourDesk, Refused, WrongState
from rules.material import MaterialState
from rules.notices import Event
from rules.states import Act, CaseState
from tests.actions.small import a_case_of, items
from tests.actions.supplementing import (
    BACK,
    RECEIVED,
    answers,
    asked,
    asks,
    at,
    case,
    city,
    clock,
    latest,
    lists,
    told,
    two_desks,
)
from tests.people import CLERK, account

__all__ = ["case", "city"]  # fixtures


def test_part_answers_are_kept_and_the_last_one_completes(db: Session, case: Case) -> None:
    number = asked(db, case, "M-PLAN", "M-FORM", "address")
    assert not answers(db, case, "M-PLAN", at("03-05"))
    assert latest(db, case, "M-PLAN") == (2, MaterialState.SUPPLIED)
    assert [(one.spec_id, one.version, one.state) for one in former_versions(db, case.number)] == [
        ("M-PLAN", 1, MaterialState.ON_PAPER)
    ]
    assert not answers(db, case, "address", at("03-06"), Answer("示例路1号2楼"))
    assert case.state is CaseState.CORRECTION
    assert not told(db, case, Event.SUPPLEMENT_RECEIVED)
    assert [gap.spec_id for gap in gaps_of(db, case.number) if gap.answered_at is None] == ["M-FORM"]
    clerk = account(db, CLERK)
    assert answer_gap(db, case.number, "M-FORM", Answer(on_paper=True), by=clerk, at=at("03-12"))
    assert latest(db, case, "M-FORM") == (2, MaterialState.ON_PAPER)
    assert case.state is CaseState.SUBMITTED
    assert case.complete_at == at("03-12")
    [received] = told(db, case, Event.SUPPLEMENT_RECEIVED)
    assert received.facts == {"notice": number, "due_on": "2026-03-19", "provisional": False}
    assert {row.kind: row.due_on for row in running_clocks(db, case.number)} == {
        ClockKind.NOTICE: date(2026, 3, 19)
    }
    actors = [(entry.act, entry.actor) for entry in timeline(db, case.number)][-4:]
    assert actors == [
        (Act.ANSWER_GAP, "applicant"),
        (Act.ANSWER_GAP, "applicant"),
        (Act.ANSWER_GAP, CLERK),
        (Act.CLOSE_SUPPLEMENT, CLERK),
    ]
    with pytest.raises(WrongState, match="已经齐全"):
        answers(db, case, "M-FORM", at("03-12"))


@pytest.mark.parametrize("accepted", ["03-12", "03-16"])
def test_the_limit_of_the_law_runs_from_the_day_all_is_in(db: Session, case: Case, accepted: str) -> None:
    """Domain T18; a clerk who accepts later gains no days (R4)."""
    asked(db, case)
    assert answers(db, case, "M-PLAN", at("03-12"))
    accept(db, case.number, by=account(db, CLERK), at=at(accepted, 11))
    assert clock(db, case, ClockKind.STATUTORY).due_on == date(2026, 4, 10)
    assert items(db, case)["1"].legal_due_on == date(2026, 4, 10)


def test_silence_of_the_window_after_the_answer_is_acceptance_on_that_day(db: Session, case: Case) -> None:
    asked(db, case)
    answers(db, case, "M-PLAN", at("03-12"))
    fire_due_rungs(db, case.number, at=at("03-19", 17, 0))
    assert case.state is CaseState.SUBMITTED
    fire_due_rungs(db, case.number, at=at("03-20"))
    assert case.state is CaseState.ACCEPTED
    assert case.accepted_at == at("03-12"), "not on the first receipt"
    assert [card.rule for card in cards_of(db, case.number)].count("notice-passed") == 1


@pytest.mark.parametrize(
    ("spec", "answer", "sentence"),
    [
        ("M-PLAN", Answer(), "请上传文件"),
        ("M-PLAN", Answer("\x07"), "控制字符"),
        ("M-PLAN", Answer("长" * 2001), "2000"),
        ("M-PLAN", Answer(on_paper=True), "交到受理窗口"),
        ("address", Answer(on_paper=True), "请用文字"),
        ("M-SIGN", Answer("已补"), "没有这一项"),
        ("nonsense", Answer("已补"), "没有这一项"),
    ],
)
def test_a_bad_answer_is_one_sentence_and_changes_nothing(
    db: Session, case: Case, spec: str, answer: Answer, sentence: str
) -> None:
    asked(db, case, "M-PLAN", "address")
    with pytest.raises(Refused, match=sentence):
        answers(db, case, spec, at("03-05"), answer)
    assert not former_versions(db, case.number)
    assert all(gap.answered_at is None for gap in gaps_of(db, case.number))


def test_departments_do_not_answer_for_the_applicant(db: Session, case: Case) -> None:
    asked(db, case)
    with pytest.raises(NotYourDesk):
        answer_gap(db, case.number, "M-PLAN", Answer("已补"), by=account(db, "fire"), at=at("03-05"))


def test_an_answer_may_be_mended_while_others_are_open(db: Session, case: Case) -> None:
    asked(db, case, "M-PLAN", "M-FORM")
    answers(db, case, "M-PLAN", at("03-05"))
    answers(db, case, "M-PLAN", at("03-06"))
    assert latest(db, case, "M-PLAN") == (3, MaterialState.SUPPLIED)
    for _ in range(17):
        answers(db, case, "M-PLAN", at("03-06"))
    with pytest.raises(Refused, match="请到受理窗口"):
        answers(db, case, "M-PLAN", at("03-06"))


def test_what_is_told_and_dropped_completes_as_well(db: Session, case: Case) -> None:
    fire, form = lists(db, case, "fire", "M-SIGN", "缺尺寸"), lists(db, case, "market", *BACK)
    asks(db, case)
    answers(db, case, "M-FORM", at("03-05"))
    with pytest.raises(WrongState, match="已经补正"):
        drop_gap(db, case.number, str(form.id), "不要了", by=account(db, CLERK), at=at("03-05"))
    drop_gap(db, case.number, str(fire.id), "图上有尺寸", by=account(db, "fire"), at=at("03-06"))
    assert case.state is CaseState.SUBMITTED
    assert case.complete_at == at("03-06")


def test_the_latest_version_counts_everywhere(db: Session, case: Case) -> None:
    asked(db, case)
    answers(db, case, "M-PLAN", at("03-05"))
    accept(db, case.number, by=account(db, CLERK), at=at("03-05"))
    for code, who in (("B9-1", "market"), ("B9-2", "fire")):
        grant(db, case.number, code, by=account(db, who), at=at("03-06"))
    assert case.state is CaseState.CONCLUDED


def test_a_promised_paper_that_comes_meanwhile_does_not_make_the_file_complete(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case_of(db, two_desks(), monkeypatch, deferred=("M-SIGN",), accepted=False, at=RECEIVED)
    asked(db, case)
    supply(db, case.number, Supplied("M-SIGN"), by=account(db, CLERK), at=at("03-04"))
    assert case.complete_at is None
    answers(db, case, "M-PLAN", at("03-05"))
    assert case.complete_at == at("03-05")


def test_what_is_still_deferred_keeps_the_file_incomplete(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case_of(db, two_desks(), monkeypatch, deferred=("M-SIGN",), accepted=False, at=RECEIVED)
    asked(db, case)
    answers(db, case, "M-PLAN", at("03-05"))
    assert (case.state, case.complete_at) == (CaseState.SUBMITTED, None)
