"""Where and when was it measured? Numbers of another machine say little; ratios of one run say more."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent


def machine() -> str:
    """The date, the commit, the processors and the memory, and how busy the machine was with other work."""
    command = ["git", "describe", "--always", "--dirty"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    commit = said.stdout.strip() or "unknown"
    memory = round(psutil.virtual_memory().total / 2**30)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}, {os.cpu_count()} processors{_kind()}, {memory} GB,"
        f" load before {os.getloadavg()[0]:.1f}"
    )


def _kind() -> str:
    """What the processors call themselves, where the system says so: one kind may be twice as fast as another."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    names = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    return f" ({'; '.join(sorted(names))})" if names else ""
