"""`yjs due` as scripts call it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

RUNNER = CliRunner()


def asked(*words: str) -> Result:
    return RUNNER.invoke(app, ["due", *words])


def told(*words: str) -> dict[str, Any]:
    result = asked(*words, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_the_answer_has_exactly_these_parts() -> None:
    answer = told("--from", "2026-03-06", "--limit", "20wd", "--as-of", "2026-03-10")
    lines = answer.pop("trace")
    assert answer == {"due": "2026-04-03", "provisional": False, "used": 2, "remaining": 18}
    assert lines[0] == {
        "date": "2026-03-06",
        "counted": False,
        "why": "期限开始当日，不计入（民法典第201条）",
    }
    assert lines[3] == {"date": "2026-03-09", "counted": True, "why": "第 1 个工作日：周一"}
    assert sum(line["counted"] for line in lines) == 20


@pytest.mark.parametrize(
    ("words", "due", "provisional"),
    [
        ("--from 2026-02-13 --limit 6wd", "2026-02-28", False),
        ("--from 2026-03-02 --limit 20wd --extend 10", "2026-04-14", False),
        ("--from 2026-03-02 --limit 20wd --pause 2026-03-09:2026-03-20", "2026-04-13", False),
        (
            "--from 2026-03-02 --limit 20wd --pause 2026-03-09:2026-03-13 --pause 2026-03-11:2026-03-20",
            "2026-04-13",
            False,
        ),
        ("--from 2026-03-02 --limit 20wd --pause 2026-03-09:", None, False),
        ("--from 2026-03-02 --limit 20d", "2026-03-23", False),
        ("--from 2026-03-06T16:50 --limit 20wd", "2026-04-03", False),
        ("--from 2026-03-06T16:50:00Z --limit 1wd", "2026-03-09", False),
        ("--from 2026-03-06 --limit 0", "2026-03-06", False),
        ("--from 2026-11-20 --limit 45wd", "2027-01-22", True),
        ("--from 2026-03-06 --limit 20wd --region 000000", "2026-04-03", False),
    ],
)
def test_due(words: str, due: str | None, provisional: bool) -> None:
    answer = told(*words.split())
    assert (answer["due"], answer["provisional"]) == (due, provisional)


def test_hours_have_a_moment() -> None:
    answer = told("--from", "2026-03-06T16:50", "--limit", "3h", "--as-of", "2026-03-09T10:00")
    assert answer["due"] == "2026-03-09"
    assert answer["due_at"] == "2026-03-09T11:20:00+08:00"
    assert (answer["used"], answer["remaining"]) == (1, 2)
    assert told("--from", "2026-03-06", "--limit", "3h", "--pause", "2026-03-05:")["due_at"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "--from 2026-03-06 --limit 20wd --as-of 2026-03-10",
            "到期日 2026-04-03，截止 2026-04-03 17:30；已用 2，剩余 18",
        ),
        ("--from 2026-03-06 --limit 20wd --as-of 2026-04-07", "超期 1"),
        ("--from 2026-11-20 --limit 45wd", "（暂定）"),
        ("--from 2026-03-02 --limit 20wd --pause 2026-03-09:", "暂停计时中"),
        ("--from 2026-03-06 --limit 0", "即办"),
    ],
)
def test_people_read_a_line_a_day_and_a_sentence(words: str, said: str) -> None:
    result = asked(*words.split())
    assert result.exit_code == 0
    assert said in result.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--from 2026-02-30 --limit 20wd", "没有 2026-02-30 这一天"),
        ("--from 2026-02-30T10:00 --limit 20wd", "没有 2026-02-30 这一天"),
        ("--from 2026-03-06T25:00 --limit 3h", "没有 25:00 这个时刻"),
        ("--from yesterday --limit 20wd", "--from 的日期应写成"),
        ("--from ２０２６-03-06 --limit 20wd", "--from 的日期应写成"),
        ("--from 1900-01-01 --limit 20wd", "1990 年至 2100 年"),
        ("--from 2100-12-30 --limit 20wd", "1990 年至 2100 年"),
        ("--from 2026-03-06 --limit 20x", "期限应写成"),
        ("--from 2026-03-06 --limit 20", "期限应写成"),
        ("--from 2026-03-06 --limit 1.5d", "期限应写成"),
        ("--from 2026-03-06 --limit -5wd", "1 到 3650 之间"),
        ("--from 2026-03-06 --limit 0wd", "1 到 3650 之间"),
        ("--from 2026-03-06 --limit 100000wd", "1 到 3650 之间"),
        ("--from 2026-03-06 --limit 99999999999999999999wd", "期限应写成"),
        ("--from 2026-03-06 --limit 20wd --extend -1", "--extend 的数应在"),
        ("--from 2026-03-06 --limit 20wd --extend ten", "--extend 的数应在"),
        ("--from 2026-03-06 --limit 0 --extend 3", "即办"),
        ("--from 2026-03-06 --limit 20wd --pause 2026-03-20:2026-03-09", "早于开始日期"),
        ("--from 2026-03-06 --limit 20wd --pause 2026-03-20", "--pause 应写成"),
        ("--from 2026-03-06 --limit 20wd --pause :2026-03-20", "--pause 的日期应写成"),
        ("--from 2026-03-06 --limit 20wd --pause 2026-03-32:", "没有 2026-03-32 这一天"),
        ("--from 2026-03-06 --limit 20wd --as-of tomorrow", "--as-of 的日期应写成"),
        ("--from 2026-03-06 --limit 20wd --as-of 9999-12-31", "1990 年至 2100 年"),
        ("--from 2026-03-06 --limit 20wd --region 甘肃", "6 位行政区划代码"),
    ],
)
def test_a_faulty_value_gets_one_sentence_and_exit_1(words: str, said: str) -> None:
    result = asked(*words.split())
    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""


@pytest.mark.parametrize(
    "words", ["--limit 20wd", "--from 2026-03-06", "--from 2026-03-06 --limit 20wd --never"]
)
def test_wrong_usage_is_exit_2(words: str) -> None:
    assert asked(*words.split()).exit_code == 2


PAGE = Path(__file__).parents[2] / "docs" / "clock.md"
EXAMPLES = re.findall(r"^\| `(--from .+?)` \| (.+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) > 25


@pytest.mark.parametrize(("words", "due"), EXAMPLES)
def test_every_example_of_the_page_holds(words: str, due: str) -> None:
    answer = told(*words.split())
    moment = answer.get("due_at")
    found = moment[:16].replace("T", " ") if moment else answer["due"] or "none yet"
    assert found + (" (provisional)" if answer["provisional"] else "") == due
