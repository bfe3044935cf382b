"""A program that cannot run here says why in one sentence, and nothing is started or made."""

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from config.keys import key_file, keyring
from config.settings import settings
from documents.keys import private_key
from hosting import serving
from models.case import Material
from models.database import transaction
from models.server import connected
from rules.material import MaterialState
from tests.clusters import free_ports
from tests.commands import refusal
from tests.people import a_case, a_city


@pytest.fixture
def machine(fresh_database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """One of several, with everything as it must be: a record with a case, the keys, the folder."""
    monkeypatch.setenv("YJS_DATA", str(tmp_path))
    monkeypatch.setenv("YJS_PREFECT_PORT", str(free_ports(1)[0]))
    settings.cache_clear()
    keyring()
    private_key()
    with transaction() as session:
        a_city(session)
        a_case(session)
    yield tmp_path
    settings.cache_clear()


def test_all_is_as_it_must_be(machine: Path) -> None:
    serving.require_shared(settings())


def test_a_program_nobody_knows(machine: Path) -> None:
    assert "可以写 web、worker、conductor" in refusal("serve", "sender")


@pytest.mark.parametrize("command", [("serve", "worker"), ("migrate",)])
def test_the_embedded_postgresql_is_of_one_machine(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("YJS_DSN", "YJS_OWNER_DSN"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    assert "yjs up" in refusal(*command)


def test_a_folder_that_is_not_mounted(machine: Path) -> None:
    shutil.rmtree(machine)
    assert "请挂载同一个文件夹" in refusal("serve", "worker")
    assert not machine.exists()


def test_tables_of_another_version(machine: Path) -> None:
    with connected(settings().owner_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert "数据表在 0001" in refusal("serve", "conductor")


def test_keys_that_are_not_there_are_not_made_anew(machine: Path) -> None:
    key_file().unlink()
    assert "没有密钥文件" in refusal("serve", "web")
    assert "却没有密钥文件" in refusal("migrate")
    assert not key_file().exists()


def test_keys_of_another_installation(machine: Path) -> None:
    key_file().unlink()
    keyring()
    assert "不是原来的" in refusal("serve", "worker")


def test_a_folder_without_the_files_that_the_record_names(machine: Path) -> None:
    with transaction() as session:
        case = a_case(session)
        session.add(
            Material(
                case_number=case.number,
                spec_id="M-SIGN",
                name="招牌图",
                version=2,
                state=MaterialState.SUPPLIED,
                stored_as="0123456789abcdef",
            )
        )
    assert "看不到记录里的材料" in refusal("serve", "web")
    (machine / "uploads").mkdir(exist_ok=True)
    (machine / "uploads" / "0123456789abcdef").write_bytes(b"%PDF")
    serving.require_shared(settings())


def test_a_port_that_is_taken(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_PORT", "1")
    monkeypatch.setenv("YJS_HOST", "192.0.2.1")  # of nobody
    settings.cache_clear()
    assert "192.0.2.1" in refusal("serve", "web")


def test_an_unsafe_production(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_PRODUCTION", "true")
    settings.cache_clear()
    with pytest.raises(serving.Refused, match="没有 https 网址"):
        serving.serve("worker", settings())


def test_yjs_up_starts_its_own_prefect(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_PREFECT_SERVER", "http://prefect-api:4200")
    settings.cache_clear()
    assert "yjs serve" in refusal("up")
