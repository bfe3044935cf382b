"""一次性告知, once: what was there to be seen is not told a second time (art. 72)."""

from datetime import date

import pytest
from sqlmodel import Session

from actions.accepting import accept
from actions.acting import Scene
from actions.listing_gaps import WINDOW, Missed, askable
from models.case import Case
from models.supplement import supplement_notices_of, told_again_by_department, untold_gaps
from rules.clock import ClockKind
from rules.errors import Faulty, NotYourDesk, Refused
from rules.material import MaterialState
from rules.notices import Event
from tests.actions.supplementing import answers, asked, asks, at, case, city, clock, latest, lists, told
from tests.people import CLERK, MANAGER, account

__all__ = ["case", "city"]  # fixtures


def once_more(db: Session, case: Case) -> None:
    """The plan was told and has come in; the form was never mentioned."""
    asked(db, case)
    answers(db, case, "M-PLAN", at("03-12"))


def test_what_existed_is_not_told_a_second_time(db: Session, case: Case) -> None:
    once_more(db, case)
    for who in (CLERK, "market", "market-head"):
        with pytest.raises(Refused, match="已经一次性告知过"):
            lists(db, case, who, "M-FORM", "缺签字", at("03-13"))
    with pytest.raises(NotYourDesk, match="由牵头部门负责人"):
        lists(db, case, "fire-head", "M-SIGN", "缺尺寸", at("03-13"), missed=Missed("漏看", "fire"))
    with pytest.raises(NotYourDesk):
        lists(db, case, MANAGER, "M-FORM", "缺签字", at("03-13"), missed=Missed("漏看", WINDOW))
    assert not untold_gaps(db, case.number)


def test_a_leader_may_with_reasons_and_it_is_counted(db: Session, case: Case) -> None:
    once_more(db, case)
    head, when = "market-head", at("03-18")  # past the departments' window
    with pytest.raises(Faulty, match="为什么漏掉"):
        lists(db, case, head, "M-SIGN", "缺尺寸", when, missed=Missed(" ", "fire"))
    with pytest.raises(Faulty, match="漏告的部门"):
        lists(db, case, head, "M-SIGN", "缺尺寸", when, missed=Missed("漏看了", "tax"))
    gap = lists(db, case, head, "M-SIGN", "缺尺寸", when, missed=Missed("经办人漏看了背面", "fire"))
    assert (gap.existed, gap.department_code, gap.listed_by) == (True, "fire", head)
    assert told_again_by_department(db) == {}, "not told yet"
    assert asks(db, case, when) == supplement_notices_of(db, case.number)[1].number
    assert supplement_notices_of(db, case.number)[1].override_reason == "经办人漏看了背面"
    assert told_again_by_department(db) == {"fire": 1}
    assert len(told(db, case, Event.SUPPLEMENT_ASKED)) == 2
    assert clock(db, case, ClockKind.SUPPLEMENT).due_on == date(2026, 4, 9)


def test_the_windows_own_omission_counts_for_the_window(db: Session, case: Case) -> None:
    once_more(db, case)
    lists(db, case, "market-head", "M-FORM", "缺签字", at("03-13"), missed=Missed("漏看了", WINDOW))
    asks(db, case, at("03-13"))
    assert told_again_by_department(db) == {None: 1}


def test_a_defect_of_what_came_anew_may_be_told_again(db: Session, case: Case) -> None:
    once_more(db, case)
    assert lists(db, case, "fire", "M-PLAN", "新图仍缺比例", at("03-13")).existed is False
    with pytest.raises(Faulty, match="不需要填写漏告的理由"):
        lists(db, case, "market-head", "M-PLAN", "缺页", at("03-13"), missed=Missed("漏看了", "fire"))
    assert asks(db, case, at("03-13")) == supplement_notices_of(db, case.number)[1].number
    assert told_again_by_department(db) == {}
    assert answers(db, case, "M-PLAN", at("03-16"))
    assert latest(db, case, "M-PLAN") == (3, MaterialState.SUPPLIED)
    assert len(told(db, case, Event.SUPPLEMENT_RECEIVED)) == 2
    accept(db, case.number, by=account(db, CLERK), at=at("03-16"))
    assert clock(db, case, ClockKind.STATUTORY).started_at == at("03-16")


def test_before_a_first_notice_nothing_was_missed(db: Session, case: Case) -> None:
    with pytest.raises(Faulty, match="不需要填写漏告的理由"):
        lists(db, case, "market-head", "M-FORM", "缺签字", missed=Missed("漏看了", WINDOW))


def test_after_a_notice_only_what_may_be_told_is_offered(db: Session, case: Case) -> None:
    once_more(db, case)

    def offered(who: str) -> set[str]:
        scene = Scene(db, case, None, account(db, who), at("03-13"))
        return {value for value, _ in askable(scene)}

    assert offered("fire") == {"M-PLAN"}
    assert {"M-FORM", "M-SIGN", "M-PLAN"} <= offered("market-head")
