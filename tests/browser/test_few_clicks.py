"""From a desk's first page, is its main job done in four clicks at most? Fields to fill in do not count, buttons do."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from actions.accepting import accept
from actions.applying import submit
from models.account import account_named
from models.database import transaction
from tests.browser.conftest import At
from tests.browser.stories import answer_questions, fill_person, upload_layout
from tests.people import an_application

MOST = 4


class Clicks:
    """A person's finger on links and buttons."""

    def __init__(self, page: Page) -> None:
        self.page, self.made = page, 0

    def on(self, what: Locator) -> None:
        self.made += 1
        what.click()

    def link(self, name: str) -> None:
        self.on(self.page.get_by_role("link", name=name).first)

    def button(self, name: str) -> None:
        self.on(self.page.get_by_role("button", name=name, exact=True).first)


def a_case() -> tuple[str, str]:
    """Accepted just now, with the departments."""
    now = datetime.now(UTC)
    with transaction() as session:
        clerk = account_named(session, "chuangkou")
        case = submit(session, an_application(), by=clerk, region="000000", at=now)
        accept(session, case.number, by=clerk, at=now)
        return case.number, case.query_code


def a_clerk_takes_an_application_in(at: At, folder: Path) -> Clicks:
    clicks = Clicks(at("chuangkou", "/window"))
    clicks.link("新办申请")
    clicks.on(clicks.page.locator("a[href='/window/new/B1']").first)
    answer_questions(clicks.page)
    upload_layout(clicks.page, folder)
    clicks.button("全部纸质已收")
    fill_person(clicks.page)
    clicks.button("提交并受理")
    expect(clicks.page.get_by_role("heading", name="收件回执", exact=True)).to_be_visible()
    return clicks


def an_officer_grants_the_next_one(at: At, _folder: Path) -> Clicks:
    a_case()
    clicks = Clicks(at("market", "/desk"))
    clicks.button("领办下一件")
    clicks.button("准予")
    expect(clicks.page.get_by_role("status")).to_contain_text("准予")
    return clicks


def an_officer_refuses_with_reasons(at: At, _folder: Path) -> Clicks:
    a_case()
    clicks = Clicks(at("market", "/desk"))
    clicks.button("领办下一件")
    clicks.page.get_by_label("不予的理由").fill("查无此照。")
    clicks.on(clicks.page.get_by_role("button", name="不予，先看影响"))
    clicks.button("确认不予")
    expect(clicks.page.get_by_role("status")).to_contain_text("不予")
    return clicks


def a_manager_looks_who_has_what_is_open(at: At, _folder: Path) -> Clicks:
    number, _ = a_case()
    clicks = Clicks(at("guanli", "/manage"))
    clicks.on(clicks.page.locator(".figures a", has_text="办理中").first)
    clicks.link(number)
    expect(clicks.page.get_by_text("各部门事项")).to_be_visible()
    return clicks


def an_applicant_sees_how_it_goes(at: At, _folder: Path) -> Clicks:
    number, code = a_case()
    clicks = Clicks(at("", "/"))
    clicks.link("进度查询")
    clicks.page.get_by_label("办件编号").fill(number)
    clicks.page.get_by_label("查询码").fill(code)
    clicks.button("查询")
    expect(clicks.page.get_by_text("现在到哪一步")).to_be_visible()
    return clicks


JOBS: tuple[Callable[[At, Path], Clicks], ...] = (
    a_clerk_takes_an_application_in,
    an_officer_grants_the_next_one,
    an_officer_refuses_with_reasons,
    a_manager_looks_who_has_what_is_open,
    an_applicant_sees_how_it_goes,
)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.__name__)
def test_the_main_job_of_a_desk_takes_few_clicks(
    job: Callable[[At, Path], Clicks], at: At, tmp_path: Path
) -> None:
    assert job(at, tmp_path).made <= MOST
