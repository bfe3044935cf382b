"""Before anything is read: our own names only, not too many from one address, and safe headers on every answer."""

import pytest

from config.settings import settings
from tests.people import CLERK
from tests.web.hall import Browser, at_desk, somebody
from web.app import create_app
from web.guarding import HEADERS
from web.knocking import Pace

HSTS = "Strict-Transport-Security"


@pytest.fixture
def in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_PRODUCTION", "true")
    monkeypatch.setenv("YJS_PUBLIC_URL", "https://hall.example.cn")
    monkeypatch.setenv("YJS_ALLOWED_HOSTS", "hall.example.org")
    settings.cache_clear()


@pytest.mark.usefixtures("in_production")
@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("hall.example.cn", "/", 200),
        ("HALL.example.cn:443", "/", 200),
        ("hall.example.org", "/", 200),
        ("elsewhere.example", "/", 400),
        ("hall.example.cn.elsewhere.example", "/", 400),
        ("hall.example.cn@elsewhere.example", "/", 400),
        ("[::1", "/", 400),
        ("127.0.0.1:8000", "/", 400),
        ("127.0.0.1:8000", "/livez", 200),
    ],
)
def test_only_our_names_are_answered(host: str, path: str, status: int) -> None:
    answer = somebody().get(path, headers={"host": host})
    assert answer.status_code == status
    assert "elsewhere" not in answer.text
    assert answer.headers[HSTS].startswith("max-age=31536000")


def test_without_names_in_the_settings_any_will_do_and_nothing_is_promised() -> None:
    answer = somebody().get("/", headers={"host": "elsewhere.example"})
    assert answer.status_code == 200
    assert HSTS not in answer.headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/window", 303),
        ("/nothing", 404),
        ("/cases/%00", 303),
        ("/static/hall.css", 200),
        ("/static/nothing", 404),
        ("/api/v1/cases", 401),
        ("/livez", 200),
    ],
)
def test_every_answer_bears_the_safe_headers(path: str, status: int) -> None:
    answer = somebody().get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "server" not in answer.headers
    cached = "immutable" if path.startswith("/static/") else "no-store"
    assert cached in answer.headers["Cache-Control"]


def test_our_own_faults_bear_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the password is tie-ma-bing-he")

    monkeypatch.setattr("web.own_account.sessions_of", broken)
    answer = at_desk(CLERK).get("/account")
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "tie-ma" not in answer.text


def test_a_flood_from_one_address_is_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_REQUESTS_PER_MINUTE", "60")
    settings.cache_clear()
    browser = Browser(create_app())
    answers = [browser.get("/livez") for _ in range(125)]  # a minute may turn over meanwhile
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].headers["Retry-After"] == "60"
    assert refused[0].headers["X-Content-Type-Options"] == "nosniff"
    assert "请求太频繁" in refused[0].text


def test_the_pace_is_of_each_address_and_of_each_minute() -> None:
    clock = [0.0]
    pace = Pace(lambda: clock[0])
    assert [pace.too_many("a", 2) for _ in range(3)] == [False, False, True]
    assert not pace.too_many("b", 2)
    clock[0] = 60.0
    assert not pace.too_many("a", 2)
