"""Do all commands have the same manners: answers on stdout, sentences on stderr, exit 0, 1 or 2?"""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from rules.identifiers import case_number
from tests.clusters import environment_of, run_yjs

A_CASE = case_number("000000", "B1", date(2026, 3, 6), 1)


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    """An installation that was never started."""
    return environment_of(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nope"], "没有 nope 这个命令"),
        (["case"], "缺少参数"),
        (["case", "1", "2"], "多出了参数 2"),
        (["doctor", "--jsn"], "没有 --jsn 这个选项"),
        (["due", "--from"], "选项 --from 后面要写值"),
        (["decide", "1", "2", "perhaps", "--as", "x"], "“perhaps”不在可选的值"),
    ],
)
def test_wrong_usage_is_said_in_chinese_with_exit_2(
    arguments: list[str], says: str, nowhere: dict[str, str]
) -> None:
    answer = run_yjs(*arguments, environment=nowhere)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("用法不对：")
    assert says in answer.stderr


def test_without_a_platform_one_sentence_says_what_to_do(nowhere: dict[str, str]) -> None:
    answer = run_yjs("case", A_CASE, environment=nowhere)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.count("\n") == 1
    assert "yjs up" in answer.stderr


def test_a_faulty_setting_is_one_sentence(nowhere: dict[str, str]) -> None:
    for command in ("up", f"case {A_CASE}"):
        answer = run_yjs(*command.split(), environment=nowhere | {"YJS_PORT": "abc"})
        assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
        assert "YJS_PORT" in answer.stderr


def test_doctor_looks_at_an_installation_that_never_ran(nowhere: dict[str, str]) -> None:
    answer = run_yjs("doctor", "--json", environment=nowhere)
    findings = json.loads(answer.stdout)
    assert answer.returncode == 0, answer.stdout
    assert {"check": "平台", "level": "note"}.items() <= findings[2].items()
    assert not Path(nowhere["YJS_DATA"]).exists(), "looking changes nothing"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("YJS_DSN", "postgresql://u:p@127.0.0.1:1/x", "没有在这个端口上应答"),
        ("YJS_MAIL_URL", "nonsense", "不是一个 Apprise 地址"),
        ("YJS_SMS_URL", "twilio://hidden", "不完整或缺少密钥"),
        ("YJS_STAFF_URL", "wecomrobot://hidden", "没有名为 wecomrobot:// 的发送方式"),
        ("YJS_SMS_TEMPLATES", '{"redy": "SMS_1"}', "没有名为 redy 的通知事由"),
        ("YJS_SMS_TEMPLATES", "SMS_1", "不是正确的 JSON"),
        ("YJS_HOST", "0.0.0.0", "演示账号对别的机器开放"),
        ("YJS_PORT", "abc", "YJS_PORT"),
    ],
)
def test_doctor_names_the_fault_and_exits_1(
    variable: str, value: str, says: str, nowhere: dict[str, str]
) -> None:
    answer = run_yjs("doctor", environment=nowhere | {variable: value})
    assert answer.returncode == 1
    assert any("错误" in line and says in line for line in answer.stdout.splitlines())
    assert "hidden" not in answer.stdout


def test_commands_that_need_no_prefect_do_not_load_it(nowhere: dict[str, str]) -> None:
    due = "cli.main.app(['due', '--from', '2026-03-02', '--limit', '3wd'], standalone_mode=False)"
    code = f"import sys, cli.main; {due}; assert 'prefect' not in sys.modules"
    command = [sys.executable, "-c", code]
    subprocess.run(command, env=nowhere, check=True, capture_output=True)
