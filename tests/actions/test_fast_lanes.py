"""Rules that decide, commitments that are checked, papers that are promised, silence that consents."""

from datetime import date, datetime, timedelta
from functools import partial

import pytest
from sqlmodel import Session

from actions import applying
from actions.after_grant import Check, post_check, revoke
from actions.applying import supply
from actions.deciding import grant, refuse, transfer
from actions.delivering import deliver
from actions.doing import possible
from actions.fast_lanes import ask_human
from actions.issuing import issue
from actions.rectifying import require_rectification
from actions.supervising import fire_due_rungs
from actions.suspending import Procedure, start_special
from models.after import PostCheck
from models.audit import AuditEntry, timeline
from models.card import cards_of
from models.case import Case, Item, materials_of
from models.clock import open_procedure, running_clocks
from models.notice import Notice, notices_of
from models.supervision import overdue_listed, standings
from rules.application import Supplied
from rules.bundle import Automatic, Bundle, Gate, Mode, Need, OnSilence, Special
from rules.clock import ClockKind
from rules.errors import Faulty, NotYourDesk, WrongState
from rules.lights import Light
from rules.material import MaterialState
from rules.moments import CHINA
from rules.notices import Event
from rules.states import Act, CaseState, ItemState, Lane, Outcome
from tests.actions.small import FORM, PLAN, SIGN, a_bundle, a_case_of, an_item, items, working_days
from tests.people import CLERK, MANAGER, MORNING, a_city, account, head_of

NOON = MORNING + timedelta(hours=2)
RULE = Automatic("Q1", "示例市政务服务办法第三条", "assumption")
SEALED = (Special("检验检测", stops_statutory=True, stops_promised=True),)


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def after(days: int, hour: int = 18) -> datetime:
    """So many calendar days after the morning, in the hall."""
    return (MORNING + timedelta(days=days)).astimezone(CHINA).replace(hour=hour, minute=0)


def entry(db: Session, case: Case, act: Act) -> AuditEntry:
    return next(one for one in timeline(db, case.number) if one.act is act)


def told(db: Session, case: Case, event: Event) -> list[Notice]:
    return [one for one in notices_of(db, case.number) if one.event is event]


def kinds(db: Session, case: Case, item: Item | None = None) -> list[ClockKind]:
    return [row.kind for row in running_clocks(db, case.number, item.number if item else "")]


# 秒批


