"""REST: the same acts and rights as the desks, for programs. JSON in and out, a token instead of a session."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from sqlmodel import Session

from actions.accepting import accept
from actions.acting import Asked
from actions.applying import submit
from actions.deciding import item_named
from actions.describing import describe, describe_act, describe_clock
from actions.describing_record import describe_card, describe_notices
from actions.doing import do, possible
from actions.foreseeing import foresee
from actions.forms import ApplicationForm, MaterialForm, application_of, read_form
from actions.permitting import must_be_allowed
from config.settings import settings
from models.account import Account, short_names
from models.card import cards_of
from models.case import Case, find_case
from models.supervision import clock_views, names_of
from models.version import bundle_of_version
from models.worklists import cases_listed
from rules.application import Application, Supplied
from rules.errors import AlreadyDone, Faulty, NotYourDesk
from rules.moments import china_day
from rules.people import Role
from rules.states import Act
from web.api_door import PROBLEMS, ActBody, Document, Program, act_body, caller, described, only_known
from web.api_filters import Filters, wanted_by
from web.case_page import case_seen_by
from web.entering import Db, now
from web.refusing import API

router = APIRouter(prefix=API, dependencies=[Depends(caller), Depends(only_known)], responses=PROBLEMS)


@router.get("/cases")
def listed(db: Db, by: Program, filters: Annotated[Filters, Depends()]) -> Response:
    """Cases, the newest first, twenty a page: for a department its own.

    `state` as in a case; `bundle` and `department` by code; `overdue=yes`; `archived=yes` or `no`; `q` is part of a
    number or the beginning of the applicant's name.
    """
    leaf = cases_listed(db, wanted_by(db, by, filters), china_day(now()), exactly=True)
    found = [
        {
            "case_no": case.number,
            "bundle": case.bundle_code,
            "state": case.state.value,
            "outcome": case.outcome.value if case.outcome else None,
            "submitted_at": case.submitted_at.isoformat(),
            "due": case.promised_due_on.isoformat() if case.promised_due_on else None,
            "archived": case.archived_at is not None,
        }
        for case in leaf.rows
    ]
    return JSONResponse({"total": leaf.total, "page": leaf.number, "pages": leaf.pages, "cases": found})


@router.post("/cases", status_code=201, openapi_extra=described(ApplicationForm))
def applied(db: Db, by: Program, content: Document) -> Response:
    """收件, and 受理 where it says so. The same fields as examples/*.yaml; materials arrive on paper.

    Sent again with the same submission_key it is the same case, answered with 200.
    """
    must_be_allowed(by, Act.SUBMIT)
    form = read_form(content)
    application = application_of(form, _on_paper)
    try:
        with db.begin_nested():
            case = submit(db, application, by=by, region=settings().region, at=now())
    except AlreadyDone as done:
        twin = find_case(db, done.case_number)
        if not _the_same(db, twin, application, by):
            raise
        return JSONResponse(_received(twin), 200)
    if form.accept:
        accept(db, case.number, by=by, at=now())
    return JSONResponse(_received(case), 201)


@router.get("/cases/{number}")
def one(db: Db, by: Program, number: str) -> Response:
    """The case, its items and how the results went out."""
    case, _ = case_seen_by(db, by, number)
    return JSONResponse(describe(db, case, at=now()))


@router.get("/cases/{number}/acts")
def acts(db: Db, by: Program, number: str) -> Response:
    """What this account may do now, with the fields of each act."""
    case_seen_by(db, by, number)
    return JSONResponse([describe_act(each) for each in possible(db, number, by, at=now())])


@router.post("/cases/{number}/acts/{name}", openapi_extra=described(ActBody))
def act(db: Db, by: Program, number: str, name: str, content: Document) -> Response:
    """Take an act; with dry_run only what it would lead to."""
    case_seen_by(db, by, number)
    body = act_body(content)
    asked = Asked(db, number, body.item, body.data, by, now())
    warnings: list[str] = []
    if body.dry_run:
        foreseen = foresee(db, number, lambda: warnings.extend(do(name, asked)))
        return JSONResponse({"dry_run": True} | foreseen.described() | {"warnings": warnings})
    warnings.extend(do(name, asked))
    db.flush()
    return JSONResponse(describe(db, find_case(db, number), at=now()) | {"warnings": warnings})


@router.get("/cases/{number}/clocks")
def clocks(db: Db, by: Program, number: str, item: str = "") -> Response:
    """Every clock with its trace; `item` narrows it to one."""
    _, items = case_seen_by(db, by, number)
    code = item_named(items, item, number).code if item else ""
    people = names_of(db)
    return JSONResponse(
        [describe_clock(view, people) for view in clock_views(db, number, at=now(), item=code)]
    )


@router.get("/cases/{number}/cards")
def cards(db: Db, by: Program, number: str) -> Response:
    """What supervision found."""
    case_seen_by(db, by, number)
    departments = short_names(db)
    people = names_of(db)
    return JSONResponse([describe_card(card, departments, people) for card in cards_of(db, number)])


@router.get("/cases/{number}/notices")
def notices(db: Db, by: Program, number: str) -> Response:
    """What the applicant was told: for the window and those who oversee, as on the pages."""
    case_seen_by(db, by, number)
    if by.role in (Role.OFFICER, Role.HEAD):
        raise NotYourDesk("发给申请人的通知由窗口和监管人员查看。")
    return JSONResponse(describe_notices(db, number, by))


def _received(case: Case) -> dict[str, Any]:
    return {"case_no": case.number, "query_code": case.query_code, "state": case.state.value}


def _the_same(db: Session, case: Case, application: Application, by: Account) -> bool:
    """Is this the form that became the case, sent once more? A key used for something else is a mistake."""
    applicant, bundle = application.applicant, bundle_of_version(db, case.bundle_digest)
    if application.bundle not in (bundle.code, bundle.slug):
        return False
    received = (case.submitted_by, case.applicant_kind)
    return (*received, case.applicant_id_number.upper(), case.applicant_name) == (
        by.username,
        applicant.kind,
        applicant.id_number.upper(),
        applicant.name,
    )


def _on_paper(material: MaterialForm) -> Supplied:
    if material.file:
        raise Faulty({f"materials.{material.id}": "接口不收文件，请写明纸质已收，或在窗口上传。"})
    return Supplied(material.id)
