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
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}, {os.cpu_count()} processors, {memory} GB,"
        f" load before {os.getloadavg()[0]:.1f}"
    )
