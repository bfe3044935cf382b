"""`yjs backup` and `yjs restore`: the whole record with its files in one file, and an installation from it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from config.settings import Settings, settings
from hosting.backing_up import Manifest, back_up
from hosting.restoring import Restored, read_manifest
from hosting.restoring import restore as bring_back

Place = Annotated[Path, typer.Argument(metavar="FILE", help="备份文件")]


def backup(
    file: Place,
    keys: Annotated[
        bool, typer.Option("--keys", help="连同密钥（有密钥就能读出个人信息、签发文书）")
    ] = False,
) -> None:
    """把数据库和上传的材料写进一个备份文件，平台可以照常运行。"""
    manifest = back_up(settings(), file.absolute(), with_keys=keys, say=_teller())
    for name in manifest.lacking[:10]:
        typer.echo(f"注意：记录里有材料 {name}，uploads/ 里找不到。", err=True)
    typer.echo(_sentence(f"已备份到 {file}", manifest))
    if manifest.keys and not keys:
        typer.echo("备份里没有密钥：请把数据文件夹下的 keys/ 另行保管，没有它读不出个人信息。")


def restore(
    file: Place,
    moved: Annotated[
        bool, typer.Option("--moved", help="备份之前旧平台已停止、以后没有再运行：待发送的通知照常发出")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="只核对备份的清单，什么也不恢复")] = False,
) -> None:
    """从备份恢复到一个空的数据文件夹和空库（平台须停止），并核验。"""
    if check:
        typer.echo(_sentence(f"{file} 是完整的备份", read_manifest(file)))
        return
    installation = settings()
    restored = bring_back(installation, file.absolute(), moved=moved, say=_teller())
    typer.echo(_sentence("已恢复", restored.manifest))
    if restored.held:
        typer.echo(
            f"{restored.held} 条通知备份时还没有发完，以后可能已经发出，标为“结果不明”：请政务管理在"
            f" {installation.web_url}/manage/notices?state=unknown 核实，再决定是否重发。"
        )
    _tell_faults(installation, restored)


def _tell_faults(installation: Settings, restored: Restored) -> None:
    if restored.keys_missing:
        names = "、".join(restored.keys_missing)
        typer.echo(
            f"缺少密钥 {names}：请把保管的放回 {installation.data}，再启动平台、运行 yjs audit verify。"
        )
    if restored.keys_other:
        names = "、".join(restored.keys_other)
        typer.echo(f"密钥 {names} 与备份时的不同：备份之后换过密钥的没有问题，否则请换成原来的。")
    for sentence in restored.faults:
        typer.echo(sentence)
    if restored.keys_missing or restored.faults:
        raise typer.Exit(1)
    typer.echo("办理记录逐条核验，没有发现改动。现在可以运行 yjs up；Prefect 由指挥进程按记录重建。")


def _sentence(done: str, manifest: Manifest) -> str:
    rows = {name: count for name, (count, _) in manifest.tables.items()}
    return (
        f"{done}：{manifest.made_at[:19]}Z，{len(rows)} 张表 {sum(rows.values())} 行，其中办件 {rows['case_file']}、"
        f"办理记录 {rows['audit_entry']}、文书 {rows['document']}、通知 {rows['notice']}；"
        f"文件 {len(manifest.files)} 个。"
    )


def _teller() -> Callable[[str], None]:
    """Progress for people; the result alone goes to standard output."""
    began = time.monotonic()
    progress = Console(stderr=True, highlight=False, soft_wrap=True)
    return lambda sentence: progress.print(f"[dim]{time.monotonic() - began:6.1f} 秒[/]  {escape(sentence)}")
