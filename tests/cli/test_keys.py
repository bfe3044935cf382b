"""Is personal data sealed in the database, found all the same, and does a key change lose nothing?"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select
from typer.testing import CliRunner

from cli.main import app
from config import keys
from config.keys import add_key, key_file, keyring
from config.settings import settings
from models import resealing
from models.case import Case, find_case, lock_case
from models.database import transaction
from models.finding import of_identity, of_phone
from models.notice import notices_of
from models.sealing import lookup, seal, unseal
from models.server import connected
from rules.errors import Refused
from tests.people import MORNING, a_case, a_city

PERSONAL = ("000000199001010018", "13800000000", "chen@example.com", "示例市示例区示例路1号")


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
    return CliRunner().invoke(app, ["keys", *arguments])


def raw(query: str, **values: Any) -> list[str]:
    with connected(settings().owner_url) as connection:
        return [str(row[0]) for row in connection.execute(text(query), values)]


def test_the_whole_database_holds_none_of_it(number: str) -> None:
    tables = raw("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
    for table in tables:
        for row in raw(f"SELECT t::text FROM {table} t"):
            assert not [words for words in PERSONAL if words in row], table


def test_it_is_read_and_found_all_the_same(number: str) -> None:
    with transaction() as session:
        case = find_case(session, number)
        assert (case.applicant_id_number, case.phone, case.email, case.address) == PERSONAL
        assert {notice.address for notice in notices_of(session, number)} == {PERSONAL[1], PERSONAL[2]}
        for where in (of_identity(PERSONAL[0]), of_phone(PERSONAL[1]), of_phone("138 0000-0000")):
            assert session.exec(select(Case.number).where(where)).all() == [number]
        assert session.exec(select(Case.number).where(of_phone("13800000001"))).all() == []


def test_a_change_is_found_by_its_new_words_only(number: str) -> None:
    with transaction() as session:
        lock_case(session, number).phone = "13900000001"
    with transaction() as session:
        assert session.exec(select(Case.number).where(of_phone("13900000001"))).all() == [number]
        assert session.exec(select(Case.number).where(of_phone(PERSONAL[1]))).all() == []


def test_a_search_goes_by_the_index(number: str) -> None:
    with transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        for where in (of_phone(PERSONAL[1]), of_identity(PERSONAL[0])):
            query = (
                select(Case.number)
                .where(where)
                .compile(session.connection(), compile_kwargs={"literal_binds": True})
            )
            plan = "\n".join(session.execute(text(f"EXPLAIN {query}")).scalars())
            assert "Seq Scan" not in plan


def test_the_same_words_are_sealed_differently_each_time_and_place() -> None:
    one, two = seal("13800000000", "case_file.phone"), seal("13800000000", "case_file.phone")
    assert one != two
    assert unseal(one, "case_file.phone") == unseal(two, "case_file.phone") == "13800000000"
    with pytest.raises(Refused, match="被改动"):
        unseal(one, "notice.address")
    assert seal("", "x") == lookup("phone", "") == ""


def test_a_changed_seal_is_one_sentence(number: str) -> None:
    with connected(settings().owner_url) as connection:
        connection.execute(text("UPDATE case_file SET phone = overlay(phone placing 'AAAA' from 30)"))
    with pytest.raises(Refused, match=r"case_file\.phone 里有一项被改动"), transaction() as session:
        find_case(session, number)


def test_the_hash_needs_the_key_and_its_kind() -> None:
    known = lookup("phone", "13800000000")
    assert known != lookup("address", "13800000000")
    assert lookup("identity", "00000019900101001x ") == lookup("identity", "00000019900101001X")
    key_file().unlink()
    assert lookup("phone", "13800000000") != known


def test_the_key_file_is_the_owners_alone() -> None:
    keyring()
    assert key_file().stat().st_mode & 0o777 == 0o600
    assert key_file().parent.stat().st_mode & 0o777 == 0o700


def test_the_keys_may_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_KEY_FILE", str(tmp_path / "vault" / "keys.json"))
    settings.cache_clear()
    assert unseal(seal("x", "p"), "p") == "x"
    assert (tmp_path / "vault" / "keys.json").exists()


def test_many_at_once_make_one_set_of_keys() -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: keyring(), range(32)))
    assert len({ring.search for ring in rings}) == 1


BROKEN: list[Callable[[dict[str, Any]], Any]] = [
    lambda held: held.pop("search"),
    lambda held: held.update(active="k9"),
    lambda held: held.update(algorithm="md5"),
    lambda held: held["keys"].update(k1="AAAA"),
    lambda held: held["keys"].update(k1="!"),
    lambda held: held["keys"].update(x=held["keys"]["k1"]),
    lambda held: held.update(keys=[]),
]


@pytest.mark.parametrize("spoil", BROKEN)
def test_a_spoilt_key_file_is_one_sentence_and_never_replaced(spoil: Callable[[dict[str, Any]], Any]) -> None:
    keyring()
    held = json.loads(key_file().read_text())
    spoil(held)
    key_file().write_text(json.dumps(held))
    with pytest.raises(Refused, match="请从备份恢复"):
        seal("x", "p")
    assert json.loads(key_file().read_text()) == held


def test_rotation_seals_everything_anew_and_the_old_key_may_go(number: str) -> None:
    before = raw("SELECT phone FROM case_file")
    result = yjs("rotate")
    assert result.exit_code == 0, result.output
    assert "已启用新密钥 k2" in result.output
    after = raw("SELECT phone FROM case_file")
    assert [one[:6] for one in (before[0], after[0])] == ["v1.k1.", "v1.k2."]
    listed = json.loads(yjs("list", "--json").stdout)
    assert [(one["key"], one["active"], one["values"] > 0) for one in listed["keys"]] == [
        ("k1", False, False),
        ("k2", True, True),
    ]
    assert yjs("remove", "k2").exit_code == 1
    assert yjs("remove", "k1").exit_code == 0
    with transaction() as session:
        assert find_case(session, number).phone == PERSONAL[1]
        assert session.exec(select(Case.number).where(of_phone(PERSONAL[1]))).all() == [number]


def test_a_rotation_that_was_interrupted_is_taken_up(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add_key()  # and the power failed
    with transaction() as session:
        a_case(session)
    monkeypatch.setattr(resealing, "AT_ONCE", 2)
    result = yjs("rotate")
    assert "接着上次没有做完的：改用 k2" in result.output
    assert raw("SELECT phone FROM case_file WHERE phone NOT LIKE 'v1.k2.%'") == []
    assert raw("SELECT address FROM notice WHERE address NOT LIKE 'v1.k2.%'") == []
    assert "已启用新密钥 k3" in yjs("rotate").output


def test_a_running_process_takes_the_new_key_up(number: str) -> None:
    """What another process rotates, this one reads and writes at once."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", "keys", "rotate"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with transaction() as session:
        assert find_case(session, number).phone == PERSONAL[1]
        a_case(session)
    assert raw("SELECT phone FROM case_file WHERE phone NOT LIKE 'v1.k2.%'") == []


