"""What must be so before anything is started? Each fault is one sentence for the person at the keyboard."""

import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from config.settings import Settings
from rules.errors import Refused

QUEUE = 1024  # who comes while all are busy
LEAST_DISK = 500 * 1024 * 1024  # bytes; a new cluster and Prefect's tables take about a fifth of it
LOCK = "platform.lock"
RESTORING = "restoring"  # lies in the data folder from the first to the last step of a restore


@contextmanager
def only_platform_on(folder: Path) -> Generator[None]:
    """One platform a data folder. The lock ends with the process that holds it, however it ends."""
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(f"数据文件夹 {folder} 上已有一个平台在运行{_held_by(lock.name)}。") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def is_running_on(folder: Path) -> bool:
    """Does a platform hold this data folder?"""
    try:
        with (folder / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def prepare_folders(settings: Settings) -> None:
    """The data folder and what is below it, writable and with room."""
    _make(settings.data, 0o755)  # PostgreSQL's own user must pass through it
    for folder in (settings.logs, settings.uploads, settings.prefect_home):
        _make(folder, 0o700)  # what people handed in is nobody else's business
    require_writable(settings.data)
    free = shutil.disk_usage(settings.data).free
    if free < LEAST_DISK:
        left, least = free // 2**20, LEAST_DISK // 2**20
        raise Refused(f"{settings.data} 所在的磁盘只剩 {left} MB，至少需要 {least} MB。")


def count_from_nothing(settings: Settings) -> None:
    """Counters of the web processes begin anew with the platform; Prometheus takes it for a restart."""
    shutil.rmtree(settings.web_counts, ignore_errors=True)
    _make(settings.web_counts, 0o700)


def _make(folder: Path, mode: int) -> None:
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"不能建立文件夹 {folder}：{_reason(error)}。") from None


def require_writable(folder: Path) -> None:
    """Refuse a folder that takes no file; the permission bits do not tell (root, read-only mounts)."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise Refused(f"数据文件夹 {folder} 不能写入：{_reason(error)}。") from None


def require_restored(settings: Settings) -> None:
    """Half a record must not send what may have left, nor number cases anew."""
    if (settings.data / RESTORING).exists():
        raise Refused("上一次恢复没有做完，平台不启动：请重新运行 yjs restore，它会从头做起。")


def require_own_prefect(settings: Settings) -> None:
    """Nobody would speak to the Prefect server that this platform starts."""
    if settings.prefect_server:
        raise Refused(
            "yjs up 自己启动 Prefect 服务，设置 prefect_server 是给 yjs serve 的：请去掉它，或改用 yjs serve。"
        )


def require_free_ports(settings: Settings) -> None:
    """Refuse a port that somebody else listens on."""
    if settings.port == settings.prefect_port:
        raise Refused(f"网页和 Prefect 不能用同一个端口 {settings.port}，请改其中一个设置。")
    require_free(settings.host, settings.port, "YJS_PORT")
    require_free(settings.prefect_host, settings.prefect_port, "YJS_PREFECT_PORT")


def require_free(host: str, port: int, variable: str) -> None:
    """Refuse an address that cannot be listened on."""
    _bound(host, port, variable).close()


@contextmanager
def opened_door(settings: Settings) -> Generator[socket.socket]:
    """Where the pages are asked for: whoever comes while no process of theirs is up waits, and is not sent away."""
    with _bound(settings.host, settings.port, "YJS_PORT") as door:
        door.listen(QUEUE)
        yield door


def _bound(host: str, port: int, variable: str) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        # A connection that is still waiting to be forgotten is no user.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        return bound
    except socket.gaierror:
        raise Refused(f"地址 {host} 不是本机的地址，请检查设置 YJS_HOST。") from None
    except OSError as error:
        raise Refused(
            f"{host} 的端口 {port} 用不了（{_reason(error)}），请用 {variable} 换一个端口。"
        ) from None


REASONS = {
    "EACCES": "没有权限",
    "EPERM": "没有权限",
    "EROFS": "只读",
    "ENOSPC": "磁盘已满",
    "EDQUOT": "超出磁盘配额",
    "ENOTDIR": "路径中有一段是文件",
    "EEXIST": "那里已有一个同名文件",
    "EADDRINUSE": "已被别的程序占用",
    "EADDRNOTAVAIL": "不是本机的地址",
}


def _reason(error: OSError) -> str:
    return REASONS.get(errno.errorcode.get(error.errno or 0, ""), error.strerror or "原因不明")


def _held_by(lock: str) -> str:
    pid = holder(Path(lock).parent)
    return f"（进程 {pid}）" if pid else ""


def holder(folder: Path) -> int | None:
    """The process that wrote its number into the lock last."""
    number = (folder / LOCK).read_text().strip()
    return int(number) if number.isdigit() else None
