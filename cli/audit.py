"""`yjs audit`: is the record as it was written, anchors of the day, and the file an auditor takes home."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.cases import AsJson, case_called
from documents.anchoring import copies, faults_of_anchors, make_anchor
from documents.auditors import check_export, exported
from documents.keys import read_public
from models.auditing import files
from models.database import transaction
from rules.checking_chains import Finding
from rules.errors import Refused
from rules.moments import china_text

app = typer.Typer(no_args_is_help=True, help="审计：核验、锚点、导出、离线核验。", add_completion=False)


@app.command()
def verify(
    number: Annotated[str, typer.Argument(metavar="[NO]", help="办件编号；不写即全部")] = "",
    as_json: AsJson = False,
) -> None:
    """核验办理记录：哪一条被改动、缺失、插入或调换。有问题时退出码为 1。"""
    cases = entries = 0
    found: list[Finding] = []
    with transaction() as session:
        if number:
            case_called(session, number)
        for file in files(session, number):
            cases, entries = cases + 1, entries + len(file.links)
            found += file.faults
        found += faults_of_anchors(session, number)
    _tell(found, f"已核验 {cases} 个办件的 {entries} 条记录", as_json)


@app.command()
def anchor() -> None:
    """现在就做一次锚点（平台每天自动做一次）。"""
    made = make_anchor(datetime.now(UTC))
    typer.echo(f"第 {made.number} 号锚点，{china_text(made.made_at)}，{made.count} 个办件，抄件在 {copies()}")


@app.command()
def export(
    number: Annotated[str, typer.Argument(metavar="NO", help="办件编号")],
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="写到哪个文件；不写即打印")] = None,
) -> None:
    """导出一个办件的全部记录和锚点，供审计人员离线核验。"""
    with transaction() as session:
        case_called(session, number)
        lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in exported(session, number)]
    if file is None:
        typer.echo("\n".join(lines))
        return
    try:
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refused(f"写不进 {file}：{error.strerror}。") from None
    typer.echo(f"已写入 {file}。")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="yjs audit export 写出的文件")],
    key: Annotated[Path, typer.Option(help="公布的公钥文件，见 yjs documents key")],
    as_json: AsJson = False,
) -> None:
    """不联网、不用数据库，核验一个导出的文件。"""
    try:
        pem, lines = key.read_bytes(), file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Refused(f"读不到 {error.filename}：{error.strerror}。") from None
    except UnicodeDecodeError:
        raise Refused(f"{file} 不是 UTF-8 文本。") from None
    case, entries, found = check_export(lines, read_public(pem))
    _tell(found, f"办件 {case} 的 {entries} 条记录", as_json)


def _tell(found: list[Finding], looked_at: str, as_json: bool) -> None:
    if as_json:
        rows = [
            {"case": one.case, "entry": one.serial, "fault": one.fault.value, "sentence": one.sentence}
            for one in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
    else:
        for one in found:
            typer.echo(one.sentence)
        typer.echo(f"{looked_at}，{f'发现 {len(found)} 处问题' if found else '没有发现改动'}。")
    if found:
        raise typer.Exit(1)
