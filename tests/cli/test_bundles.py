"""`yjs bundles`, as a script would use it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.bundles import app
from config.catalogue import BUNDLES, catalogue
from rules.errors import NotFound

BROKEN = Path(__file__).parent.parent / "broken_bundles"
RUN = CliRunner()


def test_list_names_every_bundle() -> None:
    result = RUN.invoke(app, ["list"])
    assert result.exit_code == 0
    assert all(bundle.name in result.stdout for bundle in catalogue().values())
    listed = json.loads(RUN.invoke(app, ["list", "--json"]).stdout)
    assert [bundle["code"] for bundle in listed] == list(catalogue())


@pytest.mark.parametrize("code", list(catalogue()))
def test_show_prints_a_guide(code: str) -> None:
    result = RUN.invoke(app, ["show", code])
    assert result.exit_code == 0
    bundle = catalogue()[code]
    assert all(item.name in result.stdout for item in bundle.items)
    assert all(material.name in result.stdout for material in bundle.materials)
    assert "第 1 批" in result.stdout


def test_show_takes_the_english_name_and_speaks_json() -> None:
    shown = json.loads(RUN.invoke(app, ["show", "open-a-restaurant", "--json"]).stdout)
    assert shown["code"] == "B1"
    assert shown["waves"] == [["B1-1"], ["B1-2", "B1-3", "B1-4", "B1-5", "B1-6"]]


def test_an_unknown_code_is_refused_with_what_there_is() -> None:
    result = RUN.invoke(app, ["show", "B99"])
    assert result.exit_code == 1
    assert isinstance(result.exception, NotFound)
    assert "B1、B2" in str(result.exception)


def test_check_is_silent_about_what_is_right() -> None:
    result = RUN.invoke(app, ["check", *map(str, sorted(BUNDLES.glob("*.yaml")))])
    assert result.exit_code == 0
    assert "没有问题" in result.stdout


def test_check_says_file_line_and_remedy_on_standard_error() -> None:
    file = BROKEN / "circle.yaml"
    result = RUN.invoke(app, ["check", str(file)])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"{file}:26：事项之间循环依赖：T1-1 → T1-2 → T1-1。" in result.stderr
    assert "改法：" in result.stderr


def test_check_speaks_json() -> None:
    result = RUN.invoke(app, ["check", "--json", str(BROKEN / "everything-at-once.yaml"), "gone.yaml"])
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["files"] == 2
    assert set(answer["faults"][0]) == {"file", "line", "message", "remedy"}
    assert answer["faults"][-1]["message"] == "找不到文件。"


def test_wrong_usage_is_two() -> None:
    assert RUN.invoke(app, ["check"]).exit_code == 2
    assert RUN.invoke(app, ["show"]).exit_code == 2
    assert RUN.invoke(app, ["list", "--wrong"]).exit_code == 2
