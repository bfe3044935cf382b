"""Whose form is this, when nobody signs in? Whoever holds its secret name: in a cookie, or in a private link."""

from dataclasses import replace
from datetime import timedelta

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session
from starlette.datastructures import FormData

from config.districts import district_given
from models.case import Case, case_of_submission
from rules.application import Application
from rules.bundle import Bundle
from rules.errors import NotFound
from rules.people import ApplyChannel
from web import drafts
from web.drafts import KEPT_FOR, Draft
from web.entering import now, typed
from web.filling import PAPER, application_of, blank_fields, faults_at_the_counter
from web.leaving import FORM, IDLE, form_path, is_kiosk
from web.limiting import Rate
from web.planning import plan
from web.showing import set_cookie

OWNER = "@online"  # no account bears this name
SENT = Rate("form saved", 600, timedelta(minutes=10), "提交得太频繁，请过几分钟再试。已经填写的内容都还在。")
BEGUN = Rate(
    "form begun", 60, timedelta(hours=1), "从这个网络开始填写的表太多了，请一小时后再试，或到综合窗口办理。"
)
CODES = Rate("contact code", 20, timedelta(minutes=10), "从这个网络获取验证码太频繁，请 10 分钟后再试。")
GONE = "没有找到这份表：它可能已经提交、放弃，或者超过七天没有填写。请重新开始，或查询办理进度。"


def address_of(request: Request) -> str:
    """Where the request comes from."""
    return request.client.host if request.client else ""


def draft_here(request: Request, bundle: Bundle, form: FormData | None = None) -> Draft | None:
    """The form that this browser fills, with every field the bundle asks for now."""
    token = (typed(form, "form") if form else "") or request.cookies.get(FORM, "")
    draft = drafts.find(token, OWNER, bundle.code)
    return complete(draft, bundle) if draft else None


def draft_of_link(token: str, slugs: dict[str, Bundle]) -> tuple[Draft, Bundle]:
    """The form behind a private link."""
    for bundle in slugs.values():
        if draft := drafts.find(token, OWNER, bundle.code):
            return draft, bundle
    raise NotFound(GONE)


def begin(request: Request, bundle: Bundle, token: str) -> Draft:
    """A form of which nothing is kept yet; too many of them from one place are refused."""
    BEGUN.take(address_of(request), now())
    return complete(drafts.begun(token, OWNER, bundle.code), bundle)


def complete(draft: Draft, bundle: Bundle) -> Draft:
    """Also the fields added since it was begun. Online nobody has taken in any paper."""
    fields = blank_fields(bundle) | draft.fields
    return replace(
        draft, fields={name: "" if _on_paper(name, value) else value for name, value in fields.items()}
    )


def application(draft: Draft, bundle: Bundle, proven_by: str = "") -> Application:
    """What is submitted online."""
    draft = complete(draft, bundle)
    wanted = [material.id for material in plan(bundle, draft.fields, now()).to_bring]
    return replace(
        application_of(draft, bundle, wanted),
        district=district_given(draft.fields["district"]),
        channel=ApplyChannel.ONLINE,
        proven_by=proven_by,
    )


def own_faults(draft: Draft) -> dict[str, str]:
    """What is asked beyond the rules for everybody."""
    return faults_at_the_counter(draft.fields)


def case_made_of(db: Session, token: str) -> Case | None:
    """The case that this form has become already."""
    return case_of_submission(db, token) if drafts.is_token(token) else None


def remember(request: Request, response: Response, bundle: Bundle, token: str) -> Response:
    """The browser knows its form: for as long as it is kept, on a shared device only for a while."""
    seconds = IDLE if is_kiosk(request) else int(KEPT_FOR.total_seconds())
    set_cookie(response, FORM, token, path=form_path(bundle.slug), seconds=seconds)
    return response


def _on_paper(name: str, value: str) -> bool:
    return name.startswith("how.") and value == PAPER
