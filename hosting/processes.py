"""How is one operating-system process of ours started, watched and stopped?"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOG_LIMIT = 20 * 1024 * 1024  # bytes; a longer log is set aside at the next start
STABLE_AFTER = 60.0  # seconds; a process that lived this long starts again without delay
LONGEST_PAUSE = 30.0  # seconds between two restarts
BEHIND_THE_DESKS = 10  # nice
SESSIONS_APART = Path("/proc/sys/kernel/sched_autogroup_enabled")


@dataclass(frozen=True)
class Program:
    """What to run, and as whom."""

    name: str
    label: str  # for messages
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: tuple[int, int] | None = None  # uid and gid, when not our own
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL  # what it gets if we die without stopping it
    steps_back: bool = False  # people at the desks come first: it takes the processor time that they leave
    patience: float = 10.0  # seconds between the request to stop and SIGKILL
    inherits: tuple[int, ...] = ()  # open files that it takes over, by their numbers
    before_again: Callable[[], None] = lambda: None  # what must be so before it starts once more; or Refused


class Process:
    """A program that runs in its own process group until it is stopped."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.failures = 0
        self.start_again_at: float | None = None
        self._started_at = 0.0
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, from the main thread: a child's death signal follows the thread that made it."""
        uid, gid = self.program.user or (None, None)
        self.start_again_at = None
        self._started_at = time.monotonic()
        with _opened(self.program.log) as log:
            self._popen = subprocess.Popen(  # noqa: S603  the commands are ours
                self.program.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.program.environment},
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
                process_group=0,
                pass_fds=self.program.inherits,
                preexec_fn=_as_a_child_of_ours(self.program),
            )

    @property
    def pid(self) -> int:
        """The process id of the latest start."""
        return self._popen.pid if self._popen else 0

    @property
    def running(self) -> bool:
        """Is it alive?"""
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended, negative for a signal; None while it runs or was never started."""
        return None if self._popen is None else self._popen.poll()

    def schedule_restart(self) -> float:
        """Say when it starts again: at once the first time, then ever later. Returns the pause in seconds."""
        now = time.monotonic()
        self.failures = 1 if now - self._started_at > STABLE_AFTER else self.failures + 1
        pause = min(LONGEST_PAUSE, 2.0 ** (self.failures - 1) - 1)
        self.start_again_at = now + pause
        return pause

    def ask_to_stop(self) -> None:
        """Send the signal that ends it in good order."""
        self.start_again_at = None
        # Not by Popen.send_signal: it reaps who has just died, and stop() still needs the number of the group.
        if self._popen is not None and self._popen.returncode is None:
            os.kill(self.pid, self.program.stop_signal)

    def stop(self) -> None:
        """Ask it to stop, insist when its patience is over, and leave nothing of its group."""
        if self._popen is None or self._popen.returncode is not None:
            return
        self.ask_to_stop()
        deadline = time.monotonic() + self.program.patience
        # Not reaped yet, the dead leader keeps the number of its group from being given to somebody else.
        while not self._ended() and time.monotonic() < deadline:
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    def _ended(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def last_words(self, lines: int = 3) -> str:
        """The end of its log, for a message."""
        text = self.program.log.read_text(errors="replace") if self.program.log.exists() else ""
        return " / ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())


def _opened(log: Path) -> BinaryIO:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".1.log"))
    return log.open("ab")


def _as_a_child_of_ours(program: Program) -> Callable[[], None]:
    """What a child does before it becomes the program."""
    dies_with_parent = _dies_with_parent(program.orphan_signal)

    def begin() -> None:
        if program.steps_back:
            _step_back()
        dies_with_parent()

    return begin


def _step_back() -> None:
    """Leave the processors to whoever is asked for something by a person.

    A nice value alone does little: whoever is on a processor may end its slice of some milliseconds, and a request
    waits for that anew after each of its questions to PostgreSQL. From an idle process Linux takes the processor at
    once. But an idle process beside somebody else's endless work would never run; so only where Linux shares the
    processors out between sessions first, and within one then (sched(7), autogroup).
    """
    os.nice(BEHIND_THE_DESKS)
    with suppress(OSError):  # there is no such file elsewhere, and a container may forbid it
        if SESSIONS_APART.read_text().strip() == "1":
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _dies_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Linux tells a child when its parent died, even by SIGKILL; elsewhere stop `yjs up` in order."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up before the fork
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return ask
