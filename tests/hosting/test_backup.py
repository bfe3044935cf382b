"""A restore drill: cases through every kind of act, a backup while people work, the loss of all, the restore."""

import json
import shutil
import tarfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from actions.deciding import grant, refuse
from config.keys import keyring
from config.settings import Settings, settings
from documents.anchoring import make_anchor
from documents.writing import write_all
from hosting import databases
from hosting.backing_up import MANIFEST, back_up, started_postgres
from hosting.preflight import RESTORING, only_platform_on, prepare_folders, require_restored
from hosting.restoring import read_manifest, restore
from models.audit import AuditEntry
from models.case import Case
from models.copying import SKIPPED, fingerprints, one_moment
from models.database import engine, transaction
from models.document import Document
from models.notice import Notice
from models.server import connected
from rules.errors import Refused
from rules.notices import NoticeState
from tests.clusters import environment_of, reachable_folder, run_yjs
from tests.people import MORNING, a_case, a_city, account

SILENT: list[str] = []


@contextmanager
def installed(folder: Path) -> Generator[Settings]:
    """This process acts on an installation in this folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("YJS_DSN", "YJS_OWNER_DSN"):
            patch.delenv(name, raising=False)
        patch.setenv("YJS_DATA", str(folder))
        settings.cache_clear()
        prepare_folders(settings())
        yield settings()
        engine().dispose()
    settings.cache_clear()


@contextmanager
def at_work(installation: Settings) -> Generator[None]:
    """As while `yjs up` runs: the data folder held, PostgreSQL answering, the tables of this version."""
    with only_platform_on(installation.data), started_postgres(installation, SILENT.append):
        databases.bring_tables_up(installation)
        yield
        engine().dispose()


def a_busy_morning(installation: Settings) -> list[str]:
    """Three cases: one just accepted, one with a refusal, one whose notices have partly left."""
    with transaction() as session:
        a_city(session)
        numbers = [a_case(session).number for _ in range(3)]
        market = account(session, "market")
        grant(session, numbers[1], "B1-1", by=market, at=MORNING + timedelta(hours=1))
        grant(session, numbers[2], "B1-1", by=market, at=MORNING + timedelta(hours=1))
        fire, later = account(session, "fire"), MORNING + timedelta(hours=2)
        refuse(session, numbers[1], "B1-4", "疏散通道宽度不足。", by=fire, at=later)
    with transaction() as session:
        states = (NoticeState.HANDED_OVER, NoticeState.SENDING, NoticeState.QUEUED)
        mine = session.exec(
            select(Notice).where(Notice.case_number == numbers[2]).order_by(col(Notice.serial))
        )
        for notice, state in zip(mine, states, strict=False):
            if state is not NoticeState.QUEUED:
                notice.become(NoticeState.SENDING, until=MORNING)
            if state is NoticeState.HANDED_OVER:
                notice.become(state)
        case = session.get_one(Case, numbers[0])
        case.lease_holder, case.lease_until = "worker-of-the-old-machine", MORNING
    (installation.uploads / "0123456789abcdef").write_bytes(b"%PDF-1.7 a material")
    write_all()
    make_anchor(MORNING + timedelta(hours=3))
    return numbers


def everything(installation: Settings) -> dict[str, object]:
    """What people were told and can look up: numbers, papers, entries in their order, files."""
    with transaction() as session:
        return {
            "cases": sorted(session.exec(select(Case.number)).all()),
            "names": sorted(case.applicant_name for case in session.exec(select(Case))),
            "papers": sorted(
                (paper.number, paper.digest, paper.signature) for paper in session.exec(select(Document))
            ),
            "entries": [
                (entry.case_number, entry.serial, entry.act, entry.hash)
                for entry in session.exec(
                    select(AuditEntry).order_by(col(AuditEntry.case_number), col(AuditEntry.serial))
                )
            ],
            "files": sorted(path.name for path in installation.uploads.rglob("*") if path.is_file()),
        }


def states_of_notices() -> dict[NoticeState, int]:
    with transaction() as session:
        found = [notice.state for notice in session.exec(select(Notice))]
    return {state: found.count(state) for state in set(found)}


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Generator[dict[str, object]]:
    """The old installation, backed up while it runs, then lost altogether."""
    with reachable_folder() as folder:
        archive = tmp_path_factory.mktemp("backups") / "friday.tar"
        with installed(folder / "old") as old:
            with at_work(old):
                numbers = a_busy_morning(old)
                said: list[str] = []
                manifest = back_up(old, archive, with_keys=True, say=said.append)
                was, notices = everything(old), states_of_notices()
                bare = archive.with_name("without-keys.tar")
                back_up(old, bare, with_keys=False, say=said.append)
            keyring_was = keyring()
            shutil.rmtree(old.data)
        yield {
            "archive": archive,
            "bare": bare,
            "numbers": numbers,
            "was": was,
            "notices": notices,
            "manifest": manifest,
            "said": said,
            "keyring": keyring_was,
            "folder": folder,
        }


@pytest.mark.platform
def test_what_was_lost_is_there_again(drill: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    with installed(drill["folder"] / "new") as new:
        restored = restore(new, drill["archive"], moved=False, say=SILENT.append)
        assert (restored.keys_missing, restored.keys_other, restored.faults) == ([], [], [])
        assert not (new.data / RESTORING).exists()
        assert (drill["archive"].stat().st_mode & 0o777) == 0o600
        with at_work(new):
            assert everything(new) == drill["was"]
            assert keyring() == drill["keyring"]
            _nothing_leaves_twice(drill["notices"], restored.held)
            _nobody_has_it_in_hand(drill["numbers"])
            with transaction() as session:
                fresh = a_case(session).number
            old = max(int(number.split("-")[3]) for number in drill["numbers"])
            assert int(fresh.split("-")[3]) == old + SKIPPED + 1
        with pytest.raises(Refused, match="不是空的"):
            restore(new, drill["archive"], moved=False, say=SILENT.append)


def _nothing_leaves_twice(before: dict[NoticeState, int], held: int) -> None:
    after = states_of_notices()
    in_doubt = before[NoticeState.QUEUED] + before[NoticeState.SENDING]
    assert held == in_doubt == after[NoticeState.UNKNOWN]
    assert after[NoticeState.HANDED_OVER] == before[NoticeState.HANDED_OVER]
    assert not after.keys() & {NoticeState.QUEUED, NoticeState.SENDING, NoticeState.FAILED}


def _nobody_has_it_in_hand(numbers: list[str]) -> None:
    with transaction() as session:
        assert all(session.get_one(Case, number).lease_holder is None for number in numbers)


@pytest.mark.platform
def test_who_moves_house_sends_what_waits(drill: dict) -> None:
    with installed(drill["folder"] / "moved") as new:
        restored = restore(new, drill["archive"], moved=True, say=SILENT.append)
        with at_work(new):
            after = states_of_notices()
    assert restored.held == drill["notices"][NoticeState.SENDING] == after[NoticeState.UNKNOWN]
    assert after[NoticeState.QUEUED] == drill["notices"][NoticeState.QUEUED]


@pytest.mark.platform
def test_without_its_keys_it_says_which_are_missing(drill: dict) -> None:
    with installed(drill["folder"] / "bare") as new:
        restored = restore(new, drill["bare"], moved=False, say=SILENT.append)
        assert restored.keys_missing == ["keys/documents.pem", "keys/sealing.json"]
        assert not (new.data / "keys").exists(), "a new key must not take the place of the old"


@pytest.mark.platform
def test_a_damaged_backup_touches_nothing(drill: dict, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tar"
    raw = bytearray(drill["archive"].read_bytes())
    at = raw.find(b"a material")
    raw[at] ^= 1
    damaged.write_bytes(raw)
    cut = tmp_path / "cut.tar"
    cut.write_bytes(raw[: len(raw) // 2])
    nothing = tmp_path / "nothing.tar"
    nothing.write_text("not an archive")
    with installed(drill["folder"] / "untouched") as new:
        for file, says in (
            (damaged, "uploads/0123456789abcdef 缺失或与清单不符"),
            (cut, "不是完整的备份文件"),
            (nothing, "不是完整的备份文件"),
            (tmp_path / "absent.tar", "读不到备份文件"),
        ):
            with pytest.raises(Refused, match=says):
                restore(new, file, moved=False, say=SILENT.append)
        assert not list(new.uploads.iterdir())
        assert not (new.data / "postgres").exists()


@pytest.mark.platform
def test_a_restore_that_broke_off_is_begun_again(drill: dict, tmp_path: Path) -> None:
    """Its content was changed between dump and manifest: the comparison of the tables says so."""
    lying = tmp_path / "lying.tar"
    manifest = read_manifest(drill["archive"])
    manifest.tables["account"] = (1, "1")
    with tarfile.open(drill["archive"]) as before, tarfile.open(lying, "w") as after:
        for entry in before:
            if entry.name != MANIFEST:
                after.addfile(entry, before.extractfile(entry))
        (tmp_path / MANIFEST).write_text(manifest.text())
        after.add(tmp_path / MANIFEST, MANIFEST)
    with installed(drill["folder"] / "twice") as new:
        with pytest.raises(Refused, match="与备份不符（account"):
            restore(new, lying, moved=False, say=SILENT.append)
        with pytest.raises(Refused, match="恢复没有做完"):
            require_restored(new)
        restored = restore(new, drill["archive"], moved=False, say=SILENT.append)
        assert restored.faults == []
        require_restored(new)


@pytest.mark.platform
def test_by_command_also_while_the_platform_stands_still(drill: dict, tmp_path: Path) -> None:
    folder = drill["folder"] / "by-command"
    folder.mkdir()
    environment = environment_of(folder)
    answer = run_yjs("restore", str(drill["archive"]), environment=environment)
    assert answer.returncode == 0, answer.stderr
    assert "其中办件 3" in answer.stdout
    assert "结果不明" in answer.stdout
    assert "没有发现改动" in answer.stdout
    again = tmp_path / "again.tar"
    answer = run_yjs("backup", str(again), environment=environment)
    assert answer.returncode == 0, answer.stderr
    assert "请把数据文件夹下的 keys/ 另行保管" in answer.stdout
    assert "办件 3" in run_yjs("restore", str(again), "--check", environment=environment).stdout
    refused = run_yjs("restore", str(again), environment=environment)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "不是空的" in refused.stderr.splitlines()[-1]


def test_what_the_backup_says_of_itself(drill: dict) -> None:
    manifest = drill["manifest"]
    assert manifest.tables["case_file"][0] == 3
    assert {"record.dump", "uploads/0123456789abcdef", "audit/anchors.jsonl"} <= manifest.files.keys()
    assert manifest.lacking == []
    assert any("数据库" in sentence for sentence in drill["said"])
    assert json.loads(manifest.text())["format"] == 1
    with pytest.raises(Refused, match="已经存在"):
        back_up(settings(), drill["archive"], with_keys=False, say=SILENT.append)


def test_a_row_that_changed_is_a_difference(cluster: Settings, fresh_database: object) -> None:
    with transaction() as session:
        a_city(session)
    with one_moment(settings().owner_url) as (connection, _):
        before = fingerprints(connection)
    with connected(settings().owner_url) as connection:
        connection.execute(text("UPDATE account SET name = name || '，' WHERE username = 'fire'"))
    with one_moment(settings().owner_url) as (connection, _):
        after = fingerprints(connection)
    assert before["account"][0] == after["account"][0]
    assert {table for table in before if before[table] != after[table]} == {"account"}
