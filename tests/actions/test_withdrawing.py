"""What ends when the applicant takes something back, or a supervisor declares a case void?"""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from actions import applying
from actions.accepting import accept, decline
from actions.deciding import grant, refuse
from actions.supervising import fire_due_rungs
from actions.suspending import Procedure, start_special
from actions.withdrawing import void, withdraw
from models.audit import timeline
from models.case import Case, items_of
from models.clock import clocks_of, open_procedure, running_clocks
from models.notice import notices_of
from models.supplement import SupplementNotice, supplement_notices_of
from rules.bundle import Bundle, Gate, Need, OnRefused, OnSilence, Special
from rules.clock import ClockKind
from rules.errors import AlreadyDone, Faulty, NotYourDesk, WrongState
from rules.notices import Event
from rules.states import ITEM_FINAL, Act, CaseState, ItemState, Outcome
from tests.actions.small import FORM, PLAN, a_bundle, a_case_of, an_item, items, working_days
from tests.people import CLERK, MANAGER, MORNING, a_case, a_city, account, head_of
from tests.stories.random_bundles import bundles

NOON = MORNING + timedelta(hours=2)


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def told(db: Session, case: Case, event: Event) -> list[dict[str, object]]:
    return [one.facts for one in notices_of(db, case.number) if one.event is event and one.channel == "sms"]


def test_the_applicant_takes_back_the_whole_case(db: Session) -> None:
    case = a_case(db)
    withdraw(db, case.number, reason="不开店了。", by=None, at=NOON)
    db.flush()
    assert case.state is CaseState.WITHDRAWN
    assert case.outcome is None
    assert case.end_reason == "申请人撤回。不开店了。"
    assert {item.state for item in items_of(db, case.number)} == {ItemState.WITHDRAWN}
    assert all(row.stopped_at for row in clocks_of(db, case.number))
    assert told(db, case, Event.WITHDRAWN)[0]["whole"] is True
    assert not told(db, case, Event.CONCLUDED)
    assert timeline(db, case.number)[-1].actor == "applicant"
    assert case.look_at == NOON, "Prefect shows the end as well"


def test_before_acceptance_nothing_goes_to_prefect(db: Session) -> None:
    case = a_case(db, accepted=False)
    notice = SupplementNotice(
        number=f"{case.number}-BZ1", case_number=case.number, serial=1, sent_by=CLERK, sent_at=MORNING
    )
    db.add(notice)
    db.flush()
    withdraw(db, case.number, by=None, at=NOON)
    assert case.state is CaseState.WITHDRAWN
    assert case.look_at is None
    assert [one.closed_at for one in supplement_notices_of(db, case.number)] == [NOON]
    assert not running_clocks(db, case.number)


