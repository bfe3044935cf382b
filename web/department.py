"""A department's desk: what it has to do, what will come, what it has done."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.account import Account, departments_by_code
from models.supervision import standings
from models.worklists import done_at_desk, held_for_desk, open_at_desk, overdue_at_desk
from rules.errors import NotYourDesk
from rules.moments import china_day
from web.asking import bundle_names, page_number
from web.entering import Db, Officer, now
from web.showing import show

router = APIRouter(prefix="/desk")


@router.get("")
def to_do(request: Request, db: Db, officer: Officer, page: str = "") -> Response:
    """The most urgent first; below, what still waits for others."""
    code = department_of(officer)
    leaf = open_at_desk(db, code, page_number(page))
    return show(
        request,
        "desk.html",
        leaf=leaf,
        standings=standings(db, {row.case.number for row in leaf.rows}, at=now()),
        held=held_for_desk(db, code),
        department=departments_by_code(db)[code],
        overdue=overdue_at_desk(db, code, china_day(now())),
        bundles=bundle_names(),
    )


@router.get("/done")
def done(request: Request, db: Db, officer: Officer, page: str = "") -> Response:
    """Decided here, the latest first."""
    code = department_of(officer)
    return show(
        request,
        "desk_done.html",
        leaf=done_at_desk(db, code, page_number(page)),
        department=departments_by_code(db)[code],
        bundles=bundle_names(),
    )


def department_of(officer: Account) -> str:
    """The department the account acts for."""
    if not officer.department_code:
        raise NotYourDesk("您的账号没有所属部门，请系统管理员设置。")
    return officer.department_code
