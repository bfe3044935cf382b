"""`yjs accounts`: open and close accounts, reset passwords. For whoever runs the installation."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from actions.accounts import (
    CONSOLE,
    Keeper,
    link_identity,
    open_account,
    set_active,
    set_district,
    set_email,
    set_password,
    set_role,
    unlock,
)
from actions.second_factor import reset_second
from cli.cases import AsJson
from config.districts import district_name
from models.account import Account, accounts
from models.database import transaction
from rules.errors import Faulty
from rules.people import Role

app = typer.Typer(no_args_is_help=True, help="账号：开户、重设密码、停用。", add_completion=False)

Username = Annotated[str, typer.Argument(metavar="USER", help="用户名")]
RoleOption = Annotated[str, typer.Option(help="、".join(f"{role.value}（{role.label}）" for role in Role))]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="从标准输入读密码，不提问")]


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """列出全部账号。"""
    with transaction() as session:
        found = [
            {
                "username": one.username,
                "name": one.name,
                "role": one.role.value,
                "role_label": one.role.label,
                "department": one.department_code,
                "district": one.district or None,
                "email": one.email or None,
                "active": one.active,
                "second_factor": one.two_factors,
                "identity": one.identity,
                "locked": bool(one.locked_until and one.locked_until > datetime.now(UTC)),
            }
            for one in accounts(session)
        ]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    table = Table("用户名", "姓名", "角色", "部门", "行政区划", "动态码", "状态")
    for row in found:
        state = "停用" if not row["active"] else "锁定" if row["locked"] else "可用"
        table.add_row(
            str(row["username"]),
            str(row["name"]),
            str(row["role_label"]),
            str(row["department"] or ""),
            district_name(str(row["district"] or "")),
            "已启用" if row["second_factor"] else "",
            state,
        )
    Console().print(table)
    if not found:
        typer.echo("还没有账号：用 yjs accounts add 开户。", err=True)


@app.command()
def add(
    username: Username,
    name: Annotated[str, typer.Option(help="姓名")],
    role: RoleOption,
    department: Annotated[str, typer.Option(help="部门代码，部门经办和负责人必填")] = "",
    district: Annotated[str, typer.Option(help="行政区划代码；不填为整个平台")] = "",
    email: Annotated[str, typer.Option(help="接收监察日报的邮箱")] = "",
    password_stdin: Stdin = False,
) -> None:
    """开户。"""
    chosen = _role(role)
    password = _password(password_stdin)
    with transaction() as session:
        open_account(
            session,
            username,
            name,
            chosen,
            password,
            by=_keeper(),
            department=department,
            district=district,
            email=email,
        )
    typer.echo(f"已开户：{username}（{chosen.label}）；7 天内首次登录时须修改密码。")


@app.command()
def password(username: Username, password_stdin: Stdin = False) -> None:
    """重设密码，同时解除锁定，已登录的须重新登录。"""
    typed = _password(password_stdin)
    with transaction() as session:
        set_password(session, username, typed, by=_keeper())
    typer.echo(f"{username} 的密码已重设。")


@app.command()
def close(username: Username) -> None:
    """停用账号，立即退出登录；办过的事仍记在它名下。"""
    with transaction() as session:
        set_active(session, username, active=False, by=_keeper())
    typer.echo(f"{username} 已停用。")


@app.command()
def reopen(username: Username) -> None:
    """恢复停用的账号。"""
    with transaction() as session:
        set_active(session, username, active=True, by=_keeper())
    typer.echo(f"{username} 已恢复。")


@app.command()
def email(username: Username, address: Annotated[str, typer.Argument(help="邮箱；空字符串表示不发")]) -> None:
    """设置接收监察日报的邮箱。"""
    with transaction() as session:
        set_email(session, username, address, by=_keeper())
    typer.echo(f"{username} 的邮箱已设置。")


@app.command("unlock")
def unlocked(username: Username) -> None:
    """解除锁定。"""
    with transaction() as session:
        unlock(session, username, by=_keeper())
    typer.echo(f"{username} 已解除锁定。")


@app.command()
def role(
    username: Username,
    role: Annotated[str, typer.Argument(help="角色代码")],
    department: Annotated[str, typer.Option(help="部门代码，部门经办和负责人必填")] = "",
) -> None:
    """变更角色，立即退出登录。"""
    chosen = _role(role)
    with transaction() as session:
        set_role(session, username, chosen, department, by=_keeper())
    typer.echo(f"{username} 现在是{chosen.label}。")


@app.command()
def district(
    username: Username, code: Annotated[str, typer.Argument(metavar="CODE", help="代码；空为整个平台")]
) -> None:
    """变更行政区划：只看得到、办得了这里的办件；立即退出登录。"""
    with transaction() as session:
        set_district(session, username, code, by=_keeper())
        within = session.get_one(Account, username).district
    typer.echo(f"{username} 的行政区划现在是{district_name(within)}。")


@app.command("reset-second")
def second(username: Username) -> None:
    """重置动态码：原来的手机和恢复码作废，立即退出登录。"""
    with transaction() as session:
        reset_second(session, username, by=CONSOLE, at=datetime.now(UTC))
    typer.echo(f"{username} 的动态码已重置。")


@app.command()
def link(username: Username, identity: Annotated[str, typer.Argument(help="统一身份标识；空为解除")]) -> None:
    """绑定统一身份服务里的这个人；权限不变。"""
    with transaction() as session:
        link_identity(session, username, identity, by=_keeper())
    typer.echo(f"{username} 已{'绑定统一身份' if identity else '解除绑定'}。")


def _keeper() -> Keeper:
    return Keeper(datetime.now(UTC))


def _role(typed: str) -> Role:
    if typed not in {known.value for known in Role}:
        raise Faulty({"role": f"没有“{typed}”这个角色，可用的：{'、'.join(known.value for known in Role)}。"})
    return Role(typed)


def _password(from_stdin: bool) -> str:
    """Asked for twice without being shown, or the first line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("密码", hide_input=True, confirmation_prompt="再输一遍"))
