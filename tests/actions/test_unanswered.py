"""补正, unanswered: reminded once, then what the bundle says of silence; and every act by its name."""

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session

from actions.accepting import accept, decline
from actions.acting import Asked
from actions.applying import supply
from actions.deciding import grant
from actions.doing import do
from actions.listing_gaps import WINDOW
from actions.supervising import fire_due_rungs
from actions.supplementing import Answer
from actions.unanswered import accept_deferring
from actions.withdrawing import withdraw
from models.audit import timeline
from models.case import Case, items_of
from models.clock import clocks_of, running_clocks
from models.supplement import gaps_of, open_notice, untold_gaps
from rules.application import Supplied
from rules.bundle import OnSilence
from rules.clock import ClockKind
from rules.errors import Faulty, NotYourDesk, Refused, WrongState
from rules.material import MaterialState
from rules.notices import Event
from rules.states import Act, CaseState, ItemState
from tests.actions.small import a_case_of
from tests.actions.supplementing import (
    RECEIVED,
    acts,
    answers,
    asked,
    asks,
    at,
    case,
    city,
    clock,
    latest,
    lists,
    open_to,
    told,
    two_desks,
)
from tests.people import CLERK, account, head_of

__all__ = ["case", "city"]  # fixtures


def silent(db: Session, patch: pytest.MonkeyPatch, silence: OnSilence) -> Case:
    """Asked on 03-02 by fire and the window; 15 working days end on 03-23, the next one begins on 03-24."""
    case = a_case_of(db, two_desks(silence), patch, accepted=False, at=RECEIVED)
    lists(db, case, "fire", "M-SIGN", "缺尺寸")
    asked(db, case)
    return case


def patrols(db: Session, case: Case, when: datetime) -> None:
    """However often it comes."""
    for minutes in (0, 1, 60 * 24):
        fire_due_rungs(db, case.number, at=when + timedelta(minutes=minutes))
        db.flush()


