"""Results reach people: at the counter, by courier, back again, early where the law wants it; then put away."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from actions.acting import Asked
from actions.archiving import archive
from actions.deciding import grant, refuse
from actions.delivering import deliver, returned, ship
from actions.doing import do, possible
from actions.issuing import issue
from actions.moving import record
from actions.supervising import fire_due_rungs
from models.after import deliveries_of, lying_ready, on_the_way, refusals_lying_ready
from models.case import Case, find_case, items_of
from models.clock import running_clocks
from models.document import standing_refusals
from models.notice import notices_of
from rules.clock import ClockKind
from rules.errors import AlreadyDone, Faulty, NotYourDesk, WrongState
from rules.notices import Event
from rules.states import Act, CaseState, Outcome
from tests.people import CLERK, GOVERNOR, MORNING, a_case, a_city, account

NOON = MORNING + timedelta(hours=3)
DESKS = {
    "B1-1": "market",
    "B1-5": "health",
    "B1-2": "market",
    "B1-3": "urban",
    "B1-4": "fire",
    "B1-6": "tobacco",
}


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


@pytest.fixture
def concluded(db: Session) -> Case:
    """The fire inspection was refused, all else granted; nothing is made yet."""
    case = a_case(db)
    for code, who in DESKS.items():
        if code == "B1-4":
            refuse(db, case.number, code, "疏散通道宽度不足。", by=account(db, who), at=MORNING)
        else:
            grant(db, case.number, code, by=account(db, who), at=MORNING)
    db.flush()
    return case


@pytest.fixture
def made(db: Session, concluded: Case) -> Case:
    """Concluded, the results made."""
    issue(db, concluded.number, at=MORNING)
    db.flush()
    return concluded


def open_delivery_clocks(db: Session, case: Case) -> set[str]:
    return {
        item.code
        for item in items_of(db, case.number)
        for row in running_clocks(db, case.number, item.number)
        if row.kind is ClockKind.DELIVERY
    }


def told(db: Session, case: Case, event: Event) -> int:
    db.flush()
    return sum(notice.event is event for notice in notices_of(db, case.number))


def test_all_at_the_counter(db: Session, made: Case) -> None:
    clerk = account(db, CLERK)
    assert open_delivery_clocks(db, made) == set(DESKS) - {"B1-4"}
    handed = deliver(db, made.number, by=clerk, at=NOON)
    db.flush()
    assert (len(handed.items), handed.recipient, handed.courier) == (6, "陈一诺", ""), (
        "the refusal goes with it"
    )
    assert open_delivery_clocks(db, made) == set()
    assert made.delivered_at == NOON
    with pytest.raises(AlreadyDone):
        deliver(db, made.number, by=clerk, at=NOON)


def test_some_now_and_the_rest_by_courier(db: Session, made: Case) -> None:
    clerk = account(db, CLERK)
    deliver(db, made.number, by=clerk, at=NOON, items=["B1-2"], recipient="陈一诺之弟")
    db.flush()
    assert made.delivered_at is None
    parcel = ship(db, made.number, "示例快递", "EX000000001CN", by=clerk, at=NOON)
    db.flush()
    assert len(parcel.items) == 5
    assert open_delivery_clocks(db, made) == set()
    assert told(db, made, Event.SHIPPED) == 2
    assert made.delivered_at is None, "sent is not arrived"
    with pytest.raises(AlreadyDone, match="由 林晓 寄出（示例快递 EX000000001CN）"):
        ship(db, made.number, "示例快递", "EX000000002CN", by=clerk, at=NOON, items=["B1-3"])
    with pytest.raises(AlreadyDone, match="由 林晓"):
        deliver(db, made.number, by=clerk, at=NOON + timedelta(days=2))
    deliver(db, made.number, by=clerk, at=NOON + timedelta(days=2), items=["B1-3"])
    db.flush()
    assert made.delivered_at == NOON + timedelta(days=2)
    assert len(deliveries_of(db, made.number)) == 2


def test_what_comes_back_is_sent_again(db: Session, made: Case) -> None:
    clerk = account(db, CLERK)
    ship(db, made.number, "示例快递", "EX000000001CN", by=clerk, at=NOON)
    returned(db, made.number, "地址无人。", by=clerk, at=NOON + timedelta(days=3))
    db.flush()
    assert told(db, made, Event.RETURNED) == 2
    assert len(lying_ready(db, made.number)) == 5
    assert open_delivery_clocks(db, made) == set(DESKS) - {"B1-4"}, "the ten days run anew"
    again = ship(db, made.number, "示例快递", "EX000000002CN", by=clerk, at=NOON + timedelta(days=4))
    db.flush()
    assert on_the_way(db, made.number) == [again]
    deliver(db, made.number, by=clerk, at=NOON + timedelta(days=5), items=["B1-1"])
    db.flush()
    with pytest.raises(WrongState, match="没有在途"):
        returned(db, made.number, "又退回。", by=clerk, at=NOON + timedelta(days=6))


@pytest.mark.parametrize(("courier", "tracking"), [("", "EX1"), ("示例快递", " "), ("示例快递", "E" * 51)])
def test_a_parcel_has_a_courier_and_a_number(db: Session, made: Case, courier: str, tracking: str) -> None:
    with pytest.raises(Faulty):
        ship(db, made.number, courier, tracking, by=account(db, CLERK), at=NOON)
    assert not deliveries_of(db, made.number)


def test_only_the_window_and_only_what_is_made(db: Session, made: Case) -> None:
    clerk = account(db, CLERK)
    with pytest.raises(NotYourDesk):
        deliver(db, made.number, by=account(db, "market"), at=NOON)
    fresh = a_case(db)
    with pytest.raises(WrongState, match="还没有制作"):
        deliver(db, fresh.number, by=clerk, at=NOON)


def test_a_result_does_not_wait_for_the_others_beyond_its_ten_days(db: Session) -> None:
    """Domain R15; before that all are handed out together."""
    case = a_case(db)
    grant(db, case.number, "B1-1", by=account(db, "market"), at=MORNING)
    grant(db, case.number, "B1-3", by=account(db, "urban"), at=MORNING)
    db.flush()
    later = datetime(2026, 3, 19, 2, tzinfo=MORNING.tzinfo)  # nine working days on, the others undecided
    fire_due_rungs(db, case.number, at=later - timedelta(days=4))
    assert not lying_ready(db, case.number)
    fire_due_rungs(db, case.number, at=later)
    db.flush()
    assert case.state is CaseState.ACCEPTED
    assert {item.code for item in lying_ready(db, case.number)} >= {"B1-3"}
    assert told(db, case, Event.READY) == 2 * len(lying_ready(db, case.number))
    with pytest.raises(Faulty, match="没有可以送达的结果"):
        deliver(db, case.number, by=account(db, CLERK), at=later, items=["B1-2"])
    deliver(db, case.number, by=account(db, CLERK), at=later)
    db.flush()
    assert "B1-3" not in open_delivery_clocks(db, case)
    fire_due_rungs(db, case.number, at=later + timedelta(hours=1))
    assert told(db, case, Event.READY) == 4, "once each"


def test_put_away_when_nothing_is_open_and_then_nothing_is_done(db: Session, made: Case) -> None:
    clerk = account(db, CLERK)
    with pytest.raises(WrongState, match="还没有全部送达"):
        archive(db, made.number, by=clerk, at=NOON)
    with pytest.raises(WrongState, match="办件办理中"):
        archive(db, a_case(db).number, by=clerk, at=NOON)
    deliver(db, made.number, by=clerk, at=NOON)
    archive(db, made.number, by=clerk, at=NOON)
    db.flush()
    assert made.archived_at == NOON
    with pytest.raises(AlreadyDone):
        archive(db, made.number, by=clerk, at=NOON)
    assert "archive" not in offered(db, made)


def offered(db: Session, case: Case) -> set[str]:
    return {one.doing.name for one in possible(db, case.number, account(db, CLERK), at=NOON)}


def test_what_is_not_made_yet_is_not_put_away(db: Session, concluded: Case) -> None:
    """Between the last decision and the worker's pass nothing lies ready, and nothing could be handed over after."""
    clerk = account(db, CLERK)
    assert "archive" not in offered(db, concluded)
    with pytest.raises(WrongState, match="结果还没有制作"):
        archive(db, concluded.number, by=clerk, at=NOON)
    issue(db, concluded.number, at=NOON)
    deliver(db, concluded.number, by=clerk, at=NOON)
    archive(db, concluded.number, by=clerk, at=NOON)


