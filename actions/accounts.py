"""账号管理: who may come in. An account is closed, never deleted: what it did stays signed."""

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.signing_in import hashed
from config.districts import district_given, district_name
from config.passwords import common_passwords
from models.account import (
    Account,
    account_of_identity,
    departments_by_code,
    end_all_sign_ins,
    lock_account,
)
from models.security import keep_event
from rules.duties import KEEPS_ACCOUNTS, KEEPS_PLATFORM, OF_A_DEPARTMENT, READS_SECURITY
from rules.errors import AlreadyDone, Faulty, NotFound, NotYourDesk
from rules.passwords import fault_of_password
from rules.people import Role
from rules.security import SecurityKind

USERNAME = r"[a-z][a-z0-9._-]{1,49}"
CONSOLE = "console"  # whoever types commands on the machine itself


@dataclass(frozen=True)
class Keeper:
    """Who changes an account, and when."""

    at: datetime
    username: str = CONSOLE
    address: str = ""


def keeper(account: Account, *, at: datetime, address: str = "") -> Keeper:
    """The security administrator; nobody else."""
    if account.role not in KEEPS_ACCOUNTS:
        raise NotYourDesk(f"账号由安全管理员管理，您的角色是“{account.role.label}”。")
    return Keeper(at, account.username, address)


def open_account(
    session: Session,
    username: str,
    name: str,
    role: Role,
    password: str,
    *,
    by: Keeper,
    department: str = "",
    district: str = "",
    email: str = "",
) -> Account:
    """开户. Officers and heads belong to a department, the others to none; `district` '' is the whole installation.

    Raises Faulty with every fault.
    """
    within, wrong_district = _district(role, district)
    faults = _faults(session, username, name, role, department) | _weak(password, username) | _no_mail(email)
    faults |= wrong_district
    if faults:
        raise Faulty(faults)
    if lock_account(session, username):
        raise AlreadyDone(f"已经有名为 {username} 的账号。", "")
    account = Account(
        username=username,
        name=name.strip(),
        role=role,
        department_code=department or None,
        district=within,
        password_hash=hashed(password),
        password_at=by.at,
        must_change=True,
        email=email.strip(),
    )
    session.add(account)
    said = _post(role, department) + (f"，{district_name(within)}" if within else "")
    _kept(session, SecurityKind.OPENED, username, by, said)
    return account


def initial_password() -> str:
    """A password to be handed over once: 80 random bits, in groups that can be read out."""
    made = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(made[start : start + 4] for start in range(0, len(made), 4))


def set_password(session: Session, username: str, password: str, *, by: Keeper) -> None:
    """重设密码: the account is unlocked, and whoever is signed in under it must sign in anew."""
    account = _existing(session, username, by)
    if faults := _weak(password, username):
        raise Faulty(faults)
    account.password_hash, account.password_at, account.must_change = hashed(password), by.at, True
    account.failed_attempts, account.locked_until = 0, None
    end_all_sign_ins(session, username)
    _kept(session, SecurityKind.RESET, username, by)


def unlock(session: Session, username: str, *, by: Keeper) -> None:
    """解除锁定."""
    account = _existing(session, username, by)
    account.failed_attempts, account.locked_until = 0, None
    _kept(session, SecurityKind.UNLOCKED, username, by)


def set_active(session: Session, username: str, *, active: bool, by: Keeper) -> None:
    """停用或恢复. A closed account is signed out at once."""
    _existing(session, username, by).active = active
    if not active:
        end_all_sign_ins(session, username)
    _kept(session, SecurityKind.REOPENED if active else SecurityKind.CLOSED, username, by)


def set_role(session: Session, username: str, role: Role, department: str, *, by: Keeper) -> None:
    """变更角色: signed out at once, so that nobody goes on with rights of before. The district stays."""
    account = _existing(session, username, by)
    _, wrong_district = _district(role, account.district)
    if faults := _fault_of_post(session, role, department) | wrong_district:
        raise Faulty(faults)
    before = _post(account.role, account.department_code or "")
    account.role, account.department_code = role, department or None
    end_all_sign_ins(session, username)
    _kept(session, SecurityKind.ROLE, username, by, f"{before} → {_post(role, department)}")


