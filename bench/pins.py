"""Which packages do we stand on, how old is each pin, and is a hole in one of them known? Run by `make audit`.

The month of a release is in no installed package: it is kept in docs/dependencies.md, where a new pin shows “—”
until somebody fills it in.
"""

import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINS, TABLE = ROOT / "constraints.txt", ROOT / "docs" / "dependencies.md"
UNKNOWN = "—"
TIMEOUT = 120  # seconds
HEAD = """# Dependencies

Written by `make audit` from constraints.txt. "Direct" packages are named in pyproject.toml; the others come with them.
The month of release is kept here by hand.

| Package | Version | Released | Direct | What it is |
|---|---|---|---|---|
"""


def main() -> None:
    """Write the table, then ask pip-audit if it can be asked."""
    pins = re.findall(r"^([\w.-]+)==(\S+)$", PINS.read_text(), re.MULTILINE)
    known, direct = _months(), _direct()
    rows = [
        f"| {name} | {version} | {known.get((name, version), UNKNOWN)} | "
        f"{'yes' if _plain(name) in direct else ''} | {_summary(name)} |"
        for name, version in pins
    ]
    TABLE.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(rows)} pins listed in {TABLE.relative_to(ROOT)}")
    _ask_pip_audit()


def _months() -> dict[tuple[str, str], str]:
    """What the table says already; a version that has changed is unknown again."""
    if not TABLE.exists():
        return {}
    found = re.findall(r"^\| ([\w.-]+) \| (\S+) \| (\S+) \|", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return {(name, version): month for name, version, month in found}


def _direct() -> set[str]:
    listed = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[project.scripts]")[0]
    return {_plain(name) for name in re.findall(r'^  "([\w.-]+)', listed, re.MULTILINE)}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _summary(name: str) -> str:
    try:
        said = distribution(name).metadata["Summary"] or ""
    except PackageNotFoundError:
        said = "not installed here"
    return " ".join(said.replace("|", "/").split())[:90]


def _ask_pip_audit() -> None:
    """Never fails the build: its data may be out of reach, and a hole found is for people to judge."""
    program = shutil.which("pip-audit")
    if program is None:
        print("pip-audit is not installed: known holes were not looked up.")
        return
    command = [program, "--requirement", str(PINS), "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    try:
        answer = subprocess.run(  # noqa: S603  the command is ours
            command, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        print("pip-audit had no answer: its data cannot be reached from here.")
        return
    reached = "ConnectionError" not in answer.stderr and "ServiceError" not in answer.stderr
    print(answer.stdout or answer.stderr if reached else "pip-audit's data cannot be reached from here.")


if __name__ == "__main__":
    sys.exit(main())
