"""One's own account: a better password, sessions one can see and end, nothing of others'."""

from datetime import UTC, datetime, timedelta

import pytest
from httpx import Response
from sqlmodel import select

from actions.signing_in import INITIAL_LASTS, hashed, sign_in
from config.passwords import common_passwords
from config.settings import settings
from models.account import Account, SignIn
from models.database import transaction
from rules.passwords import fault_of_password
from tests.people import CLERK, MANAGER
from tests.web.hall import Browser, at_desk, words

OLD, NEW = "tie-ma-bing-he", "da-jiang-dong-qu 7"


def has_password(username: str, *, since: datetime | None = None, given: bool = False) -> None:
    with transaction() as session:
        account = session.get_one(Account, username)
        account.password_hash, account.password_at, account.must_change = hashed(OLD), since, given


def change(browser: Browser, old: str = OLD, new: str = NEW, again: str = "") -> Response:
    return browser.post("/account/password", {"old": old, "new": new, "again": again or new})


def test_a_new_password_ends_the_other_sessions_and_not_this_one() -> None:
    has_password(CLERK)
    here, there = at_desk(CLERK), at_desk(CLERK)
    assert change(here).headers["location"] == "/account?done=password"
    assert here.get("/window").status_code == 200
    assert there.get("/window").status_code == 303
    with transaction() as session:
        assert sign_in(session, CLERK, OLD, at=datetime.now(UTC)).why
        assert sign_in(session, CLERK, NEW, at=datetime.now(UTC)).token


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"old": "wrong"}, "原密码不对"),
        ({"new": OLD}, "不能与原密码相同"),
        ({"new": "short 1"}, "至少 12 位"),
        ({"new": "onlyletters and"[:11]}, "至少 12 位"),
        ({"new": "linxiao is here 1"}, "不能包含用户名"),
        ({"new": "Password12345678"}, "太常见"),
        ({"new": "1111111111aa"}, "太常见"),
        ({"new": NEW, "again": "something else 1"}, "不一样"),
        ({"new": "x1" * 100}, "不能超过 128 位"),
    ],
)
def test_what_will_not_do_is_said_beside_the_field(given: dict[str, str], said: str) -> None:
    has_password(CLERK)
    answer = change(at_desk(CLERK), **given)
    assert answer.status_code == 422
    assert said in words(answer)
    assert OLD not in answer.text
    with transaction() as session:
        assert sign_in(session, CLERK, OLD, at=datetime.now(UTC)).token, "nothing has changed"


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("correct horse battery", True),
        ("春眠不觉晓处处闻啼鸟 ab", True),
        ("woaini1314520!!", False),
        ("qwertyuiop12345", False),
        ("yijianshi2026", False),
        ("abababababab1!", False),
    ],
)
def test_what_everybody_tries_first_is_no_password(password: str, good: bool) -> None:
    assert (fault_of_password(password, "linxiao", common_passwords()) is None) is good


def test_guessing_the_password_at_an_open_session_is_stopped() -> None:
    has_password(CLERK)
    clerk = at_desk(CLERK)
    answers = [change(clerk, old="wrong") for _ in range(11)]
    assert answers[-1].status_code == 429
    assert change(clerk).status_code == 429


def test_an_initial_password_is_changed_before_anything_else() -> None:
    has_password(CLERK, since=datetime.now(UTC), given=True)
    clerk = at_desk(CLERK)
    for page in ("/window", "/cases/0000002026B1-000001", "/account", "/account/second", "/"):
        assert clerk.get(page).headers["location"] == "/account/password", page
    assert clerk.post("/window/new/B1", {"form": "x"}).headers["location"] == "/account/password"
    assert "请先修改密码" in clerk.text("/account/password")
    change(clerk)
    assert clerk.get("/window").status_code == 200


def test_an_initial_password_runs_out() -> None:
    then = datetime(2026, 3, 6, 1, 30, tzinfo=UTC)
    has_password(CLERK, since=then, given=True)
    with transaction() as session:
        assert sign_in(session, CLERK, OLD, at=then + INITIAL_LASTS).token
        assert "初始密码已超过" in sign_in(session, CLERK, OLD, at=then + INITIAL_LASTS + timedelta(1)).why


def test_an_old_password_is_changed_where_the_city_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    has_password(CLERK, since=datetime.now(UTC) - timedelta(days=91))
    assert at_desk(CLERK).get("/window").status_code == 200
    monkeypatch.setenv("YJS_PASSWORD_DAYS", "90")
    settings.cache_clear()
    assert at_desk(CLERK).get("/window").headers["location"] == "/account/password"


def test_sessions_are_listed_and_ended_one_by_one_or_all_at_once() -> None:
    here, there, third = (at_desk(CLERK) for _ in range(3))
    at_desk(MANAGER)
    with transaction() as session:
        rows = session.exec(select(SignIn).where(SignIn.username == CLERK)).all()
        for row in rows:
            row.address, row.device = "10.0.0.7", "Firefox on the second window"
    page = here.text("/account")
    assert page.count("10.0.0.7") == 3
    assert "Firefox on the second window" in page
    token = there.client.cookies["yjs_session"]
    with transaction() as session:
        handle = next(row.handle for row in rows if row.token_hash == own_account_kept(token))
    assert here.post("/account/sessions/end", {"session": handle}).status_code == 303
    assert (there.get("/window").status_code, third.get("/window").status_code) == (303, 200)
    assert here.post("/account/sessions/end", {"session": handle}).status_code == 404
    assert here.post("/account/sessions/end", {"session": "others"}).status_code == 303
    assert (third.get("/window").status_code, here.get("/window").status_code) == (303, 200)
    with transaction() as session:
        assert session.exec(select(SignIn).where(SignIn.username == MANAGER)).all(), "nobody else's"


def test_nobody_ends_the_session_of_another() -> None:
    manager = at_desk(MANAGER)
    with transaction() as session:
        [handle] = [row.handle for row in session.exec(select(SignIn).where(SignIn.username == MANAGER))]
    assert at_desk(CLERK).post("/account/sessions/end", {"session": handle}).status_code == 404
    assert manager.get("/manage").status_code == 200


def own_account_kept(token: str) -> str:
    from actions.signing_in import kept

    return kept(token)
