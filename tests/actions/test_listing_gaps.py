"""一次性告知, the list: who lists what, once, and what is dealt with before anything is sent."""

from datetime import date

import pytest
from sqlmodel import Session

from actions.accepting import accept
from actions.dropping_gaps import drop_gap
from models.audit import timeline
from models.case import Case, materials_of
from models.clock import running_clocks
from models.document import documents_of
from models.supplement import gaps_of, untold_gaps
from rules.clock import ClockKind
from rules.documents import DocumentKind
from rules.errors import AlreadyDone, Faulty, NotFound, NotYourDesk, WrongState
from rules.material import MaterialState
from rules.notices import Event
from rules.states import Act, CaseState
from tests.actions.small import a_case_of
from tests.actions.supplementing import (
    BACK,
    RECEIVED,
    asks,
    at,
    case,
    city,
    clock,
    lists,
    open_to,
    told,
    two_desks,
)
from tests.people import CLERK, MANAGER, account

__all__ = ["case", "city"]  # fixtures


def test_departments_and_window_list_and_one_notice_says_it_all(db: Session, case: Case) -> None:
    lists(db, case, "market", "M-PLAN", "看不清，请重新提交")
    lists(db, case, "fire", "M-PLAN", "看不清， 请重新提交。", at("03-02", 11))
    lists(db, case, "fire", "M-PLAN", "没有标出疏散通道", at("03-02", 12))
    lists(db, case, "fire-head", "M-SIGN", "缺尺寸", at("03-02", 13))
    lists(db, case, CLERK, "address", "没有写门牌号", at("03-02", 14))
    number = asks(db, case, at("03-03"))
    assert number == f"{case.number}-BZ{case.revision}"
    assert case.state is CaseState.CORRECTION
    [notice] = told(db, case, Event.SUPPLEMENT_ASKED)
    assert notice.statutory
    assert notice.facts == {
        "notice": number,
        "gaps": [
            "平面图：看不清，请重新提交；没有标出疏散通道",
            "招牌图：缺尺寸",
            "地址：没有写门牌号",
        ],
        "due_on": "2026-03-24",
        "provisional": False,
        "silence": "到期没有补齐的，由窗口和有关部门决定，决定之前补齐仍然有效",
    }
    assert {row.kind for row in running_clocks(db, case.number)} == {ClockKind.SUPPLEMENT}
    assert clock(db, case, ClockKind.SUPPLEMENT).due_on == date(2026, 3, 24)
    assert not untold_gaps(db, case.number)
    assert case.complete_at is None
    papers = [one.number for one in documents_of(db, case.number) if one.kind is DocumentKind.SUPPLEMENT]
    assert papers == [number], "one number for the notice and its paper"


def test_only_offices_of_the_case_list_and_only_their_own_papers(db: Session, case: Case) -> None:
    with pytest.raises(NotYourDesk, match="没有您部门的事项"):
        lists(db, case, "tax", "M-FORM", "缺签字")
    with pytest.raises(NotYourDesk, match="政务管理"):
        lists(db, case, MANAGER, "M-FORM", "缺签字")
    with pytest.raises(Faulty, match="您的事项用到的材料"):
        lists(db, case, "fire", "M-FORM", "缺签字")
    with pytest.raises(Faulty, match="请写明缺什么"):
        lists(db, case, "fire", "M-SIGN", "  ")
    with pytest.raises(Faulty, match="500"):
        lists(db, case, "fire", "M-SIGN", "长" * 501)
    assert not gaps_of(db, case.number)
    assert lists(db, case, CLERK, "M-FORM", "缺签字").department_code is None


def test_what_the_state_has_itself_is_not_asked_of_the_applicant(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case_of(db, two_desks(), monkeypatch, deferred=("M-PLAN",), accepted=False, at=RECEIVED)
    with pytest.raises(Faulty, match="已容缺"):
        lists(db, case, "fire", "M-PLAN", "没有交")
    paper = next(one for one in materials_of(db, case.number) if one.spec_id == "M-SIGN")
    paper.state = MaterialState.SHARED
    db.flush()
    with pytest.raises(Faulty, match="不得再要求申请人提供"):
        lists(db, case, "fire", "M-SIGN", "请提供")


def test_the_same_gap_of_the_same_office_is_one(db: Session, case: Case) -> None:
    lists(db, case, "fire", "M-SIGN", "缺尺寸")
    with pytest.raises(AlreadyDone, match="已经提出过"):
        lists(db, case, "fire", "M-SIGN", "缺尺寸。")
    assert len(gaps_of(db, case.number)) == 1


def test_departments_have_their_window_the_clerk_the_time_of_the_law(db: Session, case: Case) -> None:
    lists(db, case, "fire", "M-SIGN", "缺尺寸", at("03-04", 17, 30))
    with pytest.raises(WrongState, match="已于 2026-03-04 17:30 结束，请联系综合窗口"):
        lists(db, case, "fire", "M-PLAN", "缺比例", at("03-04", 17, 31))
    assert "list-gap" not in open_to(db, case, "fire", at("03-05"))
    assert "list-gap" in open_to(db, case, CLERK, at("03-05"))
    lists(db, case, CLERK, "M-PLAN", "缺比例", at("03-09", 17, 30))


def test_a_gap_is_dropped_by_its_office_or_the_window_with_a_reason(db: Session, case: Case) -> None:
    fire, market = lists(db, case, "fire", "M-SIGN", "缺尺寸"), lists(db, case, "market", *BACK)
    with pytest.raises(NotYourDesk, match="不是您部门提出的"):
        drop_gap(db, case.number, str(fire.id), "看错了", by=account(db, "market"), at=RECEIVED)
    with pytest.raises(Faulty, match="理由"):
        drop_gap(db, case.number, str(fire.id), "", by=account(db, "fire"), at=RECEIVED)
    drop_gap(db, case.number, str(fire.id), "看错了", by=account(db, "fire-head"), at=RECEIVED)
    with pytest.raises(NotFound):
        drop_gap(db, case.number, str(fire.id), "看错了", by=account(db, "fire"), at=RECEIVED)
    drop_gap(db, case.number, str(market.id), "当场已补签", by=account(db, CLERK), at=RECEIVED)
    entry = timeline(db, case.number)[-1]
    assert (entry.act, entry.actor) == (Act.DROP_GAP, CLERK)
    assert entry.reason == "“申请表”：缺负责人签字（撤销：当场已补签）", "the department reads why"
    assert not gaps_of(db, case.number)
    lists(db, case, "fire", "M-SIGN", "缺尺寸")


def test_what_was_listed_is_dealt_with_before_acceptance(db: Session, case: Case) -> None:
    gap = lists(db, case, "fire", "M-SIGN", "缺尺寸")
    with pytest.raises(WrongState, match="缺件还没有处理"):
        accept(db, case.number, by=account(db, CLERK), at=RECEIVED)
    assert case.accepted_at is None
    drop_gap(db, case.number, str(gap.id), "图上有尺寸", by=account(db, CLERK), at=RECEIVED)
    accept(db, case.number, by=account(db, CLERK), at=RECEIVED)
    assert case.state is CaseState.ACCEPTED
    with pytest.raises(WrongState, match="不能提出缺件"):
        lists(db, case, "fire", "M-SIGN", "缺尺寸")
