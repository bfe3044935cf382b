"""What happens to the platform on its bad day? Each kind of fault, and how long it lasts."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from sqlalchemy import text

from models.server import connected
from rules.errors import Refused
from tests.clusters import Platform

FULL_FOR = 3.0  # seconds
ROOM = 64 << 20  # bytes of the folder that is filled
PROGRAMS = {
    "worker": "flows.worker",
    "conductor": "flows.conductor",
    "web": "web",
    "prefect": "prefect.server.api.server:create_app",
}
CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class Faults:
    """Does harm to one platform, by name."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.settings = platform, platform.settings
        self.dropped_at: float | None = None  # when Prefect's database went the last time
        self.filling = "none"
        self.kinds: dict[str, Callable[[], None]] = {
            **{f"kill {name}": lambda word=word: self._kill(word) for name, word in PROGRAMS.items()},
            "kill postgres": self._kill_postgres,
            "cut connections": self._cut,
            "fill uploads": self._fill,
            "drop prefect": self._drop,
        }

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """A small file system for the uploads, where we may make one; otherwise the web process is limited."""
        uploads = self.settings.uploads
        command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0700", "yjs-faults", str(uploads)]
        mounted = os.geteuid() == 0 and not subprocess.run(command, capture_output=True).returncode  # noqa: S603
        self.filling = f"tmpfs of {ROOM >> 20} MB, filled" if mounted else "RLIMIT_FSIZE of the web process"
        self._filled: Callable[[], None] = self._fill_folder if mounted else self._limit_files
        try:
            yield
        finally:
            if mounted:
                subprocess.run(["umount", "-l", str(uploads)], check=False)  # noqa: S603, S607

    def processes(self, word: str) -> list[psutil.Process]:
        """Children of the platform whose command line ends in this module, or names it."""
        found = []
        with suppress(psutil.Error):
            for child in psutil.Process(self.platform.process.pid).children():
                with suppress(psutil.Error):
                    if word in child.cmdline():
                        found.append(child)
        return found

    def _kill(self, word: str) -> None:
        for process in self.processes(word):
            with suppress(psutil.Error):
                process.kill()

    def _kill_postgres(self) -> None:
        with suppress(OSError, IndexError, ValueError):
            pid = int((self.settings.postgres / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, signal.SIGKILL)

    def _cut(self) -> None:
        with suppress(Refused), connected(self.settings.owner_url) as connection:
            connection.execute(text(CUT))

    def _drop(self) -> None:
        """With its server, as when a disk is lost; the platform makes an empty one by itself."""
        self._kill(PROGRAMS["prefect"])
        with suppress(Refused), connected(self.settings.owner_url) as connection:
            connection.execute(text("DROP DATABASE IF EXISTS yijianshi_prefect WITH (FORCE)"))
            self.dropped_at = time.time()

    def _fill(self) -> None:
        self._filled()

    def _fill_folder(self) -> None:
        filler = Path(self.settings.uploads) / "filler"
        with suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(bytes(1 << 16))
        time.sleep(FULL_FOR)
        filler.unlink()

    def _limit_files(self) -> None:
        held = self.processes(PROGRAMS["web"])
        for process in held:
            with suppress(psutil.Error):
                process.rlimit(psutil.RLIMIT_FSIZE, (0, psutil.RLIM_INFINITY))
        time.sleep(FULL_FOR)
        for process in held:
            with suppress(psutil.Error):
                process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
