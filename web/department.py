"""A department's desk: what it has to do, what will come, what it has done."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from actions.permitting import posts_held
from models.account import Account, departments_by_code
from models.after import checks_at_desk
from models.audit import handed_on
from models.supervision import names_of, standings
from models.together import gatherings_ahead, opinions_waiting, rectifications_overdue
from models.worklists import done_at_desk, held_for_desk, open_at_desk, overdue_at_desk
from rules.errors import NotYourDesk
from rules.moments import china_day
from web.asking import bundle_names, page_number
from web.entering import Db, Officer, now
from web.marking import marks_of
from web.pre_reviewing import pre_review_of
from web.showing import show

router = APIRouter(prefix="/desk")


TABS = {"": "全部", "mine": "我领办的", "free": "本部门待领"}


@router.get("")
def to_do(
    request: Request,
    db: Db,
    officer: Officer,
    page: str = "",
    whose: str = "",
    pre: str = "",
    asked: str = "",
) -> Response:
    """The most urgent first; below, what others ask of us and what still waits for others."""
    code = department_of(officer)
    people = [officer.username, *(post.username for post in posts_held(db, officer, at=now()))]
    claimed_by = {"mine": people, "free": [""]}.get(whose)
    leaf = open_at_desk(db, code, page_number(page), claimed_by=claimed_by)
    return show(
        request,
        "desk.html",
        leaf=leaf,
        standings=standings(db, {row.case.number for row in leaf.rows}, at=now()),
        held=held_for_desk(db, code),
        tabs=TABS,
        whose=whose if whose in TABS else "",
        people=names_of(db),
        marks=marks_of(db, leaf.rows, at=now()),
        checks=checks_at_desk(db, code),
        asked=opinions_waiting(db, code),
        ahead=gatherings_ahead(db, code),
        not_put_right=rectifications_overdue(db, [row.item.number for row in leaf.rows], now()),
        department=departments_by_code(db)[code],
        overdue=overdue_at_desk(db, code, china_day(now())),
        bundles=bundle_names(),
        **pre_review_of(request, db, code, pre, asked),
    )


@router.get("/done")
def done(request: Request, db: Db, officer: Officer, page: str = "") -> Response:
    """Decided here, the latest first."""
    code = department_of(officer)
    return show(
        request,
        "desk_done.html",
        leaf=done_at_desk(db, code, page_number(page)),
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
