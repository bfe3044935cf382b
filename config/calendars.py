"""Which days do offices here work? The yearly tables: ours, and those the installation imported."""

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from config.settings import settings
from config.year_tables import read_table
from rules.calendar import WorkCalendar, YearTable
from rules.errors import Refused
from rules.office_hours import OfficeHours

SHIPPED = Path(__file__).parent / "calendar"

Stamp = tuple[tuple[str, int, int], ...]  # every file with the time it was written and its size


def calendar_for(
    region: str | None = None, folders: Iterable[Path] | None = None, hours: OfficeHours | None = None
) -> WorkCalendar:
    """The working days of a region: the national tables, its own holidays over them; the hall's hours or others.

    Kept until a file is added, changed or removed, so that every process sees an import at its next question.
    """
    stamp = _stamp(table_folders() if folders is None else folders)
    return _calendar(region or "", stamp) if hours is None else _with_hours(region or "", stamp, hours)


def tentative(due: date | None) -> bool:
    """Does this day lie in a year whose holidays are not published yet?"""
    return due is not None and not calendar_for(settings().region).covers(due)


def table_folders() -> tuple[Path, ...]:
    """Where tables are looked for; a later folder's table replaces an earlier one's of the same year."""
    return SHIPPED, settings().calendars


def assemble(tables: Iterable[YearTable], region: str = "") -> WorkCalendar:
    """One calendar of many tables; of two for the same year and region the later one holds."""
    chosen = {(table.region, table.year): table for table in tables}
    local = tuple(table for table in chosen.values() if region and table.region == region)
    return WorkCalendar(tuple(table for table in chosen.values() if not table.region), local)


def _stamp(folders: Iterable[Path]) -> Stamp:
    # A desk's page asks this for each of its sixty clocks: what we ship does not change while we run.
    return tuple(
        stamp for folder in folders for stamp in (_shipped() if folder is SHIPPED else _files(folder))
    )


@cache
def _shipped() -> Stamp:
    return _files(SHIPPED)


def _files(folder: Path) -> Stamp:
    if not os.path.isdir(folder):
        return ()
    with os.scandir(folder) as entries:  # not Path.glob, which takes ten times as long
        found = [(one.path, one.stat()) for one in entries if one.name.endswith(".json")]
    return tuple(sorted((path, about.st_mtime_ns, about.st_size) for path, about in found))


@lru_cache(maxsize=64)
def _calendar(region: str, stamp: Stamp) -> WorkCalendar:
    return assemble(_read_tables([Path(path) for path, _, _ in stamp]), region)


@lru_cache(maxsize=256)
def _with_hours(region: str, stamp: Stamp, hours: OfficeHours) -> WorkCalendar:
    return replace(_calendar(region, stamp), hours=hours)


def _read_tables(paths: list[Path]) -> list[YearTable]:
    read: dict[tuple[Path, str, int], Path] = {}
    tables = []
    for path in paths:
        table = read_table(path)
        key = (path.parent, table.region, table.year)
        if key in read:
            raise Refused(f"节假日表 {read[key].name} 和 {path.name} 都是 {table.year} 年的，请只保留一份。")
        read[key] = path
        tables.append(table)
    return tables
