"""The clocks of a real case: every date in the record is the one the rules derive."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlmodel import Session

from actions.deciding import grant
from actions.delivering import deliver
from actions.doing import Asked, do
from actions.ending import end_item
from actions.extending import extend_case, extend_item
from actions.issuing import issue
from actions.supervising import close, explain, fire_due_rungs
from actions.suspending import Procedure, end_special, start_special
from config.catalogue import catalogue
from config.settings import settings
from models.audit import timeline
from models.card import cards_of
from models.case import Case, Item, items_of
from models.clock import cases_with_a_rung_due, clocks_of, running_clocks
from models.notice import notices_of
from rules.clock import ClockKind
from rules.errors import AlreadyDone, Faulty, NotYourDesk, Refused, WrongState
from rules.lights import Light
from rules.notices import Event
from rules.states import Act, CaseState, ItemState
from tests.people import CLERK, GOVERNOR, MANAGER, MORNING, a_case, a_city, account, head_of

EXPERTS = Procedure(kind="检验检测", reason="需抽样送检。", expected_days=9)


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def in_the_hall(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour - 8, tzinfo=UTC)


def food(db: Session, case: Case) -> Item:
    return next(item for item in items_of(db, case.number) if item.code == "B1-2")


def a_case_in_review(db: Session) -> Case:
    case = a_case(db)
    grant(db, case.number, "B1-1", by=account(db, "market"), at=MORNING)
    return case


def due(db: Session, case: Case, kind: ClockKind, item: str = "") -> date | None:
    return next(row.due_on for row in running_clocks(db, case.number, item) if row.kind is kind)


def due_by(db: Session, at: datetime) -> list[str]:
    return [number for _, number in cases_with_a_rung_due(db, at, 10)]


def test_the_joint_clock_is_45_working_days_and_the_promise_13(db: Session) -> None:
    case = a_case_in_review(db)
    assert case.promised_due_on == date(2026, 3, 25)  # domain 1.5, T2
    statutory = next(row for row in running_clocks(db, case.number) if row.kind is ClockKind.STATUTORY)
    assert (statutory.n, statutory.extend) == (45, 15)


def test_silence_of_five_days_is_acceptance_back_dated_with_a_red_card_once(db: Session) -> None:
    case = a_case(db, accepted=False)
    assert due(db, case, ClockKind.NOTICE) == date(2026, 3, 13)
    late = in_the_hall(date(2026, 3, 16))
    assert case.number in due_by(db, late)
    fire_due_rungs(db, case.number, at=late)
    fire_due_rungs(db, case.number, at=late + timedelta(days=1))
    assert case.state is CaseState.ACCEPTED
    assert case.accepted_at == case.submitted_at
    assert case.promised_due_on == date(2026, 3, 25), "counted from the day of receipt"
    cards = [card for card in cards_of(db, case.number) if card.rule == "notice-passed"]
    assert [card.level for card in cards] == [Light.RED]
    assert [entry.act for entry in timeline(db, case.number)].count(Act.DEEM_ACCEPTED) == 1


def test_a_patrol_at_the_very_end_of_a_limit_finds_nothing_passed(db: Session) -> None:
    """What is done in that moment is done in time; the next patrol has the card and the deemed acceptance."""
    case = a_case(db, accepted=False)
    end = in_the_hall(date(2026, 3, 13), 17) + timedelta(minutes=30)
    fire_due_rungs(db, case.number, at=end)
    assert [card.rule for card in cards_of(db, case.number)] == ["notice-near_end"]
    assert case.state is CaseState.SUBMITTED
    fire_due_rungs(db, case.number, at=end + timedelta(minutes=1))
    assert "notice-passed" in [card.rule for card in cards_of(db, case.number)]
    assert case.state is CaseState.ACCEPTED


def test_what_is_handed_over_after_closing_is_not_late_the_same_instant(db: Session) -> None:
    """The patrol of 17:30:20 deems the case accepted; the item at once has the next day it can be done on."""
    case = a_case(db, accepted=False)
    evening = in_the_hall(date(2026, 3, 13), 17) + timedelta(minutes=30, seconds=20)
    fire_due_rungs(db, case.number, at=evening)
    first = next(item for item in items_of(db, case.number) if item.code == "B1-1")
    assert (first.state, first.handed_over_at) == (ItemState.IN_REVIEW, evening)
    assert due(db, case, ClockKind.PROMISED, first.number) == date(2026, 3, 16)
    assert [card.rule for card in cards_of(db, case.number) if card.item_number] == []
    fire_due_rungs(db, case.number, at=evening + timedelta(days=3))
    late = [card.rule for card in cards_of(db, case.number) if card.item_number == first.number]
    assert late == ["promised-passed"]


def test_an_office_may_count_from_the_next_working_day(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """domain.md 1.5, T19: filed on a Saturday night, strictly and by the other policy."""
    saturday = in_the_hall(date(2026, 3, 7), 23)
    assert due(db, a_case(db, accepted=False, at=saturday), ClockKind.NOTICE) == date(2026, 3, 13)
    with monkeypatch.context() as patch:
        patch.setenv("YJS_RECEIPT_MODE", "next_working_day")
        settings.cache_clear()
        case = a_case(db, accepted=False, at=saturday)
    settings.cache_clear()
    assert due(db, case, ClockKind.NOTICE) == date(2026, 3, 16)
    assert case.submitted_at == saturday, "when it came is not changed by how it is counted"
    fire_due_rungs(db, case.number, at=in_the_hall(date(2026, 3, 17)))
    assert case.accepted_at == in_the_hall(date(2026, 3, 9), 9)


def test_an_office_may_leave_out_the_day_a_procedure_starts(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way keeps the rule it was started under."""
    halves, whole = a_case_in_review(db), a_case_in_review(db)
    head, day = head_of(db, "market"), in_the_hall(date(2026, 3, 9))
    start_special(db, halves.number, "B1-2", EXPERTS, by=head, at=day)
    with monkeypatch.context() as patch:
        patch.setenv("YJS_SUSPENSION_ROUNDING", "ceil")
        settings.cache_clear()
        start_special(db, whole.number, "B1-2", EXPERTS, by=head, at=day)
    settings.cache_clear()
    ends = []
    for case in (halves, whole):
        end_special(db, case.number, "B1-2", "合格。", by=head, at=in_the_hall(date(2026, 3, 20)))
        ends.append(due(db, case, ClockKind.STATUTORY, food(db, case).number))
    assert ends == [date(2026, 4, 17), date(2026, 4, 20)]


