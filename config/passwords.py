"""Which passwords does everybody try first? A short list beside this file; nothing is asked of the world."""

from functools import cache
from pathlib import Path

LIST = Path(__file__).parent / "common_passwords.txt"


@cache
def common_passwords() -> frozenset[str]:
    """In small letters."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
