"""Every way a department may decide, and what each decision does to the others."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session

from actions.acting import Asked
from actions.deciding import grant, refuse, transfer
from actions.doing import do
from actions.foreseeing import foresee
from actions.supervising import fire_due_rungs
from actions.suspending import Procedure, start_special
from models.audit import timeline
from models.case import Case, items_of, materials_of
from models.clock import open_procedure, procedures_of, running_clocks
from models.notice import notices_of
from models.together import Rectification, open_rectification
from rules.bundle import Blocks, Gate, Limit, MaterialSpec, Need, OnRefused, Source, Special, Unit
from rules.clock import ClockKind
from rules.errors import AlreadyDone, Faulty, NotYourDesk, WrongState
from rules.material import MaterialState
from rules.notices import Event
from rules.states import Act, CaseState, ItemState, Lane, Outcome
from tests.actions.small import FORM, a_bundle, a_case_of, an_item, items
from tests.people import MORNING, a_case, a_city, account, head_of

NOON = MORNING + timedelta(hours=2)
SUMMER = date(2026, 6, 30)


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def facts(db: Session, case: Case, event: Event) -> list[dict[str, object]]:
    return [one.facts for one in notices_of(db, case.number) if one.event is event and one.channel == "sms"]


# Conditions


def test_a_grant_with_conditions_carries_them_everywhere(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case_of(db, a_bundle(an_item(1)), monkeypatch)
    market = account(db, "market")
    grant(db, case.number, "B9-1", by=market, at=NOON, conditions="补装应急照明。", conditions_until=SUMMER)
    item = items(db, case)["1"]
    assert (item.state, item.lane) == (ItemState.GRANTED, Lane.PERSON)
    assert (item.conditions, item.conditions_until) == ("补装应急照明。", SUMMER)
    told = facts(db, case, Event.ITEM_DECIDED)[0]
    assert (told["conditions"], told["conditions_until"]) == ("补装应急照明。", "2026-06-30")
    entry = next(one for one in timeline(db, case.number) if one.act is Act.GRANT)
    assert entry.facts["conditions_until"] == "2026-06-30"
    assert case.outcome is Outcome.ALL_GRANTED


@pytest.mark.parametrize(
    ("conditions", "until", "field"),
    [
        ("补装应急照明。", None, "conditions_until"),
        ("", SUMMER, "conditions"),
        ("补装应急照明。", date(2026, 3, 6), "conditions_until"),
        ("长" * 2001, SUMMER, "conditions"),
        ("\x00", SUMMER, "conditions"),
    ],
)
def test_conditions_have_words_and_a_term_in_the_future_or_neither(
    db: Session, conditions: str, until: date | None, field: str
) -> None:
    case = a_case(db)
    market, entries = account(db, "market"), len(timeline(db, case.number))
    with pytest.raises(Faulty) as faulty:
        grant(db, case.number, "B1-1", by=market, at=NOON, conditions=conditions, conditions_until=until)
    assert list(faulty.value.faults) == [field]
    assert len(timeline(db, case.number)) == entries


# Transfer


def test_a_transfer_ends_the_item_here_and_says_where_it_is(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = a_bundle(an_item(1), an_item(2, "fire"), an_item(3, "urban", Need("B9-1")))
    case = a_case_of(db, bundle, monkeypatch)
    transfer(db, case.number, "B9-1", "示例省市场监督管理局", "省级权限。", by=account(db, "market"), at=NOON)
    now = items(db, case)
    assert now["1"].state is ItemState.TRANSFERRED
    assert now["1"].transferred_to == "示例省市场监督管理局"
    assert now["3"].state is ItemState.NOT_NEEDED, "it cannot go on without a grant here"
    assert now["2"].state is ItemState.IN_REVIEW
    told = facts(db, case, Event.ITEM_DECIDED)[0]
    assert told["transferred_to"] == "示例省市场监督管理局"
    refuse(db, case.number, "B9-2", "不合格。", by=account(db, "fire"), at=NOON)
    assert case.outcome is Outcome.TRANSFERRED, "not everything was refused"
    assert facts(db, case, Event.CONCLUDED)[0]["transferred"] == ["事项1"]
    with pytest.raises(AlreadyDone, match="由 market经办 作出转报决定"):
        grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON)


def test_a_transfer_names_an_authority_and_a_reason(db: Session) -> None:
    case = a_case(db)
    market = account(db, "market")
    with pytest.raises(Faulty, match="哪个机关"):
        transfer(db, case.number, "B1-1", " ", "省级权限。", by=market, at=NOON)
    with pytest.raises(Faulty, match="理由"):
        transfer(db, case.number, "B1-1", "示例省局", "", by=market, at=NOON)
    with pytest.raises(NotYourDesk):
        transfer(db, case.number, "B1-1", "示例省局", "省级权限。", by=account(db, "fire"), at=NOON)


# Blast radius


def test_only_an_item_that_says_so_stops_everything(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = a_bundle(
        an_item(1, blocks=Blocks.ALL), an_item(2, "fire"), an_item(3, "urban"), an_item(4, "health")
    )
    case = a_case_of(db, bundle, monkeypatch)
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=NOON)
    refuse(db, case.number, "B9-1", "选址不合规划。", by=account(db, "market"), at=NOON)
    now = items(db, case)
    assert now["2"].state is ItemState.GRANTED, "a decision made is never touched"
    assert {now["3"].state, now["4"].state} == {ItemState.NOT_NEEDED}
    assert "“事项1”不予" in now["3"].reason
    assert case.outcome is Outcome.PARTLY_GRANTED


def test_what_goes_on_inside_a_stopped_item_ends_with_it(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failure story 1: a branch that is cut off while it is busy must not hang, nor hold the clock."""
    special = (Special("检验检测", stops_statutory=True, stops_promised=True),)
    bundle = a_bundle(
        an_item(1, blocks=Blocks.ALL),
        an_item(2, "fire", special=special),
        an_item(3, "urban", rectify=None),
        an_item(4, "health", Need("B9-1", Gate.START, OnRefused.CONTINUE)),
    )
    case = a_case_of(db, bundle, monkeypatch)
    busy = Procedure("检验检测", "抽样送检。", 9)
    start_special(db, case.number, "B9-2", busy, by=head_of(db, "fire"), at=MORNING)
    assert case.promised_due_on is None, "the clock of the case stands still"
    mend = items(db, case)["3"]
    mend.state = ItemState.RECTIFYING
    db.add(
        Rectification(
            case_number=case.number,
            item_number=mend.number,
            requirement="整改招牌。",
            required_by="urban",
            required_at=MORNING,
        )
    )
    db.flush()
    refuse(db, case.number, "B9-1", "选址不合规划。", by=account(db, "market"), at=NOON)
    now = items(db, case)
    assert {now[one].state for one in "234"} == {ItemState.NOT_NEEDED}
    assert open_procedure(db, now["2"].number) is None
    closed = procedures_of(db, case.number)[0]
    assert (closed.ended_by, closed.result) == ("system", now["2"].reason)
    assert open_rectification(db, now["3"].number) is None
    assert all(one.reason for one in (now["2"], now["3"], now["4"]))
    assert not [row for one in "234" for row in running_clocks(db, case.number, now[one].number)]
    assert case.state is CaseState.CONCLUDED