def test_a_special_procedure_moves_the_dates_and_holds_the_decision(db: Session) -> None:
    case = a_case_in_review(db)
    item, head = food(db, case), head_of(db, "market")
    before = due(db, case, ClockKind.STATUTORY, item.number)
    start_special(db, case.number, "B1-2", EXPERTS, by=head, at=in_the_hall(date(2026, 3, 9)))
    assert item.state is ItemState.SPECIAL
    assert due(db, case, ClockKind.STATUTORY, item.number) is None
    with pytest.raises(WrongState, match="特别程序"):
        grant(db, case.number, "B1-2", by=account(db, "market"), at=in_the_hall(date(2026, 3, 10)))
    end_special(db, case.number, "B1-2", "合格。", by=head, at=in_the_hall(date(2026, 3, 20)))
    after = due(db, case, ClockKind.STATUTORY, item.number)
    assert before
    assert after
    assert after > before
    assert item.due_on
    told = [notice.event for notice in notices_of(db, case.number)]
    assert Event.SPECIAL_STARTED in told
    assert Event.SPECIAL_ENDED in told


def test_an_extension_once_by_the_right_person_before_the_date(db: Session) -> None:
    case = a_case_in_review(db)
    with pytest.raises(NotYourDesk):
        extend_item(db, case.number, "B1-2", "情况复杂。", by=account(db, "market"), at=MORNING)
    before = due(db, case, ClockKind.STATUTORY, food(db, case).number)
    extend_item(db, case.number, "B1-2", "情况复杂。", by=head_of(db, "market"), at=MORNING)
    after = due(db, case, ClockKind.STATUTORY, food(db, case).number)
    assert before
    assert after
    assert after > before
    with pytest.raises(Refused, match="一次"):
        extend_item(db, case.number, "B1-2", "还不够。", by=head_of(db, "market"), at=MORNING)


FIRST, THEN, LAST = (in_the_hall(date(2026, 3, day)) for day in (9, 10, 17))


