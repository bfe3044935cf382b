"""Who keeps the processes running, and ends all of them when one person presses Ctrl-C?"""

import logging
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Self

from hosting.processes import Process, Program
from rules.errors import Refused

TICK = 0.1  # seconds between two looks at the children
logger = logging.getLogger(__name__)


class StopAsked(Exception):
    """Somebody asked the platform to stop."""


class Supervisor:
    """Processes in the order they were started, ended in the opposite order whatever happens.

    Everything happens in the main thread: no locks, and each child's death signal follows that thread.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.processes: list[Process] = []
        self._asked: signal.Signals | None = None

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._remember)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()

    def start(self, program: Program) -> Process:
        """Start one more process."""
        self.look_for_a_stop()
        process = Process(program)
        try:
            process.start()
        except OSError as error:
            raise Refused(f"{program.label} 没能启动：{error.strerror}（{error.filename}）。") from None
        self.processes.append(process)
        logger.info("%s 已启动，进程 %s", program.label, process.pid)
        return process

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Keep everything running until the condition holds; False when the time is over before."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.tick()
        return True

    def keep_running(self) -> None:
        """Watch for ever; StopAsked ends it."""
        while True:
            self.tick()

    def tick(self) -> None:
        """One look: restart what has died, stop when asked."""
        self.look_for_a_stop()
        for process in self.processes:
            if process.start_again_at is not None:
                self._start_again(process)
            elif not process.running:
                self._note_death(process)
        time.sleep(TICK)

    def look_for_a_stop(self) -> None:
        """Raise StopAsked once somebody asked; a signal only leaves a note, so that nothing is half done."""
        if self._asked is not None:
            raise StopAsked

    def stop_all(self) -> None:
        """End everything, last started first. Pressing Ctrl-C again does not interrupt this."""
        if self.processes:
            logger.info("停止全部进程，收到的信号：%s", self._asked.name if self._asked else "无")
            self.say("正在停止……")
        while self.processes:
            process = self.processes.pop()
            process.stop()
            logger.info("%s 已停止", process.program.label)

    def _note_death(self, process: Process) -> None:
        code = process.exit_code
        pause = process.schedule_restart()
        when = f"{pause:.0f} 秒后重新启动" if pause else "重新启动"
        self._tell(
            f"{process.program.label} 意外结束（{_ending(code)}），{when}；日志：{process.program.log}"
        )

    def _start_again(self, process: Process) -> None:
        if process.start_again_at is not None and time.monotonic() >= process.start_again_at:
            try:
                process.program.before_again()
                process.start()
            except Exception as error:  # whatever keeps this one from starting, the others go on
                process.schedule_restart()
                self._tell(f"{process.program.label} 没能重新启动：{_said(error)}")

    def _tell(self, sentence: str) -> None:
        logger.warning(sentence)
        self.say(sentence)

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        self._asked = signal.Signals(number)


def _said(error: Exception) -> str:
    if isinstance(error, Refused):
        return str(error)
    return getattr(error, "strerror", None) or type(error).__name__


def _ending(code: int | None) -> str:
    if code is None or code >= 0:
        return f"退出码 {code}"
    return f"信号 {signal.Signals(-code).name}"
