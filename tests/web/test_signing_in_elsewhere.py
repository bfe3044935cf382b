"""Sign-in with the city's identity service, played against a real provider; whatever does not hold opens nothing."""

from collections.abc import Generator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from httpx import Response
from sqlmodel import select

from config.settings import settings
from models.account import Account, SignIn
from models.database import transaction
from models.security import ProviderVisit, SecurityEvent
from rules.people import Role
from rules.security import SecurityKind
from tests.people import CLERK
from tests.provider import CLIENT, SECRET, Provider, running_provider
from tests.web.hall import Browser, somebody, words
from web import identity_service


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> Generator[Provider]:
    monkeypatch.setattr(identity_service, "_known", {})
    with running_provider() as running:
        for name, value in (("ISSUER", running.issuer), ("CLIENT_ID", CLIENT), ("CLIENT_SECRET", SECRET)):
            monkeypatch.setenv(f"YJS_OIDC_{name}", value)
        settings.cache_clear()
        with transaction() as session:
            session.get_one(Account, CLERK).identity = "sub-of-linxiao"
        yield running


def way_back(browser: Browser, to: str = "/window/all") -> str:
    """Out to the provider, where the person says yes; the address that leads back to us."""
    out = browser.get(f"/sign-in/elsewhere?next={to}")
    assert out.status_code == 303, words(out)
    answer = requests.get(out.headers["location"], allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def refused(answer: Response, said: str = "没有通过核验") -> None:
    assert (answer.status_code, said in words(answer)) == (401, True), words(answer)
    with transaction() as session:
        assert not session.exec(select(SignIn)).all()
        kinds = {event.kind for event in session.exec(select(SecurityEvent))}
    assert kinds == {SecurityKind.PROVIDER_REFUSED}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_who_is_linked_comes_in_with_the_rights_he_has_here(provider: Provider, algorithm: str) -> None:
    provider.algorithm = algorithm
    provider.claims = {"roles": ["admin"], "role": "admin"}  # rights come from us, never from there
    browser = somebody()
    assert "统一身份认证登录" in browser.text("/sign-in")
    answer = browser.get(way_back(browser))
    assert (answer.status_code, answer.headers["location"]) == (303, "/window/all")
    assert "林晓" in browser.text("/window")
    with transaction() as session:
        assert session.get_one(Account, CLERK).role is Role.CLERK
        [event] = session.exec(select(SecurityEvent))
        assert (event.kind, event.username, event.detail) == (SecurityKind.SIGN_IN, CLERK, "统一身份")
        assert not session.exec(select(ProviderVisit)).all()


def test_what_leaves_carries_state_nonce_and_a_challenge_but_no_secret() -> None:
    asked = parse_qs(urlsplit(somebody().get("/sign-in/elsewhere").headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert SECRET not in str(asked)
    assert asked["redirect_uri"] == ["http://testserver/sign-in/elsewhere/back"]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"claims": {"nonce": "of another visit"}},
        {"leave_out": ("nonce",)},
        {"claims": {"aud": "somebody-else"}},
        {"claims": {"aud": [CLIENT, "somebody-else"]}},  # and nobody named as azp
        {"claims": {"azp": "somebody-else"}},
        {"leave_out": ("aud",)},
        {"claims": {"exp": 1_700_003_600, "iat": 1_700_000_000}},  # long ago
        {"leave_out": ("exp",)},
        {"claims": {"iss": "http://elsewhere.example"}},
        {"leave_out": ("sub",)},
        {"foreign_key": True},
        {"unsigned": True},
    ],
    ids=str,
)
def test_a_token_that_does_not_hold_opens_nothing(provider: Provider, spoilt: dict[str, Any]) -> None:
    for name, value in spoilt.items():
        setattr(provider, name, value)
    browser = somebody()
    refused(browser.get(way_back(browser)))


def test_nobody_comes_back_twice_with_the_same_state() -> None:
    browser = somebody()
    back = way_back(browser)
    assert browser.get(back).status_code == 303
    browser.client.cookies.delete("yjs_session")
    answer = browser.get(back)
    assert (answer.status_code, "已经失效" in words(answer)) == (401, True)


def test_nobody_comes_back_in_another_browser_or_with_a_state_of_his_own() -> None:
    victim = somebody()
    victim.get("/track")
    refused(victim.get(way_back(somebody())), "已经失效")
    refused(victim.get("/sign-in/elsewhere/back?code=x&state=made-up"), "已经失效")
    refused(victim.get("/sign-in/elsewhere/back"), "已经失效")


def test_a_code_that_the_provider_does_not_know_is_refused_calmly() -> None:
    browser = somebody()
    state = parse_qs(urlsplit(way_back(browser)).query)["state"][0]
    refused(browser.get(f"/sign-in/elsewhere/back?code=made-up&state={state}"))


def test_who_says_no_over_there_is_led_to_try_again() -> None:
    browser = somebody()
    state = parse_qs(urlsplit(way_back(browser)).query)["state"][0]
    refused(browser.get(f"/sign-in/elsewhere/back?error=access_denied&state={state}"), "没有在统一身份服务上")


def test_an_identity_without_an_account_gets_none(provider: Provider) -> None:
    provider.subject = "a stranger"
    browser = somebody()
    refused(browser.get(way_back(browser)), "还没有绑定")
    with transaction() as session:
        session.get_one(Account, CLERK).active = False
    provider.subject = "sub-of-linxiao"
    refused(browser.get(way_back(browser)), "还没有绑定")


def test_the_claim_that_names_the_account_is_chosen_in_the_settings(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YJS_OIDC_CLAIM", "employee_number")
    settings.cache_clear()
    browser = somebody()
    refused(browser.get(way_back(browser)))
    provider.subject, provider.claims = "whatever", {"employee_number": "sub-of-linxiao"}
    assert browser.get(way_back(browser)).status_code == 303


def test_new_keys_of_the_provider_are_fetched_when_they_are_needed(provider: Provider) -> None:
    browser = somebody()
    assert browser.get(way_back(browser)).status_code == 303
    provider.new_keys("2")
    second = somebody()
    assert second.get(way_back(second)).status_code == 303


def test_a_provider_that_is_down_or_calls_itself_otherwise_is_said_so(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer, provider.issuer = provider.issuer, "http://elsewhere.example"
    assert somebody().get("/sign-in/elsewhere").status_code == 401
    provider.issuer = issuer
    monkeypatch.setenv("YJS_OIDC_ISSUER", "http://127.0.0.1:9")
    settings.cache_clear()
    answer = somebody().get("/sign-in/elsewhere")
    assert (answer.status_code, "暂时连接不上" in words(answer)) == (503, True)


def test_without_a_provider_there_is_no_such_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YJS_OIDC_ISSUER")
    settings.cache_clear()
    assert somebody().get("/sign-in/elsewhere").status_code == 404
    assert "统一身份" not in somebody().text("/sign-in")
