"""A department joins a live case, or leaves it."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from actions.changing_items import add_item, addable, drop_item
from actions.deciding import grant
from actions.foreseeing import foresee
from models.audit import timeline
from models.case import Case, Item, materials_of
from models.clock import ClockRow, running_clocks
from models.notice import notices_of
from rules.bundle import Gate, ItemSpec, JoinPolicy, MaterialSpec, Need, Source
from rules.clock import ClockKind
from rules.errors import Faulty, NotYourDesk, WrongState
from rules.material import MaterialState
from rules.notices import Event
from rules.states import Act, CaseState, ItemState, Outcome
from tests.actions.small import FORM, PLAN, a_bundle, a_case_of, an_item, items, working_days
from tests.people import CLERK, MANAGER, MORNING, a_city, account, head_of

NOON = MORNING + timedelta(hours=2)
LATER = datetime(2026, 3, 20, 2, tzinfo=MORNING.tzinfo)  # ten working days of fifteen are over
WHY = "现场另有招牌。"
LICENCE = {"item_type": "01", "legal": working_days(20, "行政许可法 42")}


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def two(*more: ItemSpec, **about: object) -> object:
    """B9-1 is called for, B9-2 only by Q1."""
    return a_bundle(an_item(1), an_item(2, "fire", when="Q1"), *more, **about)  # type: ignore[arg-type]


def clock(db: Session, item: Item | None, case: Case, kind: ClockKind) -> ClockRow:
    number = item.number if item else ""
    return next(row for row in running_clocks(db, case.number, number) if row.kind is kind)


def told(db: Session, case: Case) -> dict[str, object]:
    return [one.facts for one in notices_of(db, case.number) if one.event is Event.ITEMS_CHANGED][-1]


def test_a_department_joins_and_begins_at_once(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, two(), monkeypatch, q1=False)
    assert [spec.code for spec in addable(db, case)] == ["B9-2"]
    added = add_item(db, case.number, "B9-2", WHY, by=account(db, CLERK), at=NOON)
    item = items(db, case)["2"]
    assert (item.state, item.added, item.department_code) == (ItemState.IN_REVIEW, True, "fire")
    assert item.number == f"{case.number}-02"
    assert added.warnings == ()
    assert case.look_at == NOON, "Prefect opens the department's task run"
    assert told(db, case)["added"] == ["事项2"]
    entry = next(one for one in timeline(db, case.number) if one.act is Act.ADD_ITEM)
    assert (entry.item_number, entry.reason, entry.after) == (item.number, WHY, "pending")


def test_it_gets_what_is_left_and_the_warning_says_so(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, two(), monkeypatch, q1=False)
    due = case.promised_due_on
    seen: list[tuple[str, ...]] = []
    foresee(
        db,
        case.number,
        lambda: seen.append(add_item(db, case.number, "B9-2", WHY, by=account(db, CLERK), at=LATER).warnings),
    )
    assert "2" not in items(db, case), "only looked at"
    added = add_item(db, case.number, "B9-2", WHY, by=account(db, CLERK), at=LATER)
    assert [added.warnings] == seen
    assert "承诺期限是8个工作日，联合承诺期限只剩5个工作日" in added.warnings[0]
    row = clock(db, items(db, case)["2"], case, ClockKind.PROMISED)
    assert (row.n, row.basis) == (5, "联合承诺期限的剩余时间")
    assert items(db, case)["2"].promised_due_on == due == case.promised_due_on
    entry = next(one for one in timeline(db, case.number) if one.act is Act.ADD_ITEM)
    assert entry.facts["warnings"] == list(added.warnings)


def test_the_longest_path_is_looked_at_too(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = a_bundle(an_item(1), an_item(2, "fire", Need("B9-1"), when="Q1"))
    case = a_case_of(db, bundle, monkeypatch, q1=False)
    soon = datetime(2026, 3, 10, 2, tzinfo=MORNING.tzinfo)  # two of fifteen are over, six of B9-1's left
    added = add_item(db, case.number, "B9-2", WHY, by=account(db, CLERK), at=soon)
    assert items(db, case)["2"].state is ItemState.WAITING, "its gate holds as for any other"
    assert added.warnings == (
        "最长路径“事项1 → 事项2”还需约 14 个工作日，联合承诺期限只剩13个工作日，来不及按承诺办结。",
    )


def test_after_the_promise_it_still_has_a_day(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, two(), monkeypatch, q1=False)
    late = datetime(2026, 4, 10, 2, tzinfo=MORNING.tzinfo)
    added = add_item(db, case.number, "B9-2", WHY, by=account(db, CLERK), at=late)
    assert "已经届满" in added.warnings[0]
    row = clock(db, items(db, case)["2"], case, ClockKind.PROMISED)
    assert row.n == 1
    assert row.due_at is not None
    assert row.due_at > late, "nobody begins overdue"


def test_papers_come_along(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody promised gates the grant and has no day; a result that is there is handed on."""
    own = MaterialSpec("M-OWN", "招牌图", Source.APPLICANT, core=True)
    shared = MaterialSpec("M-LIC", "营业执照", Source.E_LICENCE)
    made = MaterialSpec("M-MADE", "证照1", Source.PREDECESSOR, from_item="B9-1")
    joining = an_item(2, "fire", when="Q1", materials=("M-FORM", "M-OWN", "M-LIC", "M-MADE", "M-PLAN"))
    bundle = a_bundle(an_item(1), joining, an_item(3, "urban"), materials=(FORM, PLAN, own, shared, made))
    case = a_case_of(db, bundle, monkeypatch, q1=False)
    for row in materials_of(db, case.number):
        if row.spec_id == "M-PLAN":
            db.delete(row)
    db.flush()
    grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON)
    add_item(db, case.number, "B9-2", WHY, by=account(db, CLERK), at=NOON)
    papers = {row.spec_id: row for row in materials_of(db, case.number)}
    assert papers["M-OWN"].state is MaterialState.DEFERRED
    assert papers["M-OWN"].promised_on is None
    assert papers["M-LIC"].state is MaterialState.SHARED
    assert papers["M-MADE"].state is MaterialState.SHARED
    assert items(db, case)["1"].number in papers["M-MADE"].file_name
    assert told(db, case)["materials"] == ["平面图", "招牌图"]
    assert not [row for row in running_clocks(db, case.number) if row.kind is ClockKind.DEFERRAL]
    with pytest.raises(WrongState, match="招牌图"):
        grant(db, case.number, "B9-2", by=account(db, "fire"), at=NOON)


