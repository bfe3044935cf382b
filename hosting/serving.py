"""How does one program run alone on this machine, on a record and a folder that it shares with others elsewhere?"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from config.keys import key_file, keyring
from config.prefect_lock import lock_file, prefect_auth
from config.settings import Settings
from documents.keys import NAME as SIGNING
from documents.keys import private_key
from hosting import databases, demo_city, migrating, programs
from hosting.preflight import (
    opened_door,
    prepare_folders,
    require_free,
    require_restored,
    require_writable,
)
from hosting.processes import Program
from hosting.safety import refuse_unsafe
from models.copying import some_files
from models.database import transaction
from models.worklists import latest_case
from rules.errors import Refused

Say = Callable[[str], None]

# What an operator may start alone, and what it is for.
ALONE: dict[str, Callable[[Settings], Program]] = {
    "worker": programs.worker,
    "conductor": programs.conductor,
    "prefect": programs.prefect_server,
    "prefect-api": programs.prefect_api,
    "prefect-services": programs.prefect_services,
}
NAMES = ("web", *ALONE)
LISTENING = ("prefect", "prefect-api")
SHARED = "数据文件夹由各台机器共用，请挂载同一个文件夹；第一次启动之前请运行一次 yjs migrate"


def serve(name: str, settings: Settings) -> NoReturn:
    """See that all is as it must be, then become the program: whoever stops this process stops it."""
    if name not in NAMES:
        raise Refused(f"没有“{name}”这种进程，可以写 {'、'.join(NAMES)}。")
    refuse_unsafe(settings)
    require_shared(settings)
    prepare_folders(settings)
    if name == "web":
        with opened_door(settings) as door:
            door.set_inheritable(True)
            _become(programs.web(settings, door))
    if name in LISTENING:
        require_free(settings.prefect_host, settings.prefect_port, "YJS_PREFECT_PORT")
    _become(ALONE[name](settings))


def migrate(settings: Settings, say: Say) -> None:
    """Once, before the programs: both databases' tables, the departments, the keys. Again, it changes nothing."""
    _require_external(settings)
    refuse_unsafe(settings)
    require_restored(settings)
    _require_keys_of_the_record(settings)
    prepare_folders(settings)
    say("检查数据库……")
    databases.prepare_databases(settings)
    say("升级数据表……")
    databases.bring_tables_up(settings)
    for make in (keyring, private_key, lambda: prefect_auth(settings)):
        make()  # at the first need
    demo_city.seed(settings)
    say("升级 Prefect 的数据表……")
    _bring_prefects_tables_up(settings)


def require_shared(settings: Settings) -> None:
    """The record at this version, the keys it is sealed with, the files it names: as the other machines have them."""
    _require_external(settings)
    if not settings.data.is_dir():
        raise Refused(f"没有数据文件夹 {settings.data}：{SHARED}。")
    require_restored(settings)
    require_writable(settings.data)
    migrating.require_known(settings.database_url)
    at, head = migrating.current(settings.database_url), migrating.head()
    if at != head:
        raise Refused(f"数据表在 {at or '空库'}，这个版本要 {head}：请先停止旧版本，运行 yjs migrate。")
    for path in _keys(settings):
        if not path.is_file():
            raise Refused(f"没有密钥文件 {path}：{SHARED}。")
    with transaction() as session:
        latest_case(session)  # unsealed with our keys, or a sentence that they are not the record's
        named = some_files(session)
    if named and not any((settings.uploads / name).is_file() for name in named):
        raise Refused(f"在 {settings.uploads} 里看不到记录里的材料：{SHARED}。")


def _require_external(settings: Settings) -> None:
    if settings.embedded:
        raise Refused("没有设置 dsn：自带的 PostgreSQL 只供一台机器用，由 yjs up 启动和升级。")


def _require_keys_of_the_record(settings: Settings) -> None:
    """New keys would not open what is there already."""
    if migrating.current(settings.owner_url) is not None and not key_file().is_file():
        raise Refused(
            f"这个库里已有数据表，却没有密钥文件 {key_file()}：请挂载原来的数据文件夹，或恢复密钥。"
        )


def _keys(settings: Settings) -> list[Path]:
    own = [key_file(), settings.data / "keys" / SIGNING]
    return [*own, lock_file(settings)] if settings.prefect_locked else own


def _bring_prefects_tables_up(settings: Settings) -> None:
    program = programs.prefect_tables(settings)
    environment = {**os.environ, **program.environment}
    done = subprocess.run(  # noqa: S603  the command is ours
        program.command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["原因不明"]
        raise Refused(f"Prefect 的数据表没有升级成：{said[-1]}")


def _become(program: Program) -> NoReturn:
    """No child: in a container it is the first process, and hears SIGTERM itself."""
    os.execve(program.command[0], list(program.command), {**os.environ, **program.environment})  # noqa: S606