def test_only_a_review_opens_what_was_put_away(db: Session, made: Case) -> None:
    clerk = account(db, CLERK)
    deliver(db, made.number, by=clerk, at=NOON)
    archive(db, made.number, by=clerk, at=NOON)
    db.flush()
    with pytest.raises(WrongState, match="归档"):
        returned_after(db, made)
    reopen_by_review(db, made)
    db.flush()
    assert find_case(db, made.number).archived_at is None


def returned_after(db: Session, case: Case) -> None:
    record(db, case, Act.CORRECT, by=CLERK, at=NOON)


def reopen_by_review(db: Session, case: Case) -> None:
    data = {"items": ["B1-4"], "reason": "复议决定撤销原决定。", "document": "示复决〔2026〕3号"}
    do("reopen", Asked(db, case.number, "", data, account(db, GOVERNOR), NOON))


@pytest.fixture
def refused(db: Session) -> Case:
    """Concluded, and nothing was granted."""
    case = a_case(db)
    refuse(
        db, case.number, "B1-1", "不符合条件。", by=account(db, "market"), at=MORNING
    )  # the others rest on it
    issue(db, case.number, at=MORNING)
    db.flush()
    assert case.outcome is Outcome.ALL_REFUSED
    return case


def decisions(db: Session, case: Case) -> dict[str, str]:
    return {one.item_number: one.number for one in standing_refusals(db, case.number)}


