"""Where and when was it measured? Numbers of another machine say little; ratios of one run say more."""

import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
ROUNDS = 5  # of the loop below; the quickest counts, which nothing disturbed


def machine() -> str:
    """The date, the commit, the processors, the memory, how busy the machine was with other work, and how quick it is.

    One that is shared with others has quick and slow hours: of two runs the loop says what was the machine's part.
    """
    command = ["git", "describe", "--always", "--dirty"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    commit = said.stdout.strip() or "unknown"
    memory = round(psutil.virtual_memory().total / 2**30)
    busy = os.getloadavg()[0]
    loop = 1000 * min(_loop() for _ in range(ROUNDS))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}, {os.cpu_count()} processors{_kind()}, {memory} GB,"
        f" load before {busy:.1f}, a loop of plain Python {loop:.0f} ms"
    )


def _loop() -> float:
    """Seconds for a round of what Python does all day: calls, attributes, dictionaries, text."""
    began = time.perf_counter()
    kept: dict[int, str] = {}
    for number in range(1_000_000):
        kept[number % 1000] = str(number).zfill(8)
    sorted(kept.values(), key=lambda one: one[::-1])
    return time.perf_counter() - began


def _kind() -> str:
    """What the processors call themselves, where the system says so: one kind may be twice as fast as another."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    names = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    return f" ({'; '.join(sorted(names))})" if names else ""
