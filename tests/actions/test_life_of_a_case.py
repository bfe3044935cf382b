"""A case from the window to the joint answer, on a real PostgreSQL."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from actions.accepting import accept, decline
from actions.applying import submit, supply
from actions.deciding import grant, refuse
from actions.issuing import issue
from models.audit import timeline
from models.case import Case, Item, items_of, materials_of
from models.notice import notices_of
from rules.application import Applicant, Supplied
from rules.errors import AlreadyDone, Faulty, NotFound, NotYourDesk, Refused, WrongState
from rules.identifiers import fault_of_case_number
from rules.material import MaterialState
from rules.notices import Event
from rules.people import ApplicantKind
from rules.states import Act, CaseState, ItemState, Outcome
from tests.people import CLERK, MANAGER, MORNING, a_case, a_city, account, an_application, full_answers


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def by_code(db: Session, case: Case) -> dict[str, Item]:
    return {item.code: item for item in items_of(db, case.number)}


def decide(db: Session, case: Case, code: str, *, reason: str = "") -> None:
    item = by_code(db, case)[code]
    officer = account(db, item.department_code)
    if reason:
        refuse(db, case.number, code, reason, by=officer, at=MORNING + timedelta(hours=2))
    else:
        grant(db, case.number, code, by=officer, at=MORNING + timedelta(hours=2))


def test_five_departments_have_the_case_at_once_after_the_licence_is_checked(db: Session) -> None:
    case = a_case(db)
    assert {item.code for item in items_of(db, case.number) if item.state is ItemState.IN_REVIEW} == {"B1-1"}
    decide(db, case, "B1-1")
    waiting = [item for item in items_of(db, case.number) if item.code != "B1-1"]
    assert {item.state for item in waiting} == {ItemState.IN_REVIEW}
    assert {item.department_code for item in items_of(db, case.number)} == {
        "market",
        "urban",
        "fire",
        "health",
        "tobacco",
    }
    assert all(item.due_on for item in waiting)


def test_a_number_that_can_be_checked_and_a_receipt(db: Session) -> None:
    case = a_case(db, accepted=False)
    assert case.number.startswith("000000-B1-20260306-")
    assert fault_of_case_number(case.number) is None
    assert {(notice.event, notice.address) for notice in notices_of(db, case.number)} == {
        (Event.RECEIPT, "13800000000"),
        (Event.RECEIPT, "chen@example.com"),
    }


def test_a_refusal_leaves_the_others_grants_standing(db: Session) -> None:
    case = a_case(db)
    for code in ("B1-1", "B1-5", "B1-2"):
        decide(db, case, code)
    decide(db, case, "B1-4", reason="疏散通道宽度不足。")
    for code in ("B1-3", "B1-6"):
        decide(db, case, code)
    assert case.outcome is Outcome.PARTLY_GRANTED
    assert case.state is CaseState.CONCLUDED
    states = {code: item.state for code, item in by_code(db, case).items()}
    assert states.pop("B1-4") is ItemState.REFUSED
    assert set(states.values()) == {ItemState.GRANTED}


def test_everybody_granted_and_the_messages_in_order(db: Session) -> None:
    case = a_case(db)
    for code in ("B1-1", "B1-5", "B1-2", "B1-3", "B1-4", "B1-6"):
        decide(db, case, code)
    issue(db, case.number, at=MORNING + timedelta(hours=3))
    issue(db, case.number, at=MORNING + timedelta(hours=4))  # a step that runs twice changes nothing
    events = [notice.event for notice in notices_of(db, case.number) if notice.address == "chen@example.com"]
    assert events == [Event.RECEIPT, Event.ACCEPTED, *[Event.ITEM_DECIDED] * 6, Event.CONCLUDED, Event.READY]
    assert case.outcome is Outcome.ALL_GRANTED
    assert [entry.act for entry in timeline(db, case.number)].count(Act.ISSUE) == 1


def test_a_refused_licence_check_stops_what_cannot_go_on_without_it(db: Session) -> None:
    case = a_case(db)
    decide(db, case, "B1-1", reason="营业执照已吊销。")
    assert case.outcome is Outcome.ALL_REFUSED
    others = [item for item in items_of(db, case.number) if item.code != "B1-1"]
    assert {item.state for item in others} == {ItemState.NOT_NEEDED}
    assert all("未获准予" in item.reason for item in others), "they never vanish without a word"


def test_a_decision_gate_holds_the_grant_but_not_the_review(db: Session) -> None:
    case = a_case(db, answers=full_answers() | {"Q7": False})
    decide(db, case, "B1-1")
    with pytest.raises(WrongState, match="办结后才能作出决定"):
        decide(db, case, "B1-2")
    decide(db, case, "B1-5")
    health = next(one for one in materials_of(db, case.number) if one.spec_id == "M-HEALTH")
    assert health.state is MaterialState.SHARED, "a predecessor's result arrives without typing"
    decide(db, case, "B1-2")


def test_a_decision_that_opens_no_wave_costs_no_pass(db: Session) -> None:
    case = a_case(db)
    decide(db, case, "B1-1")
    case.look_at = None  # the pass for the wave has been
    decide(db, case, "B1-3")
    assert case.look_at is None


def test_bad_acts_get_a_sentence_and_change_nothing(db: Session) -> None:
    case = a_case(db)
    entries = len(timeline(db, case.number))
    market, fire = account(db, "market"), account(db, "fire")
    with pytest.raises(NotYourDesk, match="不属于您的部门"):
        grant(db, case.number, "B1-1", by=fire, at=MORNING)
    with pytest.raises(NotYourDesk, match="综合窗口"):
        grant(db, case.number, "B1-1", by=account(db, CLERK), at=MORNING)
    with pytest.raises(NotYourDesk):
        accept(db, case.number, by=account(db, MANAGER), at=MORNING)
    with pytest.raises(Faulty, match="理由"):
        refuse(db, case.number, "B1-1", "  ", by=market, at=MORNING)
    with pytest.raises(WrongState, match="待前置结果"):
        refuse(db, case.number, "B1-4", "不行", by=fire, at=MORNING)
    with pytest.raises(NotFound, match="B1-1"):
        grant(db, case.number, "B9-9", by=market, at=MORNING)
    with pytest.raises(NotFound):
        grant(db, "000000-B1-20260306-999999-0", "B1-1", by=market, at=MORNING)
    with pytest.raises(WrongState, match="不能受理"):
        accept(db, case.number, by=account(db, CLERK), at=MORNING)
    assert len(timeline(db, case.number)) == entries


def test_deciding_twice_says_who_decided_when(db: Session) -> None:
    case = a_case(db)
    decide(db, case, "B1-1")
    with pytest.raises(AlreadyDone, match="由 market经办 作出准予决定"):
        decide(db, case, "B1-1")


def test_the_same_form_twice_is_one_case(db: Session) -> None:
    clerk = account(db, CLERK)
    first = submit(db, an_application(submission_key="k" * 32), by=clerk, region="000000", at=MORNING)
    with pytest.raises(AlreadyDone) as twice:
        submit(db, an_application(submission_key="k" * 32), by=clerk, region="000000", at=MORNING)
    assert twice.value.case_number == first.number


def test_every_fault_of_a_form_in_one_go(db: Session) -> None:
    nobody = Applicant(ApplicantKind.PERSON, " ", "000000199001010019", "12345", "no-at-sign")
    with pytest.raises(Faulty) as faulty:
        a_case(db, applicant=nobody, answers={"Q2": 100}, supplied=(Supplied("M-NONSENSE"),))
    fields = set(faulty.value.faults)
    assert {"applicant.name", "applicant.id_number", "applicant.phone", "applicant.email"} <= fields
    assert "material.M-NONSENSE" in fields


def test_a_question_left_blank_is_named(db: Session) -> None:
    answers = {name: answer for name, answer in full_answers().items() if name != "Q4"}
    with pytest.raises(Faulty) as faulty:
        a_case(db, answers=answers)
    assert list(faulty.value.faults) == ["answers.Q4"]


@pytest.mark.parametrize("answers", [{"Q2": "很大"}, {"Q99": True}, {"Q2": -5}])
def test_answers_that_are_none_are_refused(db: Session, answers: dict[str, object]) -> None:
    with pytest.raises(Refused):
        submit(
            db,
            an_application(supplied=()).__class__(
                bundle="B1", applicant=an_application().applicant, answers=answers
            ),
            by=account(db, CLERK),
            region="000000",
            at=MORNING,
        )


def test_an_unknown_bundle_is_told_what_there_is(db: Session) -> None:
    with pytest.raises(NotFound, match="B1"):
        a_case(db, bundle="B99")


def test_a_declined_case_ends_with_its_reason(db: Session) -> None:
    case = a_case(db, accepted=False)
    with pytest.raises(Faulty, match="理由"):
        decline(db, case.number, "", by=account(db, CLERK), at=MORNING)
    decline(db, case.number, "经营场所不在本辖区，请到示例区办理。", by=account(db, CLERK), at=MORNING)
    assert case.state is CaseState.NOT_ACCEPTED
    assert {item.state for item in items_of(db, case.number)} == {ItemState.NOT_NEEDED}
    assert notices_of(db, case.number)[-1].event is Event.NOT_ACCEPTED


def test_accepted_with_gaps_holds_the_grant_until_the_paper_arrives(db: Session) -> None:
    complete = an_application()
    case = a_case(
        db,
        supplied=tuple(one for one in complete.supplied if one.spec_id != "M-FOOD-RULES"),
        deferred=("M-FOOD-RULES",),
    )
    decide(db, case, "B1-1")
    decide(db, case, "B1-5")
    with pytest.raises(WrongState, match="尚未补齐"):
        decide(db, case, "B1-2")
    supply(db, case.number, Supplied("M-FOOD-RULES"), by=account(db, CLERK), at=MORNING)
    decide(db, case, "B1-2")
    layout = [material for material in materials_of(db, case.number) if material.spec_id == "M-FOOD-RULES"]
    assert [material.state for material in layout] == [MaterialState.ON_PAPER]


def test_a_promised_paper_comes_online_by_the_same_rule(db: Session) -> None:
    complete = an_application()
    rest = tuple(one for one in complete.supplied if one.spec_id != "M-FOOD-RULES")
    case = a_case(db, supplied=rest, deferred=("M-FOOD-RULES",))
    with pytest.raises(Faulty, match="纸质材料请交到受理窗口"):
        supply(db, case.number, Supplied("M-FOOD-RULES"), by=None, at=MORNING)
    with pytest.raises(NotYourDesk):
        supply(db, case.number, Supplied("M-FOOD-RULES"), by=account(db, "fire"), at=MORNING)
    file = Supplied("M-FOOD-RULES", "制度.pdf", "0" * 32, "application/pdf", 1, "0" * 64)
    paper = supply(db, case.number, file, by=None, at=MORNING)
    assert (paper.state, paper.supplied_at) == (MaterialState.SUPPLIED, MORNING)
    assert case.complete_at == MORNING
    with pytest.raises(AlreadyDone):
        supply(db, case.number, file, by=None, at=MORNING)


def test_core_papers_cannot_be_deferred(db: Session) -> None:
    with pytest.raises(Faulty, match="不能容缺"):
        a_case(db, deferred=("M-LICENCE",))
