"""REST: the same acts and rights as the desks, for programs. JSON in and out, a token instead of a session."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from actions.accepting import accept
from actions.acting import Asked
from actions.applying import submit
from actions.describing import describe, describe_act, describe_clock
from actions.doing import do, possible
from actions.foreseeing import foresee
from actions.forms import ApplicationForm, MaterialForm, application_of, read_form
from actions.permitting import must_be_allowed
from actions.tokens import account_of_token
from config.settings import settings
from models.account import Account
from models.case import find_case
from models.database import transaction
from models.supervision import clock_views, names_of
from models.worklists import Wanted, cases_listed
from rules.application import Supplied
from rules.errors import Faulty, NotYourDesk
from rules.moments import china_day
from rules.states import Act
from web.asking import page_number, state_asked
from web.case_page import SEES_ALL, case_seen_by
from web.entering import Db, NoToken, now
from web.limiting import Guesses
from web.refusing import API

LARGEST = 1 << 20  # bytes of a body

router = APIRouter(prefix=API)
wrong_tokens = Guesses()


class ActBody(BaseModel):
    """What an act is told."""

    model_config = ConfigDict(extra="forbid")

    item: str = Field(default="", max_length=60)
    data: dict[str, Any] = Field(default_factory=dict)
    dry_run: bool = False


def caller(request: Request) -> Account:
    """Whom the token stands for. Wrong tokens are counted by address, like wrong query codes."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    address = request.client.host if request.client else ""
    wrong_tokens.must_be_few(address, now())
    with transaction() as session:
        account = account_of_token(session, token.strip(), at=now()) if kind.lower() == "bearer" else None
    if account is None:
        if token:
            wrong_tokens.count(address, now())
        raise NoToken
    return account


Caller = Annotated[Account, Depends(caller)]


async def document(request: Request) -> Any:
    """The body as JSON, of a size that a form has."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise Faulty({"body": "请求内容超过 1 MB。"})
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Faulty({"body": "请求内容不是正确的 JSON。"}) from None


def _no_number(word: str) -> None:
    raise ValueError(word)  # Infinity and NaN are no JSON


Document = Annotated[Any, Depends(document)]


@router.get("/cases")
def listed(db: Db, by: Caller, state: str = "", q: str = "", page: str = "") -> Response:
    """Cases, the newest first, twenty a page. For the window and those who oversee; a department asks by number."""
    if by.role not in SEES_ALL:
        raise NotYourDesk("部门账号请按办件编号查询。")
    wanted = Wanted(
        search=q.replace("\x00", "").strip()[:100], state=state_asked(state), page=page_number(page)
    )
    leaf = cases_listed(db, wanted, china_day(now()))
    found = [
        {
            "case_no": case.number,
            "bundle": case.bundle_code,
            "state": case.state.value,
            "outcome": case.outcome.value if case.outcome else None,
            "submitted_at": case.submitted_at.isoformat(),
            "due": case.promised_due_on.isoformat() if case.promised_due_on else None,
        }
        for case in leaf.rows
    ]
    return JSONResponse({"total": leaf.total, "page": leaf.number, "pages": leaf.pages, "cases": found})


@router.post(
    "/cases", openapi_extra={"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}
)
def applied(db: Db, by: Caller, content: Document) -> Response:
    """收件, and 受理 where it says so. The same fields as examples/*.yaml; materials arrive on paper or by their id."""
    must_be_allowed(by, Act.SUBMIT)
    form: ApplicationForm = read_form(content)
    at = now()
    case = submit(db, application_of(form, _on_paper), by=by, region=settings().region, at=at)
    if form.accept:
        accept(db, case.number, by=by, at=at)
    answer = {"case_no": case.number, "query_code": case.query_code, "state": case.state.value}
    return JSONResponse(answer, 201)


@router.get("/cases/{number}")
def one(db: Db, by: Caller, number: str) -> Response:
    """The case and its items."""
    case, _ = case_seen_by(db, by, number)
    return JSONResponse(describe(db, case, at=now()))


@router.get("/cases/{number}/acts")
def acts(db: Db, by: Caller, number: str) -> Response:
    """What this account may do now."""
    case_seen_by(db, by, number)
    return JSONResponse([describe_act(each) for each in possible(db, number, by, at=now())])


@router.post(
    "/cases/{number}/acts/{name}",
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": ActBody.model_json_schema()}}}},
)
def act(db: Db, by: Caller, number: str, name: str, content: Document) -> Response:
    """Take an act; with dry_run only what it would lead to."""
    case_seen_by(db, by, number)
    body = _body(content)
    asked = Asked(db, number, body.item, body.data, by, now())
    if body.dry_run:
        return JSONResponse({"dry_run": True} | foresee(db, number, lambda: do(name, asked)).described())
    warnings = list(do(name, asked))
    db.flush()
    return JSONResponse(describe(db, find_case(db, number), at=now()) | {"warnings": warnings})


@router.get("/cases/{number}/clocks")
def clocks(db: Db, by: Caller, number: str, item: str = "") -> Response:
    """Every clock with its trace."""
    case_seen_by(db, by, number)
    people = names_of(db)
    return JSONResponse(
        [describe_clock(view, people) for view in clock_views(db, number, at=now(), item=item)]
    )


def _body(content: Any) -> ActBody:
    try:
        return ActBody.model_validate(content)
    except ValueError:
        raise Faulty({"body": '请求内容应形如 {"item": "B1-2", "data": {"reason": "……"}}。'}) from None


def _on_paper(material: MaterialForm) -> Supplied:
    if material.file:
        raise Faulty({f"materials.{material.id}": "接口不收文件，请写明纸质已收，或在窗口上传。"})
    return Supplied(material.id)
