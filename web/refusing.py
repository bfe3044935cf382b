"""What does a person see when it does not work? One sentence, the right status; never a traceback."""

import logging
import secrets
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException

from actions.identity import NotComingBack
from actions.storing import NoRoom, TooLarge, UnknownType
from config.catalogue import BrokenCatalogue
from models.account import Account
from models.database import transaction
from models.security import keep_event
from rules.errors import AlreadyDone, Faulty, NotFound, NotYourDesk, Refused, WrongState
from rules.security import SecurityKind
from web.entering import MustFirst, NotFromOurPage, NoToken, NotSignedIn, address_of, local_path, now
from web.guarding import safe_headers
from web.identity_service import NoProof, NotReachable
from web.limiting import TooOften
from web.showing import show

log = logging.getLogger("yijianshi.web")

SECRETS_TYPED = ("/sign-in", "/account")  # what is typed there is shown to nobody again
API = "/api/v1"  # below it programs ask, and are answered in JSON

STATUS: dict[type[Refused], int] = {
    NoToken: 401,
    NoProof: 401,
    NotComingBack: 401,
    NotReachable: 503,
    NotYourDesk: 403,
    NotFromOurPage: 403,
    NotFound: 404,
    TooLarge: 413,
    NoRoom: 507,
    UnknownType: 415,
    TooOften: 429,
    Faulty: 422,
    AlreadyDone: 409,
    BrokenCatalogue: 500,
    WrongState: 409,
}
TITLES = {
    400: "请求无法识别",
    401: "没有登录",
    403: "没有办理权限",
    404: "没有找到",
    405: "不能这样访问",
    409: "现在不能这样办",
    413: "内容太大",
    415: "文件类型不接受",
    422: "填写有误",
    429: "请稍后再试",
    500: "系统出错了",
    503: "系统暂时不可用",
    507: "服务器存不下了",
}
SENTENCES = {
    400: "没有看懂这次提交，请返回上一页刷新后再试。",
    404: "没有这个页面，请检查网址，或从首页进入。",
    405: "这个网址不能直接打开，请从页面上的按钮进入。",
}
OVERTAKEN = "这件事已有变化"
DOWN = "数据库暂时连接不上，您的操作没有保存，请几分钟后再试。"


def status_of(refused: Refused) -> int:
    """The HTTP status that says the same as the sentence."""
    return next((STATUS[kind] for kind in type(refused).__mro__ if kind in STATUS), 409)


def refusal(
    request: Request, status: int, sentence: str, *, case: str = "", kept: str = "", title: str = ""
) -> Response:
    """The page that says no. `kept` is what the person had typed, so that it can be used again."""
    if request.url.path.startswith(API):
        return JSONResponse({"error": sentence, "faults": {}}, status)
    title = title or TITLES.get(status, "没有办成")
    return show(request, "refusal.html", status=status, title=title, sentence=sentence, case=case, kept=kept)


def refused_page(request: Request, refused: Refused, *, case: str = "", kept: str = "") -> Response:
    """The same for what the rules refuse: only where somebody else has acted does the title say so."""
    title = OVERTAKEN if refused.overtaken else ""
    return refusal(request, status_of(refused), str(refused), case=case, kept=kept, title=title)


def say_why(request: Request, refused: Exception) -> Response:
    if not isinstance(refused, Refused):
        raise refused
    if request.url.path.startswith(API):
        return _to_a_program(refused)
    if isinstance(refused, NotYourDesk):
        _write_down(request)
    case = _case_to_look_at(request, refused)
    return refused_page(request, refused, case=case, kept=_typed(request))


def _write_down(request: Request) -> None:
    """Who knocked where he does not belong. What the request itself had begun is undone; this stays."""
    viewer: Account | None = getattr(request.state, "viewer", None)
    if viewer is None:
        return
    name, detail = viewer.username, f"{request.method} {request.url.path}"
    with transaction() as session:
        keep_event(
            session, SecurityKind.DENIED, name, at=now(), by=name, address=address_of(request), detail=detail
        )


def _case_to_look_at(request: Request, refused: Refused) -> str:
    """Where to see what has become of it, for those who may."""
    if isinstance(refused, AlreadyDone):
        return refused.case_number
    on_a_case = request.url.path.startswith("/cases/") and not isinstance(refused, NotFound | NotYourDesk)
    return str(request.path_params.get("number", "")) if on_a_case else ""


def _typed(request: Request) -> str:
    """The words of the form that was sent, to be copied: sentences, not codes, tokens or passwords."""
    form = getattr(request.state, "form", None)
    if form is None or request.url.path.startswith(SECRETS_TYPED):
        return ""
    words = [value for _, value in form.multi_items() if isinstance(value, str)]
    return "\n".join(word for word in words if not word.isascii())


def _to_a_program(refused: Refused) -> Response:
    """Why not, for a program and for the person behind it."""
    faults = refused.faults if isinstance(refused, Faulty) else {}
    status = status_of(refused)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    told: dict[str, object] = {"error": str(refused), "faults": faults}
    if isinstance(refused, AlreadyDone) and refused.case_number:
        told["case_no"] = refused.case_number
    return JSONResponse(told, status, headers)


def lead_to_sign_in(request: Request, _: Exception) -> Response:
    """And back afterwards: to the page asked for, or to the page whose form was sent too late."""
    came_from = request.url if request.method == "GET" else urlsplit(request.headers.get("referer", ""))
    back = f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
    return RedirectResponse(f"/sign-in?next={quote(local_path(back or '/home'))}", 303)


def lead_to_what_is_owed(request: Request, owed: Exception) -> Response:  # noqa: ARG001
    """A new password, or a second factor: the desk opens after it."""
    if not isinstance(owed, MustFirst):
        raise owed
    return RedirectResponse(owed.page, 303)


def say_faulty(request: Request, _: Exception) -> Response:
    return refusal(request, 422, "网址或表单中有不认识的内容，请返回上一页检查后再试。")


def say_status(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refusal(request, status, SENTENCES.get(status, "没有办成，请返回上一页再试。"))


def say_down(request: Request, error: Exception) -> Response:
    log.warning("database not reachable: %s", error)
    request.state.viewer = None
    return refusal(request, 503, DOWN)


def say_broken(request: Request, error: Exception) -> Response:
    """A fault of ours. The reference leads to the log; the person is told nothing that helps an attacker."""
    reference = secrets.token_hex(4)
    log.error("reference %s: %s %s", reference, request.method, request.url.path, exc_info=error)
    sentence = f"系统内部出错，您的操作没有保存。请稍后再试；仍不行时请把编号 {reference} 告诉系统管理员。"
    response = refusal(request, 500, sentence)
    # This answer passes outside the middleware.
    response.headers.update(safe_headers() | {"Cache-Control": "no-store"})
    return response


def install(app: FastAPI) -> None:
    """Teach the application to answer each kind of trouble."""
    app.add_exception_handler(NotSignedIn, lead_to_sign_in)
    app.add_exception_handler(MustFirst, lead_to_what_is_owed)
    app.add_exception_handler(Refused, say_why)
    app.add_exception_handler(RequestValidationError, say_faulty)
    app.add_exception_handler(HTTPException, say_status)
    app.add_exception_handler(OperationalError, say_down)
    app.add_exception_handler(PoolExhausted, say_down)
    app.add_exception_handler(Exception, say_broken)
