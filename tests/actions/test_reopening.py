"""A higher authority has reviewed a decision: the item is handled anew, and the case ends a second time."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from actions.after_grant import Check, post_check, revoke
from actions.changing_items import add_item
from actions.deciding import grant, refuse, transfer
from actions.delivering import deliver, returned, ship
from actions.extending import extend_case, extend_item
from actions.issuing import issue
from actions.reopening import reopen
from actions.withdrawing import withdraw
from models.account import Account
from models.after import cases_to_hand_over
from models.audit import timeline
from models.case import Case, items_of
from models.clock import running_clocks
from models.document import documents_of
from models.notice import notices_of
from rules.bundle import Gate, JoinPolicy, Limit, Mode, Need, OnRefused, Unit
from rules.clock import ClockKind
from rules.documents import DocumentKind
from rules.errors import Faulty, NotFound, NotYourDesk, WrongState
from rules.notices import Event
from rules.states import Act, CaseState, ItemState, Outcome
from tests.actions.small import a_bundle, a_case_of, an_item, items, working_days
from tests.people import CLERK, GOVERNOR, MORNING, a_city, account, head_of

NOON = MORNING + timedelta(hours=2)
LATER = MORNING + timedelta(days=40)
LETTER = "示府复〔2026〕7号"
WHY = "原决定认定事实不清。"


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


@pytest.fixture
def case(db: Session, monkeypatch: pytest.MonkeyPatch) -> Case:
    """1 was refused, so 2 was not needed; 3 was granted, issued and stands."""
    bundle = a_bundle(
        an_item(1, legal=working_days(20, "某条例")), an_item(2, "fire", Need("B9-1")), an_item(3, "urban")
    )
    case = a_case_of(db, bundle, monkeypatch)
    grant(db, case.number, "B9-3", by=account(db, "urban"), at=MORNING)
    refuse(db, case.number, "B9-1", "不合格。", by=account(db, "market"), at=MORNING)
    db.flush()
    issue(db, case.number, at=NOON)
    return case


def again(db: Session, case: Case, *names: str, by: Account | None = None, document: str = LETTER) -> None:
    who = by or account(db, GOVERNOR)
    reopen(db, case.number, names or ("B9-1",), document, WHY, by=who, at=LATER)
    db.flush()


def told(db: Session, case: Case, event: Event) -> list[dict[str, object]]:
    return [one.facts for one in notices_of(db, case.number) if one.event is event and one.channel == "sms"]


def test_only_those_items_and_what_they_stopped_come_back(db: Session, case: Case) -> None:
    assert (case.outcome, items(db, case)["3"].result_number != "") == (Outcome.PARTLY_GRANTED, True)
    result = items(db, case)["3"].result_number
    again(db, case)
    now = items(db, case)
    assert (case.state, case.outcome, case.concluded_at, case.issued_at) == (
        CaseState.ACCEPTED,
        None,
        None,
        None,
    )
    assert (now["1"].state, now["1"].decided_at, now["1"].reason) == (ItemState.IN_REVIEW, None, "")
    assert (now["2"].state, now["2"].reason) == (ItemState.WAITING, "")
    assert (now["3"].state, now["3"].result_number) == (ItemState.GRANTED, result)
    assert case.look_at == LATER, "Prefect's run wakes up again"
    assert told(db, case, Event.REOPENED) == [{"items": ["事项1"], "reason": WHY, "document": LETTER}]
    entry = next(one for one in timeline(db, case.number) if one.act is Act.REOPEN and not one.item_number)
    assert entry.facts["outcome"] == "partly_granted"
    assert LETTER in entry.reason


def test_the_clocks_are_fresh(db: Session, case: Case) -> None:
    again(db, case)
    item = items(db, case)["1"]
    running = running_clocks(db, case.number, item.number) + running_clocks(db, case.number)
    started = {row.kind: row.started_at for row in running}
    assert started == {ClockKind.PROMISED: LATER, ClockKind.STATUTORY: LATER}
    assert case.promised_due_on
    assert case.promised_due_on > LATER.date()
    grant(db, case.number, "B9-1", by=account(db, "market"), at=LATER)
    waited = running_clocks(db, case.number, items(db, case)["2"].number)
    assert {row.started_at for row in waited} == {LATER}


@pytest.mark.parametrize("whole", [False, True])
def test_a_fresh_limit_may_be_extended_as_the_first_was(
    db: Session, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    law = Limit(20, Unit.WORKING_DAY, "某条例", "assumption", extend=10)
    case = a_case_of(db, a_bundle(an_item(1, legal=law)), monkeypatch)

    def extend(at: datetime) -> None:
        if whole:
            extend_case(db, case.number, WHY, "示政批〔2026〕1号", by=account(db, GOVERNOR), at=at)
        else:
            extend_item(db, case.number, "B9-1", WHY, by=head_of(db, "market"), at=at)
        db.flush()

    extend(MORNING)
    refuse(db, case.number, "B9-1", "不合格。", by=account(db, "market"), at=NOON)
    db.flush()
    again(db, case)
    extend(LATER)
    days = [facts["due_on"] for facts in told(db, case, Event.EXTENDED)]
    assert len(days) == len(set(days)) == 2
    papers = [one for one in documents_of(db, case.number) if one.kind is DocumentKind.EXTENSION]
    assert [one.item_number for one in papers] == ["" if whole else items(db, case)["1"].number] * 2


def test_the_managers_word_on_the_earlier_round_is_told_no_more(db: Session, case: Case) -> None:
    """1 was decided, 2 ended with it; both were urged before."""
    for name in ("1", "2"):
        items(db, case)[name].urged_at = MORNING
    again(db, case)
    assert [items(db, case)[name].urged_at for name in ("1", "2")] == [None, None]


def test_it_ends_and_issues_again_and_tells_again(db: Session, case: Case) -> None:
    first = items(db, case)["3"].result_number
    deliver(db, case.number, by=account(db, CLERK), at=NOON)
    assert case.delivered_at == NOON
    again(db, case)
    assert case.delivered_at == NOON, "what was handed over was handed over"
    grant(db, case.number, "B9-1", by=account(db, "market"), at=LATER)
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=LATER)
    assert (case.state, case.outcome) == (CaseState.CONCLUDED, Outcome.ALL_GRANTED)
    db.flush()
    issue(db, case.number, at=LATER)
    now = items(db, case)
    assert now["3"].result_number == first
    assert len(told(db, case, Event.CONCLUDED)) == 2
    ready = [[one["number"] for one in facts["results"]] for facts in told(db, case, Event.READY)]  # type: ignore[attr-defined]
    assert ready == [[first], [now["1"].result_number, now["2"].result_number]]
    assert case.delivered_at is None, "there is something new to hand over"


def test_refused_again_there_is_nothing_new_to_hand_over(db: Session, case: Case) -> None:
    deliver(db, case.number, by=account(db, CLERK), at=NOON)
    assert case.delivered_at == NOON
    again(db, case)
    refuse(db, case.number, "B9-1", "仍不合格。", by=account(db, "market"), at=LATER)
    db.flush()
    issue(db, case.number, at=LATER)
    assert len(told(db, case, Event.READY)) == 1
    assert case.delivered_at == NOON


def due(db: Session, case: Case) -> set[str]:
    """Whose ten days run, by the last part of the code."""
    return {
        name
        for name, item in items(db, case).items()
        if ClockKind.DELIVERY in {row.kind for row in running_clocks(db, case.number, item.number)}
    }


def test_what_the_first_answer_kept_back_is_due_after_the_second(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = a_bundle(an_item(1), an_item(2, "fire"), join=JoinPolicy.ALL_GRANTED)
    case = a_case_of(db, bundle, monkeypatch)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=MORNING)
    refuse(db, case.number, "B9-2", "不合格。", by=account(db, "fire"), at=MORNING)
    db.flush()
    issue(db, case.number, at=NOON)
    assert due(db, case) == set(), "all or nothing"
    again(db, case, "B9-2")
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=LATER)
    db.flush()
    issue(db, case.number, at=LATER)
    db.flush()
    assert case.outcome is Outcome.ALL_GRANTED
    assert due(db, case) == {"1", "2"}
    assert [one.number for one in cases_to_hand_over(db).rows] == [case.number]


def test_an_old_parcel_comes_back_when_the_result_is_another(db: Session, case: Case) -> None:
    clerk = account(db, CLERK)
    ship(db, case.number, "示例快递", "EX1", by=clerk, at=NOON)
    again(db, case, "B9-3")
    grant(db, case.number, "B9-3", by=account(db, "urban"), at=LATER)
    db.flush()
    issue(db, case.number, at=LATER)
    db.flush()
    before = running_clocks(db, case.number, items(db, case)["3"].number)
    returned(db, case.number, "地址无人。", by=clerk, at=LATER + timedelta(days=1))
    db.flush()
    after = running_clocks(db, case.number, items(db, case)["3"].number)
    assert [row.id for row in after] == [row.id for row in before], "the ten days of the new one run on"


def test_reopened_twice(db: Session, case: Case) -> None:
    for times in range(2):
        reopen(
            db, case.number, ["B9-1"], LETTER, WHY, by=account(db, GOVERNOR), at=LATER + timedelta(days=times)
        )
        refuse(
            db,
            case.number,
            "B9-1",
            "不合格。",
            by=account(db, "market"),
            at=LATER + timedelta(days=times, hours=1),
        )
        db.flush()
        issue(db, case.number, at=LATER + timedelta(days=times, hours=2))
    assert len(told(db, case, Event.CONCLUDED)) == 3
    assert len(told(db, case, Event.REOPENED)) == 2


def test_a_granted_item_can_be_reviewed_and_its_certificate_is_void(db: Session, case: Case) -> None:
    again(db, case, "B9-3")
    item = items(db, case)["3"]
    assert (item.state, item.result_number) == (ItemState.IN_REVIEW, "")
    assert items(db, case)["1"].state is ItemState.REFUSED, "nobody reviewed that one"
    refuse(db, case.number, "B9-3", "不合格。", by=account(db, "urban"), at=LATER)
    assert case.outcome is Outcome.ALL_REFUSED


def test_those_that_would_be_stopped_all_the_same_stay_stopped(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = a_bundle(
        an_item(1),
        an_item(2, "fire"),
        an_item(3, "urban", Need("B9-1"), Need("B9-2")),
        an_item(4, "health", Need("B9-2", Gate.START, OnRefused.CONTINUE)),
    )
    case = a_case_of(db, bundle, monkeypatch)
    refuse(db, case.number, "B9-1", "不合格。", by=account(db, "market"), at=MORNING)
    transfer(db, case.number, "B9-2", "示例省局", "省级权限。", by=account(db, "fire"), at=MORNING)
    grant(db, case.number, "B9-4", by=account(db, "health"), at=MORNING)
    db.flush()
    again(db, case, "B9-1")
    assert items(db, case)["3"].state is ItemState.NOT_NEEDED, "it still lacks the other"
    refuse(db, case.number, "B9-1", "不合格。", by=account(db, "market"), at=LATER)
    db.flush()
    reopen(db, case.number, ["B9-1", "B9-2"], LETTER, WHY, by=account(db, GOVERNOR), at=LATER)
    assert items(db, case)["3"].state is ItemState.WAITING


def test_a_revocation_that_is_reviewed_proves_nothing_any_more(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = a_bundle(an_item(1, commitment=Mode("Q1", 30), conditions=("疏散通道畅通",)), an_item(2, "fire"))
    case = a_case_of(db, bundle, monkeypatch)
    for code, who in (("B9-1", "market"), ("B9-2", "fire")):
        grant(db, case.number, code, by=account(db, who), at=MORNING)
    db.flush()
    found = Check(False, "通道被占用。", ("张伟", "王芳"))
    post_check(db, case.number, "B9-1", found, by=account(db, "market"), at=NOON)
    revoke(db, case.number, "B9-1", "与承诺不符。", by=head_of(db, "market"), at=NOON)
    db.flush()
    again(db, case)
    papers = {one.kind: one for one in documents_of(db, case.number) if one.item_number.endswith("-01")}
    assert papers[DocumentKind.REVOCATION].revoked_at == LATER
    assert WHY in papers[DocumentKind.REVOCATION].revoked_because
    grant(db, case.number, "B9-1", by=account(db, "market"), at=LATER)
    assert case.outcome is Outcome.ALL_GRANTED


def test_the_first_joint_answer_verifies_no_more(db: Session, case: Case) -> None:
    again(db, case)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=LATER)
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=LATER)
    db.flush()
    answers = [one for one in documents_of(db, case.number) if one.kind is DocumentKind.COMPLETION]
    assert [one.revoked_at for one in answers] == [LATER, None]
    assert LETTER in answers[0].revoked_because


def test_who_and_when(db: Session, case: Case) -> None:
    for who in ("market", CLERK, "zhaomin"):
        with pytest.raises(NotYourDesk):
            again(db, case, by=account(db, who))
    with pytest.raises(NotYourDesk, match="不属于您的部门"):
        again(db, case, by=head_of(db, "fire"))
    with pytest.raises(Faulty, match="文号"):
        again(db, case, document=" ")
    with pytest.raises(NotFound):
        again(db, case, "B9-9")
    with pytest.raises(WrongState, match="无需办理"):
        again(db, case, "B9-2")
    with pytest.raises(Faulty, match="请选择"):
        reopen(db, case.number, [], LETTER, WHY, by=account(db, GOVERNOR), at=LATER)
    assert case.state is CaseState.CONCLUDED, "nothing has changed"
    again(db, case, by=head_of(db, "market"))
    with pytest.raises(WrongState, match="办理中"):
        again(db, case)


def test_a_whole_life_reads_as_a_story(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A department joins late, another item is taken back, the rest ends partly, is reviewed, and ends again."""
    bundle = a_bundle(an_item(1), an_item(2, "fire"), an_item(3, "urban"), an_item(4, "health", when="Q1"))
    case = a_case_of(db, bundle, monkeypatch, q1=False)
    add_item(db, case.number, "B9-4", "现场有公共场所。", by=account(db, CLERK), at=MORNING)
    withdraw(db, case.number, "B9-3", "不挂招牌了。", by=None, at=NOON)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON)
    grant(db, case.number, "B9-4", by=account(db, "health"), at=NOON)
    refuse(db, case.number, "B9-2", "通道过窄。", by=account(db, "fire"), at=NOON)
    assert case.outcome is Outcome.PARTLY_GRANTED
    db.flush()
    issue(db, case.number, at=NOON)
    again(db, case, "B9-2")
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=LATER)
    db.flush()
    issue(db, case.number, at=LATER)
    assert case.outcome is Outcome.ALL_GRANTED
    states = {item.code: item.state for item in items_of(db, case.number)}
    assert states["B9-3"] is ItemState.WITHDRAWN, "it stays what the applicant made it"
    names = {item.number: item.name for item in items_of(db, case.number)}
    story = [
        f"{one.act.label}{names.get(one.item_number or '', '')}"
        for one in timeline(db, case.number)
        if one.act not in (Act.HAND_OVER, Act.SUBMIT)
    ]
    assert story == [
        "受理",
        "增加事项事项4",
        "撤回事项3",
        "准予事项1",
        "准予事项4",
        "不予事项2",
        "办结",
        "制证",
        "重新办理",
        "重新办理事项2",
        "准予事项2",
        "办结",
        "制证",
    ]
    events = [one.event for one in notices_of(db, case.number) if one.channel == "sms"]
    for event, times in ((Event.CONCLUDED, 2), (Event.READY, 2), (Event.REOPENED, 1), (Event.WITHDRAWN, 1)):
        assert events.count(event) == times
