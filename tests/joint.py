"""A joint acceptance whose departments work together: three steps in one, a visit and rectification in others."""

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session

from actions import applying
from actions.accepting import accept
from models.account import Account
from models.case import Case, Item, items_of
from rules.application import Applicant, Application, Supplied
from rules.bundle import Bundle, ItemSpec, JoinPolicy, Limit, MaterialSpec, Source, Unit
from rules.people import ApplicantKind, Role
from rules.states import DeskStep
from tests.people import CLERK, MORNING, account

STEPPED, FIRE, URBAN, PLAIN = "B9-1", "B9-2", "B9-3", "B9-4"
SECOND = "market-2"  # 周宁, the second officer of 市场监管


def days(n: int, basis: str = "") -> Limit:
    return Limit(n, Unit.WORKING_DAY, basis, "assumption")


def an_item(code: str, name: str, department: str, **more: Any) -> ItemSpec:
    legal = days(20, "某条例第一条")
    given = {
        "item_type": "07",
        "project_type": "2",
        "promise": days(7),
        "legal": legal,
        "materials": ("M-FORM",),
    }
    return ItemSpec(code, name, department, **(given | more))


def joint_acceptance(**changes: Any) -> Bundle:
    given = {
        "code": "B9",
        "slug": "joint",
        "name": "联合验收“一件事”",
        "lead_department": "market",
        "joint_licence": False,
        "promise": days(15),
        "join": JoinPolicy.BEST_EFFORT,
        "items": (
            an_item(STEPPED, "规划核实", "market", steps=tuple(DeskStep)),
            an_item(FIRE, "消防验收", "fire", visit=True, rectify=days(5), result="消防验收意见书"),
            an_item(URBAN, "招牌验收", "urban", visit=True),
            an_item(PLAIN, "档案验收", "health"),
        ),
        "materials": (MaterialSpec("M-FORM", "申请表", Source.APPLICANT, core=True),),
    }
    return Bundle(**(given | changes))


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """The joint acceptance is on offer instead of the catalogue."""
    bundle = joint_acceptance()
    monkeypatch.setattr(applying, "catalogue", lambda: {bundle.code: bundle})
    return bundle


def a_joint_case(session: Session, at: datetime = MORNING) -> Case:
    """Accepted, and on every desk."""
    add_second_officer(session)
    applicant = Applicant(
        ApplicantKind.PERSON, "陈一诺", "000000199001010018", "13800000000", "chen@example.com"
    )
    application = Application(
        bundle="B9",
        applicant=applicant,
        answers={},
        address="示例市示例区示例路1号",
        supplied=(Supplied("M-FORM"),),
    )
    clerk = account(session, CLERK)
    case = applying.submit(session, application, by=clerk, region="000000", at=at)
    accept(session, case.number, by=clerk, at=at)
    session.flush()
    return case


def add_second_officer(session: Session) -> Account:
    second = Account(
        username=SECOND, name="周宁", role=Role.OFFICER, department_code="market", password_hash="!"
    )
    return session.merge(second)


def item_of(session: Session, case: Case | str, code: str) -> Item:
    number = case if isinstance(case, str) else case.number
    return next(item for item in items_of(session, number) if item.code == code)
