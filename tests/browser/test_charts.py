"""The bars of a chart lead to the lists behind them, and stand in nobody's way who uses the keys."""

from datetime import UTC, datetime

from playwright.sync_api import expect

from models.database import transaction
from rules.moments import china_day
from tests.browser.conftest import At
from tests.people import a_case


def test_a_bar_opens_the_list_of_its_cases(at: At) -> None:
    with transaction() as session:
        number = a_case(session, at=datetime.now(UTC), clerk="chuangkou").number
    today = china_day(datetime.now(UTC))
    page = at("guanli", "/manage/figures")
    chart = page.locator("#flow iframe")
    chart.scroll_into_view_if_needed()
    bar = page.frame_locator("#flow iframe").locator("a")
    expect(bar).to_have_count(1)
    expect(bar.locator("title")).to_have_text(f"{today.month}/{today.day} 收件：1")
    bar.click()
    expect(page.get_by_role("link", name=number)).to_be_visible()
    assert "/manage?from=" in page.url, "in the whole window, not in the frame"


def test_the_keys_do_not_go_through_the_charts(at: At) -> None:
    with transaction() as session:
        a_case(session, at=datetime.now(UTC), clerk="chuangkou")
    page = at("guanli", "/manage/figures")
    page.frame_locator("#flow iframe").locator("a").wait_for()
    page.get_by_role("region", name="每天收件与结束的图").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
