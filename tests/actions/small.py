"""A bundle of a few items, made for one test, and a case of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session

from actions import applying
from actions.accepting import accept
from models.case import Case, Item, items_of
from rules.application import Applicant, Application, Supplied
from rules.bundle import (
    Bundle,
    ItemSpec,
    JoinPolicy,
    Limit,
    MaterialSpec,
    Need,
    Question,
    QuestionType,
    Source,
    Unit,
)
from rules.people import ApplicantKind
from tests.people import CLERK, MORNING, account

FORM = MaterialSpec("M-FORM", "申请表", Source.APPLICANT, core=True)
PLAN = MaterialSpec("M-PLAN", "平面图", Source.APPLICANT, deferrable=True, defer_days=5)
SIGN = MaterialSpec("M-SIGN", "招牌图", Source.APPLICANT, deferrable=True, defer_days=10)


def working_days(n: int, basis: str = "") -> Limit:
    return Limit(n, Unit.WORKING_DAY, basis, "assumption")


def an_item(number: int, department: str = "market", *needs: Need, **about: Any) -> ItemSpec:
    """B9-<number>, with a result and the application form."""
    given: dict[str, Any] = {
        "item_type": "20",
        "project_type": "2",
        "promise": working_days(8),
        "materials": ("M-FORM",),
        "result": f"证照{number}",
        "needs": needs,
    }
    return ItemSpec(f"B9-{number}", f"事项{number}", department, **(given | about))


def a_bundle(*items: ItemSpec, materials: Iterable[MaterialSpec] = (FORM,), **about: Any) -> Bundle:
    """B9, with one question: Q1."""
    given: dict[str, Any] = {
        "code": "B9",
        "slug": "anything",
        "name": "随便什么“一件事”",
        "lead_department": "market",
        "joint_licence": False,
        "promise": working_days(15),
        "join": JoinPolicy.BEST_EFFORT,
        "items": items,
        "materials": tuple(materials),
        "questions": (Question("Q1", "承诺符合条件吗？", QuestionType.BOOL, default=False),),
    }
    return Bundle(**(given | about))


def a_case_of(
    db: Session,
    bundle: Bundle,
    patch: pytest.MonkeyPatch,
    *,
    q1: bool = True,
    deferred: tuple[str, ...] = (),
    accepted: bool = True,
    at: datetime = MORNING,
) -> Case:
    """陈一诺's case; what is not deferred she brings along."""
    patch.setattr(applying, "catalogue", lambda: {bundle.code: bundle})
    brought = [
        one.id for one in bundle.materials if one.source is Source.APPLICANT and one.id not in deferred
    ]
    application = Application(
        bundle=bundle.code,
        applicant=Applicant(ApplicantKind.PERSON, "陈一诺", "000000199001010018", "13800000000"),
        answers={"Q1": q1},
        address="示例市示例区示例路1号",
        supplied=tuple(Supplied(name) for name in brought),
        deferred=deferred,
    )
    clerk = account(db, CLERK)
    case = applying.submit(db, application, by=clerk, region="000000", at=at)
    if accepted:
        accept(db, case.number, by=clerk, at=at)
    db.flush()
    return case


def items(db: Session, case: Case) -> dict[str, Item]:
    """By the last part of the code: "1" is B9-1."""
    return {item.code.partition("-")[2]: item for item in items_of(db, case.number)}
