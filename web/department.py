"""A department's desk: what it has to do, what comes next, what will come, what it has done."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.batching import MOST
from actions.next_one import take_next
from models.account import Account, departments_by_code
from models.after import checks_at_desk
from models.audit import handed_on, latest_urging
from models.clock import open_procedures
from models.desk import (
    Order,
    Pressing,
    desk_listed,
    done_at_desk,
    open_here,
    standing_in,
)
from models.finding import Seer, is_too_common
from models.leaf import Leaf
from models.supervision import names_of, standings
from models.together import gatherings_ahead, opinions_waiting, rectifications_overdue
from models.worklists import AtDesk, held_for_desk
from rules.errors import NotYourDesk
from rules.moments import china_day
from rules.states import Act
from web.asking import bundle_names
from web.desk_view import KEPT, TABS, DeskView, days_of, view_kept, view_of, with_view
from web.entering import Db, Officer, OurForm, now, typed
from web.landing import Landed, landed_on_list, landing
from web.marking import marks_of
from web.overseeing import days_backwards, done_asked, span_shown, unsought
from web.pre_reviewing import pre_review_of
from web.showing import pages_of, show

router = APIRouter(prefix="/desk")


@router.get("")
def to_do(
    request: Request,
    db: Db,
    officer: Officer,
    pre: str = "",
    asked: str = "",
    none: str = "",
    tick: str = "",
    done: str = "",
    of: str = "",
) -> Response:
    """The most urgent first; below, what others ask of us and what still waits for others."""
    view = view_of(request.query_params)
    said = landed_on_list(db, done, of, officer)
    ticked = bool(tick and view.item)
    return desk_page(
        request, db, officer, view, pre=pre, asked=asked, landed=said, nothing_next=bool(none), ticked=ticked
    )


def desk_page(
    request: Request,
    db: Session,
    officer: Account,
    view: DeskView,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    pre: str = "",
    asked: str = "",
    landed: Landed | None = None,
    nothing_next: bool = False,
    ticked: bool = False,
) -> Response:
    """The desk seen so, with what is wrong with the ticks above the list."""
    code, at = department_of(officer), now()
    posts = standing_in(db, officer.username, code, china_day(at))
    people = (officer.username, *(post.username for _, post in posts))
    here = open_here(db, code, china_day(at))
    leaf = desk_listed(db, code, view.wanted(people, here.claims), days_of(at))
    params = {**request.query_params, **view.params}  # the form of a batch carries the view, not its address
    return show(
        request,
        "desk.html",
        status=status,
        page_link=pages_of("/desk", params),
        faults=faults or {},
        view=view,
        posts=posts,
        tabs=_tabs(here.claims, people),
        nothing_next=nothing_next,
        landed=landed,
        ticked=ticked,
        most=MOST,
        overdue=here.overdue,
        asked=opinions_waiting(db, code),
        ahead=gatherings_ahead(db, code),
        checks=checks_at_desk(db, code),
        held=held_for_desk(db, code),
        department=departments_by_code(db)[code],
        people=names_of(db),
        bundles=bundle_names(),
        items=here.items,
        pressing=list(Pressing),
        orders=list(Order),
        **_beside(db, leaf),
        **pre_review_of(db, code, pre, asked, params),
    )


@router.post("/next")
def next_one(db: Db, officer: Officer, form: OurForm) -> Response:
    """下一件: claim it and open it; back to the desk where nothing is left."""
    carried, at = typed(form, KEPT), now()
    view = view_kept(carried)
    people = (officer.username,)
    wanted = view.wanted(people)
    item = take_next(db, wanted, days_of(at), by=officer, at=at, after=typed(form, "after"))
    if item is None:
        address = view.address()
        return RedirectResponse(f"{address}{'&' if '?' in address else '?'}none=1", 303)
    return RedirectResponse(
        with_view(landing(f"/cases/{item.case_number}", Act.CLAIM, item.code), carried), 303
    )


@router.get("/done")
def done(request: Request, db: Db, officer: Officer) -> Response:
    """Decided here, the latest first, narrowed as asked."""
    code, asked = department_of(officer), done_asked(request.query_params, officer.username)
    return show(
        request,
        "desk_done.html",
        leaf=done_at_desk(db, code, asked),
        asked=asked,
        narrowed=bool(asked.words or asked.days or asked.decided_by),
        typed=request.query_params.get("q", "") if asked.words else "",
        unsought=unsought(request.query_params),
        too_common=asked.words is not None and is_too_common(db, asked.words, Seer(code)),
        decided=span_shown(asked.days),
        backwards=days_backwards(request.query_params),
        handed_on=handed_on(db, code),
        departments=departments_by_code(db),
        people=names_of(db),
        department=departments_by_code(db)[code],
        bundles=bundle_names(),
    )


def department_of(officer: Account) -> str:
    """The department the account acts for."""
    if not officer.department_code:
        raise NotYourDesk("您的账号没有所属部门，请系统管理员设置。")
    return officer.department_code


def _tabs(claims: dict[str, int], people: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """Each tab with how many it holds."""
    mine, free = sum(claims.get(one, 0) for one in people), claims.get("", 0)
    total = sum(claims.values())
    counts = {"": total, "mine": mine, "free": free, "others": total - mine - free}
    return [(key, word, counts[key]) for key, word in TABS.items()]


def _beside(db: Session, leaf: Leaf[AtDesk]) -> dict[str, Any]:
    """The list, and what is said beside its lines."""
    items = [row.item for row in leaf.rows]
    return {
        "leaf": leaf,
        "standings": standings(db, {row.case.number for row in leaf.rows}, at=now()),
        "marks": marks_of(db, leaf.rows, at=now()),
        "urged": latest_urging(db, items),
        "procedures": open_procedures(db, items),
        "not_put_right": rectifications_overdue(db, items, now()),
    }
