"""`yjs keys`: under which keys does personal data lie; a new key, and everything sealed anew."""

import json
from collections import Counter

import typer
from sqlalchemy import Table

from cli.cases import AsJson
from config.keys import add_key, drop_key, key_file, keyring
from models.database import transaction
from models.resealing import in_the_audit, lying, reseal_some, sealed_tables
from rules.errors import Refused

app = typer.Typer(no_args_is_help=True, help="密钥：查看、轮换、删除。", add_completion=False)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """列出密钥，和各有多少项加密数据。"""
    counts = _counts()
    ring = keyring()
    rows = [
        {"key": name, "active": name == ring.active, "values": counts[name]}
        for name in sorted(ring.keys, key=_age)
    ]
    if as_json:
        typer.echo(json.dumps({"keys": rows, "unsealed": counts[""]}, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['key']}  {'使用中' if row['active'] else '旧密钥'}  {row['values']} 项")
    if counts[""]:
        typer.echo(f"另有 {counts['']} 项没有加密，请运行 yjs keys rotate。")
    typer.echo(f"密钥文件：{key_file()}（请与数据库备份分开保存）")


@app.command()
def rotate() -> None:
    """启用新密钥，并把全部数据改用它加密；中断后再次运行即接着做。"""
    counts, active = _counts(), keyring().active
    if len(keyring().keys) > 1 and sum(counts.values()) > counts[active]:
        typer.echo(f"接着上次没有做完的：改用 {active}。")
    else:
        active = add_key()
        typer.echo(f"已启用新密钥 {active}。")
    done = 0
    for table, names in sealed_tables():
        while some := _some(table, names):
            done += some
    typer.echo(f"已重新加密 {done} 行。请备份密钥文件 {key_file()}，与数据库备份分开保存。")


@app.command()
def remove(name: str = typer.Argument(metavar="KEY", help="密钥，例如 k1")) -> None:
    """删除不再需要的旧密钥；还有数据用它加密的，不能删除。"""
    ring = keyring()
    if name not in ring.keys:
        raise Refused(f"没有密钥 {name}。")
    if name == ring.active:
        raise Refused(f"密钥 {name} 正在使用，不能删除。")
    if held := _counts()[name]:
        raise Refused(f"还有 {held} 项数据用密钥 {name} 加密，请先运行 yjs keys rotate。")
    with transaction() as session:
        entries = in_the_audit(session, name)
    if entries:
        raise Refused(f"有 {entries} 条更正记录用密钥 {name} 加密，记录不能改写，密钥要留着。")
    drop_key(name)
    typer.echo(f"已删除密钥 {name}。")


def _some(table: Table, names: list[str]) -> int:
    with transaction() as session:
        return reseal_some(session, table, names)


def _counts() -> Counter[str]:
    with transaction() as session:
        found: Counter[str] = Counter()
        for one in lying(session):
            found[one.key] += one.count
        return found


def _age(name: str) -> int:
    return int(name[1:])
