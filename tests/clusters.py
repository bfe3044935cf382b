"""Where do the tests find a real PostgreSQL and a whole platform? In temporary folders, gone afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import text

from config.settings import PREFIX, Settings, settings
from hosting import databases, postgres
from hosting.preflight import prepare_folders
from hosting.processes import Process
from models.server import connected

START_TIMEOUT = 150.0  # seconds, on a busy machine
STOP_TIMEOUT = 60.0


@contextmanager
def reachable_folder() -> Generator[Path]:
    """A temporary folder that PostgreSQL's own user may enter, as it may not enter pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="yjs-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgres() -> Generator[Settings]:
    """The embedded PostgreSQL as the platform runs it, with both databases still empty."""
    with reachable_folder() as folder:
        settings = Settings(data=folder / "data")
        prepare_folders(settings)
        process = Process(postgres.program(settings))
        process.start()
        try:
            postgres.wait_until_ready(process, settings)
            databases.prepare_databases(settings)
            yield settings
        finally:
            process.stop()
            shutil.rmtree(settings.socket_folder, ignore_errors=True)


@contextmanager
def postgres_over_tcp() -> Generator[tuple[str, str, str]]:
    """A PostgreSQL as on a machine of its own, asked for a password at a port of this one.

    Three addresses: the record as the role that works in it, as its owner, and Prefect's database.
    """
    with reachable_folder() as folder:
        alone = Settings(data=folder / "data")
        prepare_folders(alone)
        program = postgres.program(alone)
        (alone.postgres / "pg_hba.conf").write_text(
            "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        port = free_ports(1)[0]
        network = ["--listen-addresses=127.0.0.1", f"--port={port}"]
        process = Process(replace(program, command=[*program.command, *network]))
        process.start()
        try:
            postgres.wait_until_ready(process, alone)
            with connected(
                f"postgresql+psycopg2://yijianshi@/postgres?host={alone.socket_folder}&port={port}"
            ) as here:
                for statement in (
                    "CREATE ROLE town_owner LOGIN PASSWORD 'owner-of-tables'",
                    "CREATE ROLE town LOGIN PASSWORD 'worker-of-town'",
                    "CREATE ROLE yijianshi_whole",  # as docs/operating.md asks of an administrator
                    "CREATE ROLE yijianshi_district",
                    "GRANT yijianshi_whole, yijianshi_district TO town",
                    "CREATE DATABASE town OWNER town_owner",
                    "CREATE DATABASE town_prefect OWNER town_owner",
                ):
                    here.execute(text(statement))
            at = f"127.0.0.1:{port}"
            owner = f"postgresql://town_owner:owner-of-tables@{at}"
            yield f"postgresql://town:worker-of-town@{at}/town", f"{owner}/town", f"{owner}/town_prefect"
        finally:
            process.stop()
            shutil.rmtree(alone.socket_folder, ignore_errors=True)


@dataclass(frozen=True)
class Platform:
    """A platform that was started by `yjs up`."""

    url: str
    prefect_url: str
    data: Path
    environment: dict[str, str]
    process: subprocess.Popen[str]
    printed: list[str]  # standard output, line by line, as it comes

    @property
    def prefect_api_url(self) -> str:
        return f"{self.prefect_url}/api"

    @property
    def settings(self) -> Settings:
        """Its settings, whatever other installation the tests around are on."""
        with self.at_hand() as own:
            return own

    @contextmanager
    def at_hand(self) -> Generator[Settings]:
        """Within the block this process acts on this installation, as the platform's own processes do."""
        with pytest.MonkeyPatch.context() as patch:
            for name in _named_as_settings(os.environ):
                patch.delenv(name)
            for name in _named_as_settings(self.environment):
                patch.setenv(name, self.environment[name])
            settings.cache_clear()
            yield settings()
        settings.cache_clear()

    def yjs(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command on this platform."""
        return run_yjs(*arguments, environment=self.environment, timeout=timeout)


@contextmanager
def running_platform(**given: str) -> Generator[Platform]:
    """A whole platform on free ports; `given` are more settings, for example mail_url=…"""
    with reachable_folder() as folder:
        environment = environment_of(folder, **given)
        with started(environment) as platform:
            yield platform


def environment_of(folder: Path, **given: str) -> dict[str, str]:
    """The environment of a platform in this folder on free ports, and nothing of the one around us."""
    port, prefect_port = free_ports(2)
    empty = folder / "settings.toml"
    empty.touch()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("YJS_", "PREFECT_"))}
    own = {
        "YJS_SETTINGS": str(empty),
        "YJS_DATA": str(folder / "data"),
        "YJS_PORT": str(port),
        "YJS_PREFECT_PORT": str(prefect_port),
        "YJS_QUIET_HOURS": "false",  # tests run at any hour of any day
        "YJS_MERGE_MINUTES": "0",
        "YJS_WEB_PROCESSES": "2",  # on whatever machine
    }
    return clean | own | {f"YJS_{name.upper()}": value for name, value in given.items()}


@contextmanager
def started(environment: dict[str, str]) -> Generator[Platform]:
    """`yjs up` with this environment, until the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "up"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C at pytest is pytest's
    )
    errors: list[str] = []
    printed: list[str] = []
    ready = threading.Event()
    readers = [
        threading.Thread(target=_collect, args=(process.stdout, printed, ready), daemon=True),
        threading.Thread(target=_collect, args=(process.stderr, errors, None), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        if not ready.wait(START_TIMEOUT):
            raise AssertionError(f"yjs up did not become ready:\n{''.join(errors)}")
        yield Platform(
            url=printed[0].split()[1],
            prefect_url=f"http://127.0.0.1:{environment['YJS_PREFECT_PORT']}",
            data=Path(environment["YJS_DATA"]),
            environment=environment,
            process=process,
            printed=printed,
        )
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> int:
    """Ask `yjs up` to stop, and say how it ended."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def run_yjs(
    *arguments: str, environment: dict[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """A command as a person types it."""
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at this moment."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _named_as_settings(environment: Mapping[str, str]) -> list[str]:
    return [name for name in environment if name.startswith(PREFIX)]


def _collect(stream: Iterator[str], lines: list[str], ready: threading.Event | None) -> None:
    for line in stream:
        lines.append(line)
        if ready is not None and line.startswith("ready "):
            lines[:] = lines[lines.index(line) :]
            ready.set()
    if ready is not None:
        ready.set()  # it ended; whoever waits reads what it said