def test_where_all_was_refused_the_decisions_are_handed_over(db: Session, refused: Case) -> None:
    clerk = account(db, CLERK)
    assert told(db, refused, Event.RATE) == 2, "nothing more was to come"
    assert not lying_ready(db, refused.number), "no ten days run for a refusal"
    handed = deliver(db, refused.number, by=clerk, at=NOON, recipient="陈一诺之弟")
    db.flush()
    assert handed.items == list(decisions(db, refused))
    assert refused.delivered_at == NOON
    assert told(db, refused, Event.RATE) == 2, "asked once"
    with pytest.raises(AlreadyDone, match="由 林晓 交给陈一诺之弟"):
        deliver(db, refused.number, by=clerk, at=NOON + timedelta(hours=2))
    archive(db, refused.number, by=clerk, at=NOON + timedelta(hours=3))


def test_a_refusal_that_nobody_fetched_holds_up_nothing(db: Session, refused: Case, made: Case) -> None:
    clerk = account(db, CLERK)
    archive(db, refused.number, by=clerk, at=NOON)
    names = ["B1-1", "B1-2", "B1-3", "B1-5", "B1-6"]
    deliver(db, made.number, by=clerk, at=NOON, items=names)
    db.flush()
    assert made.delivered_at == NOON
    assert told(db, made, Event.RATE) == 2
    late = NOON + timedelta(days=1)
    deliver(db, made.number, by=clerk, at=late)
    db.flush()
    assert [len(one.items) for one in deliveries_of(db, made.number)] == [5, 1]
    assert told(db, made, Event.RATE) == 2


def test_a_parcel_names_the_decision_it_brings(db: Session, made: Case) -> None:
    ship(db, made.number, "示例快递", "EX000000001CN", by=account(db, CLERK), at=NOON)
    db.flush()
    notice = next(one for one in notices_of(db, made.number) if one.event is Event.SHIPPED)
    [decision] = decisions(db, made).values()
    named = {result["number"]: result["name"] for result in notice.facts["results"]}
    assert named[decision].endswith("不予决定书")
    assert all(named), "each paper has its number"
    returned(db, made.number, "地址无人。", by=account(db, CLERK), at=NOON + timedelta(days=1))
    db.flush()
    assert open_delivery_clocks(db, made) == set(DESKS) - {"B1-4"}, "none for a refusal"
    assert [item.code for item in refusals_lying_ready(db, made)] == ["B1-4"]


def test_a_refusal_that_came_back_holds_up_nothing(db: Session, made: Case) -> None:
    clerk = account(db, CLERK)
    ship(db, made.number, "示例快递", "EX000000001CN", by=clerk, at=NOON, items=["B1-4"])
    deliver(db, made.number, by=clerk, at=NOON)
    db.flush()
    assert made.delivered_at is None, "a parcel travels"
    returned(db, made.number, "地址无人。", by=clerk, at=NOON + timedelta(days=3))
    assert made.delivered_at == NOON
    assert told(db, made, Event.RATE) == 2


def test_a_refusal_waits_for_the_joint_answer(db: Session) -> None:
    case = a_case(db)
    refuse(db, case.number, "B1-1", "不符合条件。", by=account(db, "market"), at=MORNING)
    db.flush()
    assert not refusals_lying_ready(db, case)
    assert not [one for one in possible(db, case.number, account(db, CLERK)) if one.doing.name == "deliver"]
