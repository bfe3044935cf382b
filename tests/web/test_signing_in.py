"""Who may come in, for how long, and to which desk?"""

from datetime import UTC, datetime, timedelta

import pytest
from httpx import Response
from sqlmodel import select

from actions.signing_in import AT_MOST, ATTEMPTS, IDLE, WRONG, hashed, sign_in, signed_in
from config.settings import settings
from models.account import Account, SignIn
from models.database import transaction
from tests.people import CLERK, GOVERNOR, MANAGER
from tests.web.hall import Browser, at_desk, somebody, words
from web.entering import SESSION, local_path

PASSWORD = "tie-ma-bing-he"
NOW = datetime(2026, 3, 6, 1, 30, tzinfo=UTC)


def with_password(username: str) -> None:
    with transaction() as session:
        session.get_one(Account, username).password_hash = hashed(PASSWORD)


def entering(browser: Browser, username: str, password: str, to: str = "/home") -> Response:
    return browser.post("/sign-in", {"username": username, "password": password, "next": to})


def test_the_right_password_opens_the_desk() -> None:
    with_password(CLERK)
    browser = somebody()
    answer = entering(browser, CLERK, PASSWORD, "/window/all")
    assert (answer.status_code, answer.headers["location"]) == (303, "/window/all")
    assert "林晓" in browser.text("/window")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites() -> None:
    with_password(CLERK)
    cookie = entering(somebody(), CLERK, PASSWORD).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_in_production_the_cookie_needs_https(monkeypatch: pytest.MonkeyPatch) -> None:
    with_password(CLERK)
    browser = somebody()
    mark = browser.csrf()
    monkeypatch.setenv("YJS_PRODUCTION", "true")
    settings.cache_clear()
    cookie = browser.client.post(
        "/sign-in", data={"csrf": mark, "username": CLERK, "password": PASSWORD}
    ).headers["set-cookie"]
    assert "Secure" in cookie


def test_a_wrong_password_says_so_and_keeps_the_name() -> None:
    with_password(CLERK)
    answer = entering(somebody(), CLERK, "wrong")
    assert answer.status_code == 401
    assert WRONG in words(answer)
    assert f'value="{CLERK}"' in answer.text


def test_an_unknown_name_reads_the_same_as_a_wrong_password() -> None:
    assert WRONG in words(entering(somebody(), "nobody", PASSWORD))
    assert WRONG in words(entering(somebody(), "", ""))
    assert WRONG in words(entering(somebody(), "a\x00b", "\x00"))


def test_a_closed_account_cannot_enter() -> None:
    with_password(CLERK)
    with transaction() as session:
        session.get_one(Account, CLERK).active = False
    assert entering(somebody(), CLERK, PASSWORD).status_code == 401


def test_after_five_failures_the_account_is_locked_even_for_the_right_password() -> None:
    with_password(CLERK)
    browser = somebody()
    answers = [entering(browser, CLERK, "wrong") for _ in range(ATTEMPTS)]
    assert "已锁定" in words(answers[-1])
    assert "已锁定" not in words(answers[-2])
    assert "已锁定" in words(entering(browser, CLERK, PASSWORD))


def test_the_lock_opens_after_a_quarter_of_an_hour() -> None:
    with_password(CLERK)
    with transaction() as session:
        for _ in range(ATTEMPTS):
            sign_in(session, CLERK, "wrong", at=NOW)
    with transaction() as session:
        assert sign_in(session, CLERK, PASSWORD, at=NOW + timedelta(minutes=14)).why
        assert sign_in(session, CLERK, PASSWORD, at=NOW + timedelta(minutes=16)).token


def test_success_forgets_the_failures_before_it() -> None:
    with_password(CLERK)
    with transaction() as session:
        for _ in range(3):
            for _ in range(ATTEMPTS - 1):
                sign_in(session, CLERK, "wrong", at=NOW)
            assert sign_in(session, CLERK, PASSWORD, at=NOW).token