def test_the_dates_run_on_when_the_item_in_its_procedure_is_stopped(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    special = (Special("检验检测", stops_statutory=True, stops_promised=True),)
    bundle = a_bundle(
        an_item(1),
        an_item(2, "fire", Need("B9-1", Gate.DECISION), special=special),
        an_item(3, "urban"),
    )
    case = a_case_of(db, bundle, monkeypatch)
    busy = Procedure("检验检测", "抽样送检。", 9)
    start_special(db, case.number, "B9-2", busy, by=head_of(db, "fire"), at=MORNING)
    refuse(db, case.number, "B9-1", "不合格。", by=account(db, "market"), at=NOON)
    assert case.promised_due_on, "the others go on, with a date"


def test_the_preview_is_what_then_happens(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = a_bundle(
        an_item(1),
        an_item(2, "fire", Need("B9-1")),
        an_item(3, "urban", Need("B9-2")),
        an_item(4, "health", Need("B9-1", Gate.START, OnRefused.CONTINUE)),
        an_item(5, "tobacco"),
    )
    case = a_case_of(db, bundle, monkeypatch)
    market = account(db, "market")
    before, revision, told = (
        {code: item.state for code, item in items(db, case).items()},
        case.revision,
        len(notices_of(db, case.number)),
    )

    def act() -> object:
        return refuse(db, case.number, "B9-1", "查无此照。", by=market, at=NOON)

    seen = foresee(db, case.number, act)
    assert {one.code for one in seen.stopped("B9-1")} == {"B9-2", "B9-3"}
    assert {one.code: one.after for one in seen.changes}["B9-4"] is ItemState.IN_REVIEW
    assert [one.code for one in seen.others] == ["B9-5"]
    now = {code: item.state for code, item in items(db, case).items()}
    assert (now, case.revision, len(notices_of(db, case.number))) == (before, revision, told)
    act()
    after = {item.code: item.state for item in items_of(db, case.number)}
    assert {one.code: one.after for one in (*seen.changes, *seen.others)} == after


def test_a_preview_refuses_as_the_act_would(db: Session) -> None:
    case = a_case(db)
    asked = Asked(db, case.number, "B1-1", {}, account(db, "fire"), NOON)
    with pytest.raises(NotYourDesk):
        foresee(db, case.number, lambda: do("grant", asked))


# Gates


def test_a_result_reaches_the_successor_with_its_number(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    licence = MaterialSpec("M-LICENCE", "新领的执照", Source.PREDECESSOR, from_item="B9-1")
    bundle = a_bundle(
        an_item(1), an_item(2, "fire", Need("B9-1"), materials=("M-LICENCE",)), materials=(FORM, licence)
    )
    case = a_case_of(db, bundle, monkeypatch)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON)
    paper = next(one for one in materials_of(db, case.number) if one.spec_id == "M-LICENCE")
    assert paper.state is MaterialState.SHARED
    assert paper.file_name == f"证照1 {case.number}-01-Z"


def test_a_notice_period_holds_the_grant_but_not_the_refusal(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Limit(20, Unit.CALENDAR_DAY, "某条例第三十三条")
    case = a_case_of(db, a_bundle(an_item(1, notice_period=published)), monkeypatch)
    market = account(db, "market")
    with pytest.raises(WrongState, match=r"公示期.*2026-03-26 届满"):
        grant(db, case.number, "B9-1", by=market, at=MORNING + timedelta(days=19))
    grant(db, case.number, "B9-1", by=market, at=MORNING + timedelta(days=20))
    other = a_case_of(db, a_bundle(an_item(1, notice_period=published)), monkeypatch)
    refuse(db, other.number, "B9-1", "公示期内有人提出异议。", by=market, at=NOON)


def test_nothing_that_has_ended_keeps_a_clock_for_the_patrol(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case_of(db, a_bundle(an_item(1, result=""), an_item(2, "fire", Need("B9-1"))), monkeypatch)
    refuse(db, case.number, "B9-1", "不合格。", by=account(db, "market"), at=NOON)
    kinds = {
        row.kind for item in items_of(db, case.number) for row in running_clocks(db, case.number, item.number)
    }
    assert not kinds & {ClockKind.PROMISED, ClockKind.STATUTORY}
    assert fire_due_rungs(db, case.number, at=NOON + timedelta(days=300)) == []
