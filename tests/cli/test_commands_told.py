"""Does every command exist that the pages tell people to type, with its options?"""

import re
from pathlib import Path

import typer

from cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")]
HELP = {"--help", "--version"}
TOLD = re.compile(
    r"\byjs( [a-z][\w-]*(?: [a-z][\w-]*)*)?((?: [^`\n]*)?)`|^(?:\S*/)?yjs( [a-z].*)$", re.MULTILINE
)


def commands_told() -> list[tuple[str, str]]:
    """What stands after `yjs`, in a line of text or in a line of its own, and on which page."""
    return [
        ("".join(found.groups("")).partition(" #")[0].strip(), page.name)
        for page in PAGES
        for found in TOLD.finditer(page.read_text(encoding="utf-8"))
    ]


def fault_of(told: str) -> str:
    """What is wrong with it; '' if nothing is."""
    command, words = typer.main.get_command(app), told.split()
    while words and hasattr(command, "list_commands"):
        found = command.get_command(None, words[0])  # type: ignore[arg-type]
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | HELP
    wrong = [word for word in re.findall(r"--[\w-]+", " ".join(words)) if word not in known]
    return f"no option {', '.join(wrong)}" if wrong else ""


def test_what_the_pages_tell_people_to_type_exists() -> None:
    told = commands_told()
    assert len(told) > 100
    assert not [(page, one, fault_of(one)) for one, page in told if fault_of(one)]


def test_what_does_not_exist_is_found() -> None:
    assert fault_of("doctor --json") == ""
    assert fault_of("docter") == "no command docter"
    assert fault_of("accounts lists") == "no command lists"
    assert fault_of("drift --mend") == "no option --mend"
