"""Does the progress page say whose turn it is, whatever mix of states the items are in?"""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from models.case import Case, Item, Material
from rules.material import MaterialState
from rules.people import ApplicantKind
from rules.states import CaseState, ItemState
from tests.people import a_city
from web.whose_turn import holder, steps

AT = datetime(2026, 3, 6, 1, 30, tzinfo=UTC)
PAPER = Material(case_number="1", spec_id="M", name="平面图", state=MaterialState.DEFERRED)


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def a_case_of(*states: ItemState) -> tuple[Case, list[Item]]:
    case = Case(
        number="1",
        query_code="",
        submission_key="",
        bundle_code="B1",
        bundle_digest="",
        state=CaseState.ACCEPTED,
        applicant_kind=ApplicantKind.PERSON,
        applicant_name="陈一诺",
        applicant_id_number="",
        answers={},
        submitted_by="",
        submitted_at=AT,
        accepted_at=AT,
    )
    offices = ("market", "fire", "urban")
    items = [
        Item(
            number=f"1-{n}",
            case_number="1",
            code=f"B1-{n}",
            name=f"事项{n}",
            department_code=code,
            state=state,
        )
        for n, (code, state) in enumerate(zip(offices, states, strict=False), start=1)
    ]
    return case, items


@pytest.mark.parametrize(
    ("states", "owed", "said", "step"),
    [
        (("in_review", "waiting"), False, "市场监督管理局正在办理，请等候通知。", "进行中"),
        (("in_review", "in_review"), True, "市消防救援大队正在办理；等您补交“平面图”。", "进行中"),
        (("granted", "rectifying"), False, "等您整改：“事项2”。", "等您整改"),
        (("in_review", "rectifying"), False, "市场监督管理局正在办理；等您整改：“事项2”。", "进行中"),
        (("rectifying", "waiting"), False, "等您整改：“事项1”。", "等您整改"),
        (("special", "granted"), False, "正在进行特别程序（检验、检测、勘查等），请等候通知。", "进行中"),
        (("granted", "granted"), False, "正在汇总各部门的结果，请等候通知。", "进行中"),
    ],
)
def test_one_plain_sentence(db: Session, states: tuple[str, ...], owed: bool, said: str, step: str) -> None:
    case, items = a_case_of(*(ItemState(state) for state in states))
    sentence = holder(case, items, [PAPER] if owed else [], db)
    assert sentence.endswith(said), sentence
    assert steps(case, items)[-1] == ("部门办理", "now", step)
    assert ("正在办理" in sentence) is ("in_review" in states)


@pytest.mark.parametrize(("state", "step"), [("granted", "now"), ("refused", "done"), ("revoked", "done")])
def test_only_what_stands_is_still_to_be_collected(state: str, step: str) -> None:
    case, items = a_case_of(ItemState(state))
    case.state, case.concluded_at, case.issued_at = CaseState.CONCLUDED, AT, AT
    items[0].result_number = "" if state == "refused" else "1-1-R"
    assert steps(case, items)[-1][:2] == ("领取结果", step)
