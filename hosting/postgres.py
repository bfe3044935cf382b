"""How does the platform run its own PostgreSQL? One cluster in the data folder, behind a private socket."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from config.settings import DATABASE, SOCKET_PORT, Settings
from hosting.processes import Process, Program
from hosting.unprivileged import User, binaries, reachable_place, run_as, user_for
from rules.errors import Refused

START_TIMEOUT = 60.0  # seconds, besides recovery after a crash, which takes what it takes
STOP_TIMEOUT = 30.0  # seconds for a postmaster that an earlier platform left behind

# For a small machine that does nothing else; a large installation brings its own PostgreSQL.
TUNING = {
    "listen_addresses": "",  # the socket only
    "port": str(SOCKET_PORT),
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "synchronous_commit": "on",  # what was acknowledged at the desk is on disk
    "random_page_cost": "1.1",
    "jit": "off",  # short statements: compiling them costs more than it gains
    "log_timezone": "UTC",
    "timezone": "UTC",
    "log_min_duration_statement": "2s",
    "cluster_name": DATABASE,
}


def program(settings: Settings) -> Program:
    """Everything PostgreSQL needs before it starts, and how it is started."""
    user = user_for(settings.postgres)
    cluster = reachable_place(user, settings.postgres)
    folder = binaries(user)
    _end_leftover(cluster, settings.socket_folder)
    if not (cluster / "PG_VERSION").exists():
        _create(cluster, folder, user)
    _require_version(cluster, folder)
    _private_folder(settings.socket_folder, user)
    options = [f"--{name.replace('_', '-')}={value}" for name, value in TUNING.items()]
    return Program(
        name="postgres",
        label="PostgreSQL",
        command=[
            str(folder / "postgres"),
            "-D",
            str(cluster),
            f"--unix-socket-directories={settings.socket_folder}",
            *options,
        ],
        log=settings.logs / "postgres.log",
        user=user,
        stop_signal=signal.SIGINT,  # "fast": rolls back what is open and writes everything down
        orphan_signal=signal.SIGINT,
        patience=STOP_TIMEOUT,
    )


def wait_until_ready(
    process: Process,
    settings: Settings,
    *,
    say: Callable[[str], None] = lambda _: None,
    look: Callable[[], None] = lambda: None,
) -> None:
    """Return when it takes connections; `look` may raise to end the waiting.

    A recovery is waited for however long: stopped in the middle of it, it would begin from the same point again.
    """
    deadline, recovering = time.monotonic() + START_TIMEOUT, False
    while (said := _says(settings, process)) != "ready":
        look()
        if not process.running:
            raise Refused(f"PostgreSQL 没有启动：{process.last_words()}（日志：{process.program.log}）。")
        if time.monotonic() > deadline and said != "starting":
            raise Refused(
                f"PostgreSQL 在 {START_TIMEOUT:.0f} 秒内没有准备好，请看日志 {process.program.log}。"
            )
        if time.monotonic() > deadline and not recovering:
            say("PostgreSQL 正在从上次的中断恢复，请等它做完……")
            recovering = True
        time.sleep(0.02)


def tidy(settings: Settings) -> None:
    """Take away the socket's folder where it lies outside the data folder; the next start makes it again."""
    with suppress(OSError):
        settings.socket_folder.rmdir()


def running_pid(settings: Settings) -> int | None:
    """The postmaster of this installation, if it runs."""
    return _postmaster(settings.postgres.resolve())


def _says(settings: Settings, process: Process) -> str:
    """What it has come to, in its own words: starting, ready, stopping; '' while it has said nothing."""
    lines = _lines(settings.postgres / "postmaster.pid")
    return lines[7].strip() if len(lines) >= 8 and lines[0] == str(process.pid) else ""


def _create(cluster: Path, folder: Path, user: User | None) -> None:
    """initdb into a folder beside it, so that an interrupted one is never taken for a cluster."""
    unfinished = cluster.with_name(f"{cluster.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user:
        os.chown(unfinished, *user)
    made = run_as(
        user,
        [
            str(folder / "initdb"),
            f"--pgdata={unfinished}",
            f"--username={DATABASE}",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",  # the order of text does not change with the operating system
            "--builtin-locale=C.UTF-8",
            "--auth-local=trust",  # the socket's folder is the lock
            "--auth-host=reject",
        ],
    )
    if made.returncode != 0:
        reason = (made.stderr.strip().splitlines() or ["原因不明"])[-1]
        raise Refused(f"建立数据库文件夹 {cluster} 失败：{reason}。")
    if cluster.exists():
        cluster.rmdir()  # empty: it has no PG_VERSION, and rmdir refuses anything else
    unfinished.rename(cluster)


def _require_version(cluster: Path, folder: Path) -> None:
    written_by = (cluster / "PG_VERSION").read_text().strip()
    ours = run_as(None, [str(folder / "postgres"), "--version"]).stdout.split()[-1].split(".")[0]
    if written_by != ours:
        raise Refused(f"数据库是 PostgreSQL {written_by} 的，装着的是 {ours}：请按 docs/operating.md 升级。")


def _private_folder(folder: Path, user: User | None) -> None:
    """Whoever can enter this folder is let into the database, so it must be ours alone."""
    uid = user[0] if user else os.geteuid()
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if user:
            os.chown(folder, *user)
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != uid:
        raise Refused(f"{folder} 已被别人占用，请删除它再启动平台。")
    folder.chmod(0o700)


def _end_leftover(cluster: Path, socket_folder: Path) -> None:
    """An earlier platform was killed: end its postmaster, or remove the traces of one that is gone.

    PostgreSQL itself would refuse to start when the number in the file meanwhile belongs to another process.
    """
    pid = _postmaster(cluster)
    if pid is not None:
        with suppress(psutil.NoSuchProcess):
            leftover = psutil.Process(pid)
            leftover.send_signal(signal.SIGINT)
            try:
                leftover.wait(STOP_TIMEOUT)
            except psutil.TimeoutExpired:
                raise Refused(f"上次的 PostgreSQL（进程 {pid}）停不下来，请结束它再启动平台。") from None
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    for name in (f".s.PGSQL.{SOCKET_PORT}", f".s.PGSQL.{SOCKET_PORT}.lock"):
        (socket_folder / name).unlink(missing_ok=True)


def _postmaster(cluster: Path) -> int | None:
    """The process that the cluster's file names, if it really is this cluster's postmaster."""
    lines = _lines(cluster / "postmaster.pid")
    try:
        pid = int(lines[0])
        command = psutil.Process(pid).cmdline()
    except (IndexError, ValueError, psutil.Error):
        return None
    return pid if str(cluster) in command else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
