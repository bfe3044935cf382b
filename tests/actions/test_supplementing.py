"""一次性告知: one list, one notice, one date; answered part by part, and silence leads to what the bundle says."""

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session

from actions.accepting import accept, decline
from actions.acting import Asked, Scene
from actions.applying import supply
from actions.deciding import grant
from actions.doing import do, possible
from actions.dropping_gaps import drop_gap
from actions.gaps import draft_mark
from actions.listing_gaps import WINDOW, Missed, askable, list_gap
from actions.supervising import fire_due_rungs
from actions.supplementing import Answer, answer_gap, ask_supplement
from actions.unanswered import accept_deferring
from actions.withdrawing import withdraw
from models.audit import timeline
from models.card import cards_of
from models.case import Case, former_versions, items_of, materials_of
from models.clock import ClockRow, clocks_of, running_clocks
from models.document import documents_of
from models.notice import Notice, notices_of
from models.supplement import (
    Gap,
    gaps_of,
    open_notice,
    supplement_notices_of,
    told_again_by_department,
    untold_gaps,
)
from rules.application import Supplied
from rules.bundle import Bundle, OnSilence, Supplement
from rules.clock import ClockKind
from rules.documents import DocumentKind
from rules.errors import AlreadyDone, Faulty, NotFound, NotYourDesk, Refused, WrongState
from rules.material import MaterialState
from rules.moments import CHINA
from rules.notices import Event
from rules.states import Act, CaseState, ItemState
from tests.actions.small import FORM, PLAN, SIGN, a_bundle, a_case_of, an_item, items, working_days
from tests.people import CLERK, MANAGER, a_city, account, head_of

BACK = ("M-FORM", "缺负责人签字")


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def at(day: str, hour: int = 10, minute: int = 0) -> datetime:
    """03-02 at ten in the hall, in 2026."""
    month, number = (int(part) for part in day.split("-"))
    return datetime(2026, month, number, hour, minute, tzinfo=CHINA)


RECEIVED = at("03-02")  # Monday, domain T17


def two_desks(silence: OnSilence = OnSilence.ASK, answer: int = 15) -> Bundle:
    """market needs form and plan, fire the plan and the sign; market leads."""
    law = working_days(20, "行政许可法第四十二条")
    return a_bundle(
        an_item(1, materials=("M-FORM", "M-PLAN"), legal=law),
        an_item(2, "fire", materials=("M-PLAN", "M-SIGN"), legal=law),
        materials=(FORM, PLAN, SIGN),
        supplement=Supplement(working_days(2), working_days(answer), silence),
    )


@pytest.fixture
def case(db: Session, monkeypatch: pytest.MonkeyPatch) -> Case:
    return a_case_of(db, two_desks(), monkeypatch, accepted=False, at=RECEIVED)


def lists(
    db: Session, case: Case, who: str, spec: str, what: str, when: datetime = RECEIVED, **more: object
) -> Gap:
    gap = list_gap(db, case.number, spec, what, by=account(db, who), at=when, **more)  # type: ignore[arg-type]
    db.flush()
    return gap


def asks(db: Session, case: Case, when: datetime = RECEIVED) -> str:
    return ask_supplement(db, case.number, by=account(db, CLERK), at=when).number


def answers(db: Session, case: Case, spec: str, when: datetime, answer: Answer | None = None) -> bool:
    given = answer or Answer(file=Supplied(spec, "新.pdf", "f" * 32, "application/pdf", 9, "a" * 64))
    return answer_gap(db, case.number, spec, given, by=None, at=when)


def asked(db: Session, case: Case, *specs: str) -> str:
    """A notice of these papers, from the window, on the day of receipt."""
    for spec in specs or ("M-PLAN",):
        lists(db, case, CLERK, spec, "看不清，请重新提交")
    return asks(db, case)


def told(db: Session, case: Case, event: Event) -> list[Notice]:
    return [one for one in notices_of(db, case.number) if one.event is event]


def clock(db: Session, case: Case, kind: ClockKind) -> ClockRow:
    return next(row for row in running_clocks(db, case.number) if row.kind is kind)


def latest(db: Session, case: Case, spec: str) -> tuple[int, MaterialState]:
    return next((one.version, one.state) for one in materials_of(db, case.number) if one.spec_id == spec)


def acts(db: Session, case: Case) -> list[Act]:
    return [entry.act for entry in timeline(db, case.number)]


def open_to(db: Session, case: Case, who: str, when: datetime = RECEIVED) -> set[str]:
    return {one.doing.name for one in possible(db, case.number, account(db, who), at=when)}


# One list


def test_departments_and_window_list_and_one_notice_says_it_all(db: Session, case: Case) -> None:
    lists(db, case, "market", "M-PLAN", "看不清，请重新提交")
    lists(db, case, "fire", "M-PLAN", "看不清， 请重新提交。", at("03-02", 11))
    lists(db, case, "fire", "M-PLAN", "没有标出疏散通道", at("03-02", 12))
    lists(db, case, "fire-head", "M-SIGN", "缺尺寸", at("03-02", 13))
    lists(db, case, CLERK, "address", "没有写门牌号", at("03-02", 14))
    number = asks(db, case, at("03-03"))
    assert number == f"{case.number}-BZ1"
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


# One notice


def test_only_the_window_sends_and_only_something(db: Session, case: Case) -> None:
    with pytest.raises(WrongState, match="还没有提出缺件"):
        asks(db, case)
    lists(db, case, "fire", "M-SIGN", "缺尺寸")
    for who in ("fire", "fire-head", "market-head", MANAGER):
        with pytest.raises(NotYourDesk):
            ask_supplement(db, case.number, by=account(db, who), at=RECEIVED)
    asks(db, case)
    with pytest.raises(AlreadyDone, match="-BZ1 已于"):
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


# The answer


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


# Told once


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
    assert asks(db, case, when) == f"{case.number}-BZ2"
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
    assert asks(db, case, at("03-13")).endswith("-BZ2")
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


# Silence


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
    assert f"{case.number}-BZ1" in case.decline_reason
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