def test_rows_loaded_by_hand_are_read_and_sealed_by_the_next_rotation(number: str) -> None:
    with connected(settings().owner_url) as connection:
        connection.execute(text("UPDATE case_file SET phone = '13700000000'"))
    with transaction() as session:
        assert find_case(session, number).phone == "13700000000"
    assert "没有加密" in yjs("list").output
    yjs("rotate")
    assert raw("SELECT phone FROM case_file WHERE phone NOT LIKE 'v1.k2.%'") == []


def test_a_key_that_an_entry_needs_stays(number: str) -> None:
    from actions.correcting import correct
    from tests.people import CLERK, account

    with transaction() as session:
        correct(session, number, {"phone": "13900000001"}, "录错。", by=account(session, CLERK), at=MORNING)
    yjs("rotate")
    result = yjs("remove", "k1")
    assert (result.exit_code, "更正记录" in result.output) == (1, True)


def test_words_that_look_like_a_seal_are_words() -> None:
    sly = "v1.k1." + base64.urlsafe_b64encode(b"x" * 40).decode()
    assert unseal(seal(sly, "p"), "p") == sly


def test_a_lost_key_is_one_sentence(number: str, tmp_path: Path) -> None:
    key_file().rename(tmp_path / "lost.json")
    keys._read.cache_clear()
    with pytest.raises(Refused, match="密钥 k1 不是原来的"), transaction() as session:
        find_case(session, number)