def test_a_rule_grants_at_once_and_the_entry_explains_itself(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = a_bundle(an_item(1, automatic=RULE), an_item(2, "fire", Need("B9-1")))
    case = a_case_of(db, bundle, monkeypatch)
    now = items(db, case)
    assert (now["1"].state, now["1"].lane, now["1"].decided_by) == (
        ItemState.GRANTED,
        Lane.RULE,
        "system",
    )
    assert now["2"].state is ItemState.IN_REVIEW, "and its successor has begun"
    found = entry(db, case, Act.GRANT)
    assert found.actor == "system"
    assert found.facts == {
        "lane": "rule",
        "condition": "Q1",
        "answers": {"Q1": True},
        "basis": "示例市政务服务办法第三条",
        "source": "assumption",
    }
    for said in ("按规则准予", "示例市政务服务办法第三条", "承诺符合条件吗？是"):
        assert said in found.reason
    assert [one.facts["left"] for one in told(db, case, Event.ITEM_DECIDED)] == [1]
    assert kinds(db, case, now["1"]) == [ClockKind.DELIVERY]


def test_rules_may_decide_a_whole_case(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = a_bundle(an_item(1, automatic=RULE), an_item(2, "fire", Need("B9-1"), automatic=RULE))
    case = a_case_of(db, bundle, monkeypatch)
    assert (case.state, case.outcome) == (CaseState.CONCLUDED, Outcome.ALL_GRANTED)
    events = [one.event for one in notices_of(db, case.number)]
    assert events == [Event.RECEIPT, Event.ACCEPTED, *[Event.ITEM_DECIDED] * 2, Event.CONCLUDED]


@pytest.mark.parametrize(
    ("about", "answers", "deferred"),
    [
        ({}, False, ()),
        ({"materials": ("M-FORM", "M-PLAN")}, True, ("M-PLAN",)),
        ({"needs": (Need("B9-2", Gate.DECISION),)}, True, ()),
        ({"notice_period": working_days(3, "某条例")}, True, ()),
    ],
    ids=["condition", "gap", "decision gate", "notice period"],
)
def test_what_the_rule_cannot_grant_goes_to_a_person_and_is_never_refused(
    db: Session,
    monkeypatch: pytest.MonkeyPatch,
    about: dict[str, object],
    answers: bool,
    deferred: tuple[str, ...],
) -> None:
    bundle = a_bundle(
        an_item(1, automatic=RULE, **about),
        an_item(2, "fire", materials=("M-FORM", "M-PLAN")),
        materials=(FORM, PLAN),
    )
    case = a_case_of(db, bundle, monkeypatch, q1=answers, deferred=deferred)
    assert items(db, case)["1"].state is ItemState.IN_REVIEW


def test_the_applicant_may_always_have_a_person_decide(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = a_bundle(an_item(1, automatic=RULE), an_item(2, "fire", Need("B9-1")), an_item(3, "urban"))
    case = a_case_of(db, bundle, monkeypatch)
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=NOON)
    ask_human(db, case.number, "B9-1", by=None, at=NOON, wish="想请工作人员看看。")
    now = items(db, case)
    assert (now["1"].state, now["1"].lane, now["1"].decided_at) == (ItemState.IN_REVIEW, None, None)
    assert now["2"].state is ItemState.GRANTED, "what others have granted stands"
    assert ClockKind.PROMISED in kinds(db, case, now["1"])
    assert (entry(db, case, Act.ASK_HUMAN).actor, now["1"].handed_over_at) == ("applicant", NOON)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON + timedelta(hours=1))
    assert items(db, case)["1"].lane is Lane.PERSON
    assert len(told(db, case, Event.ITEM_DECIDED)) == 3, "each decision is told of"
    with pytest.raises(WrongState, match="不是由系统"):
        ask_human(db, case.number, "B9-1", by=account(db, CLERK), at=NOON)


def test_the_clerk_may_ask_for_the_applicant_and_nobody_else(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case_of(db, a_bundle(an_item(1, automatic=RULE), an_item(2, "fire")), monkeypatch)
    with pytest.raises(NotYourDesk):
        ask_human(db, case.number, "B9-1", by=account(db, MANAGER), at=NOON)
    with pytest.raises(Faulty):
        ask_human(db, case.number, "B9-1", by=None, at=NOON, wish="长" * 501)
    with pytest.raises(WrongState):
        ask_human(db, case.number, "B9-2", by=None, at=NOON)
    ask_human(db, case.number, "B9-1", by=account(db, CLERK), at=NOON)
    refuse(db, case.number, "B9-2", "不合格。", by=account(db, "fire"), at=NOON)
    refuse(db, case.number, "B9-1", "查实不符。", by=account(db, "market"), at=NOON)
    assert case.state is CaseState.CONCLUDED
    with pytest.raises(WrongState, match="申请复查"):
        ask_human(db, case.number, "B9-1", by=None, at=NOON)


# 告知承诺


def a_commitment(db: Session, patch: pytest.MonkeyPatch, *, alone: bool = False) -> Case:
    promised = an_item(1, commitment=Mode("Q1", 30), conditions=("疏散通道畅通",))
    others = () if alone else (an_item(2, "fire"), an_item(3, "urban", Need("B9-1")))
    case = a_case_of(db, a_bundle(promised, *others), patch)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON)
    return case


def an_issued_commitment(db: Session, monkeypatch: pytest.MonkeyPatch) -> Case:
    """All is granted and made; what was promised is still to be checked."""
    case = a_commitment(db, monkeypatch)
    grant(db, case.number, "B9-3", by=account(db, "urban"), at=NOON)
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=NOON)
    issue(db, case.number, at=NOON)
    return case


