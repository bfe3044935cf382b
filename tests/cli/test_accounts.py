"""A production installation begins without accounts: opened here, closed here, and signed in with at once."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from actions.signing_in import sign_in, signed_in
from cli.main import app
from models.account import Account
from models.database import transaction
from tests.people import a_city

AT = datetime(2026, 3, 6, 2, tzinfo=UTC)
GOOD = "long enough 1"


@pytest.fixture(autouse=True)
def city(fresh_database: object) -> None:
    with transaction() as session:
        a_city(session)


def yjs(*words: str, typed: str = GOOD) -> Any:
    return CliRunner().invoke(app, ["accounts", *words], input=f"{typed}\n")


def add(
    username: str = "zhangwei", role: str = "officer", department: str = "fire", typed: str = GOOD
) -> Any:
    words = [
        "add",
        username,
        "--name",
        "张伟",
        "--role",
        role,
        "--department",
        department,
        "--password-stdin",
    ]
    return yjs(*words, typed=typed)


def token(password: str = GOOD) -> str:
    with transaction() as session:
        return sign_in(session, "zhangwei", password, at=AT).token


def someone(token: str) -> Account | None:
    with transaction() as session:
        return signed_in(session, token, at=AT)


def test_opened_signed_in_reset_closed_and_reopened() -> None:
    assert add().exit_code == 0
    first = token()
    assert someone(first)
    assert yjs("password", "zhangwei", "--password-stdin", typed="another one 2").exit_code == 0
    assert someone(first) is None, "signed out by the new password"
    assert not token(GOOD)
    second = token("another one 2")
    assert yjs("close", "zhangwei").exit_code == 0
    assert someone(second) is None
    assert not token("another one 2")
    assert yjs("reopen", "zhangwei").exit_code == 0
    assert token("another one 2")
    assert yjs("email", "zhangwei", "zhangwei@example.com").exit_code == 0
    [row] = [one for one in json.loads(yjs("list", "--json").stdout) if one["username"] == "zhangwei"]
    assert (row["role"], row["department"], row["email"], row["active"]) == (
        "officer",
        "fire",
        "zhangwei@example.com",
        True,
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"username": "Zhang Wei"}, "用户名用小写字母开头"),
        ({"role": "king"}, "没有“king”这个角色"),
        ({"department": ""}, "要有部门"),
        ({"department": "moon"}, "要有部门"),
        ({"role": "clerk"}, "不属于任何部门"),
        ({"typed": "short1"}, "密码至少 12 位"),
        ({"typed": "onlyletters"}, "密码至少 12 位"),
        ({"typed": "zhangwei 2026"}, "不能包含用户名"),
        ({"username": "linxiao"}, "已经有名为 linxiao 的账号"),
    ],
)
def test_what_cannot_be_opened_is_said_in_a_sentence(given: dict[str, str], said: str) -> None:
    answer = add(**given)
    assert answer.exit_code == 1
    assert said in answer.output
    assert not token()


def test_an_unknown_account_is_not_found() -> None:
    for words in (["close", "nobody"], ["password", "nobody", "--password-stdin"], ["email", "nobody", ""]):
        answer = yjs(*words)
        assert answer.exit_code == 1
        assert "没有名为 nobody 的账号" in answer.output
    answer = yjs("email", "linxiao", "not an address")
    assert (answer.exit_code, "不是邮箱地址" in answer.output) == (1, True)
