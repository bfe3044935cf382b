"""账号管理: who may come in. An account is closed, never deleted: what it did stays signed."""

import re

from sqlmodel import Session

from actions.signing_in import hashed
from models.account import Account, departments_by_code, end_all_sign_ins, lock_account
from rules.errors import AlreadyDone, Faulty, NotFound
from rules.people import Role

USERNAME = r"[a-z][a-z0-9._-]{1,49}"
SHORTEST = 10  # signs of a password
OF_A_DEPARTMENT = frozenset({Role.OFFICER, Role.HEAD})


def open_account(
    session: Session,
    username: str,
    name: str,
    role: Role,
    password: str,
    *,
    department: str = "",
    email: str = "",
) -> Account:
    """开户. Officers and heads belong to a department, the others to none. Raises Faulty with every fault."""
    faults = _faults(session, username, name, role, department) | _weak(password, username)
    if faults:
        raise Faulty(faults)
    if lock_account(session, username):
        raise AlreadyDone(f"已经有名为 {username} 的账号。", "")
    account = Account(
        username=username,
        name=name.strip(),
        role=role,
        department_code=department or None,
        password_hash=hashed(password),
        email=email.strip(),
    )
    session.add(account)
    return account


def set_password(session: Session, username: str, password: str) -> None:
    """重设密码: the account is unlocked, and whoever is signed in under it must sign in anew."""
    account = _existing(session, username)
    if faults := _weak(password, username):
        raise Faulty(faults)
    account.password_hash = hashed(password)
    account.failed_attempts, account.locked_until = 0, None
    end_all_sign_ins(session, username)


def set_active(session: Session, username: str, *, active: bool) -> None:
    """停用或恢复. A closed account is signed out at once."""
    _existing(session, username).active = active
    if not active:
        end_all_sign_ins(session, username)


def set_email(session: Session, username: str, email: str) -> None:
    """Where the daily digest goes; '' for nowhere."""
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise Faulty({"email": f"“{email}”不是邮箱地址。"})
    _existing(session, username).email = email


def _existing(session: Session, username: str) -> Account:
    account = lock_account(session, username)
    if account is None:
        raise NotFound(f"没有名为 {username} 的账号。")
    return account


def _faults(session: Session, username: str, name: str, role: Role, department: str) -> dict[str, str]:
    faults = {}
    if not re.fullmatch(USERNAME, username):
        faults["username"] = "用户名用小写字母开头，2 至 50 个小写字母、数字、点、横线或下划线。"
    if not 0 < len(name.strip()) <= 100:
        faults["name"] = "请填写姓名，不超过 100 字。"
    known = departments_by_code(session)
    if role in OF_A_DEPARTMENT and department not in known:
        faults["department"] = (
            f"{role.label}要有部门，可用的：{'、'.join(known) or '还没有部门，请先运行 yjs up'}。"
        )
    if role not in OF_A_DEPARTMENT and department:
        faults["department"] = f"{role.label}不属于任何部门，请不要填写部门。"
    return faults


def _weak(password: str, username: str) -> dict[str, str]:
    """Long, of two kinds of signs, and not the name."""
    kinds = sum(bool(re.search(kind, password)) for kind in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]"))
    if len(password) < SHORTEST or kinds < 2 or username in password:
        return {"password": f"密码至少 {SHORTEST} 位，含两类以上字符，不能包含用户名。"}
    return {}
