"""What do the processes of a platform take, together and by kind? Those that have ended count with their parents."""

from collections.abc import Iterable
from contextlib import suppress

import psutil

from bench.fault_kinds import PROGRAMS

POSTGRES = "postgres"
REST = "supervisor"
KINDS = (POSTGRES, *PROGRAMS, REST)


def family(*roots: int) -> list[psutil.Process]:
    """These processes and all below them."""
    found = []
    for root in roots:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(root)
            found += [process, *process.children(recursive=True)]
    return found


def by_kind(root: int) -> dict[str, list[psutil.Process]]:
    """The platform that was started as this process: who of it is what?"""
    found: dict[str, list[psutil.Process]] = {kind: [] for kind in KINDS}
    for process in family(root):
        with suppress(psutil.NoSuchProcess):
            found[_kind(process)].append(process)
    return found


def cpu(processes: Iterable[psutil.Process]) -> float:
    """CPU-seconds so far, those of children that have ended included."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def memory(processes: Iterable[psutil.Process]) -> float:
    """MB; what they share is counted once."""
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_full_info().pss
    return total / 1e6


def _kind(process: psutil.Process) -> str:
    if process.name() == POSTGRES:
        return POSTGRES
    command = process.cmdline()
    return next((kind for kind, word in PROGRAMS.items() if word in command), REST)
