"""Each kind of fault has a file that shows it; in the file a comment stands on the line of each fault."""

import re
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from config.catalogue import BUNDLES, DEPARTMENTS
from config.lint import DEPARTMENT_TEXTS, check_files
from config.lint_limits import LONGEST_COMMITMENT, LONGEST_KIND, LONGEST_ORIGIN
from models.account import Department
from models.after import PostCheck
from models.clock import ClockRow, SpecialProcedure

BROKEN = sorted((Path(__file__).parent.parent / "broken_bundles").glob("*.yaml"))


def expected(file: Path) -> list[tuple[int, str]]:
    """`# 错：one；another` names the beginnings of the messages for its line."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if mark := re.search(r"# 错：(.*)$", line):
            found += [(number, text) for text in mark[1].split("；")]
    return sorted(found)


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_every_fault_is_found_on_its_line_and_nothing_else(file: Path) -> None:
    faults = check_files([file])
    told = {(fault.line, fault.message) for fault in faults}
    wanted = expected(file)
    assert wanted
    for line, text in wanted:
        assert any(line == at and message.startswith(text) for at, message in told), (line, text, told)
    assert len(told) == len(wanted), told
    assert all(fault.remedy and fault.file == str(file) for fault in faults)


def test_all_files_in_one_run() -> None:
    separately = [fault for file in BROKEN for fault in check_files([file])]
    together = check_files(BROKEN)
    assert set(separately) <= set(together)
    assert {fault.file for fault in together} == {str(file) for file in BROKEN}


def test_our_own_catalogue_is_faultless() -> None:
    assert check_files([*sorted(BUNDLES.glob("*.yaml")), DEPARTMENTS]) == []


def test_a_text_of_the_catalogue_fits_its_column() -> None:
    """What the linter lets through no acceptance and no grant may fail on."""

    def length(table: type[SQLModel], name: str) -> object:
        return table.__table__.columns[name].type.length  # type: ignore[attr-defined]

    assert length(ClockRow, "basis") == length(ClockRow, "source") == LONGEST_ORIGIN
    assert length(SpecialProcedure, "kind") == LONGEST_KIND
    assert length(PostCheck, "commitment") == LONGEST_COMMITMENT
    assert {name: length(Department, name) for name in DEPARTMENT_TEXTS} == DEPARTMENT_TEXTS
