"""What may everybody read, and does the installation say how it is?"""

import pytest

from config.catalogue import catalogue
from config.settings import settings
from tests.people import CLERK
from tests.web.hall import at_desk, somebody, words


def test_the_start_page_offers_every_bundle() -> None:
    page = somebody().text("/")
    for bundle in catalogue().values():
        assert bundle.name in page


@pytest.mark.parametrize("code", list(catalogue()))
def test_each_bundle_has_a_guide_and_a_form(code: str) -> None:
    bundle = catalogue()[code]
    for name in (code, bundle.slug):
        page = somebody().text(f"/guides/{name}")
        for expected in [bundle.name, *(item.name for item in bundle.items)]:
            assert expected in page
    assert bundle.name in at_desk(CLERK).text(f"/window/new/{code}")


def test_an_unknown_guide_is_one_sentence() -> None:
    answer = somebody().get("/guides/B99")
    assert answer.status_code == 404
    assert "没有编号为“B99”的一件事" in words(answer)


def test_alive_and_healthy() -> None:
    assert somebody().get("/livez").text == "ok"
    assert somebody().get("/healthz").text == "ok"


def test_without_the_database_it_is_alive_but_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = at_desk(CLERK)
    monkeypatch.setenv("YJS_DSN", "postgresql://nobody@127.0.0.1:9/none")
    settings.cache_clear()
    assert browser.get("/livez").status_code == 200
    for page in ("/healthz", "/window", "/"):
        answer = browser.get(page)
        assert answer.status_code == 503, page
        assert "数据库暂时连接不上" in words(answer)
    assert somebody().get("/").status_code == 200  # needs nothing of the record
