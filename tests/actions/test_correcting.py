"""A mistake in who applies is put right, visibly."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from actions.acting import Asked
from actions.correcting import correct
from actions.deciding import grant
from actions.doing import do
from actions.issuing import issue_early
from models.audit import opened, timeline
from models.case import Case, items_of
from models.notice import notices_of
from rules.errors import Faulty, NotYourDesk, WrongState
from rules.notices import Event
from rules.states import Act
from tests.people import CLERK, MORNING, a_case, a_city, account

NOON = MORNING + timedelta(hours=2)
WRONG = "收件时录错。"


@pytest.fixture
def case(db: Session) -> Case:
    a_city(db)
    return a_case(db)


def corrected(db: Session, case: Case, reason: str = WRONG, **values: str) -> None:
    correct(db, case.number, values, reason, by=account(db, CLERK), at=NOON)
    db.flush()


def told_at(db: Session, case: Case) -> list[str]:
    return sorted(one.address for one in notices_of(db, case.number) if one.event is Event.CORRECTED)


def test_old_and_new_are_on_the_file(db: Session, case: Case) -> None:
    corrected(db, case, applicant_name="陈一诺诺", address="示例路2号")
    assert (case.applicant_name, case.address) == ("陈一诺诺", "示例路2号")
    entry = timeline(db, case.number)[-1]
    assert (entry.act, entry.actor, entry.reason) == (Act.CORRECT, CLERK, WRONG)
    assert "陈一诺" not in str(entry.facts), "sealed, as in the columns"
    assert {name: [opened(one) for one in pair] for name, pair in entry.facts["changes"].items()} == {
        "applicant_name": ["陈一诺", "陈一诺诺"],
        "address": ["示例市示例区示例路1号", "示例路2号"],
    }
    fields = next(one.facts["fields"] for one in notices_of(db, case.number) if one.event is Event.CORRECTED)
    assert fields == ["申请人名称", "地址"]


def test_the_wrong_address_hears_of_it_too(db: Session, case: Case) -> None:
    """Failure story 16: a mistyped address is a stranger's, or nobody's."""
    corrected(db, case, phone="13900000001")
    assert told_at(db, case) == ["13800000000", "13900000001", "chen@example.com"]


@pytest.mark.parametrize(
    ("new", "heard"),
    [("li-hua@example.com", 2), ("LiHua@example.com", 1), ("lihua@example.cn", 2)],
)
def test_a_hyphen_makes_another_mailbox_and_capitals_do_not(
    db: Session, case: Case, new: str, heard: int
) -> None:
    case.email = "lihua@example.com"
    corrected(db, case, email=new)
    mailboxes = [address for address in told_at(db, case) if "@" in address]
    assert new in mailboxes
    assert len(mailboxes) == heard


def test_a_second_correction_is_told_again(db: Session, case: Case) -> None:
    corrected(db, case, phone="13900000001")
    corrected(db, case, phone="13800000000")
    assert told_at(db, case).count("13800000000") == 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"applicant_id_number": "000000199001010019"}, "applicant_id_number"),
        ({"phone": "12345"}, "phone"),
        ({"email": "不是邮箱"}, "email"),
        ({"email": "a@" + "b" * 200 + ".cn"}, "email"),
        ({"applicant_name": "长" * 101}, "applicant_name"),
        ({"agent_name": "周代"}, "agent_id_number"),
        ({"address": "路" * 401}, "address"),
        ({"contact_name": "\x00"}, "contact_name"),
        ({"phone": "无"}, "phone"),
    ],
)
def test_it_is_checked_as_the_form_is(db: Session, case: Case, values: dict[str, str], field: str) -> None:
    before = {name: getattr(case, name) for name in values}
    entries = len(timeline(db, case.number))
    with pytest.raises(Faulty) as faulty:
        corrected(db, case, **values)
    assert field in faulty.value.faults
    assert {name: getattr(case, name) for name in values} == before
    assert len(timeline(db, case.number)) == entries


def test_an_agent_comes_and_goes(db: Session, case: Case) -> None:
    corrected(
        db,
        case,
        agent_name="周代",
        agent_id_number="000000199001010018",
        agent_phone="13700000000",
    )
    assert case.agent_name == "周代"
    corrected(db, case, agent_name="无")
    assert (case.agent_name, case.agent_id_number, case.agent_phone) == ("", "", "")


def test_nothing_to_correct_points_to_where_answers_are_changed(db: Session, case: Case) -> None:
    with pytest.raises(Faulty, match="增加事项"):
        corrected(db, case, phone="13800000000", email="")
    asked = Asked(db, case.number, "", {"Q2": "100", "reason": WRONG}, account(db, CLERK), NOON)
    with pytest.raises(Faulty, match="没有“Q2”"):
        do("correct", asked)


def test_what_stays_as_it_is_was_not_corrected(db: Session, case: Case) -> None:
    """Typed again, in whatever case or with blanks around it, it is the same."""
    corrected(db, case, applicant_name="陈一诺", phone=" 13800000000 ", address="示例路2号")
    entry = timeline(db, case.number)[-1]
    assert list(entry.facts["changes"]) == ["address"]


def test_a_certificate_that_left_early_bears_the_name(db: Session, case: Case) -> None:
    """Issued ahead of the others, or standing while the case is open again: `issued_at` says nothing of it."""
    grant(db, case.number, "B1-1", by=account(db, "market"), at=MORNING)
    db.flush()
    corrected(db, case, applicant_name="陈一诺诺")
    issue_early(db, case, items_of(db, case.number)[0], NOON)
    assert case.issued_at is None
    for values in ({"applicant_name": "陈二诺"}, {"applicant_id_number": "000000199001010034"}):
        with pytest.raises(WrongState, match="发证部门"):
            corrected(db, case, **values)
    corrected(db, case, phone="13900000001")


def test_who_and_until_when(db: Session, case: Case) -> None:
    with pytest.raises(NotYourDesk):
        correct(db, case.number, {"phone": "13900000001"}, WRONG, by=account(db, "market"), at=NOON)
    with pytest.raises(Faulty, match="更正必须写明理由"):
        corrected(db, case, reason="", phone="13900000001")
    case.issued_at = NOON
    corrected(db, case, phone="13900000001")
    with pytest.raises(WrongState, match="发证部门"):
        corrected(db, case, applicant_name="陈二诺")
    case.archived_at = NOON
    with pytest.raises(WrongState, match="已归档"):
        corrected(db, case, phone="13800000000")