def set_district(session: Session, username: str, district: str, *, by: Keeper) -> None:
    """变更行政区划, '' is the whole installation: signed out at once, as with a role."""
    account = _existing(session, username, by)
    within, faults = _district(account.role, district)
    if faults:
        raise Faulty(faults)
    before, account.district = account.district, within
    end_all_sign_ins(session, username)
    said = f"行政区划：{district_name(before)} → {district_name(within)}"
    _kept(session, SecurityKind.ROLE, username, by, said)


def set_email(session: Session, username: str, email: str, *, by: Keeper) -> None:
    """Where the daily digest goes; '' for nowhere."""
    if faults := _no_mail(email):
        raise Faulty(faults)
    _existing(session, username, by).email = email


def link_identity(session: Session, username: str, identity: str, *, by: Keeper) -> None:
    """绑定统一身份: who this account is in the city's identity service; '' for nobody."""
    account, identity = _existing(session, username, by), identity.strip()
    if len(identity) > 200:
        raise Faulty({"identity": "统一身份标识不能超过 200 字。"})
    other = account_of_identity(session, identity) if identity else None
    if other and other.username != username:
        raise Faulty({"identity": f"这个统一身份已绑定账号 {other.username}。"})
    account.identity = identity or None
    _kept(session, SecurityKind.LINKED, username, by, "绑定" if identity else "解除绑定")


def _existing(session: Session, username: str, by: Keeper) -> Account:
    """The account, locked. Nobody changes his own: another administrator does (三员分立)."""
    account = lock_account(session, username)
    if account is None:
        raise NotFound(f"没有名为 {username} 的账号。")
    if by.username == username:
        raise NotYourDesk("自己的账号要由另一名安全管理员变更；改密码请到“我的账号”。")
    return account


def _kept(session: Session, kind: SecurityKind, username: str, by: Keeper, detail: str = "") -> None:
    keep_event(session, kind, username, at=by.at, by=by.username, address=by.address, detail=detail)


def _post(role: Role, department: str) -> str:
    return f"{role.label}（{department}）" if department else role.label


def _district(role: Role, typed: str) -> tuple[str, dict[str, str]]:
    """The district that was typed, and what is wrong with it. The three administrators keep the whole platform."""
    try:
        within = district_given(typed)
    except Faulty as faulty:
        return "", faulty.faults
    if within and role in KEEPS_ACCOUNTS | KEEPS_PLATFORM | READS_SECURITY:
        return "", {"district": f"{role.label}面向整个平台，不能限于一个行政区划。"}
    return within, {}


def _faults(session: Session, username: str, name: str, role: Role, department: str) -> dict[str, str]:
    faults = {}
    if not re.fullmatch(USERNAME, username) or username in (CONSOLE, "system", "applicant"):
        faults["username"] = "用户名用小写字母开头，2 至 50 个小写字母、数字、点、横线或下划线。"
    if not 0 < len(name.strip()) <= 100:
        faults["name"] = "请填写姓名，不超过 100 字。"
    return faults | _fault_of_post(session, role, department)


def _fault_of_post(session: Session, role: Role, department: str) -> dict[str, str]:
    known = departments_by_code(session)
    if role in OF_A_DEPARTMENT and department not in known:
        choices = "、".join(known) or "还没有部门，请先运行 yjs up"
        return {"department": f"{role.label}要有部门，可用的：{choices}。"}
    if role not in OF_A_DEPARTMENT and department:
        return {"department": f"{role.label}不属于任何部门，请不要填写部门。"}
    return {}


def _no_mail(email: str) -> dict[str, str]:
    if len(email) > 200:
        return {"email": "邮箱地址请不超过 200 字。"}
    wrong = email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email)
    return {"email": f"“{email}”不是邮箱地址。"} if wrong else {}


def _weak(password: str, username: str) -> dict[str, str]:
    fault = fault_of_password(password, username, common_passwords())
    return {"password": fault} if fault else {}
