"""三员分立: the system's, the accounts' and the audit's administrator, none of whom does another's work."""

import re
from datetime import UTC, datetime

import pytest
from httpx import Response
from sqlmodel import select

from actions.signing_in import ATTEMPTS, hashed, sign_in, signed_in
from models.account import Account
from models.database import transaction
from models.security import SecurityEvent
from rules.people import Role
from rules.security import SecurityKind
from tests.people import CLERK, MANAGER
from tests.web.hall import Browser, at_desk, words

SYSTEM, SECURITY, AUDIT, SECOND = "xitong", "anquan", "shenji", "anquan2"
PASSWORD = "tie-ma-bing-he"


@pytest.fixture(autouse=True)
def administrators() -> None:
    with transaction() as session:
        for username, role in (
            (SYSTEM, Role.ADMIN),
            (SECURITY, Role.SECURITY),
            (SECOND, Role.SECURITY),
            (AUDIT, Role.AUDITOR),
        ):
            session.add(Account(username=username, name=username, role=role, password_hash=hashed(PASSWORD)))


def step(browser: Browser, username: str, name: str, **fields: str) -> Response:
    return browser.post(f"/accounts/{username}/{name}", {"confirmed": "yes"} | fields)


def events(kind: SecurityKind) -> list[SecurityEvent]:
    with transaction() as session:
        return list(session.exec(select(SecurityEvent).where(SecurityEvent.kind == kind)))


def test_each_has_a_desk_of_their_own_and_no_other() -> None:
    desks = {SYSTEM: "/manage", SECURITY: "/accounts", AUDIT: "/audit"}
    for username, desk in desks.items():
        browser = at_desk(username)
        assert browser.get("/home").headers["location"] == desk
        assert browser.get(desk).status_code == 200
        for other in set(desks.values()) - {desk}:
            assert browser.get(other).status_code == 403, (username, other)
        for work in ("/window", "/desk", "/inbox" if username != SYSTEM else "/window/new"):
            assert browser.get(work).status_code == 403, (username, work)


def test_an_account_is_opened_and_its_initial_password_shown_once() -> None:
    keeper = at_desk(SECURITY)
    fields = {"username": "zhangwei", "name": "张伟", "role": "officer", "department": "fire", "email": ""}
    answer = keeper.post("/accounts/new", fields)
    found = re.search(r'<p class="lead"><code>([^<]+)</code>', answer.text)
    assert found, words(answer)
    assert found[1] not in keeper.get("/accounts/zhangwei").text
    with transaction() as session:
        account = session.get_one(Account, "zhangwei")
        assert (account.role, account.department_code, account.must_change) == (Role.OFFICER, "fire", True)
        assert sign_in(session, "zhangwei", found[1], at=datetime.now(UTC)).token
    [event] = events(SecurityKind.OPENED)
    assert (event.username, event.actor) == ("zhangwei", SECURITY)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"username": "Zhang"}, "用户名用小写字母开头"),
        ({"username": ""}, "用户名用小写字母开头"),
        ({"username": "-"}, "用户名用小写字母开头"),
        ({"name": ""}, "请填写姓名"),
        ({"role": "king"}, "请选择角色"),
        ({"department": ""}, "要有部门"),
        ({"role": "clerk"}, "不属于任何部门"),
        ({"email": "nowhere"}, "不是邮箱地址"),
        ({"email": f"{'a' * 200}@example.com"}, "邮箱地址请不超过 200 字"),
    ],
)
def test_faults_of_a_new_account_are_said_beside_the_fields(changes: dict[str, str], said: str) -> None:
    fields = {"username": "zhangwei", "name": "张伟", "role": "officer", "department": "fire", "email": ""}
    answer = at_desk(SECURITY).post("/accounts/new", fields | changes)
    assert (answer.status_code, said in words(answer)) == (422, True)
    with transaction() as session:
        assert session.get(Account, "zhangwei") is None


def test_nothing_is_done_before_it_is_confirmed() -> None:
    keeper = at_desk(SECURITY)
    clerk = at_desk(CLERK)
    page = keeper.post(f"/accounts/{CLERK}/close")
    assert "确认停用账号？" in words(page)
    assert clerk.get("/window").status_code == 200
    assert step(keeper, CLERK, "close").headers["location"] == f"/accounts/{CLERK}?done=close"
    assert clerk.get("/window").status_code == 303
    assert step(keeper, CLERK, "reopen").status_code == 303
    assert [one.actor for one in events(SecurityKind.CLOSED)] == [SECURITY]


