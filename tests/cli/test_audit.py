"""`yjs audit`: does it find what somebody with all rights over the database did to the record?"""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app
from config.settings import settings
from documents.anchoring import anchor_day, copies, make_anchor
from documents.keys import public_pem
from hosting.restoring import _faults_of_audit
from models.database import transaction
from models.server import connected
from tests.people import MORNING, a_case, a_city

DOCS = Path(__file__).parents[2] / "docs" / "audit.md"


@pytest.fixture(autouse=True)
def city(fresh_database: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_DATA", str(tmp_path / "data"))
    settings.cache_clear()
    with transaction() as session:
        a_city(session)


@pytest.fixture
def number() -> str:
    with transaction() as session:
        return a_case(session).number


def yjs(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["audit", *arguments])


def tamper(statement: str, **values: Any) -> None:
    """As somebody who owns the database."""
    with connected(settings().owner_url) as connection:
        connection.execute(text(statement), values)


def findings(*arguments: str) -> list[tuple[int, str]]:
    result = yjs("verify", *arguments, "--json")
    rows = json.loads(result.stdout)
    assert result.exit_code == (1 if rows else 0), result.output
    return [(row["entry"], row["fault"]) for row in rows]


def count_of(number: str) -> int:
    with connected(settings().owner_url) as connection:
        query = text("SELECT audit_count FROM case_file WHERE number = :number")
        return int(connection.execute(query, {"number": number}).scalar_one())


def test_a_record_as_it_was_written(number: str) -> None:
    result = yjs("verify")
    assert result.exit_code == 0, result.output
    assert f"已核验 1 个办件的 {count_of(number)} 条记录，没有发现改动" in result.output
    assert yjs("verify", number).exit_code == 0


CHANGES = [
    "act = 'card'",
    "actor = 'wangfang'",
    "item_number = 'x'",
    "\"before\" = 'x'",
    "\"after\" = 'x'",
    "reason = reason || '.'",
    "facts = facts || '{\"x\": 1}'",
    "at = at + interval '1 microsecond'",
    "algorithm = 'sha256'",
    "salt = overlay(salt placing 'x' from 1)",
    "content = overlay(content placing 'x' from 1)",
    "previous = overlay(previous placing 'x' from 1)",
    "hash = overlay(hash placing 'x' from 1)",
]


@pytest.mark.parametrize("change", CHANGES)
def test_one_changed_column_is_named(number: str, change: str) -> None:
    tamper(f"UPDATE audit_entry SET {change} WHERE case_number = :number AND serial = 2", number=number)
    assert findings(number) == [(2, "changed")]
    assert f"办件 {number} 第 2 条记录内容被改动" in yjs("verify").output


def test_every_column_of_an_entry_is_tried_above_or_is_its_place() -> None:
    query = text("SELECT column_name FROM information_schema.columns WHERE table_name = 'audit_entry'")
    with connected(settings().owner_url) as connection:
        columns = set(connection.execute(query).scalars())
    tried = {change.split()[0].strip('"') for change in CHANGES}
    assert columns - tried == {"case_number", "serial"}


def test_an_entry_moved_to_another_place_or_case(number: str) -> None:
    with transaction() as session:
        other = a_case(session).number
    tamper("UPDATE audit_entry SET serial = 99 WHERE case_number = :number AND serial = 2", number=number)
    assert (2, "missing") in findings(number)
    tamper("UPDATE audit_entry SET serial = 2 WHERE case_number = :number AND serial = 99", number=number)
    last = count_of(number)
    tamper(
        "UPDATE audit_entry SET case_number = :other, serial = 99 WHERE case_number = :number AND serial = :last",
        number=number,
        other=other,
        last=last,
    )
    assert findings(number) == [(last, "missing")]
    assert (99, "changed") in findings(other)


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_missing_entry_is_named(number: str, place: str) -> None:
    serial = {"first": 1, "middle": 3, "last": count_of(number)}[place]
    tamper(
        "DELETE FROM audit_entry WHERE case_number = :number AND serial = :serial",
        number=number,
        serial=serial,
    )
    assert findings() == [(serial, "missing")]


def test_a_last_entry_taken_away_with_care_is_found_by_the_anchor(number: str) -> None:
    make_anchor(MORNING)
    last = count_of(number)
    tamper("DELETE FROM audit_entry WHERE case_number = :number AND serial = :last", number=number, last=last)
    tamper(
        "UPDATE case_file SET audit_count = :kept, audit_head ="
        " (SELECT hash FROM audit_entry WHERE case_number = :number AND serial = :kept) WHERE number = :number",
        number=number,
        kept=last - 1,
    )
    assert findings() == [(last, "anchor")]
    assert findings(number) == [(last, "anchor")]


def test_a_whole_case_taken_away_is_found_by_the_anchor(number: str) -> None:
    make_anchor(MORNING)
    last = count_of(number)
    tamper("DELETE FROM audit_entry")
    tamper("UPDATE case_file SET audit_count = 0, audit_head = ''")
    assert findings() == [(last, "anchor")]
    assert number in yjs("verify").output


def test_anchors_are_tied_signed_and_copied(number: str) -> None:
    make_anchor(MORNING)
    with transaction() as session:
        a_case(session)
    make_anchor(MORNING)
    assert findings() == []
    tamper("DELETE FROM audit_leaf WHERE anchor = 2")
    assert "第 2 号锚点所列办件被改动" in yjs("verify").output
    tamper("DELETE FROM audit_anchor WHERE number = 2")
    assert "第 2 号锚点缺失，数据库外留有抄件" in yjs("verify").output
    tamper("UPDATE audit_anchor SET count = count + 1 WHERE number = 1")
    assert "第 1 号锚点内容被改动" in yjs("verify").output


def test_a_copy_whose_last_line_broke_off_is_made_whole(number: str) -> None:
    """The disk was full, or the power went, in the middle of it."""
    make_anchor(MORNING)
    with transaction() as session:
        a_case(session)
    make_anchor(MORNING)
    whole = copies().read_text(encoding="utf-8")
    copies().write_text(whole[:-40], encoding="utf-8")
    assert findings() == []
    with transaction() as session:
        a_case(session)
    make_anchor(MORNING)
    assert copies().read_text(encoding="utf-8").startswith(whole)
    assert (len(copies().read_text(encoding="utf-8").splitlines()), findings()) == (3, [])
    copies().write_text("x" + whole, encoding="utf-8")
    assert "被改坏了" in yjs("verify").output
    assert "被改坏了" in _faults_of_audit()[-1], "a restore says so, and is none the less done"


def test_an_anchor_made_anew_by_another_key_is_found(number: str, tmp_path: Path) -> None:
    make_anchor(MORNING)
    (settings().data / "keys" / "documents.pem").rename(tmp_path / "away.pem")
    copies().unlink()
    from documents import keys

    keys._read.cache_clear()
    assert "第 1 号锚点签名无效" in yjs("verify").output
    keys._read.cache_clear()


def test_a_day_is_anchored_once(number: str) -> None:
    noon, next_day = datetime(2026, 3, 6, 4, tzinfo=UTC), datetime(2026, 3, 6, 16, tzinfo=UTC)
    assert anchor_day(noon) is not None
    assert anchor_day(noon) is None
    made = anchor_day(next_day)  # midnight in the hall
    assert made is not None
    assert (made.number, made.count) == (2, 0), "nothing has grown"
    assert len(copies().read_text().splitlines()) == 2


@pytest.fixture
def taken_home(number: str, tmp_path: Path) -> tuple[Path, Path]:
    make_anchor(MORNING)
    with transaction() as session:
        a_case(session)
    make_anchor(MORNING)
    file, key = tmp_path / "file.jsonl", tmp_path / "key.pem"
    assert yjs("export", number, str(file)).exit_code == 0
    key.write_text(public_pem())
    return file, key


def test_an_auditor_checks_a_file_at_home(taken_home: tuple[Path, Path]) -> None:
    file, key = taken_home
    assert yjs("check", str(file), "--key", str(key)).exit_code == 0
    whole = file.read_text()
    file.write_text(whole.replace("linxiao", "linxiap", 1))
    assert yjs("check", str(file), "--key", str(key)).exit_code == 1
    file.write_text("\n".join(whole.splitlines()[:2] + whole.splitlines()[3:]))
    assert "缺失" in yjs("check", str(file), "--key", str(key)).output
    file.write_text("{}")
    assert "不是导出的审计文件" in yjs("check", str(file), "--key", str(key)).output


def test_the_procedure_of_the_docs_does_it_without_us(taken_home: tuple[Path, Path], tmp_path: Path) -> None:
    file, key = taken_home
    script = tmp_path / "check.py"
    script.write_text(re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0])
    command = [sys.executable, str(script), str(file), str(key)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "OK"), done.stderr
    file.write_text(file.read_text().replace("linxiao", "linxiap", 1))
    assert subprocess.run(command, capture_output=True, cwd=tmp_path, check=False).returncode != 0
