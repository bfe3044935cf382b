"""Can everybody read and use every page? axe finds nothing, nothing runs out of a phone's screen."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, WIDE, At
from tests.browser.stories import a_new_case, answer_questions, grant, refuse

SCREENSHOTS = Path(__file__).parent.parent.parent / "screenshots"  # ignored by git; for people to look at


def look_at(page: Page, name: str) -> None:
    """Both sizes: no fault of WCAG 2.2 AA, nothing beyond the edge; and a picture for us."""
    SCREENSHOTS.mkdir(exist_ok=True)
    for size, viewport in (("wide", WIDE), ("phone", PHONE)):
        page.set_viewport_size(viewport)
        page.screenshot(path=SCREENSHOTS / f"{name}-{size}.png", full_page=True)
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{name} at {size}: {beyond} px beyond the edge"
        found = Axe().run(
            page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
        )
        assert found.violations_count == 0, f"{name} at {size}: {found.generate_report()}"
    page.set_viewport_size(WIDE)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "start"),
        ("/guides", "guides"),
        ("/guides/B1", "guide"),
        ("/track", "track-form"),
        ("/sign-in", "sign-in"),
        ("/nothing", "not-found"),
    ],
)
def test_public_pages(at: At, path: str, name: str) -> None:
    look_at(at("", path), name)


def test_the_clerks_pages(at: At, tmp_path: Path) -> None:
    page = at("chuangkou", "/window")
    look_at(page, "window-empty")
    page.goto("/window/new")
    look_at(page, "choose-bundle")
    page.goto("/window/new/B1")
    answer_questions(page)
    look_at(page, "form")
    page.get_by_role("button", name="提交申请").click()
    look_at(page, "form-faults")
    number, _ = a_new_case(page, tmp_path, "提交申请")
    look_at(page, "receipt")
    for path, name in (
        (f"/cases/{number}", "case-submitted"),
        ("/window", "window"),
        ("/window/all", "window-all"),
    ):
        page.goto(path)
        look_at(page, name)


def test_the_other_desks_and_the_applicants_page(at: At, tmp_path: Path) -> None:
    number, code = a_new_case(at("chuangkou", "/window"), tmp_path)
    officer = at("market", "/desk")
    look_at(officer, "desk")
    officer.goto(f"/cases/{number}")
    look_at(officer, "case-officer")
    officer.get_by_role("button", name="不予，先看影响").click()
    look_at(officer, "case-officer-fault")
    officer.get_by_label("不予的理由").fill("查无此照。")
    officer.get_by_role("button", name="不予，先看影响").click()
    look_at(officer, "refuse-preview")
    grant(officer, number)
    look_at(officer, "case-officer-done")
    fire = at("fire", "/desk")
    refuse(fire, number, "疏散通道宽度不足。")
    fire.goto("/desk/done")
    look_at(fire, "desk-done")
    manager = at("guanli", "/manage")
    look_at(manager, "manage")
    for path, name in ((f"/cases/{number}", "case-manager"), ("/inbox", "inbox")):
        manager.goto(path)
        look_at(manager, name)
    applicant = at("", "/track")
    applicant.get_by_label("办件编号").fill(number)
    applicant.get_by_label("查询码").fill(code)
    applicant.get_by_role("button", name="查询", exact=True).click()
    applicant.wait_for_url(re.compile(number))
    look_at(applicant, "track")
