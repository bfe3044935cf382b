"""One application, five departments, one answer: clerk, departments, applicant and manager, all in browsers."""

import re
import time
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import At, desks
from tests.browser.stories import a_new_case, grant, refuse
from tests.browser.test_accessible import SCREENSHOTS
from tests.clusters import Platform, running_platform
from tests.smtp import MailServer, mail_server, wait_until

pytestmark = pytest.mark.platform

PATIENCE = 90.0  # seconds until Prefect has caught up, on a busy machine
LETTERS = ("已收到", "已受理", "办结", "领取")  # a word of each stage, in the order people learn of them


@pytest.fixture(scope="module")
def post() -> Generator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def installation(post: MailServer) -> Generator[Platform]:
    """A platform of its own, because its letters go to our mail server."""
    with running_platform(mail_url=post.url) as running:
        yield running


@pytest.fixture
def desk(chromium: Browser, installation: Platform) -> Generator[At]:
    with desks(chromium, installation.url) as at_desk:
        yield at_desk


def asked(platform: Platform, what: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = httpx.post(f"{platform.prefect_api_url}/{what}/filter", json=body, timeout=20)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()
    return found


def runs_of(platform: Platform, number: str) -> list[dict[str, Any]]:
    return asked(platform, "flow_runs", {"flow_runs": {"name": {"any_": [number]}}})


def departments_of(platform: Platform, number: str) -> dict[str, dict[str, Any]]:
    """The department task runs of the case, by name."""
    tasks = asked(platform, "task_runs", {"flow_runs": {"name": {"any_": [number]}}})
    return {task["name"]: task for task in tasks if task["dynamic_key"].startswith(f"{number}-")}


def tracked(page: Page, number: str, code: str) -> Page:
    page.get_by_label("办件编号").fill(number)
    page.get_by_label("查询码").fill(code)
    page.get_by_role("button", name="查询", exact=True).click()
    page.wait_for_url(re.compile(number))
    return page


def test_one_application_five_departments_one_answer(
    desk: At, installation: Platform, post: MailServer, tmp_path: Path
) -> None:
    number, code = a_new_case(desk("chuangkou", "/window"), tmp_path)
    applicant = tracked(desk("", "/track"), number, code)
    expect(applicant.locator("main")).to_contain_text("市场监督管理局正在办理")

    market = desk("market", "/desk")
    grant(market, number)
    wait_until(lambda: len(departments_of(installation, number)) == 6, PATIENCE)
    grant(desk("health", "/desk"), number)
    grant(desk("urban", "/desk"), number)
    refuse(desk("fire", "/desk"), number, "疏散通道宽度不足。")
    grant(desk("tobacco", "/desk"), number)
    applicant.reload()
    expect(applicant.locator("main")).to_contain_text("5 / 6")
    grant(market, number)

    applicant.reload()
    expect(applicant.locator("main")).to_contain_text("部分准予")
    expect(applicant.locator("main")).to_contain_text("疏散通道宽度不足。")
    _prefect_shows_one_finished_run(installation, number)
    _the_manager_finds_it(desk("guanli", "/manage"), installation, number)
    _letters_came_in_order(post)
    applicant.reload()
    expect(applicant.locator("main")).to_contain_text("证照编号")


def _prefect_shows_one_finished_run(installation: Platform, number: str) -> None:
    def finished() -> bool:
        return [run["state_name"] for run in runs_of(installation, number)] == ["部分准予"]

    wait_until(finished, PATIENCE)
    [run] = runs_of(installation, number)
    assert run["state_type"] == "COMPLETED"

    def settled() -> bool:
        tasks = departments_of(installation, number).values()
        return all(task["state_type"] == "COMPLETED" for task in tasks)

    wait_until(settled, PATIENCE)
    tasks = departments_of(installation, number)
    assert sorted(task["state_name"] for task in tasks.values()) == ["不予", *["准予"] * 5]
    in_parallel = [_span(task) for name, task in tasks.items() if "信息核验" not in name]
    assert len(in_parallel) == 5
    assert max(begin for begin, _ in in_parallel) < min(end for _, end in in_parallel)


def _span(task: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(task["start_time"]), datetime.fromisoformat(task["end_time"])


def _the_manager_finds_it(page: Page, installation: Platform, number: str) -> None:
    page.get_by_label("办件编号或申请人").fill(number)
    page.get_by_role("button", name="筛选").click()
    [run] = runs_of(installation, number)
    address = f"{installation.prefect_url}/runs/flow-run/{run['id']}"
    expect(page.get_by_role("link", name="运行")).to_have_attribute("href", address)
    page.goto(address)
    expect(page.get_by_text(number).first).to_be_visible(timeout=PATIENCE * 1000)
    expect(page.get_by_text("部分准予").first).to_be_visible()
    page.wait_for_timeout(5000)
    page.screenshot(path=SCREENSHOTS / "prefect-run.png")


def _letters_came_in_order(post: MailServer) -> None:
    def complete() -> bool:
        return len(post.to("chen@example.com")) == 2 + 6 + 2

    wait_until(complete, PATIENCE)
    time.sleep(1)  # nothing comes twice
    letters = post.to("chen@example.com")
    assert len(letters) == 2 + 6 + 2, [letter.subject for letter in letters]
    stages = (letters[0], letters[1], letters[-2], letters[-1])
    for letter, word in zip(stages, LETTERS, strict=True):
        assert word in letter.subject + letter.text