def test_a_second_licence_makes_the_limit_joint_and_back(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R12: 45 working days while two departments license, 20 when one is left; from the same start."""
    bundle = a_bundle(
        an_item(1, **LICENCE),
        an_item(2, "fire", when="Q1", **LICENCE),
        joint_licence=True,
        legal=working_days(45),
        join=JoinPolicy.BEST_EFFORT,
    )
    case = a_case_of(db, bundle, monkeypatch, q1=False)
    assert clock(db, None, case, ClockKind.STATUTORY).n == 20
    add_item(db, case.number, "B9-2", WHY, by=account(db, CLERK), at=LATER)
    joint = clock(db, None, case, ClockKind.STATUTORY)
    assert (joint.n, joint.started_at) == (45, MORNING)
    assert told(db, case)["legal_due_on"] == str(case.legal_due_on)
    own = clock(db, items(db, case)["2"], case, ClockKind.STATUTORY)
    assert own.started_at == LATER, "what joins later is accepted later"
    drop_item(db, case.number, "B9-2", "不用办。", by=account(db, CLERK), at=LATER)
    single = clock(db, None, case, ClockKind.STATUTORY)
    assert (single.n, single.started_at) == (20, MORNING)
    assert case.legal_due_on == items(db, case)["1"].legal_due_on


def test_a_limit_is_not_shortened_into_the_past(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = a_bundle(
        an_item(1, **LICENCE), an_item(2, "fire", **LICENCE), joint_licence=True, legal=working_days(45)
    )
    case = a_case_of(db, bundle, monkeypatch)
    late = datetime(2026, 4, 20, 2, tzinfo=MORNING.tzinfo)  # beyond twenty working days
    drop_item(db, case.number, "B9-2", "不用办。", by=account(db, CLERK), at=late)
    assert clock(db, None, case, ClockKind.STATUTORY).n == 45


def test_dropped_is_not_needed_by_those_that_waited(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure story 1: whoever waited for it goes on."""
    bundle = a_bundle(
        an_item(1), an_item(2, "fire", Need("B9-1")), an_item(3, "urban", Need("B9-1", Gate.DECISION))
    )
    case = a_case_of(db, bundle, monkeypatch)
    assert items(db, case)["2"].state is ItemState.WAITING
    drop_item(db, case.number, "B9-1", "回答有误，不需要。", by=head_of(db, "market"), at=NOON)
    now = items(db, case)
    assert (now["1"].state, now["1"].reason) == (ItemState.DROPPED, "回答有误，不需要。")
    assert now["2"].state is ItemState.IN_REVIEW
    grant(db, case.number, "B9-3", by=account(db, "urban"), at=NOON)
    assert told(db, case)["dropped"] == ["事项1"]


def test_never_the_last_one(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire")), monkeypatch)
    clerk = account(db, CLERK)
    drop_item(db, case.number, "B9-1", "不用办。", by=clerk, at=NOON)
    with pytest.raises(WrongState, match="最后一个事项"):
        drop_item(db, case.number, "B9-2", "也不用办。", by=clerk, at=NOON)


def test_dropping_the_last_open_one_concludes_by_what_was_decided(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire")), monkeypatch)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON)
    with pytest.raises(WrongState, match="准予"):
        drop_item(db, case.number, "B9-1", "不用办。", by=account(db, CLERK), at=NOON)
    drop_item(db, case.number, "B9-2", "不用办。", by=account(db, CLERK), at=NOON)
    assert (case.state, case.outcome) == (CaseState.CONCLUDED, Outcome.ALL_GRANTED)


def test_dropped_by_mistake_it_comes_back(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire")), monkeypatch)
    clerk = account(db, CLERK)
    drop_item(db, case.number, "B9-2", "不用办。", by=clerk, at=NOON)
    add_item(db, case.number, "B9-2", "减错了。", by=clerk, at=NOON)
    item = items(db, case)["2"]
    assert (item.state, item.reason, item.number) == (ItemState.IN_REVIEW, "", f"{case.number}-02")


def test_who_and_when(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, two(), monkeypatch, q1=False)
    for who in (MANAGER, "market", "lijianguo"):
        with pytest.raises(NotYourDesk):
            add_item(db, case.number, "B9-2", WHY, by=account(db, who), at=NOON)
    with pytest.raises(NotYourDesk, match="牵头"):
        add_item(db, case.number, "B9-2", WHY, by=head_of(db, "fire"), at=NOON)
    clerk = account(db, CLERK)
    with pytest.raises(Faulty, match="可以增加的有：B9-2"):
        add_item(db, case.number, "B9-9", WHY, by=clerk, at=NOON)
    with pytest.raises(WrongState, match="不能重复增加"):
        add_item(db, case.number, "B9-1", WHY, by=clerk, at=NOON)
    with pytest.raises(Faulty, match="理由"):
        add_item(db, case.number, "B9-2", "", by=clerk, at=NOON)
    new = a_case_of(db, two(), monkeypatch, q1=False, accepted=False)
    with pytest.raises(WrongState, match="受理后、办结前"):
        add_item(db, new.number, "B9-2", WHY, by=clerk, at=NOON)
    add_item(db, case.number, "B9-2", WHY, by=head_of(db, "market"), at=NOON)
