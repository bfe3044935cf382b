"""`yjs up`: the whole platform, in the foreground."""

import time
from collections.abc import Callable
from contextlib import suppress

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from config.prefect_lock import USER, lock_file
from config.settings import DEMO_PASSWORD, Settings, settings
from hosting import platform
from hosting.demo_city import demo_departments, demo_people


def up() -> None:
    """启动整个平台（前台运行，Ctrl-C 停止）。"""
    installation = settings()
    platform.run(installation, say=saying(), ready=lambda: _welcome(installation))


def saying() -> Callable[[str], None]:
    """Say sentences on the terminal, each with the seconds since now. Once it has been closed nobody need hear them:
    the platform is watched, and stopped in order, all the same."""
    began = time.monotonic()
    progress = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(sentence: str) -> None:
        with suppress(OSError, SystemExit):  # rich ends the process where the reader of a pipe has gone
            progress.print(f"[dim]{time.monotonic() - began:6.1f} 秒[/]  {escape(sentence)}")

    return say


def _welcome(installation: Settings) -> None:
    """Scripts wait for the first line; people read the rest."""
    typer.echo(f"ready {installation.web_url}")
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n办事窗口与部门  {installation.web_url}/")
    console.print(f"办件查询        {installation.web_url}/track")
    console.print(f"Prefect 界面    {installation.prefect_url}")
    if installation.prefect_locked:
        lock = lock_file(installation)
        console.print(f"                登录时输入 {USER}:口令，口令在 {lock}（只有本系统用户能读）")
    console.print(f"数据            {installation.data}（日志在 logs/）")
    if installation.demo:
        _introduce(console, installation)
    console.print("\n按 Ctrl-C 停止。")


def _introduce(console: Console, installation: Settings) -> None:
    """The demo city: who may sign in."""
    console.print(f"\n演示账号（用户名，姓名；密码都是 {DEMO_PASSWORD}）")
    hall = [
        f"{role.label} {username}（{name}）"
        for username, name, role, code in demo_people(installation)
        if not code
    ]
    console.print("  " + "  ".join(hall))
    table = Table("部门", "经办", "负责人", box=None, padding=(0, 2))
    for row in demo_departments(installation):
        table.add_row(*row)
    console.print(table)
