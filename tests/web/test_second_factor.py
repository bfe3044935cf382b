"""Two factors at the door: enrolled with proof, asked for, never taken twice, and lost with a way back."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from httpx import Response
from sqlmodel import select

from actions.second_factor import _totp, enrol, pending_secret, reset_second
from actions.signing_in import ATTEMPTS, SECOND_WITHIN, hashed, pass_second, sign_in, signed_in
from config.settings import settings
from models.account import Account, SignIn
from models.database import transaction
from models.security import SecurityEvent
from rules.errors import NotYourDesk
from rules.security import SecurityKind
from tests.people import CLERK, MANAGER
from tests.web.hall import Browser, at_desk, somebody, words

PASSWORD = "tie-ma-bing-he"
NOW = datetime(2026, 3, 6, 1, 30, 5, tzinfo=UTC)


def code_at(secret: str, at: datetime) -> str:
    return _totp(secret).generate(int(at.timestamp())).decode()


def enrolled(username: str, at: datetime = NOW) -> tuple[str, list[str]]:
    """Somebody whose phone knows the secret; the secret and the recovery codes."""
    with transaction() as session:
        account = session.get_one(Account, username)
        account.password_hash = hashed(PASSWORD)
        secret = pending_secret(session, account)
        return secret, enrol(session, account, code_at(secret, at), at=at)


def entering(browser: Browser, username: str) -> Response:
    return browser.post("/sign-in", {"username": username, "password": PASSWORD, "next": "/window/all"})


def kinds(username: str) -> list[SecurityKind]:
    with transaction() as session:
        found = session.exec(select(SecurityEvent).where(SecurityEvent.username == username))
        return [event.kind for event in sorted(found, key=lambda one: one.id or 0)]


def test_the_numbers_are_those_of_rfc_6238() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # appendix B, its last six digits
    told = {59: "287082", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037"}
    for moment, code in told.items():
        assert code_at(secret, datetime.fromtimestamp(moment, UTC)) == code


def test_a_phone_is_enrolled_by_proof_and_the_page_shows_recovery_codes_once() -> None:
    browser = at_desk(CLERK)
    page = browser.get("/account/second").text
    assert "<svg" in page
    found = re.search(r"密钥：<code>([A-Z2-7 ]+)</code>", page)
    assert found
    secret = found[1].replace(" ", "")
    assert secret in browser.get("/account/second").text.replace(" ", ""), "the same when loaded again"
    wrong = browser.post("/account/second", {"code": "000000"})
    assert (wrong.status_code, "动态码不对" in words(wrong)) == (422, True)
    done = browser.post("/account/second", {"code": code_at(secret, datetime.now(UTC))})
    codes = re.findall(r"<code>((?:[A-Z2-7]{4}-){3}[A-Z2-7]{4})</code>", done.text)
    assert len(set(codes)) == 10
    assert "已启用" in browser.text("/account")
    with transaction() as session:
        kept = session.connection().exec_driver_sql("SELECT totp_secret FROM account WHERE totp_secret <> ''")
        assert secret not in kept.scalar_one(), "sealed in the database"


def test_password_and_code_open_the_desk_and_the_password_alone_does_not() -> None:
    secret, _ = enrolled(CLERK)
    browser = somebody()
    first = entering(browser, CLERK)
    assert first.headers["location"].startswith("/sign-in/second?next=")
    assert browser.get("/window").headers["location"].startswith("/sign-in")
    second = browser.post(
        "/sign-in/second", {"code": code_at(secret, datetime.now(UTC)), "next": "/window/all"}
    )
    assert second.headers["location"] == "/window/all"
    assert "林晓" in browser.text("/window")


def test_a_code_serves_once_and_only_around_its_moment() -> None:
    secret, _ = enrolled(CLERK, NOW - timedelta(minutes=5))
    with transaction() as session:
        for at, typed, opens in (
            (NOW, code_at(secret, NOW - timedelta(seconds=90)), False),
            (NOW, code_at(secret, NOW + timedelta(seconds=90)), False),
            (NOW, code_at(secret, NOW), True),
            (NOW + timedelta(seconds=1), code_at(secret, NOW), False),  # seen over the shoulder
            (NOW + timedelta(seconds=2), code_at(secret, NOW - timedelta(seconds=30)), False),  # older yet
            (NOW + timedelta(seconds=30), code_at(secret, NOW + timedelta(seconds=30)), True),
        ):
            waiting = sign_in(session, CLERK, PASSWORD, at=at).token
            assert bool(pass_second(session, waiting, typed, at=at).token) is opens, (at, typed)


def test_the_code_must_follow_the_password_soon_and_its_token_is_worth_nothing_afterwards() -> None:
    secret, _ = enrolled(CLERK, NOW - timedelta(minutes=5))
    late = NOW + SECOND_WITHIN + timedelta(seconds=1)
    with transaction() as session:
        waiting = sign_in(session, CLERK, PASSWORD, at=NOW).token
        assert signed_in(session, waiting, at=NOW) is None
        assert "重新登录" in pass_second(session, waiting, code_at(secret, late), at=late).why
        token = pass_second(session, waiting, code_at(secret, NOW), at=NOW).token
        assert token != waiting
        assert signed_in(session, token, at=NOW)
        assert signed_in(session, waiting, at=NOW) is None
        assert pass_second(session, "made up", "123456", at=NOW).why


def test_guessing_codes_locks_the_account_though_the_password_is_known() -> None:
    secret, _ = enrolled(CLERK, NOW - timedelta(minutes=5))
    with transaction() as session:
        whys = []
        for _ in range(
            ATTEMPTS
        ):  # signs in anew before each guess: the right password must not reset the count
            waiting = sign_in(session, CLERK, PASSWORD, at=NOW).token
            whys.append(pass_second(session, waiting, "000000", at=NOW).why)
        assert "已锁定" in whys[-1]
        assert "已锁定" not in whys[-2]
        assert "已锁定" in pass_second(session, waiting, code_at(secret, NOW), at=NOW).why
        assert "已锁定" in sign_in(session, CLERK, PASSWORD, at=NOW).why
    assert kinds(CLERK)[-1] is SecurityKind.LOCKED


def test_a_recovery_code_comes_in_once() -> None:
    _, codes = enrolled(CLERK)
    with transaction() as session:
        for typed, opens in ((codes[0].lower(), True), (codes[0], False), (codes[1].replace("-", ""), True)):
            waiting = sign_in(session, CLERK, PASSWORD, at=NOW).token
            assert bool(pass_second(session, waiting, typed, at=NOW).token) is opens
    assert "还有 8 个恢复码" in at_desk(CLERK).text("/account")
    assert kinds(CLERK).count(SecurityKind.RECOVERY_USED) == 2


def test_another_persons_recovery_code_is_none_of_mine() -> None:
    _, codes = enrolled(MANAGER)
    enrolled(CLERK)
    with transaction() as session:
        waiting = sign_in(session, CLERK, PASSWORD, at=NOW).token
        assert pass_second(session, waiting, codes[0], at=NOW).why


def test_who_must_have_one_gets_to_no_desk_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_SECOND_FACTOR", "manager admin")
    settings.cache_clear()
    manager = at_desk(MANAGER)
    for page in ("/manage", "/inbox", "/", "/account"):
        assert manager.get(page).headers["location"] == "/account/second", page
    assert "请先启用动态码" in manager.text("/account/second")
    assert at_desk(CLERK).get("/window").status_code == 200
    enrolled(MANAGER)
    assert manager.get("/manage").status_code == 200
    refused = manager.post("/account/second/end", {"password": PASSWORD})
    assert (refused.status_code, "不能停用" in words(refused)) == (403, True)


def test_giving_up_and_new_codes_need_the_password_again() -> None:
    _, codes = enrolled(CLERK)
    clerk = at_desk(CLERK)
    assert clerk.post("/account/second/end", {"password": "wrong"}).status_code == 422
    assert clerk.post("/account/second/codes", {"password": "wrong"}).status_code == 422
    fresh = clerk.post("/account/second/codes", {"password": PASSWORD})
    assert "请保存恢复码" in words(fresh)
    with transaction() as session:
        waiting = sign_in(session, CLERK, PASSWORD, at=NOW).token
        assert pass_second(session, waiting, codes[0], at=NOW).why, "the old ones are worth nothing"
    assert clerk.post("/account/second/end", {"password": PASSWORD}).status_code == 303
    with transaction() as session:
        assert not sign_in(session, CLERK, PASSWORD, at=NOW).second


def test_a_reset_is_somebody_elses_act_and_signs_out() -> None:
    enrolled(CLERK)
    clerk = at_desk(CLERK)
    with transaction() as session, pytest.raises(NotYourDesk):
        reset_second(session, CLERK, by=CLERK, at=NOW)
    with transaction() as session:
        reset_second(session, CLERK, by="anquan", at=NOW)
        assert not session.exec(select(SignIn).where(SignIn.username == CLERK)).all()
    assert clerk.get("/window").status_code == 303
    assert kinds(CLERK)[-1] is SecurityKind.SECOND_RESET
