"""一次性告知, the notice: one, from the window, in time; later is acceptance by silence."""

from datetime import date

import pytest
from sqlmodel import Session

from actions.accepting import accept, decline
from actions.gaps import draft_mark
from actions.supervising import fire_due_rungs
from actions.supplementing import ask_supplement
from models.card import cards_of
from models.case import Case
from models.copying import REVISIONS_SKIPPED
from models.document import documents_of
from models.supplement import supplement_notices_of, untold_gaps
from rules.clock import ClockKind
from rules.errors import AlreadyDone, NotYourDesk, WrongState
from rules.states import Act, CaseState
from tests.actions.supplementing import (
    BACK,
    RECEIVED,
    acts,
    asked,
    asks,
    at,
    case,
    city,
    clock,
    lists,
    open_to,
)
from tests.people import CLERK, MANAGER, account

__all__ = ["case", "city"]  # fixtures


def test_after_a_restore_no_number_is_given_out_twice(db: Session, case: Case) -> None:
    """The notice left after the backup was made: the record knows nothing of it, the applicant has it in hand."""
    lists(db, case, "fire", "M-SIGN", "缺尺寸")
    with db.begin_nested() as lost:
        sent = asks(db, case)
        lost.rollback()
    case.revision += REVISIONS_SKIPPED
    assert asks(db, case) != sent
    db.flush()
    [notice], papers = supplement_notices_of(db, case.number), documents_of(db, case.number)
    assert notice.number in [paper.number for paper in papers], "the notice and its paper are one"


def test_only_the_window_sends_and_only_something(db: Session, case: Case) -> None:
    with pytest.raises(WrongState, match="还没有提出缺件"):
        asks(db, case)
    lists(db, case, "fire", "M-SIGN", "缺尺寸")
    for who in ("fire", "fire-head", "market-head", MANAGER):
        with pytest.raises(NotYourDesk):
            ask_supplement(db, case.number, by=account(db, who), at=RECEIVED)
    asks(db, case)
    with pytest.raises(AlreadyDone, match=r"-BZ\d+ 已于"):
        asks(db, case)
    assert len(supplement_notices_of(db, case.number)) == 1


def test_the_clerk_sends_what_the_clerk_has_read(db: Session, case: Case) -> None:
    lists(db, case, "fire", "M-SIGN", "缺尺寸")
    read = draft_mark(untold_gaps(db, case.number))
    lists(db, case, "market", *BACK)
    clerk = account(db, CLERK)
    with pytest.raises(WrongState, match="请看过最新的汇总"):
        ask_supplement(db, case.number, by=clerk, at=RECEIVED, draft=read)
    assert case.state is CaseState.SUBMITTED
    ask_supplement(db, case.number, by=clerk, at=RECEIVED, draft=draft_mark(untold_gaps(db, case.number)))


def test_the_list_is_locked_once_it_is_sent(db: Session, case: Case) -> None:
    asked(db, case)
    for who in ("fire", "market-head", CLERK):
        with pytest.raises(WrongState, match="一次发出，不能再加"):
            lists(db, case, who, "M-PLAN", "还缺比例")
    assert "list-gap" not in open_to(db, case, "fire")
    assert "ask-supplement" not in open_to(db, case, CLERK)


def test_a_notice_leaves_until_the_close_of_the_fifth_working_day(db: Session, case: Case) -> None:
    """Domain T17: received on Monday 03-02, told until 03-09."""
    lists(db, case, CLERK, "M-PLAN", "看不清")
    assert clock(db, case, ClockKind.NOTICE).due_on == date(2026, 3, 9)
    asks(db, case, at("03-09", 17, 30))
    fire_due_rungs(db, case.number, at=at("03-10"))
    assert "notice-passed" not in {card.rule for card in cards_of(db, case.number)}, "it was told in time"
    assert case.state is CaseState.CORRECTION


def test_at_23_59_of_the_fifth_day_it_is_accepted_already(db: Session, case: Case) -> None:
    """Offices close at 17:30 (民法典 art. 203): from then on it counts as accepted on the day of receipt."""
    lists(db, case, CLERK, "M-PLAN", "看不清")
    night = at("03-09", 23, 59)
    with pytest.raises(WrongState, match="不能再告知补正，请点“受理”"):
        asks(db, case, night)
    with pytest.raises(WrongState, match="不能再提出缺件"):
        lists(db, case, CLERK, "M-SIGN", "看不清", night)
    assert case.state is CaseState.SUBMITTED
    accept(db, case.number, by=account(db, CLERK), at=night)
    assert case.accepted_at == RECEIVED
    assert clock(db, case, ClockKind.STATUTORY).due_on == date(2026, 3, 30)
    assert Act.DEEM_ACCEPTED in acts(db, case)


def test_waiting_for_the_applicant_is_nobodys_silence(db: Session, case: Case) -> None:
    asked(db, case)
    fire_due_rungs(db, case.number, at=at("03-17"))
    assert case.state is CaseState.CORRECTION
    with pytest.raises(WrongState):
        accept(db, case.number, by=account(db, CLERK), at=at("03-17"))
    assert case.accepted_at is None
    with pytest.raises(WrongState, match="期限还没有届满"):
        decline(db, case.number, "没有补", by=account(db, CLERK), at=at("03-17"))
    assert {"accept", "decline"}.isdisjoint(open_to(db, case, CLERK, at("03-17")))
    assert not cards_of(db, case.number), "the time is the applicant's"
