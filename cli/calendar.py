"""`yjs calendar`: which years' holidays are known; adopt a year's table and date the open clocks anew."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from actions.coursing import redate
from actions.recalculating import recalculate
from cli.cases import AsJson
from config.calendars import calendar_for
from config.settings import settings
from config.year_tables import doubts_about, read_table
from models.clock import cases_a_table_may_move
from models.database import transaction
from models.enquiry import enquiries_a_table_may_move
from rules.calendar import YearTable
from rules.errors import Refused

app = typer.Typer(help="节假日安排表。", no_args_is_help=True)


@app.command("list")
def list_years(as_json: AsJson = False) -> None:
    """哪些年份的节假日安排已经公布并采用。"""
    calendar = calendar_for(settings().region)
    tables = sorted((*calendar.tables, *calendar.local), key=lambda table: (table.year, table.region))
    if as_json:
        typer.echo(json.dumps([_described(table) for table in tables], ensure_ascii=False))
        return
    for table in tables:
        typer.echo(f"{table.year}  {table.title}  {'、'.join(table.sources)}".rstrip())


@app.command("import")
def import_table(
    file: Annotated[Path, typer.Argument(help="节假日安排表（JSON）")], as_json: AsJson = False
) -> None:
    """采用一份节假日安排表：先检查，再重算它触及的期限（来信的也重算），并通知期限变动的申请人。"""
    table = read_table(file)
    _touched(table)  # a platform that does not run adopts nothing
    _adopt(file, table)
    numbers, letters = _touched(table)  # now: what was accepted until then was dated by the table before
    if _of_elsewhere(table):
        ours = settings().region
        typer.echo(
            f"请注意：这是 {table.region} 的地方节假日，本安装的地区是 {ours}，期限不受影响。", err=True
        )
    doubts = [] if table.region else doubts_about(table)
    for doubt in doubts:
        typer.echo(f"请注意：{doubt}", err=True)
    moved = _recalculate(numbers, letters)
    if as_json:
        told = {"cases": len(numbers), "letters": len(letters), "moved": moved, "doubts": doubts}
        typer.echo(json.dumps(_described(table) | told, ensure_ascii=False))
    else:
        typer.echo(
            f"已采用 {table.year} 年《{table.title}》；"
            f"重算 {len(numbers)} 个办件、{len(letters)} 件来信，{moved} 个期限有变动。"
        )


def _touched(table: YearTable) -> tuple[list[str], list[str]]:
    """Cases and letters."""
    with transaction() as session:
        found = cases_a_table_may_move(session, table.year), enquiries_a_table_may_move(session, table.year)
    return ([], []) if _of_elsewhere(table) else found


def _of_elsewhere(table: YearTable) -> bool:
    return bool(table.region) and table.region != settings().region


def _adopt(file: Path, table: YearTable) -> None:
    """Put the table where every process finds it, whole or not at all."""
    folder = settings().data / "calendar"
    target = folder / f"{table.region or 'national'}-{table.year}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _must_be_the_only_one(table, folder, target)
        shutil.copyfile(file, target.with_suffix(".new"))
        os.replace(target.with_suffix(".new"), target)
    except OSError as error:
        raise Refused(f"节假日表写不进 {folder}：{error.strerror}。") from None


def _must_be_the_only_one(table: YearTable, folder: Path, target: Path) -> None:
    for other in sorted(folder.glob("*.json")):
        found = read_table(other)
        if other != target and (found.year, found.region) == (table.year, table.region):
            raise Refused(f"{folder} 里的 {other.name} 也是 {table.year} 年的表，请先移走它，再采用这一份。")


def _recalculate(numbers: list[str], letters: list[str]) -> int:
    """Each case, and each letter, in its own transaction; broken off, the same command takes it up again."""
    console = Console(stderr=True)
    moved = 0
    for number in track(numbers, "重算期限", console=console, disable=not numbers):
        with transaction() as session:
            moved += recalculate(session, number, by="system", at=datetime.now(UTC))
    for number in letters:
        with transaction() as session:
            moved += redate(session, number)
    return moved


def _described(table: YearTable) -> dict[str, object]:
    return {
        "year": table.year,
        "region": table.region or None,
        "title": table.title,
        "sources": list(table.sources),
    }
