"""House rules a linter does not know."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("actions", "cli", "config", "flows", "hosting", "models", "notifications", "rules", "tasks", "web")


def sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_only_one_place_changes_a_state_of_a_case_or_item() -> None:
    """Otherwise a state can change without an entry, and the file no longer tells the story."""
    writers = {
        (file, ast.unparse(target))
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if re.fullmatch(r"(case|item|mine)\.state", ast.unparse(target))
    }
    assert {file for file, _ in writers} == {"actions/moving.py"}


def test_nobody_commits_but_the_one_door() -> None:
    for file, tree in sources():
        for name, _ in calls(tree):
            ends = name.endswith((".commit", ".rollback"))
            assert not ends or file == "models/database.py", f"{file}: {name}()"


def test_sql_lives_in_models() -> None:
    at_home = ("models/", "hosting/")  # hosting creates the databases themselves
    for file, tree in sources():
        if not file.startswith(at_home):
            imported = {
                alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom)
                and (node.module or "").startswith(("sqlalchemy", "sqlmodel"))
                for alias in node.names
            }
            assert not imported & {"select", "text", "update", "insert", "delete"}, file


def test_only_the_edges_read_the_wall_clock() -> None:
    edges = (
        "web/",
        "tasks/",
        "flows/",
        "cli/",
        "hosting/",
        "notifications/sending.py",
        "notifications/plugins/",
    )
    for file, tree in sources():
        if not file.startswith(edges):
            assert not [
                name for name, _ in calls(tree) if name in ("datetime.now", "date.today", "time.time")
            ], file


def test_every_module_says_what_it_is() -> None:
    for file, tree in sources():
        assert ast.get_docstring(tree), file


def test_no_file_is_too_long_to_find_your_way_in() -> None:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path.name


def test_no_file_of_flows_or_tasks_bears_the_name_of_a_folder() -> None:
    """Prefect may put their folder first on sys.path, where it would shadow the package."""
    for folder in ("flows", "tasks"):
        assert not {path.stem for path in (ROOT / folder).glob("*.py")} & set(FOLDERS)


def test_every_make_target_has_help() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE)
    for target in targets:
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), target


def test_every_make_command_that_people_are_told_exists() -> None:
    targets = set(re.findall(r"^(\S+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.py")]
    told = {
        (target, page.name)
        for page in pages
        for target in re.findall(r"`(?:[A-Z]\w*=\S+ )*make ([\w-]+)", page.read_text(encoding="utf-8"))
    }
    assert len(told) > 10
    assert not [one for one in sorted(told) if one[0] not in targets]


def test_the_constraints_name_no_host() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")
