"""What do browser tests get? Chromium, and the pages served on a record of their own."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine

from config.settings import DEMO_PASSWORD, settings
from hosting.demo_city import seed
from tests.clusters import free_ports
from web.app import create_app

CHROMIUM = "/usr/bin/chromium"
QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WIDE, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}

At = Callable[[str, str], Page]  # username and address -> a page in a browser of its own


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in Path(item.fspath).parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Generator[Browser]:
    """One browser; every person gets a window that shares nothing with the others'."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIETLY))
        yield browser
        browser.close()


@pytest.fixture
def hall(fresh_database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    """The pages, with the demo city, at this address."""
    monkeypatch.setenv("YJS_DATA", str(tmp_path))
    settings.cache_clear()
    seed(settings())
    with serving() as address:
        yield address
    settings.cache_clear()


@contextmanager
def serving() -> Iterator[str]:
    """The web application on a free port, in a thread."""
    [port] = free_ports(1)
    server = uvicorn.Server(uvicorn.Config(create_app(), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def at(chromium: Browser, hall: str) -> Generator[At]:
    """Sign somebody in at a desk of the hall. A fault in our script fails the test."""
    with desks(chromium, hall) as at_desk:
        yield at_desk


@contextmanager
def desks(chromium: Browser, address: str, *, script: bool = True) -> Iterator[At]:
    """A window for each person, on the installation at this address."""
    windows, faults = [], []

    def at_desk(username: str, path: str) -> Page:
        window = chromium.new_context(
            base_url=address,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport=WIDE,
            java_script_enabled=script,
        )
        windows.append(window)
        window.set_default_timeout(15_000)
        page = window.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        if username:
            page.goto("/sign-in")
            page.get_by_label("用户名").fill(username)
            page.get_by_label("密码").fill(DEMO_PASSWORD)
            page.get_by_role("button", name="登录", exact=True).click()
        page.goto(path)
        return page

    yield at_desk
    for window in windows:
        window.close()
    assert not faults
