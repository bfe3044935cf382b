"""How are PostgreSQL's own programs asked for a copy of the record, and to bring one back?"""

import os
import subprocess
from pathlib import Path

from sqlalchemy.engine import make_url

from hosting.unprivileged import binaries
from models.server import place
from rules.errors import Refused

# libpq reads the address from the environment: on a command line everybody on the machine could read it.
NAMED_OTHERWISE = {"application_name": "PGAPPNAME", "connect_timeout": "PGCONNECT_TIMEOUT"}
NOBODYS = ("--no-owner", "--no-privileges", "--schema=public")  # who may do what is said anew by the platform


def dump(url: str, snapshot: str, file: Path) -> None:
    """Write down everything that this snapshot sees."""
    _run(url, ["pg_dump", "--format=custom", f"--snapshot={snapshot}", *NOBODYS, f"--file={file}"], "备份")


def bring_back(url: str, file: Path) -> None:
    """Everything of the file, or nothing."""
    once = ["--single-transaction", "--exit-on-error"]
    _run(url, ["pg_restore", *once, *NOBODYS, f"--dbname={make_url(url).database}", str(file)], "恢复")


def _run(url: str, command: list[str], what: str) -> None:
    program = str(binaries(None) / command[0])
    done = subprocess.run(  # noqa: S603  the commands are ours
        [program, *command[1:]],
        env={**os.environ, **_address(url)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["原因不明"])[0]
        raise Refused(f"{what}数据库 {place(url)} 没有完成：{said}。")


def _address(url: str) -> dict[str, str]:
    parsed = make_url(url)
    given = {
        "PGHOST": parsed.host,
        "PGPORT": parsed.port,
        "PGUSER": parsed.username,
        "PGPASSWORD": parsed.password,
        "PGDATABASE": parsed.database,
    }
    asked = {
        NAMED_OTHERWISE.get(name, f"PG{name.upper().replace('_', '')}"): value
        for name, value in parsed.query.items()
    }
    return {name: str(value) for name, value in (given | asked).items() if value is not None}
