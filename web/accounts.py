"""账号管理, the security administrator's desk: open, close, unlock, reset, change the post."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from actions import accounts as keeping
from actions.accounts import Keeper, keeper
from actions.own_account import end_others
from actions.second_factor import reset_second
from actions.signing_in import AT_MOST
from config.districts import choices, district_name
from config.settings import settings
from models.account import (
    Account,
    accounts_counted,
    accounts_found,
    departments_by_code,
    sessions_of,
)
from models.leaf import PAGE, Leaf
from rules.errors import Faulty, NotFound
from rules.people import Role
from web.asking import page_number
from web.confirming import CONFIRMED
from web.entering import Db, OurForm, SecurityOfficer, address_of, now, typed
from web.showing import show

router = APIRouter(prefix="/accounts")

FIELDS = ("username", "name", "role", "department", "district", "email")


@dataclass(frozen=True)
class Step:
    """One thing that can be done to an account, and what it leads to."""

    label: str
    leads_to: str
    take: Callable[[Session, str, FormData, Keeper], object]
    fields: tuple[str, ...] = ()
    alarming: bool = False


def _role_of(form: FormData) -> Role:
    if typed(form, "role") not in set(Role):
        raise Faulty({"role": "请选择角色。"})
    return Role(typed(form, "role"))


def _reset(db: Session, username: str, _form: FormData, by: Keeper) -> str:
    made = keeping.initial_password()
    keeping.set_password(db, username, made, by=by)
    return made


STEPS: Mapping[str, Step] = {
    "post": Step(
        "变更角色",
        "立即退出登录，再登录时是新的角色；正在填写的内容会丢失。",
        lambda db, name, form, by: keeping.set_role(
            db, name, _role_of(form), typed(form, "department"), by=by
        ),
        ("role", "department"),
    ),
    "district": Step(
        "变更行政区划",
        "立即退出登录，再登录时只看得到、办得了这个行政区划的办件。",
        lambda db, name, form, by: keeping.set_district(db, name, typed(form, "district"), by=by),
        ("district",),
    ),
    "identity": Step(
        "绑定统一身份",
        "以后从统一身份认证登录的这个人，就是这个账号；权限不变。",
        lambda db, name, form, by: keeping.link_identity(db, name, typed(form, "identity"), by=by),
        ("identity",),
    ),
    "email": Step(
        "更改邮箱",
        "监察日报发到这个邮箱。",
        lambda db, name, form, by: keeping.set_email(db, name, typed(form, "email"), by=by),
        ("email",),
    ),
    "unlock": Step(
        "解除锁定",
        "马上可以再试密码。",
        lambda db, name, _, by: keeping.unlock(db, name, by=by),
    ),
    "sessions": Step(
        "结束全部会话",
        "在所有设备上退出登录。",
        lambda db, name, _, by: end_others(db, name, "", by=by.username, at=by.at, address=by.address),
    ),
    "password": Step(
        "重设密码",
        "原密码作废，在所有设备上退出登录；新的初始密码只显示一次，本人登录后须修改。",
        _reset,
        alarming=True,
    ),
    "second": Step(
        "重置动态码",
        "原来的手机和恢复码作废，在所有设备上退出登录；请先核实确是本人。",
        lambda db, name, _, by: reset_second(db, name, by=by.username, at=by.at, address=by.address),
        alarming=True,
    ),
    "close": Step(
        "停用账号",
        "立即退出登录，不能再登录；办过的事仍记在名下，可以恢复。",
        lambda db, name, _, by: keeping.set_active(db, name, active=False, by=by),
        alarming=True,
    ),
    "reopen": Step(
        "恢复账号",
        "可以再登录，角色不变。",
        lambda db, name, _, by: keeping.set_active(db, name, active=True, by=by),
    ),
}


@router.get("")
def listed(
    request: Request, db: Db, _: SecurityOfficer, q: str = "", role: str = "", page: str = ""
) -> Response:
    """Every account, a page at a time."""
    sought, wanted = q.replace("\x00", "").strip()[:100], Role(role) if role in set(Role) else None
    total = accounts_counted(db, sought, wanted)
    number = min(page_number(page), max(1, -(-total // PAGE))) or 1
    rows = accounts_found(db, sought, wanted, PAGE, (number - 1) * PAGE)
    return show(
        request,
        "accounts.html",
        leaf=Leaf(rows, total, number),
        q=sought,
        role=wanted,
        roles=list(Role),
        departments=departments_by_code(db),
        guarded=settings().guarded_roles,
        moment_now=now(),
    )


@router.get("/new")
def new(request: Request, db: Db, _: SecurityOfficer) -> Response:
    """The form to open an account."""
    return _form(request, db, {}, {})


@router.post("/new")
def opened(request: Request, db: Db, viewer: SecurityOfficer, form: OurForm) -> Response:
    """开户: the initial password is shown once, to be handed over."""
    given = {name: typed(form, name) for name in FIELDS}
    by = keeper(viewer, at=now(), address=address_of(request))
    password = keeping.initial_password()
    try:
        with db.begin_nested():
            keeping.open_account(
                db,
                given["username"],
                given["name"],
                _role_of(form),
                password,
                by=by,
                department=given["department"],
                district=given["district"],
                email=given["email"],
            )
    except Faulty as faulty:
        return _form(request, db, given, faulty.faults)
    return _handed_over(request, given["username"], password)


@router.get("/{username}")
def one(request: Request, db: Db, _: SecurityOfficer, username: str, done: str = "") -> Response:
    """An account, and what can be done to it."""
    return _page(request, db, username, done=done)


@router.post("/{username}/{step}")
def taken(
    request: Request, db: Db, viewer: SecurityOfficer, username: str, step: str, form: OurForm
) -> Response:
    """First what it leads to, then, confirmed, the step itself."""
    chosen, account = STEPS.get(step), _known(db, username)
    if chosen is None:
        raise NotFound("没有这个操作。")
    given = {name: typed(form, name) for name in chosen.fields}
    if typed(form, CONFIRMED) != "yes":
        return show(
            request,
            "account_confirm.html",
            account=account,
            step=step,
            chosen=chosen,
            given=given,
            words=_words(db, given),
        )
    by = keeper(viewer, at=now(), address=address_of(request))
    try:
        with db.begin_nested():
            made = chosen.take(db, username, form, by)
    except Faulty as faulty:
        return _page(request, db, username, faults=faulty.faults, kept=given)
    if step == "password":
        return _handed_over(request, username, str(made))
    return RedirectResponse(f"/accounts/{username}?done={step}", 303)


def _known(db: Session, username: str) -> Account:
    account = db.get(Account, username)
    if account is None:
        raise NotFound("没有这个账号。")
    return account


def _words(db: Session, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was chosen, as people say it."""
    names = {
        "role": "角色",
        "department": "部门",
        "district": "行政区划",
        "identity": "统一身份标识",
        "email": "邮箱",
    }
    offices = departments_by_code(db)
    said = []
    for name, value in given.items():
        if name == "role" and value in set(Role):
            value = Role(value).label
        if name == "department" and value in offices:
            value = offices[value].short_name
        if name == "district":
            value = district_name(value)
        said.append((names[name], value or "（无）"))
    return said


def _page(
    request: Request,
    db: Session,
    username: str,
    *,
    done: str = "",
    faults: Mapping[str, str] | None = None,
    kept: Mapping[str, str] | None = None,
) -> Response:
    account = _known(db, username)
    at = now()
    return show(
        request,
        "account_one.html",
        status=422 if faults else 200,
        account=account,
        done=STEPS[done].label if done in STEPS else "",
        faults=faults or {},
        fields={"identity": account.identity or "", "email": account.email} | dict(kept or {}),
        steps=STEPS,
        roles=list(Role),
        departments=departments_by_code(db),
        districts=choices(),
        sessions=sessions_of(db, username, since=at - AT_MOST),
        locked=bool(account.locked_until and account.locked_until > at),
        guarded=settings().guarded_roles,
    )


def _form(request: Request, db: Session, given: Mapping[str, str], faults: Mapping[str, str]) -> Response:
    return show(
        request,
        "account_new.html",
        status=422 if faults else 200,
        fields={name: given.get(name, "") for name in FIELDS},
        faults=faults,
        roles=list(Role),
        departments=departments_by_code(db),
        districts=choices(),
    )


def _handed_over(request: Request, username: str, password: str) -> Response:
    return show(request, "account_handed.html", username=username, password=password)
