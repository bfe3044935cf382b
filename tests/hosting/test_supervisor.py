"""Does the supervisor keep small real processes running, and leave none behind?"""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from hosting import processes
from hosting.processes import Process, Program
from hosting.supervisor import StopAsked, Supervisor
from rules.errors import Refused

WAIT = "print('up', flush=True); import time; time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAIT}"
PARENT = f"import subprocess; subprocess.Popen(['sleep', '61']); {WAIT}"


@pytest.fixture(autouse=True)
def _keep_the_signal_handlers():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def program(folder: Path, *command: str, name: str = "one", patience: float = 5.0) -> Program:
    return Program(name=name, label=name, command=command, log=folder / f"{name}.log", patience=patience)


def eventually(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_what_dies_is_started_again_and_it_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    with Supervisor(said.append) as supervisor:
        process = supervisor.start(program(tmp_path, "sleep", "60"))
        first = process.pid
        os.kill(first, signal.SIGKILL)
        assert supervisor.wait_for(lambda: process.running and process.pid != first, 5)
    assert any("意外结束（信号 SIGKILL），重新启动" in sentence for sentence in said)


def test_what_keeps_dying_is_started_ever_more_slowly(tmp_path: Path) -> None:
    process = Process(program(tmp_path, "false"))
    process.start()
    pauses = [process.schedule_restart() for _ in range(8)]
    process.stop()
    assert pauses == [0, 1, 3, 7, 15, 30, 30, 30]


def test_who_steps_back_has_the_processor_as_long_as_nobody_else_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SESSIONS_APART", tmp_path / "apart")
    stepping = Process(replace(program(tmp_path, "sleep", "60", name="engine"), steps_back=True))
    for apart, how in (("1\n", os.SCHED_IDLE), ("0\n", os.SCHED_OTHER)):
        (tmp_path / "apart").write_text(apart)
        stepping.start()
        assert os.sched_getscheduler(stepping.pid) == how
        assert os.getpriority(os.PRIO_PROCESS, stepping.pid) > os.getpriority(os.PRIO_PROCESS, 0)
        stepping.stop()


def test_where_sessions_are_not_kept_apart_stepping_back_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SESSIONS_APART", tmp_path / "no such file")
    stepping = Process(replace(program(tmp_path, "sleep", "60"), steps_back=True))
    stepping.start()
    assert os.sched_getscheduler(stepping.pid) == os.SCHED_OTHER
    stepping.stop()


def test_who_has_just_died_is_stopped_all_the_same(tmp_path: Path) -> None:
    process = Process(program(tmp_path, "false"))
    process.start()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.stop()
    assert process.exit_code == 1


def test_a_program_that_cannot_be_started_again_does_not_end_the_others(tmp_path: Path) -> None:
    said: list[str] = []
    script = tmp_path / "once"
    script.write_text("#!/bin/sh\nsleep 60\n")
    script.chmod(0o755)
    with Supervisor(said.append) as supervisor:
        process = supervisor.start(program(tmp_path, str(script)))
        script.unlink()
        os.kill(process.pid, signal.SIGKILL)
        assert supervisor.wait_for(lambda: any("没能重新启动" in sentence for sentence in said), 5)


def test_whatever_is_missing_before_a_new_start_the_others_go_on(tmp_path: Path) -> None:
    def refuse() -> None:
        raise LookupError("nobody thought of this")

    said: list[str] = []
    with Supervisor(said.append) as supervisor:
        other = supervisor.start(program(tmp_path, "sleep", "60", name="other"))
        dying = supervisor.start(replace(program(tmp_path, "sleep", "60", name="dying"), before_again=refuse))
        os.kill(dying.pid, signal.SIGKILL)
        assert supervisor.wait_for(lambda: any("没能重新启动：LookupError" in one for one in said), 5)
        assert other.running


def test_everything_ends_in_the_opposite_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="hosting")
    with Supervisor(lambda _: None) as supervisor:
        for name in ("first", "second", "third"):
            supervisor.start(program(tmp_path, "sleep", "60", name=name))
    stopped = [record.args[0] for record in caplog.records if "已停止" in record.msg]
    assert stopped == ["third", "second", "first"]