@pytest.mark.parametrize(
    ("later", "still_in"),
    [
        ([IDLE - timedelta(minutes=1)], True),
        ([IDLE + timedelta(minutes=1)], False),
        ([timedelta(minutes=20)] * 2, True),  # seen in between
        ([timedelta(minutes=20)] * 37, False),  # never idle, but more than twelve hours
    ],
)
def test_a_session_ends_when_idle_or_old(later: list[timedelta], still_in: bool) -> None:
    with_password(CLERK)
    at = NOW
    with transaction() as session:
        token = sign_in(session, CLERK, PASSWORD, at=at).token
    for step in later:
        at += step
        with transaction() as session:
            person = signed_in(session, token, at=at)
    assert (person is not None) is still_in


def test_sign_out_ends_the_session_on_the_server() -> None:
    browser = at_desk(CLERK)
    token = browser.client.cookies[SESSION]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    thief = somebody()
    thief.client.cookies.set(SESSION, token)
    assert thief.get("/window").status_code == 303


def test_an_expired_session_leads_to_the_door_and_back() -> None:
    browser = at_desk(CLERK)
    with transaction() as session:
        for row in session.exec(select(SignIn)):
            row.seen_at = row.started_at = datetime.now(UTC) - AT_MOST - IDLE
    answer = browser.get("/window/all?q=陈")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/window/all%3Fq%3D%25E9%2599%2588"


def test_a_form_sent_too_late_leads_back_to_the_page_it_was_on() -> None:
    page = "http://testserver/window/new/B1?form=abc"
    answer = somebody().post("/window/new/B1", headers={"referer": page})
    assert answer.headers["location"] == "/sign-in?next=/window/new/B1%3Fform%3Dabc"


@pytest.mark.parametrize(
    "evil",
    [
        "https://elsewhere.example",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "javascript:alert(1)",
        "",
        "x",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(evil: str) -> None:
    assert local_path(evil) == "/home"


@pytest.mark.parametrize(
    ("username", "desk"),
    [
        (CLERK, "/window"),
        ("fire", "/desk"),
        ("fire-head", "/desk"),
        (MANAGER, "/manage"),
        (GOVERNOR, "/manage"),
    ],
)
def test_everybody_is_led_to_their_own_desk(username: str, desk: str) -> None:
    browser = at_desk(username)
    assert browser.get("/home").headers["location"] == desk
    assert browser.get(desk).status_code == 200
    assert browser.get("/sign-in?next=/home").headers["location"] == "/home"


EVERY_DESK = {
    "/window": {CLERK},
    "/window/all": {CLERK},
    "/window/new": {CLERK},
    "/window/new/B1": {CLERK},
    "/desk": {"fire", "fire-head"},
    "/desk/done": {"fire", "fire-head"},
    "/manage": {MANAGER, GOVERNOR},
    "/inbox": {CLERK, MANAGER},
}


@pytest.mark.parametrize("page", EVERY_DESK)
def test_each_page_opens_only_to_its_roles(page: str) -> None:
    for username in (CLERK, "fire", "fire-head", MANAGER, GOVERNOR):
        answer = at_desk(username).get(page)
        assert answer.status_code == (200 if username in EVERY_DESK[page] else 403), (username, words(answer))
    assert somebody().get(page).status_code == 303


def test_a_form_from_elsewhere_is_refused() -> None:
    clerk = at_desk(CLERK)
    answer = clerk.client.post("/sign-out", data={"csrf": "0" * 64})
    assert answer.status_code == 403
    assert "页面已过期" in words(answer)
    assert clerk.client.post("/sign-out").status_code == 403
    assert clerk.get("/window").status_code == 200


def test_demo_accounts_are_shown_in_a_demo_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "演示账号" in somebody().text("/sign-in")
    monkeypatch.setenv("YJS_PRODUCTION", "true")
    settings.cache_clear()
    page = somebody().text("/sign-in")
    assert "演示账号" not in page
    assert CLERK not in page