def test_the_applicant_is_reminded_once_of_what_is_still_open(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = silent(db, monkeypatch, OnSilence.WITHDRAWN)
    answers(db, case, "M-PLAN", at("03-05"))
    patrols(db, case, at("03-16"))
    assert not told(db, case, Event.SUPPLEMENT_REMINDED)
    patrols(db, case, at("03-19"))
    [reminder] = told(db, case, Event.SUPPLEMENT_REMINDED)
    assert reminder.facts["gaps"] == ["招牌图：缺尺寸"]
    assert reminder.facts["due_on"] == "2026-03-23"
    assert "视为您撤回" in reminder.facts["silence"]
    assert case.state is CaseState.CORRECTION


def test_the_last_day_ends_at_midnight_and_nobody_is_told_at_night(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = silent(db, monkeypatch, OnSilence.REFUSED)
    patrols(db, case, at("03-23", 23, 0) - timedelta(days=1))
    fire_due_rungs(db, case.number, at=at("03-23", 23, 58))
    assert case.state is CaseState.CORRECTION
    answers(db, case, "M-PLAN", at("03-23", 23, 59))
    fire_due_rungs(db, case.number, at=at("03-24", 8, 59))
    assert case.state is CaseState.CORRECTION
    assert answers(db, case, "M-SIGN", at("03-24", 8, 59)), "late, but the case still waits"
    patrols(db, case, at("03-24", 9, 0))
    assert case.state is CaseState.SUBMITTED
    assert not told(db, case, Event.NOT_ACCEPTED)


def test_silence_as_withdrawal(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = silent(db, monkeypatch, OnSilence.WITHDRAWN)
    patrols(db, case, at("03-24"))
    assert case.state is CaseState.WITHDRAWN
    assert {item.state for item in items_of(db, case.number)} == {ItemState.WITHDRAWN}
    assert "视为撤回" in case.end_reason
    [lapsed] = told(db, case, Event.SUPPLEMENT_LAPSED)
    assert lapsed.facts["result"].startswith("视为撤回")
    assert acts(db, case).count(Act.LAPSE_SUPPLEMENT) == 1
    assert not running_clocks(db, case.number)
    assert open_notice(db, case.number) is None
    assert case.look_at is None, "Prefect has never heard of it"
    with pytest.raises(WrongState, match="已撤回"):
        answers(db, case, "M-SIGN", at("03-25"))


def test_nothing_is_asked_for_an_item_that_is_taken_back(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the silence about its paper would end the item the applicant wants to go on with."""
    case = a_case_of(db, two_desks(OnSilence.WITHDRAWN), monkeypatch, accepted=False, at=RECEIVED)
    lists(db, case, "fire", "M-SIGN", "缺尺寸")
    lists(db, case, "fire", "M-PLAN", "看不清")
    asks(db, case)
    withdraw(db, case.number, "B9-2", by=None, at=at("03-05"))
    db.flush()
    assert [gap.spec_id for gap in gaps_of(db, case.number)] == ["M-PLAN"], "the other item uses it as well"
    assert case.state is CaseState.CORRECTION
    answers(db, case, "M-PLAN", at("03-20"))
    patrols(db, case, at("03-24"))
    assert case.state is CaseState.SUBMITTED
    assert items_of(db, case.number)[0].state is ItemState.PENDING


def test_with_the_last_paper_asked_for_the_notice_is_answered(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case_of(db, two_desks(OnSilence.WITHDRAWN), monkeypatch, accepted=False, at=RECEIVED)
    lists(db, case, "fire", "M-SIGN", "缺尺寸")
    lists(db, case, CLERK, "address", "门牌号不对")
    asks(db, case)
    withdraw(db, case.number, "B9-2", by=None, at=at("03-05"))
    [left] = gaps_of(db, case.number)
    assert (left.spec_id, case.state) == ("address", CaseState.CORRECTION), "the form is of the whole case"
    answers(db, case, "address", at("03-05", 11), Answer("2号"))
    assert (case.state, open_notice(db, case.number)) == (CaseState.SUBMITTED, None)

    case = a_case_of(db, two_desks(OnSilence.WITHDRAWN), monkeypatch, accepted=False, at=RECEIVED)
    lists(db, case, "fire", "M-SIGN", "缺尺寸")
    asks(db, case)
    withdraw(db, case.number, "B9-2", by=None, at=at("03-05"))
    assert (case.state, case.complete_at) == (CaseState.SUBMITTED, at("03-05"))
    [entry] = [one for one in timeline(db, case.number) if one.act is Act.DROP_GAP]
    assert (entry.actor, "已撤回" in entry.reason) == ("system", True)


def test_nor_is_it_told_when_only_listed(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, two_desks(), monkeypatch, accepted=False, at=RECEIVED)
    lists(db, case, "fire", "M-SIGN", "缺尺寸")
    withdraw(db, case.number, "B9-2", by=None, at=at("03-02", 11))
    assert not untold_gaps(db, case.number)
    accept(db, case.number, by=account(db, CLERK), at=at("03-03"))
    assert case.state is CaseState.ACCEPTED


def test_silence_as_refusal_is_a_written_decision_with_its_reason(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = silent(db, monkeypatch, OnSilence.REFUSED)
    patrols(db, case, at("03-24"))
    assert case.state is CaseState.NOT_ACCEPTED
    assert {item.state for item in items_of(db, case.number)} == {ItemState.NOT_NEEDED}
    [letter] = told(db, case, Event.NOT_ACCEPTED)
    assert letter.statutory
    assert letter.facts["reason"] == case.decline_reason
    assert f"{case.number}-BZ" in case.decline_reason
    assert "“招牌图”" in case.decline_reason
    assert not told(db, case, Event.SUPPLEMENT_LAPSED), "one letter says it all"


def test_silence_that_asks_decides_nothing(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure story 19: a late supplement is never refused without asking."""
    case = silent(db, monkeypatch, OnSilence.ASK)
    patrols(db, case, at("03-24"))
    patrols(db, case, at("05-06"))
    assert case.state is CaseState.CORRECTION
    notice = open_notice(db, case.number)
    assert notice is not None
    assert notice.lapsed
    assert len(told(db, case, Event.SUPPLEMENT_LAPSED)) == 1
    assert acts(db, case).count(Act.LAPSE_SUPPLEMENT) == 1
    assert "decline" in open_to(db, case, CLERK, at("05-07"))
    for spec in ("M-PLAN", "M-SIGN"):
        answers(db, case, spec, at("05-08"))
    assert case.state is CaseState.SUBMITTED, "late, and still taken"
    assert clock(db, case, ClockKind.NOTICE).due_on == date(2026, 5, 14)  # 05-09 is worked


def test_the_window_may_decline_what_was_never_answered(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = silent(db, monkeypatch, OnSilence.ASK)
    patrols(db, case, at("03-24"))
    decline(db, case.number, "逾期未补正。", by=account(db, CLERK), at=at("03-25"))
    assert case.state is CaseState.NOT_ACCEPTED
    assert open_notice(db, case.number) is None


def test_the_window_may_accept_it_when_the_rest_may_come_later(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = silent(db, monkeypatch, OnSilence.ASK)
    clerk = account(db, CLERK)
    with pytest.raises(WrongState, match="补正逾期"):
        accept_deferring(db, case.number, by=clerk, at=at("03-20"))
    patrols(db, case, at("03-24"))
    assert "accept-deferring" in open_to(db, case, CLERK)
    answers(db, case, "M-PLAN", at("03-25"))
    with pytest.raises(NotYourDesk):
        accept_deferring(db, case.number, by=account(db, "fire"), at=at("03-25"))
    accept_deferring(db, case.number, by=clerk, at=at("03-25"))
    assert case.state is CaseState.ACCEPTED
    assert latest(db, case, "M-SIGN") == (2, MaterialState.DEFERRED)
    assert clock(db, case, ClockKind.DEFERRAL).n == 10
    with pytest.raises(WrongState, match="容缺材料"):
        grant(db, case.number, "B9-2", by=account(db, "fire"), at=at("03-26"))
    supply(db, case.number, Supplied("M-SIGN"), by=clerk, at=at("03-26"))
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=at("03-26"))


def test_a_core_paper_is_never_deferred(db: Session, case: Case) -> None:
    asked(db, case, "M-FORM", "M-SIGN")
    patrols(db, case, at("03-24"))
    assert "accept-deferring" not in open_to(db, case, CLERK)
    with pytest.raises(Refused, match="“申请表”不能容缺"):
        accept_deferring(db, case.number, by=account(db, CLERK), at=at("03-25"))
    assert latest(db, case, "M-SIGN") == (1, MaterialState.ON_PAPER)


def test_the_clock_of_an_answered_notice_does_not_lapse_the_next(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The patrol was away: the old end is met only when a new notice already waits."""
    case = silent(db, monkeypatch, OnSilence.WITHDRAWN)
    for spec in ("M-PLAN", "M-SIGN"):
        answers(db, case, spec, at("03-25"))
    lists(db, case, "fire", "M-SIGN", "仍缺尺寸", at("03-25"))
    asks(db, case, at("03-26"))
    patrols(db, case, at("03-27"))
    assert case.state is CaseState.CORRECTION
    notice = open_notice(db, case.number)
    assert notice is not None
    assert not notice.lapsed
    assert not told(db, case, Event.SUPPLEMENT_LAPSED)


def test_who_withdraws_meanwhile_owes_nothing_any_more(db: Session, case: Case) -> None:
    asked(db, case)
    withdraw(db, case.number, by=None, at=at("03-05"))
    patrols(db, case, at("03-30"))
    assert case.state is CaseState.WITHDRAWN
    assert not told(db, case, Event.SUPPLEMENT_REMINDED) + told(db, case, Event.SUPPLEMENT_LAPSED)


def test_every_act_by_its_name(db: Session, case: Case) -> None:
    def act(name: str, who: str, **data: object) -> None:
        do(name, Asked(db, case.number, "", data, account(db, who), RECEIVED))
        db.flush()

    act("list-gap", "fire", material="M-SIGN", what="缺尺寸")
    act("list-gap", CLERK, material="M-PLAN", what="看不清")
    plan = next(gap for gap in gaps_of(db, case.number) if gap.spec_id == "M-PLAN")
    act("drop-gap", CLERK, gap=str(plan.id), reason="看清了")
    with pytest.raises(Faulty, match="缺什么"):
        act("list-gap", "fire", material="M-SIGN")
    act("ask-supplement", CLERK)
    act("answer-gap", CLERK, material="M-SIGN", on_paper="yes")
    assert case.state is CaseState.SUBMITTED
    with pytest.raises(Faulty, match="漏掉"):
        act("list-gap", head_of(db, "market").username, material="M-PLAN", what="看不清", office="fire")
    act(
        "list-gap",
        "market-head",
        material="M-PLAN",
        what="看不清",
        office=WINDOW,
        missed="漏看",
    )
    assert untold_gaps(db, case.number)[0].department_code is None
    assert {row.kind for row in clocks_of(db, case.number)} == {ClockKind.NOTICE, ClockKind.SUPPLEMENT}