def found(passed: bool, *officers: str) -> Check:
    return Check(passed, "实地查看了疏散通道。", officers or ("张伟", "王芳"))


def test_a_commitment_is_granted_at_once_and_checked_later(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_commitment(db, monkeypatch)
    item = items(db, case)["1"]
    assert item.lane is Lane.COMMITMENT
    check = db.get_one(PostCheck, item.number)
    assert (check.commitment, check.passed, check.department_code) == ("疏散通道畅通", None, "market")
    assert kinds(db, case, item) == [ClockKind.DELIVERY, ClockKind.POST_CHECK]
    post_check(db, case.number, "B9-1", found(True), by=account(db, "market"), at=after(3))
    assert check.passed
    assert check.finding == "张伟、王芳核查：实地查看了疏散通道。"
    assert kinds(db, case, item) == [ClockKind.DELIVERY]
    assert entry(db, case, Act.POST_CHECK).facts == {"passed": True, "officers": ["张伟", "王芳"]}
    with pytest.raises(WrongState, match="已经核查过"):
        post_check(db, case.number, "B9-1", found(True), by=account(db, "market"), at=after(4))
    with pytest.raises(WrongState, match="与承诺相符"):
        revoke(db, case.number, "B9-1", "不符。", by=head_of(db, "market"), at=after(4))


def test_without_a_commitment_a_person_decided_and_nothing_is_checked(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case_of(db, a_bundle(an_item(1, commitment=Mode("Q1", 30)), an_item(2)), monkeypatch, q1=False)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON)
    assert items(db, case)["1"].lane is Lane.PERSON
    with pytest.raises(WrongState, match="没有事后核查"):
        post_check(db, case.number, "B9-1", found(True), by=account(db, "market"), at=NOON)


def test_a_check_is_made_by_two_and_by_the_department(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_commitment(db, monkeypatch)
    market = account(db, "market")
    for officers in (("张伟",), ("张伟", "张伟 "), ("张伟", " ")):
        with pytest.raises(Faulty, match="两名以上"):
            post_check(db, case.number, "B9-1", found(False, *officers), by=market, at=NOON)
    with pytest.raises(Faulty) as too_long:
        post_check(db, case.number, "B9-1", Check(True, "好" * 1801, ("张伟", "王芳")), by=market, at=NOON)
    assert too_long.value.faults == {"finding": "请不超过 1800 字。"}
    with pytest.raises(NotYourDesk):
        post_check(db, case.number, "B9-1", found(True), by=account(db, "fire"), at=NOON)
    with pytest.raises(WrongState):
        post_check(db, case.number, "B9-2", found(True), by=account(db, "fire"), at=NOON)


def test_a_false_promise_is_revoked_by_the_head_and_touches_no_other_grant(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = an_issued_commitment(db, monkeypatch)
    deliver(db, case.number, by=account(db, CLERK), at=after(1))
    item = items(db, case)["1"]
    assert kinds(db, case, item) == [ClockKind.POST_CHECK], "delivery ends delivery, not the check"
    post_check(db, case.number, "B9-1", found(False), by=account(db, "market"), at=after(5))
    assert kinds(db, case, item) == [ClockKind.POST_CHECK], "until it is put right or revoked"
    with pytest.raises(NotYourDesk):
        revoke(db, case.number, "B9-1", "与承诺不符。", by=account(db, "market"), at=after(6))
    with pytest.raises(Faulty):
        revoke(db, case.number, "B9-1", " ", by=head_of(db, "market"), at=after(6))
    revoke(db, case.number, "B9-1", "与承诺不符。", by=head_of(db, "market"), at=after(6))
    now = items(db, case)
    assert [now[one].state for one in "123"] == [ItemState.REVOKED, ItemState.GRANTED, ItemState.GRANTED]
    assert (case.state, case.outcome) == (CaseState.CONCLUDED, Outcome.ALL_GRANTED)
    assert told(db, case, Event.REVOKED)[0].facts["reason"] == "与承诺不符。"
    assert told(db, case, Event.REVOKED)[0].statutory
    assert kinds(db, case, item) == []


def test_what_is_revoked_waits_for_nobody_at_the_counter(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = an_issued_commitment(db, monkeypatch)
    deliver(db, case.number, by=account(db, CLERK), at=after(1), items=["B9-2", "B9-3"])
    assert case.delivered_at is None, "the first lies ready"
    post_check(db, case.number, "B9-1", found(False), by=account(db, "market"), at=after(5))
    assert not told(db, case, Event.RATE)
    revoke(db, case.number, "B9-1", "与承诺不符。", by=head_of(db, "market"), at=after(6))
    assert case.delivered_at == after(1)
    assert told(db, case, Event.RATE)


def test_revoked_while_the_case_is_open_it_is_no_grant_any_more(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_commitment(db, monkeypatch)
    post_check(db, case.number, "B9-1", found(False), by=account(db, "market"), at=after(1))
    revoke(db, case.number, "B9-1", "与承诺不符。", by=head_of(db, "market"), at=after(1))
    now = items(db, case)
    assert now["3"].state is ItemState.NOT_NEEDED, "what was open and needs it cannot go on"
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=after(2))
    assert case.outcome is Outcome.PARTLY_GRANTED


def test_put_right_it_is_checked_again(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_commitment(db, monkeypatch, alone=True)
    market = account(db, "market")
    post_check(db, case.number, "B9-1", found(False), by=market, at=after(1))
    post_check(db, case.number, "B9-1", found(True), by=market, at=after(4))
    with pytest.raises(WrongState, match="与承诺相符"):
        revoke(db, case.number, "B9-1", "不符。", by=head_of(db, "market"), at=after(5))


def test_a_check_that_nobody_makes_is_a_card(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_commitment(db, monkeypatch, alone=True)
    fire_due_rungs(db, case.number, at=after(60))
    rules = [card.rule for card in cards_of(db, case.number)]
    assert rules.count("post_check-passed") == 1


# 容缺受理


def with_gaps(
    db: Session, patch: pytest.MonkeyPatch, silence: OnSilence, *more: str, **about: object
) -> Case:
    owed = ("M-PLAN", *more)
    bundle: Bundle = a_bundle(
        an_item(1, materials=("M-FORM", *owed), special=SEALED),
        an_item(2, "fire"),
        an_item(3, "urban", Need("B9-1")),
        materials=(FORM, PLAN, *([SIGN] if more else [])),
        deferral_silence=silence,
    )
    return a_case_of(db, bundle, patch, deferred=owed, **about)  # type: ignore[arg-type]


def test_a_promised_paper_has_its_day_and_is_reminded_of_once(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = with_gaps(db, monkeypatch, OnSilence.ASK, "M-SIGN")
    days = {one.spec_id: one.promised_on for one in materials_of(db, case.number) if one.promised_on}
    assert days == {"M-PLAN": date(2026, 3, 13), "M-SIGN": date(2026, 3, 20)}
    for hour in (10, 11, 12):
        fire_due_rungs(db, case.number, at=after(6, hour))
    reminded = told(db, case, Event.DEFERRAL_REMINDED)
    assert [(one.facts["materials"], one.facts["due_on"]) for one in reminded] == [(["平面图"], "2026-03-13")]
    assert not cards_of(db, case.number), "it is not the department that is late"


def test_what_the_applicant_owes_makes_no_office_late(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = with_gaps(db, monkeypatch, OnSilence.ASK)
    stand = standings(db, [case.number], at=after(8, 10))[case.number]
    assert (stand.overdue, stand.light) == (False, Light.GREEN)
    assert not [line for line in overdue_listed(db, at=after(8, 10)) if line.case_number == case.number]


def test_the_days_run_from_the_acceptance_that_was_said_not_from_the_one_dated_back(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = with_gaps(db, monkeypatch, OnSilence.WITHDRAWN, accepted=False)
    fire_due_rungs(db, case.number, at=after(7))
    assert case.state is CaseState.ACCEPTED
    plan = next(one for one in materials_of(db, case.number) if one.spec_id == "M-PLAN")
    assert plan.promised_on == date(2026, 3, 20)
    assert items(db, case)["1"].state is ItemState.IN_REVIEW


def test_the_paper_arrives_and_the_clock_stops(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = with_gaps(db, monkeypatch, OnSilence.REFUSED, "M-SIGN")
    supply(db, case.number, Supplied("M-PLAN"), by=account(db, CLERK), at=after(4))
    db.flush()
    assert kinds(db, case).count(ClockKind.DEFERRAL) == 1
    fire_due_rungs(db, case.number, at=after(12))
    assert not told(db, case, Event.DEFERRAL_LAPSED)
    assert items(db, case)["1"].state is ItemState.IN_REVIEW


@pytest.mark.parametrize(
    ("online", "state"), [(False, ItemState.GRANTED), (True, ItemState.IN_REVIEW)], ids=["window", "online"]
)
def test_what_nobody_has_looked_at_no_rule_grants(
    db: Session, monkeypatch: pytest.MonkeyPatch, online: bool, state: ItemState
) -> None:
    ruled = an_item(2, "market", Need("B9-1"), automatic=RULE, materials=("M-FORM", "M-PLAN"))
    bundle = a_bundle(an_item(1), ruled, materials=(FORM, PLAN))
    case = a_case_of(db, bundle, monkeypatch, deferred=("M-PLAN",))
    file = Supplied("M-PLAN", "图.pdf", "0" * 32, "application/pdf", 1, "0" * 64)
    supply(db, case.number, file, by=None if online else account(db, CLERK), at=NOON)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=after(1))
    assert items(db, case)["2"].state is state
    if online:
        grant(db, case.number, "B9-2", by=account(db, "market"), at=after(1))
        assert items(db, case)["2"].lane is Lane.PERSON


def test_a_paper_that_came_late_but_before_the_patrol_counts(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = with_gaps(db, monkeypatch, OnSilence.REFUSED)
    supply(db, case.number, Supplied("M-PLAN"), by=account(db, CLERK), at=after(10, 8))
    fire_due_rungs(db, case.number, at=after(10))
    assert items(db, case)["1"].state is ItemState.IN_REVIEW


def test_the_last_day_ends_at_midnight_for_what_may_be_uploaded_at_any_hour(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = with_gaps(db, monkeypatch, OnSilence.REFUSED)
    other = with_gaps(db, monkeypatch, OnSilence.REFUSED)
    for one in (case, other):
        fire_due_rungs(db, one.number, at=after(7, 18))
        assert not told(db, one, Event.DEFERRAL_LAPSED)
    file = Supplied("M-PLAN", "图.pdf", "0" * 32, "application/pdf", 1, "0" * 64)
    supply(db, case.number, file, by=None, at=after(7, 23))
    for one in (case, other):
        fire_due_rungs(db, one.number, at=after(8, 10))
        assert not told(db, one, Event.DEFERRAL_LAPSED), "nobody is told on a Saturday"
        fire_due_rungs(db, one.number, at=after(10, 10))
    assert items(db, case)["1"].state is ItemState.IN_REVIEW
    assert items(db, other)["1"].state is ItemState.REFUSED


def test_silence_withdraws_what_needs_the_paper_and_nothing_else(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = with_gaps(db, monkeypatch, OnSilence.WITHDRAWN)
    fire_due_rungs(db, case.number, at=after(10))
    fire_due_rungs(db, case.number, at=after(11))
    now = items(db, case)
    assert [now[one].state for one in "123"] == [
        ItemState.WITHDRAWN,
        ItemState.IN_REVIEW,
        ItemState.NOT_NEEDED,
    ]
    assert now["1"].reason == "容缺材料“平面图”逾期未补，视为撤回。"
    assert len(told(db, case, Event.DEFERRAL_LAPSED)) == 1
    assert not told(db, case, Event.DEFERRAL_REMINDED), (
        "the patrol was away: nobody is reminded of a past day"
    )
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=after(11))
    assert case.state is CaseState.CONCLUDED


def test_where_nothing_else_is_left_the_case_is_withdrawn(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = an_item(1, materials=("M-FORM", "M-PLAN"))
    bundle = a_bundle(only, materials=(FORM, PLAN), deferral_silence=OnSilence.WITHDRAWN)
    case = a_case_of(db, bundle, monkeypatch, deferred=("M-PLAN",))
    fire_due_rungs(db, case.number, at=after(10))
    assert case.state is CaseState.WITHDRAWN
    assert "逾期未补" in items(db, case)["1"].reason
    assert kinds(db, case) == []


def test_silence_refuses_with_reasons_even_in_a_special_procedure_and_a_person_may_still_look(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = with_gaps(db, monkeypatch, OnSilence.REFUSED)
    start_special(
        db, case.number, "B9-1", Procedure("检验检测", "抽样。", 9), by=head_of(db, "market"), at=NOON
    )
    fire_due_rungs(db, case.number, at=after(10))
    now = items(db, case)
    assert (now["1"].state, now["1"].decided_by, now["1"].lane) == (ItemState.REFUSED, "system", None)
    assert open_procedure(db, now["1"].number) is None
    assert case.promised_due_on, "the clock of the case runs on"
    assert now["3"].state is ItemState.NOT_NEEDED
    assert told(db, case, Event.ITEM_DECIDED)[0].facts["reason"] == "容缺材料“平面图”逾期未补，不予办理。"
    now["1"].urged_at = now["3"].urged_at = NOON
    ask_human(db, case.number, "B9-1", by=None, at=after(11))
    now = items(db, case)
    assert (now["1"].state, now["3"].state) == (ItemState.IN_REVIEW, ItemState.WAITING)
    assert (now["1"].urged_at, now["3"].urged_at) == (None, None), "the word was on the earlier round"
    supply(db, case.number, Supplied("M-PLAN"), by=account(db, CLERK), at=after(11))
    grant(db, case.number, "B9-1", by=account(db, "market"), at=after(11))
    assert items(db, case)["3"].state is ItemState.IN_REVIEW


def test_where_the_department_is_to_decide_nothing_is_decided(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = with_gaps(db, monkeypatch, OnSilence.ASK)
    fire_due_rungs(db, case.number, at=after(10))
    now = items(db, case)
    assert now["1"].state is ItemState.IN_REVIEW
    assert "由承办部门依法决定" in entry(db, case, Act.LAPSE_DEFERRAL).reason
    assert ClockKind.DEFERRAL not in kinds(db, case)
    supply(db, case.number, Supplied("M-PLAN"), by=account(db, CLERK), at=after(11))
    paper = next(one for one in materials_of(db, case.number) if one.spec_id == "M-PLAN")
    assert paper.state is MaterialState.ON_PAPER


def test_a_paper_that_no_open_item_needs_any_more_is_not_asked_for(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = with_gaps(db, monkeypatch, OnSilence.WITHDRAWN)
    refuse(db, case.number, "B9-1", "选址不合规划。", by=account(db, "market"), at=NOON)
    fire_due_rungs(db, case.number, at=after(10))
    assert not told(db, case, Event.DEFERRAL_REMINDED)
    assert not told(db, case, Event.DEFERRAL_LAPSED)


# 逾期未异议视为同意


def silent(db: Session, patch: pytest.MonkeyPatch, **about: object) -> Case:
    quiet = an_item(1, silence=working_days(5, "某条例第三十三条"), special=SEALED, **about)
    return a_case_of(db, a_bundle(quiet, an_item(2, "fire", Need("B9-1"))), patch)


def test_silence_consents_where_the_law_says_so(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = silent(db, monkeypatch)
    fire_due_rungs(db, case.number, at=after(6))
    assert items(db, case)["1"].state is ItemState.IN_REVIEW
    fire_due_rungs(db, case.number, at=after(7))
    fire_due_rungs(db, case.number, at=after(7, 19))
    now = items(db, case)
    assert (now["1"].state, now["1"].lane) == (ItemState.GRANTED, Lane.SILENCE)
    assert now["1"].reason == "5个工作日内没有提出异议，视为同意（某条例第三十三条）。"
    assert now["2"].state is ItemState.IN_REVIEW
    facts = entry(db, case, Act.GRANT).facts
    assert (facts["lane"], facts["basis"], facts["until"]) == ("silence", "某条例第三十三条", "2026-03-13")
    with pytest.raises(WrongState):
        ask_human(db, case.number, "B9-1", by=None, at=after(8))


def test_a_department_that_may_be_silent_is_not_late(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = silent(db, monkeypatch, promise=working_days(5))
    fire_due_rungs(db, case.number, at=after(20))
    assert items(db, case)["1"].state is ItemState.GRANTED
    assert "promised-passed" not in [
        card.rule for card in cards_of(db, case.number) if card.item_number.endswith("-01")
    ]


def test_a_department_that_has_spoken_is_not_silent(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = silent(db, monkeypatch)
    start_special(
        db, case.number, "B9-1", Procedure("检验检测", "抽样。", 9), by=head_of(db, "market"), at=NOON
    )
    fire_due_rungs(db, case.number, at=after(7))
    assert items(db, case)["1"].state is ItemState.SPECIAL
    assert "不适用" in entry(db, case, Act.REMIND).reason


def test_a_decision_before_the_end_ends_the_silence(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = silent(db, monkeypatch)
    refuse(db, case.number, "B9-1", "有异议：欠缴税款。", by=account(db, "market"), at=after(2))
    fire_due_rungs(db, case.number, at=after(20))
    assert items(db, case)["1"].state is ItemState.REFUSED


def test_after_the_end_nobody_can_object_although_the_patrol_is_away(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = silent(db, monkeypatch, rectify=working_days(5))
    officer, head, week_after = account(db, "market"), head_of(db, "market"), after(14)
    number = case.number
    for objection in (
        partial(refuse, db, number, "B9-1", "有异议：欠缴税款。", by=officer),
        partial(transfer, db, number, "B9-1", "省级主管部门", "权限不在本级。", by=officer),
        partial(start_special, db, number, "B9-1", Procedure("检验检测", "抽样。", 9), by=head),
        partial(require_rectification, db, number, "B9-1", "请补缴税款。", by=officer),
    ):
        with pytest.raises(WrongState, match="视为同意"):
            objection(at=week_after)
    [said] = [one.held for one in possible(db, number, officer, at=week_after) if one.doing.name == "refuse"]
    assert "视为同意" in said
    fire_due_rungs(db, number, at=week_after)
    assert (items(db, case)["1"].state, items(db, case)["1"].lane) == (ItemState.GRANTED, Lane.SILENCE)


def test_where_the_consent_is_held_the_department_decides(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = an_item(1, silence=working_days(5, "某条例第三十三条"), materials=("M-FORM", "M-PLAN"))
    bundle = a_bundle(quiet, materials=(FORM, PLAN))
    held = a_case_of(db, bundle, monkeypatch, deferred=("M-PLAN",))
    refuse(db, held.number, "B9-1", "有异议：欠缴税款。", by=account(db, "market"), at=after(14))
    met = a_case_of(db, bundle, monkeypatch, deferred=("M-PLAN",))
    fire_due_rungs(db, met.number, at=after(14))
    supply(db, met.number, Supplied("M-PLAN"), by=account(db, CLERK), at=after(14, 19))
    refuse(db, met.number, "B9-1", "有异议：欠缴税款。", by=account(db, "market"), at=after(14, 20))
    assert {items(db, one)["1"].state for one in (held, met)} == {ItemState.REFUSED}


def test_the_catalogue_of_the_hall_is_untouched() -> None:
    assert "B9" not in applying.catalogue()