@pytest.mark.parametrize("code", ["B1-4", "B1-2"])
@pytest.mark.parametrize("extended_first", [True, False])
def test_an_extension_while_a_clock_stands_still_moves_the_whole_when_it_runs_on(
    db: Session, code: str, extended_first: bool
) -> None:
    """Another item's procedure, or its own: the promise of the case has no date meanwhile."""
    case = a_case_in_review(db)
    item = next(one for one in items_of(db, case.number) if one.code == code)
    head = head_of(db, item.department_code)
    kind = next(one.kind for one in catalogue()["B1"].item(code).special)
    procedure = Procedure(kind=kind, reason="需查验。", expected_days=5)
    steps = [
        partial(start_special, db, case.number, code, procedure, by=head),
        partial(extend_item, db, case.number, "B1-2", "情况复杂。", by=head_of(db, "market")),
    ]
    for moment, step in zip((FIRST, THEN), reversed(steps) if extended_first else steps, strict=True):
        step(at=moment)
    assert case.promised_due_on is None
    end_special(db, case.number, code, "合格。", by=head, at=LAST)
    extended = food(db, case).due_on
    assert extended
    assert case.promised_due_on
    assert case.promised_due_on >= extended
    assert case.legal_due_on
    assert case.promised_due_on < case.legal_due_on
    running = [row for row in running_clocks(db, case.number) if row.kind is ClockKind.PROMISED]
    assert [row.extended_n for row in running] == [10]


def test_it_moves_too_when_the_item_that_stood_still_ends(db: Session) -> None:
    case = a_case_in_review(db)
    start_special(db, case.number, "B1-4", Procedure("检测", "需送检。", 9), by=head_of(db, "fire"), at=FIRST)
    extend_item(db, case.number, "B1-2", "情况复杂。", by=head_of(db, "market"), at=THEN)
    fire = next(item for item in items_of(db, case.number) if item.code == "B1-4")
    end_item(db, case, fire, Act.WITHDRAW, by=CLERK, at=LAST, reason="不办了。")
    extended = food(db, case).due_on
    assert extended
    assert case.promised_due_on
    assert case.promised_due_on >= extended


def test_the_bundle_is_extended_by_the_government_with_a_document(db: Session) -> None:
    case = a_case_in_review(db)
    with pytest.raises(NotYourDesk, match="人民政府"):
        extend_case(db, case.number, "情况复杂。", "示政批〔2026〕1号", by=head_of(db, "market"), at=MORNING)
    with pytest.raises(Faulty, match="文号"):
        extend_case(db, case.number, "情况复杂。", " ", by=account(db, GOVERNOR), at=MORNING)
    with pytest.raises(Refused, match="届满"):
        extend_case(
            db,
            case.number,
            "太迟了。",
            "示政批〔2026〕2号",
            by=account(db, GOVERNOR),
            at=in_the_hall(date(2026, 9, 1)),
        )
    extend_case(db, case.number, "情况复杂。", "示政批〔2026〕1号", by=account(db, GOVERNOR), at=MORNING)
    row = next(row for row in running_clocks(db, case.number) if row.kind is ClockKind.STATUTORY)
    assert row.extended_n == 15
    assert Event.EXTENDED in [notice.event for notice in notices_of(db, case.number)]


def test_a_promise_passed_is_a_yellow_card_explained_and_closed(db: Session) -> None:
    case = a_case_in_review(db)
    fire_due_rungs(db, case.number, at=in_the_hall(date(2026, 3, 26)))
    yellow = next(card for card in cards_of(db, case.number) if card.level is Light.YELLOW)
    with pytest.raises(WrongState, match="还没有说明"):
        close(db, yellow.number, by=account(db, MANAGER), at=MORNING)
    someone = account(db, CLERK) if not yellow.item_number else account(db, yellow.department_code)
    with pytest.raises(Faulty, match="说明请不超过 2000 字"):
        explain(db, yellow.number, "长" * 2001, by=someone, at=MORNING)
    explain(db, yellow.number, "人员外出勘验，已安排补办。", by=someone, at=MORNING)
    close(db, yellow.number, by=account(db, MANAGER), at=MORNING)
    with pytest.raises(AlreadyDone, match="由 赵敏 销号"):
        close(db, yellow.number, by=account(db, MANAGER), at=MORNING)


def test_a_patrol_that_was_off_for_months_replays_each_rung_once_in_order(db: Session) -> None:
    case = a_case_in_review(db)
    much_later = in_the_hall(date(2026, 7, 1))
    fire_due_rungs(db, case.number, at=much_later)
    first = [card.number for card in cards_of(db, case.number)]
    assert fire_due_rungs(db, case.number, at=much_later) == []
    assert [card.number for card in cards_of(db, case.number)] == first
    assert len({(card.clock_id, card.rule) for card in cards_of(db, case.number)}) == len(first)
    assert case.number not in due_by(db, much_later)


