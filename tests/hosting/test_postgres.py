"""Does the embedded PostgreSQL survive what happens to it?"""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from config.settings import DATABASE, Settings
from hosting import databases, postgres, preflight
from hosting.processes import Process, Program
from models.server import connected
from rules.errors import Refused
from tests.clusters import reachable_folder


@pytest.fixture
def settings():
    with reachable_folder() as folder:
        settings = Settings(data=folder / "data")
        preflight.prepare_folders(settings)
        yield settings


def _start(settings: Settings) -> Process:
    process = Process(postgres.program(settings))
    process.start()
    postgres.wait_until_ready(process, settings)
    return process


def test_data_survive_a_kill_and_the_next_start_takes_over(settings: Settings) -> None:
    first = _start(settings)
    databases.prepare_databases(settings)
    with connected(settings.owner_url) as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT 1 AS n"))
    os.kill(first.pid, signal.SIGKILL)
    first.stop()
    second = _start(settings)
    try:
        with connected(settings.owner_url) as connection:
            assert connection.execute(text("SELECT n FROM kept")).scalar_one() == 1
    finally:
        second.stop()


def test_a_recovery_is_waited_for_however_long(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something that says of itself what PostgreSQL says: starting for a while, then ready; or nothing at all."""
    settings.postgres.mkdir(parents=True)
    monkeypatch.setattr(postgres, "START_TIMEOUT", 0.3)
    process = Process(Program("postgres", "PostgreSQL", ["sleep", "60"], tmp_path / "log"))
    process.start()
    pid_file, said, looked = settings.postgres / "postmaster.pid", [], []

    def look() -> None:
        looked.append(1)
        if len(looked) == 50:
            pid_file.write_text(f"{process.pid}\n" + "-\n" * 6 + "ready   \n")

    try:
        with pytest.raises(Refused, match="没有准备好"):
            postgres.wait_until_ready(process, settings, say=said.append)
        pid_file.write_text(f"{process.pid}\n" + "-\n" * 6 + "starting\n")
        postgres.wait_until_ready(process, settings, say=said.append, look=look)
    finally:
        process.stop()
    assert (len(looked), said) == (50, ["PostgreSQL 正在从上次的中断恢复，请等它做完……"])


def test_a_running_orphan_is_ended_before_the_start(settings: Settings) -> None:
    orphan = _start(settings)
    second = _start(settings)
    try:
        assert not orphan.running
        assert postgres.running_pid(settings) == second.pid
    finally:
        second.stop()
        orphan.stop()


def test_a_number_taken_over_by_another_process_does_not_stop_the_start(settings: Settings) -> None:
    _start(settings).stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (settings.postgres / "postmaster.pid").write_text(f"{stranger.pid}\n{settings.postgres}\n")
        process = _start(settings)
        process.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_it_listens_on_a_private_socket_only(settings: Settings) -> None:
    process = _start(settings)
    try:
        assert settings.socket_folder.stat().st_mode & 0o077 == 0
        with connected(databases._maintenance(settings)) as connection:
            assert connection.execute(text("SHOW listen_addresses")).scalar_one() == ""
            assert connection.execute(text("SELECT current_user")).scalar_one() == DATABASE
    finally:
        process.stop()


def test_a_socket_folder_of_somebody_else_is_refused(settings: Settings, tmp_path: Path) -> None:
    settings.socket_folder.parent.mkdir(exist_ok=True)
    settings.socket_folder.symlink_to(tmp_path)
    try:
        with pytest.raises(Refused, match="占用"):
            postgres.program(settings)
    finally:
        settings.socket_folder.unlink()


def test_a_lost_target_of_a_link_is_not_replaced_by_an_empty_database(settings: Settings) -> None:
    settings.postgres.symlink_to("/nowhere/postgres")
    with pytest.raises(Refused, match="恢复到那里"):
        postgres.program(settings)


def test_an_interrupted_creation_is_begun_anew(settings: Settings) -> None:
    unfinished = settings.postgres.with_name("postgres.new")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    _start(settings).stop()
    assert not unfinished.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to run PostgreSQL")
def test_root_may_keep_the_data_where_nobody_else_may_look(settings: Settings) -> None:
    settings.data.chmod(0o700)
    process = _start(settings)
    try:
        assert settings.postgres.is_symlink()
        assert str(settings.postgres.resolve()).startswith("/var/lib/yijianshi/")
    finally:
        process.stop()
        started = time.monotonic()
        while postgres.running_pid(settings) and time.monotonic() - started < 5:
            time.sleep(0.05)
        subprocess.run(["rm", "-r", str(settings.postgres.resolve().parent)], check=True)