def test_who_does_not_listen_is_killed_with_all_its_children(tmp_path: Path) -> None:
    stubborn = Process(program(tmp_path, sys.executable, "-c", STUBBORN, name="stubborn", patience=0.5))
    parent = Process(program(tmp_path, sys.executable, "-c", PARENT, name="parent"))
    for process in (stubborn, parent):
        process.start()
    assert eventually(lambda: stubborn.last_words() == "up" and parent.last_words() == "up")
    children = psutil.Process(parent.pid).children()
    for process in (stubborn, parent):
        process.stop()
    assert (stubborn.exit_code, parent.exit_code) == (-signal.SIGKILL, -signal.SIGTERM)
    assert eventually(lambda: not any(child.is_running() for child in children))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_way_of_asking_stops_it(number: signal.Signals, tmp_path: Path) -> None:
    with Supervisor(lambda _: None) as supervisor:
        process = supervisor.start(program(tmp_path, "sleep", "60"))
        os.kill(os.getpid(), number)
        with pytest.raises(StopAsked):
            supervisor.keep_running()
    assert not process.running


@pytest.mark.parametrize("door", [os.pipe, os.openpty], ids=["pipe", "terminal"])
def test_nobody_need_hear_that_it_stops(door: Callable[[], tuple[int, int]], tmp_path: Path) -> None:
    """The window is closed, or Ctrl-C ended the `tee` beside it: each process is told to stop all the same."""
    told = tmp_path / "told"
    child = f"""
        import pathlib, signal, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(pathlib.Path({str(told)!r}).write_text("told")))
        print("up", flush=True)
        signal.pause()
    """
    script = f"""
        import sys
        from pathlib import Path
        from cli.platform import saying
        from hosting.processes import Program
        from hosting.supervisor import StopAsked, Supervisor
        log = Path({str(tmp_path)!r}) / "one.log"
        program = Program(name="one", label="one", command=[sys.executable, "-c", {textwrap.dedent(child)!r}], log=log)
        say = saying()
        try:
            with Supervisor(say) as supervisor:
                supervisor.start(program)
                supervisor.wait_for(lambda: "up" in log.read_text(), 10)
                print("up", flush=True)
                supervisor.keep_running()
        except StopAsked:
            say("已停止")
    """
    reader, writer = door()
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=writer, text=True) as up:
        os.close(writer)
        assert up.stdout is not None
        assert up.stdout.readline() == "up\n"
        os.close(reader)
        up.send_signal(signal.SIGHUP)
    assert (up.returncode, told.read_text()) == (0, "told")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_even_a_killed_supervisor_leaves_nobody_behind(tmp_path: Path) -> None:
    script = f"""
        from pathlib import Path
        from hosting.processes import Program
        from hosting.supervisor import Supervisor
        with Supervisor(lambda _: None) as supervisor:
            log = Path({str(tmp_path)!r}) / "one.log"
            program = Program(name="one", label="one", command=["sleep", "62"], log=log)
            print(supervisor.start(program).pid, flush=True)
            supervisor.keep_running()
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        child = psutil.Process(int(killed.stdout.readline()))
        killed.kill()
    assert eventually(lambda: not child.is_running())


def test_a_long_log_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    with log.open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    process = Process(program(tmp_path, "echo", "hello"))
    process.start()
    assert eventually(lambda: not process.running)
    assert (process.last_words(), (tmp_path / "one.1.log").exists()) == ("hello", True)


def test_what_must_be_so_is_seen_to_before_a_restart(tmp_path: Path) -> None:
    """Prefect's server finds a database again, though somebody dropped it."""
    looked, said = [], []

    def first_not_then_so() -> None:
        looked.append(1)
        if len(looked) == 1:
            raise Refused("数据库还没有启动。")

    needy = replace(program(tmp_path, "sleep", "60"), before_again=first_not_then_so)
    with Supervisor(said.append) as supervisor:
        process = supervisor.start(needy)
        assert looked == []
        os.kill(process.pid, signal.SIGKILL)
        first = process.pid
        assert supervisor.wait_for(lambda: process.running and process.pid != first, 8)
    assert len(looked) == 2
    assert any("没能重新启动：数据库还没有启动。" in sentence for sentence in said)
