"""`yjs calendar import FILE`: adopt a year's holiday table and date every open clock anew."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from actions.recalculating import recalculate
from config.calendars import calendar_for
from config.settings import settings
from config.year_tables import read_table
from models.clock import cases_with_provisional_dates
from models.database import transaction
from rules.errors import Refused

app = typer.Typer(help="节假日安排表。", no_args_is_help=True)


@app.command("list")
def list_years() -> None:
    """哪些年份的节假日安排已经公布并采用。"""
    for table in calendar_for(settings().region).tables:
        typer.echo(f"{table.year}  {table.title}  {'、'.join(table.sources)}")


@app.command("import")
def import_table(file: Annotated[Path, typer.Argument(help="节假日安排表（JSON）")]) -> None:
    """采用一份节假日安排表：先检查，再重算所有暂定的期限，并通知期限变动的申请人。"""
    table = read_table(file)
    with transaction() as session:  # a platform that does not run adopts nothing
        numbers = cases_with_provisional_dates(session)
    folder = settings().data / "calendar"
    target = folder / f"{table.region or 'national'}-{table.year}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    except OSError as error:
        raise Refused(f"节假日表写不进 {folder}：{error.strerror}。") from None
    moved = 0
    for number in track(numbers, description="重算期限", disable=not numbers):
        with transaction() as session:
            moved += recalculate(session, number, by="system", at=datetime.now(UTC))
    typer.echo(f"已采用 {table.year} 年《{table.title}》；重算 {len(numbers)} 个办件，{moved} 个期限有变动。")