def test_the_delivery_clock_runs_from_each_grant_until_the_applicant_has_it(db: Session) -> None:
    case = a_case_in_review(db)
    for code in ("B1-5", "B1-2", "B1-3", "B1-4", "B1-6"):
        item = next(item for item in items_of(db, case.number) if item.code == code)
        grant(db, case.number, code, by=account(db, item.department_code), at=MORNING)
    with pytest.raises(WrongState, match="还没有制作完成"):
        deliver(db, case.number, by=account(db, CLERK), at=MORNING)
    assert due(db, case, ClockKind.DELIVERY, food(db, case).number) == date(2026, 3, 20)
    issue(db, case.number, at=MORNING)
    deliver(db, case.number, by=account(db, CLERK), at=MORNING)
    assert all(row.stopped_at for row in clocks_of(db, case.number))
    with pytest.raises(AlreadyDone):
        deliver(db, case.number, by=account(db, CLERK), at=MORNING)


@pytest.mark.parametrize(
    ("act", "item", "data", "said"),
    [
        ("start-special", "B1-2", {"kind": "检验检测", "reason": "送检。", "expected_days": "几天"}, "天数"),
        ("start-special", "B1-2", {"kind": "检验检测", "reason": "送检。", "expected_days": 2.5}, "天数"),
        (
            "start-special",
            "B1-2",
            {"kind": "检验检测", "reason": "送检。", "expected_days": 0},
            "要填写|1 至 365",
        ),
        (
            "start-special",
            "B1-2",
            {"kind": "检验检测", "reason": "送检。", "expected_days": 10**9},
            "1 至 365",
        ),
        ("start-special", "B1-2", {"kind": "占卜", "reason": "送检。", "expected_days": 3}, "可用的特别程序"),
        (
            "start-special",
            "B1-2",
            {"kind": "检验检测", "reason": "送检。", "expected_days": 3, "basis": "依" * 201},
            "不超过 200 字",
        ),
        ("end-special", "B1-2", {"result": "合格。"}, "不能结束特别程序|没有正在进行"),
        ("extend", "B1-2", {"reason": "情况\x00复杂。"}, "控制字符"),
        ("extend", "B1-1", {"reason": "情况复杂。"}, "没有正在计算的法定期限"),
    ],
)
def test_faulty_input_is_a_sentence_and_changes_nothing(
    db: Session, act: str, item: str, data: dict[str, object], said: str
) -> None:
    case = a_case_in_review(db)
    before = len(timeline(db, case.number))
    with pytest.raises(Refused, match=said):
        do(act, Asked(db, case.number, item, data, head_of(db, "market"), MORNING))
    db.flush()
    assert len(timeline(db, case.number)) == before
    assert food(db, case).state is ItemState.IN_REVIEW


@pytest.mark.parametrize(
    ("act", "field", "said"),
    [
        ("refuse", "reason", "理由请不超过 2000 字。"),
        ("end-special", "result", "结果请不超过 2000 字。"),
    ],
)
def test_what_is_too_long_is_called_as_its_field_is(db: Session, act: str, field: str, said: str) -> None:
    case, head = a_case_in_review(db), head_of(db, "market")
    if act == "end-special":
        start_special(db, case.number, "B1-2", EXPERTS, by=head, at=MORNING)
    with pytest.raises(Faulty) as faulty:
        do(act, Asked(db, case.number, "B1-2", {field: "长" * 2001}, head, MORNING))
    assert faulty.value.faults == {field: said}


def test_a_special_procedure_cannot_end_before_it_started(db: Session) -> None:
    case, head = a_case_in_review(db), head_of(db, "market")
    start_special(db, case.number, "B1-2", EXPERTS, by=head, at=in_the_hall(date(2026, 3, 9)))
    with pytest.raises(Refused, match="早于开始日期 2026-03-09"):
        end_special(db, case.number, "B1-2", "合格。", by=head, at=in_the_hall(date(2026, 3, 6)))


def test_two_procedures_on_one_day_are_both_told_of(db: Session) -> None:
    case, head = a_case_in_review(db), head_of(db, "market")
    for minutes in (0, 10):
        at = in_the_hall(date(2026, 3, 9)) + timedelta(minutes=minutes)
        start_special(db, case.number, "B1-2", EXPERTS, by=head, at=at)
        end_special(db, case.number, "B1-2", "合格。", by=head, at=at + timedelta(minutes=5))
    db.flush()
    told = [notice.event for notice in notices_of(db, case.number)]
    assert told.count(Event.SPECIAL_STARTED) == told.count(Event.SPECIAL_ENDED) == 4, "by SMS and by e-mail"
