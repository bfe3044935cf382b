"""How does a page reach the browser? Templates, the words they use, and the cookie a form needs."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.calendars import tentative
from config.districts import district_name
from config.settings import settings
from models.account import Account
from rules.calendar import FIRST, LAST
from rules.masking import masked_id_number, masked_name
from rules.moments import CHINA, china_date, china_day, china_text
from rules.people import Role
from rules.spans import Span
from web.entering import VISIT, csrf_token, now
from web.remaining import remaining

HERE = Path(__file__).parent
STATIC = HERE / "static"

NAVIGATION = {
    Role.CLERK: (
        ("/window", "窗口"),
        ("/window/new", "新办申请"),
        ("/window/deliveries", "待发放"),
        ("/window/all", "办件查询"),
        ("/calls", "电话联系"),
        ("/cards", "监察卡"),
        ("/enquiries", "群众来信"),
        ("/inbox", "通知箱"),
    ),
    Role.OFFICER: (
        ("/desk", "待办"),
        ("/desk/done", "已办"),
        ("/cards", "监察卡"),
        ("/enquiries", "群众来信"),
        ("/delegations", "委托代办"),
    ),
    Role.HEAD: (
        ("/desk", "待办"),
        ("/desk/done", "已办"),
        ("/cards", "监察卡"),
        ("/enquiries", "群众来信"),
        ("/delegations", "委托代办"),
    ),
    Role.GOVERNMENT: (
        ("/manage", "办件总览"),
        ("/manage/figures", "数据统计"),
        ("/cards", "监察卡"),
        ("/enquiries", "群众来信"),
        ("/ratings", "好差评"),
    ),
    Role.MANAGER: (
        ("/manage", "办件总览"),
        ("/manage/figures", "数据统计"),
        ("/cards", "监察卡"),
        ("/enquiries", "群众来信"),
        ("/inbox", "通知箱"),
        ("/calls", "电话联系"),
        ("/manage/notices", "通知台账"),
        ("/ratings", "好差评"),
    ),
    Role.ADMIN: (
        ("/manage", "办件总览"),
        ("/manage/figures", "数据统计"),
        ("/inbox", "通知箱"),
        ("/manage/notices", "通知台账"),
    ),
    Role.SECURITY: (("/accounts", "账号管理"),),
    Role.AUDITOR: (("/audit", "安全审计"),),
}
PUBLIC = (
    ("/", "首页"),
    ("/guides", "办事指南"),
    ("/track", "进度查询"),
    ("/results", "结果公开"),
    ("/enquiry", "咨询投诉"),
    ("/verify", "文书核验"),
)


def show(request: Request, template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
    """The page. Everything it may show is in `facts`; what a person may not see is not given to it."""
    viewer: Account | None = getattr(request.state, "viewer", None)
    page = _environment().get_template(template)
    body = page.render(
        viewer=viewer,
        navigation=NAVIGATION[viewer.role] if viewer else PUBLIC,
        here=request.url.path,
        csrf=csrf_token(request),
        today=china_day(now()),
        demo=is_demo(),
        **{"page_link": pages_of("", request.query_params)} | facts,
    )
    response = HTMLResponse(body, status)
    if visit := getattr(request.state, "new_visit", None):
        set_cookie(response, VISIT, visit)
    return response


def pages_of(address: str, asked: Mapping[str, object], name: str = "page") -> Callable[[int], str]:
    """To every page of a list; by its own address where a form that went elsewhere may be answered with it."""
    return lambda number: f"{address}?{urlencode({**asked, name: number})}"


def is_demo() -> bool:
    """May the pages say that people here are invented, and show their passwords? Never in production."""
    return settings().demo and not settings().production


def set_cookie(
    response: Response, name: str, value: str, *, path: str = "/", seconds: int | None = None
) -> None:
    """A cookie no script can read and no other site can send along with a form."""
    response.set_cookie(
        name, value, path=path, max_age=seconds, httponly=True, samesite="lax", secure=settings().production
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": day,
        "days": days,
        "dated": dated,
        "moment": moment,
        "size": size,
        "masked": masked,
        "district": district_name,
        "masked_name": masked_name,
        "masked_id": masked_id_number,
    }
    environment.globals |= {"static": static, "remaining": remaining, "tentative": tentative}
    return environment


@cache
def static(name: str) -> str:
    """The address of a file of ours; it changes with the content, so browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def day(value: date | datetime | None) -> str:
    """3月25日 周三, with the year when it is not this one."""
    if value is None:
        return "—"
    when = value.astimezone(CHINA).date() if isinstance(value, datetime) else value
    year = "" if when.year == china_day(now()).year else f"{when.year}年"
    return f"{year}{when.month}月{when.day}日 周{'一二三四五六日'[when.weekday()]}"


def days(span: Span) -> str:
    """From when to when; where nobody said the one or the other, only what was said."""
    if span.first == FIRST:
        return f"截至 {day(span.last)}"
    return f"{day(span.first)} 起" if span.last == LAST else f"{day(span.first)} 至 {day(span.last)}"


def dated(value: date | datetime | None) -> str:
    """2026年3月25日, for what is kept, shown to others or published: it is read in other years too."""
    if value is None:
        return "—"
    return china_date(china_day(value) if isinstance(value, datetime) else value)


def moment(value: datetime | None) -> str:
    """2026-03-06 16:50 in Asia/Shanghai."""
    return china_text(value) if value else "—"


def size(value: int) -> str:
    """A file's size as people say it."""
    return f"{value / (1 << 20):.1f} MB" if value >= 1 << 20 else f"{max(1, round(value / 1024))} KB"


def masked(value: str) -> str:
    """A number of which only head and tail are shown: enough to recognise, too little to use."""
    if len(value) <= 7:
        return "*" * len(value)
    return f"{value[:3]}{'*' * (len(value) - 7)}{value[-4:]}"