def test_a_change_of_role_signs_out_and_is_written_down() -> None:
    clerk = at_desk(CLERK)
    assert step(at_desk(SECURITY), CLERK, "post", role="officer", department="").status_code == 422
    assert step(at_desk(SECURITY), CLERK, "post", role="officer", department="fire").status_code == 303
    assert clerk.get("/window").status_code == 303
    assert at_desk(CLERK).get("/desk").status_code == 200
    [event] = events(SecurityKind.ROLE)
    assert event.detail == "综合窗口 → 部门经办（fire）"


def test_nobody_changes_their_own_account() -> None:
    keeper = at_desk(SECURITY)
    for name, fields in (("post", {"role": "auditor", "department": ""}), ("password", {}), ("second", {})):
        answer = step(keeper, SECURITY, name, **fields)
        assert (answer.status_code, "另一名安全管理员" in words(answer)) == (403, True), name
    assert step(at_desk(SECOND), SECURITY, "password").status_code == 200


def test_a_locked_account_is_unlocked_and_a_password_reset() -> None:
    at = datetime.now(UTC)
    with transaction() as session:
        session.get_one(Account, CLERK).password_hash = hashed(PASSWORD)
        for _ in range(ATTEMPTS):
            sign_in(session, CLERK, "wrong", at=at)
    keeper = at_desk(SECURITY)
    assert "锁定" in keeper.text(f"/accounts?q={CLERK}")
    assert step(keeper, CLERK, "unlock").status_code == 303
    with transaction() as session:
        token = sign_in(session, CLERK, PASSWORD, at=at).token
    found = re.search(r'<p class="lead"><code>([^<]+)</code>', step(keeper, CLERK, "password").text)
    assert found
    with transaction() as session:
        assert signed_in(session, token, at=at) is None
        assert sign_in(session, CLERK, found[1], at=at).token


def test_who_an_account_is_elsewhere_is_linked_once() -> None:
    keeper = at_desk(SECURITY)
    assert step(keeper, CLERK, "identity", identity="sub-1").status_code == 303
    answer = step(keeper, MANAGER, "identity", identity="sub-1")
    assert (answer.status_code, "已绑定账号" in words(answer)) == (422, True)
    assert step(keeper, CLERK, "identity", identity="").status_code == 303
    assert step(keeper, MANAGER, "identity", identity="sub-1").status_code == 303


def test_unknown_accounts_and_steps_are_not_found() -> None:
    keeper = at_desk(SECURITY)
    assert keeper.get("/accounts/nobody").status_code == 404
    assert step(keeper, "nobody", "close").status_code == 404
    assert step(keeper, CLERK, "promote").status_code == 404


def test_the_audit_shows_who_failed_and_who_knocked_at_the_wrong_desk() -> None:
    with transaction() as session:
        sign_in(session, CLERK, "wrong", at=datetime.now(UTC))
        sign_in(session, "my-secret-password", "x", at=datetime.now(UTC))
    at_desk("fire").get("/manage")
    auditor = at_desk(AUDIT)
    page = auditor.text("/audit")
    for word in ("登录失败", "越权被拒", "GET /manage", "没有这个账号"):
        assert word in page
    assert "my-secret-password" not in page
    assert "越权被拒" in auditor.text("/audit?kind=denied&username=fire")
    assert "没有符合条件的记录" in auditor.text("/audit?kind=denied&username=linxiao&since=2026-01-01")
    assert "没有符合条件的记录" in auditor.text("/audit?until=2020-01-01")
    assert auditor.get("/audit?kind=%00&since=x&until=9999-12-31&page=-1").status_code == 200


def test_the_audit_is_taken_out_as_a_table_and_that_is_an_event_too() -> None:
    at_desk("fire").get("/manage")
    auditor = at_desk(AUDIT)
    table = auditor.get("/audit/table.csv?kind=denied")
    assert table.headers["content-type"].startswith("text/csv")
    lines = table.text.lstrip("\ufeff").splitlines()
    assert lines[0] == "时间,事件,账号,操作人,地址,说明"
    assert len(lines) == 2
    assert [one.detail for one in events(SecurityKind.EXPORT)] == ["《安全审计》"]
