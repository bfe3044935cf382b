"""Who may come in over REST, and with what? A token, a body of a form's size, no fields we do not know."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from actions.storing import TooLarge
from actions.tokens import account_of_token
from models.account import Account
from models.database import transaction
from models.districts import confine
from rules.errors import Faulty, NotYourDesk
from web.entering import APART, Db, NoToken, now
from web.limiting import Guesses

LARGEST = 1 << 20  # bytes of a body

wrong_tokens = Guesses("token")
bearer = HTTPBearer(auto_error=False, description="yjs tokens make --as USER --label PURPOSE")


class ActBody(BaseModel):
    """What an act is told."""

    model_config = ConfigDict(extra="forbid")

    item: str = Field(default="", max_length=60)
    data: dict[str, Any] = Field(default_factory=dict)
    dry_run: bool = False


class Problem(BaseModel):
    """Why not: one sentence for the person behind the program, and what is wrong with each field."""

    error: str
    faults: dict[str, str]
    case_no: str | None = None  # where it has been done already


PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "没有有效的令牌"},
    403: {"model": Problem, "description": "不是您的办件或职责"},
    404: {"model": Problem, "description": "没有找到"},
    409: {"model": Problem, "description": "办件已有变化，或者已经办过"},
    413: {"model": Problem, "description": "请求内容太大"},
    422: {"model": Problem, "description": "填写有误，faults 逐项说明"},
    429: {"model": Problem, "description": "错误的令牌太多"},
}


def caller(
    request: Request, db: Db, _: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
) -> Account:
    """Whom the token stands for, to whose district the request's session is confined.

    Wrong tokens are counted by address, like wrong query codes.
    """
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    address = request.client.host if request.client else ""
    wrong_tokens.must_be_few(address, now())
    with transaction() as session:
        acts = request.method not in ("GET", "HEAD")
        known = kind.lower() == "bearer"
        account = account_of_token(session, token.strip(), at=now(), to_act=acts) if known else None
    if account is None:
        if token:
            wrong_tokens.count(address, now())
        raise NoToken
    if account.role in APART:
        raise NotYourDesk(f"{account.role.label}不经办也不查看办件。")
    confine(db, account.district)
    return account


Program = Annotated[Account, Depends(caller)]


def only_known(request: Request) -> None:
    """A misspelt filter would show more than was asked for."""
    asked = request.scope["route"].dependant
    known = {field.name for part in (asked, *asked.dependencies) for field in part.query_params}
    if unknown := sorted(set(request.query_params) - known):
        raise Faulty({name: f"没有“{name}”这个查询条件。" for name in unknown})


async def document(request: Request) -> Any:
    """The body as JSON, of a size that a form has."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise TooLarge("请求内容超过 1 MB。")
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Faulty({"body": "请求内容不是正确的 JSON。"}) from None


Document = Annotated[Any, Depends(document)]


def act_body(content: Any) -> ActBody:
    """What is asked of the act."""
    try:
        return ActBody.model_validate(content)
    except ValueError:
        raise Faulty({"body": '请求内容应形如 {"item": "B1-2", "data": {"reason": "……"}}。'}) from None


def described(body: type[BaseModel]) -> dict[str, Any]:
    """The body in the OpenAPI description: read by ourselves, so that its faults are told in our words."""
    schema = body.model_json_schema()
    parts = schema.pop("$defs", {})
    content = {"application/json": {"schema": _inlined(schema, parts)}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(schema: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if reference := schema.get("$ref"):
        return _inlined(parts[reference.rsplit("/", 1)[1]], parts)
    return {name: _inlined(value, parts) for name, value in schema.items()}


def _no_number(word: str) -> None:
    raise ValueError(word)  # Infinity and NaN are no JSON
