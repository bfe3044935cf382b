"""`yjs status`: is everything at work, and what waits? One look at the record; exit 1 when something is missing."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from actions.readiness import Check, all_ready
from cli.cases import AsJson
from models.database import transaction
from models.heartbeat import seen
from models.measures import Measures, measures
from rules.errors import Refused

WAITING = {
    "passes": "待推进的办件",
    "passes_in_hand": "正在推进",
    "passes_failing": "推进失败、会再试",
    "items_to_show": "Prefect 尚未显示的结果",
    "notices": "到时未发的通知",
    "notices_to_follow_up": "发送失败、待另寻渠道",
    "rungs": "到时未办的监察节点",
    "papers": "未写出的文书",
}
GONE = 60.0  # seconds
KINDS = {"conductor": "指挥进程", "worker": "执行进程", "sender": "通知发送", "web": "网页"}


def status(
    process: Annotated[
        str, typer.Option(metavar="KIND", help="只看一种进程：conductor、worker、sender；供探针用")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """各进程是否在工作，什么在等。有缺的时候退出码为 1。"""
    with transaction() as session:
        checks, found, processes = all_ready(session), measures(session), seen(session)
    if process:
        checks = [check for check in checks if check.name == process]
        if not checks:
            raise Refused(f"没有“{process}”这种进程，可以写 conductor、worker 或 sender。")
    if as_json:
        typer.echo(json.dumps(_told(checks, found, processes), ensure_ascii=False))
    else:
        _print(checks, found, [] if process else processes)
    if not all(check.good for check in checks):
        raise typer.Exit(1)


def _told(checks: list[Check], found: Measures, processes: list[Any]) -> dict[str, Any]:
    return {
        "ready": all(check.good for check in checks),
        "checks": {check.name: {"ok": check.good, "says": check.says} for check in checks},
        "cases": found.cases,
        "waiting": {
            name: {"count": one.count, "oldest_due_seconds": one.oldest}
            for name, one in found.waiting.items()
        },
        "processes": [
            {"name": name, "silent_seconds": float(word), "turn_seconds": float(turn), "counts": counts}
            for _, name, word, turn, _, counts in processes
        ],
    }


def _print(checks: list[Check], found: Measures, processes: list[Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for check in checks:
        console.print(f"{'正常' if check.good else '[red]异常[/]'}  {check.says}")
    if not processes:
        return
    table = Table("进程", "多久前报上平安", "多久前有进展", "运行了", "做了", box=None, padding=(0, 2))
    for kind, name, word, turn, age, counts in processes:
        if word > GONE:  # it was killed, and another has taken its place; those that are missing stand above
            continue
        done = "、".join(f"{what} {count}" for what, count in sorted(counts.items()))
        label = f"{KINDS.get(kind, kind)} {name.removeprefix(f'{kind}-')}"
        table.add_row(label, _seconds(word), _seconds(turn), _seconds(age), done)
    console.print(table)
    table = Table("什么在等", "多少", "最早的到时已有", box=None, padding=(0, 2))
    for name, one in found.waiting.items():
        table.add_row(WAITING.get(name, name), str(one.count), _seconds(one.oldest) if one.oldest else "")
    console.print(table)


def _seconds(value: Any) -> str:
    seconds = float(value)
    return f"{seconds:.0f} 秒" if seconds < 120 else f"{seconds / 60:.0f} 分"
