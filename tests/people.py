"""Who plays in the tests? Each person has one purpose."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from actions.accepting import accept
from actions.applying import submit
from config.catalogue import catalogue, departments
from models.account import Account, Department
from models.case import Case
from rules.application import Applicant, Application, Supplied
from rules.bundle import Source
from rules.people import ApplicantKind, Role
from rules.selecting import complete_answers, items_called_for, materials_called_for

MORNING = datetime(2026, 3, 6, 1, 30, tzinfo=UTC)  # Friday 09:30 in the hall

CLERK = "linxiao"  # 林晓 sits at the window
MANAGER = "zhaomin"  # 赵敏 watches over the hall
GOVERNOR = "lijianguo"  # 李建国 approves for the government of that level

# Officers are named as their department's code; its head is `<code>-head`.

# Districts of the shipped file; the people of one are named `<mark>-…` (a_district).
COUNTY, OTHER_COUNTY, TOWN = "000001", "000002", "000001001"
MARKS = {COUNTY: "qu", OTHER_COUNTY: "xian", TOWN: "jie"}


def a_city(session: Session) -> None:
    """All departments, the window, the manager, and one officer a department named as its code."""
    heads = [(f"{code}-head", f"{code}负责人", Role.HEAD, code) for code in departments()]
    officers = [(code, f"{code}经办", Role.OFFICER, code) for code in departments()]
    hall = [
        (CLERK, "林晓", Role.CLERK, None),
        (MANAGER, "赵敏", Role.MANAGER, None),
        (GOVERNOR, "李建国", Role.GOVERNMENT, None),
    ]
    # Two statements, not two hundred: nearly every test begins here.
    offices = [
        {"code": spec.code, "name": spec.name, "short_name": spec.short_name}
        for spec in departments().values()
    ]
    session.execute(insert(Department).on_conflict_do_nothing(), offices)
    people = [
        Account(username=username, name=name, role=role, department_code=department, password_hash="!")
        for username, name, role, department in (*hall, *officers, *heads)
    ]
    session.execute(insert(Account).on_conflict_do_nothing(), [one.model_dump() for one in people])


def a_district(session: Session, district: str) -> None:
    """Window, manager, governor, and an officer and a head of every department of this district."""
    mark = MARKS[district]
    hall = [("linxiao", Role.CLERK), ("zhaomin", Role.MANAGER), ("lijianguo", Role.GOVERNMENT)]
    offices = [
        (code + end, role, code)
        for code in departments()
        for end, role in (("", Role.OFFICER), ("-head", Role.HEAD))
    ]
    people = [
        Account(
            username=f"{mark}-{name}",
            name=f"{mark}{name}",
            role=role,
            department_code=code,
            district=district,
            password_hash="!",
        )
        for name, role, code in (*((name, role, None) for name, role in hall), *offices)
    ]
    session.execute(insert(Account).on_conflict_do_nothing(), [one.model_dump() for one in people])


def account(session: Session, username: str) -> Account:
    return session.get_one(Account, username)


def head_of(session: Session, department: str) -> Account:
    return account(session, f"{department}-head")


def an_application(**changes: Any) -> Application:
    """陈一诺 wants to open a restaurant that calls for all five departments."""
    bundle = catalogue()["B1"]
    answers = changes.pop("answers", None) or full_answers()
    complete = complete_answers(bundle, answers)
    wanted = materials_called_for(bundle, items_called_for(bundle, complete), complete)
    given = {
        "bundle": "B1",
        "applicant": Applicant(
            ApplicantKind.PERSON, "陈一诺", "000000199001010018", "13800000000", "chen@example.com"
        ),
        "answers": answers,
        "address": "示例市示例区示例路1号",
        "supplied": tuple(
            Supplied(material.id) for material in wanted if material.source is Source.APPLICANT
        ),
    }
    return Application(**(given | changes))


def full_answers() -> dict[str, Any]:
    """Answers of a large restaurant with a sign and tobacco, no commitment: every item of B1."""
    return {"Q1": True, "Q2": 320, "Q3": False, "Q4": True, "Q5": True, "Q6": False, "Q7": False}


def a_case(
    session: Session, *, accepted: bool = True, at: datetime = MORNING, clerk: str = CLERK, **changes: Any
) -> Case:
    """A case of B1 at this clerk's window; accepted unless asked otherwise."""
    by = account(session, clerk)
    case = submit(session, an_application(**changes), by=by, region="000000", at=at)
    if accepted:
        accept(session, case.number, by=by, at=at)
    session.flush()
    return case