def test_what_is_decided_concludes_the_rest(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire"), an_item(3, "urban")), monkeypatch)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=MORNING)
    withdraw(db, case.number, by=None, at=NOON)
    assert case.state is CaseState.CONCLUDED
    assert case.outcome is Outcome.ALL_GRANTED, "what was taken back has no answer"
    facts = told(db, case, Event.WITHDRAWN)[0]
    assert (facts["items"], facts["whole"]) == (["事项2", "事项3"], False)
    events = [one.event for one in notices_of(db, case.number) if one.channel == "sms"]
    assert events.index(Event.WITHDRAWN) < events.index(Event.CONCLUDED), "told in the order it happened"


def test_one_item_stops_those_that_cannot_go_on_without_it(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = a_bundle(
        an_item(1),
        an_item(2, "fire", Need("B9-1")),
        an_item(3, "urban", Need("B9-1", Gate.START, OnRefused.CONTINUE)),
        an_item(4, "health"),
    )
    case = a_case_of(db, bundle, monkeypatch)
    withdraw(db, case.number, "B9-1", by=None, at=NOON)
    now = items(db, case)
    assert now["1"].state is ItemState.WITHDRAWN
    assert now["2"].state is ItemState.NOT_NEEDED
    assert now["2"].reason == "前置事项“事项1”已撤回，本事项不再办理。"
    assert now["3"].state is ItemState.IN_REVIEW, "it goes on without the result"
    assert now["4"].state is ItemState.IN_REVIEW
    assert told(db, case, Event.WITHDRAWN)[0]["stopped"] == ["事项2"]
    assert case.state is CaseState.ACCEPTED


def test_the_last_one_taken_back_takes_the_case_along(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its dependant was never decided: the case is no “全部不予”."""
    case = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire", Need("B9-1"))), monkeypatch)
    withdraw(db, case.number, "B9-1", by=None, at=NOON)
    assert case.state is CaseState.WITHDRAWN
    assert case.outcome is None
    assert items(db, case)["2"].state is ItemState.NOT_NEEDED
    assert told(db, case, Event.WITHDRAWN)[0]["whole"] is True
    assert not told(db, case, Event.CONCLUDED)


def three_licences(
    db: Session, patch: pytest.MonkeyPatch, *papers: str, deferred: tuple[str, ...] = ()
) -> Case:
    """The second needs the first, so that without both one licence is left; the first alone needs these papers."""
    licence = {"item_type": "01", "legal": working_days(20, "行政许可法 42")}
    bundle = a_bundle(
        an_item(1, materials=("M-FORM", *papers), **licence),
        an_item(2, "fire", Need("B9-1"), **licence),
        an_item(3, "urban", **licence),
        materials=(FORM, PLAN) if papers else (FORM,),
        joint_licence=True,
        legal=working_days(45),
        deferral_silence=OnSilence.WITHDRAWN,
    )
    case = a_case_of(db, bundle, patch, deferred=deferred)
    assert law_gives(db, case) == 45
    return case


def law_gives(db: Session, case: Case) -> int:
    """So many working days, to the whole case."""
    db.flush()
    return next(row.n for row in running_clocks(db, case.number) if row.kind is ClockKind.STATUTORY)


def test_the_laws_limit_follows_those_that_are_left(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """R12: also those that stopped with what was taken back are called for no more."""
    case = three_licences(db, monkeypatch)
    withdraw(db, case.number, "B9-1", by=None, at=NOON)
    assert law_gives(db, case) == 20
    assert case.legal_due_on == items(db, case)["3"].legal_due_on


def test_it_follows_what_silence_has_taken_back(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = three_licences(db, monkeypatch, "M-PLAN", deferred=("M-PLAN",))
    fire_due_rungs(db, case.number, at=MORNING + timedelta(days=10))
    states = {name: item.state for name, item in items(db, case).items()}
    assert states == {
        "1": ItemState.WITHDRAWN,
        "2": ItemState.NOT_NEEDED,
        "3": ItemState.IN_REVIEW,
    }
    assert law_gives(db, case) == 20


def test_one_item_before_acceptance(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire")), monkeypatch, accepted=False)
    withdraw(db, case.number, "B9-1", by=None, at=NOON)
    assert case.state is CaseState.SUBMITTED
    accept(db, case.number, by=account(db, CLERK), at=NOON)
    assert items(db, case)["1"].state is ItemState.WITHDRAWN
    assert told(db, case, Event.ACCEPTED)[0]["departments"] == ["消防救援"]
    other = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire")), monkeypatch, accepted=False)
    withdraw(db, other.number, "B9-1", by=None, at=NOON)
    decline(db, other.number, "不在本辖区。", by=account(db, CLERK), at=NOON)
    assert items(db, other)["1"].state is ItemState.WITHDRAWN, "what was taken back stays so"


def test_before_acceptance_those_that_needed_it_stop_at_once(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acceptance then starts the clocks of what is left, and tells its departments only."""
    bundle = a_bundle(
        an_item(1, promise=working_days(2)),
        an_item(2, "fire", Need("B9-3"), promise=working_days(10)),
        an_item(3, "urban", promise=working_days(3)),
        an_item(4, "health", Need("B9-2"), promise=working_days(20)),
    )
    case = a_case_of(db, bundle, monkeypatch, accepted=False)
    withdraw(db, case.number, "B9-3", by=None, at=NOON)
    assert told(db, case, Event.WITHDRAWN)[0]["stopped"] == ["事项2", "事项4"]
    states = {name: item.state for name, item in items(db, case).items()}
    assert states == {
        "1": ItemState.PENDING,
        "2": ItemState.NOT_NEEDED,
        "3": ItemState.WITHDRAWN,
        "4": ItemState.NOT_NEEDED,
    }
    assert case.state is CaseState.SUBMITTED
    accept(db, case.number, by=account(db, CLERK), at=NOON)
    assert told(db, case, Event.ACCEPTED)[0]["departments"] == ["市场监管"]
    assert Act.STOP not in [one.act for one in timeline(db, case.number) if one.actor == "system"]


def test_what_goes_on_inside_ends_with_it(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    special = (Special("检验检测", stops_statutory=True, stops_promised=True),)
    case = a_case_of(db, a_bundle(an_item(1, special=special), an_item(2, "fire")), monkeypatch)
    start_special(
        db, case.number, "B9-1", Procedure("检验检测", "抽样。", 9), by=head_of(db, "market"), at=MORNING
    )
    assert case.promised_due_on is None
    withdraw(db, case.number, "B9-1", by=None, at=NOON)
    assert open_procedure(db, items(db, case)["1"].number) is None
    assert case.promised_due_on is not None, "the case's clock runs again"


def test_a_decision_cannot_be_taken_back(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire")), monkeypatch)
    refuse(db, case.number, "B9-1", "不合格。", by=account(db, "market"), at=NOON)
    with pytest.raises(WrongState, match="决定作出后不能撤回"):
        withdraw(db, case.number, "B9-1", by=None, at=NOON)
    withdraw(db, case.number, "B9-2", by=None, at=NOON)
    assert case.outcome is Outcome.ALL_REFUSED
    with pytest.raises(WrongState, match="已办结"):
        withdraw(db, case.number, by=None, at=NOON)


def test_twice_is_once(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire")), monkeypatch)
    withdraw(db, case.number, "B9-1", by=None, at=NOON)
    with pytest.raises(AlreadyDone, match="已经撤回"):
        withdraw(db, case.number, "B9-1", by=None, at=NOON)


def test_the_window_takes_back_for_somebody_and_says_why(db: Session) -> None:
    case = a_case(db)
    with pytest.raises(Faulty, match="代申请人撤回"):
        withdraw(db, case.number, by=account(db, CLERK), at=NOON)
    with pytest.raises(NotYourDesk):
        withdraw(db, case.number, reason="不想办了", by=account(db, "market"), at=NOON)
    with pytest.raises(Faulty, match="500"):
        withdraw(db, case.number, reason="长" * 501, by=None, at=NOON)
    withdraw(db, case.number, reason="申请人当面提出，有签字。", by=account(db, CLERK), at=NOON)
    entry = timeline(db, case.number)[-1]
    assert (entry.actor, entry.reason) == (CLERK, "申请人当面提出，有签字。")


def test_void_stops_what_is_open_and_leaves_what_is_granted(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire")), monkeypatch)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=MORNING)
    number = case.number
    void(db, case.number, "与另一办件重复。", by=account(db, MANAGER), at=NOON)
    db.flush()
    assert (case.state, case.number, case.outcome) == (CaseState.VOID, number, None)
    now = items(db, case)
    assert now["1"].state is ItemState.GRANTED
    assert now["2"].state is ItemState.NOT_NEEDED
    assert now["2"].reason == "办件作废：与另一办件重复。"
    assert told(db, case, Event.VOIDED) == [{"reason": "与另一办件重复。", "granted": ["事项1"]}]
    assert not [row for row in clocks_of(db, number) if row.stopped_at is None]
    with pytest.raises(WrongState):
        void(db, case.number, "再来一次。", by=account(db, MANAGER), at=NOON)


@pytest.mark.parametrize("who", [CLERK, "market", "market-head", "lijianguo"])
def test_only_the_supervisor_declares_void(db: Session, who: str) -> None:
    case = a_case(db)
    with pytest.raises(NotYourDesk):
        void(db, case.number, "重复。", by=account(db, who), at=NOON)


def test_void_needs_a_reason_and_an_open_case(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, a_bundle(an_item(1)), monkeypatch)
    with pytest.raises(Faulty, match="作废必须写明理由"):
        void(db, case.number, " ", by=account(db, MANAGER), at=NOON)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON)
    with pytest.raises(WrongState, match="已办结"):
        void(db, case.number, "重复。", by=account(db, MANAGER), at=NOON)


@given(bundle=bundles(), data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_taking_back_item_by_item_always_ends_the_case(
    db: Session, bundle: Bundle, data: st.DataObject
) -> None:
    """Whatever depends on what: nobody's part vanishes, and nothing hangs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(applying, "catalogue", lambda: {bundle.code: bundle})
        case = a_case_of(db, bundle, patch, q1=False)
    before = len(items_of(db, case.number))
    while left := [one for one in items_of(db, case.number) if one.state not in ITEM_FINAL]:
        chosen = data.draw(st.sampled_from(left))
        withdraw(db, case.number, chosen.code, by=None, at=NOON)
        db.flush()
    assert case.state is CaseState.WITHDRAWN
    assert len(items_of(db, case.number)) == before
    kinds = {row.kind for row in clocks_of(db, case.number) if row.stopped_at is None}
    assert not kinds & {ClockKind.PROMISED, ClockKind.STATUTORY}
    assert [one.act for one in timeline(db, case.number)].count(Act.CONCLUDE) == 0
