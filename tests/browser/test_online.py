"""Can somebody with a phone in the hand apply, prove their mailbox with a real letter, and follow the case?"""

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from actions.applying import submit
from config.settings import settings
from models.database import transaction
from notifications.sending import send_due
from tests.browser.conftest import PHONE, At
from tests.browser.stories import PDF, answer_plainly
from tests.browser.test_accessible import look_at
from tests.people import an_application
from tests.smtp import MailServer, mail_server


def fill_on_the_phone(page: Page, tmp_path: Path) -> None:
    """Questions, papers and people, as a thumb would."""
    answer_plainly(page)
    page.locator("[id='answers.Q2']").fill("320")
    expect(page.locator("#plan")).to_contain_text("消防救援")
    page.locator("[name='answers.Q6'][value=no]").check()
    expect(page.locator("#plan")).to_contain_text("消防技术资料")
    file = tmp_path / "材料.pdf"
    file.write_bytes(PDF)
    for name in page.locator("[data-keep]").evaluate_all("places => places.map(one => one.dataset.keep)"):
        paper = page.locator(f"[data-keep='{name}']")
        paper.get_by_label("上传文件").check()
        with page.expect_response("**/plan"):
            paper.locator("[type=file]").set_input_files(file)
        expect(page.locator(f"[data-keep='{name}']")).to_contain_text("已上传", timeout=20_000)
    page.locator("[name='applicant.kind'][value=person]").check()
    page.locator("[id='applicant.name']").fill("陈一诺")
    page.locator("[id='applicant.id_number']").fill("000000199001010018")
    page.locator("[id='applicant.phone']").fill("13800000000")
    page.locator("[id='applicant.email']").fill("chen@example.com")


def the_code(letters: MailServer) -> str:
    found = re.search(r"验证码是 (\d{6})", letters.to("chen@example.com")[-1].text)
    assert found
    return found[1]


def test_an_application_from_a_phone(at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as letters:
        monkeypatch.setenv("YJS_MAIL_URL", letters.url)
        settings.cache_clear()
        page = at("", "/")
        page.set_viewport_size(PHONE)
        page.get_by_role("link", name=re.compile("网上申请.*开办餐饮店")).click()
        fill_on_the_phone(page, tmp_path)
        assert "form=" not in page.url  # the name of the form is the key to it
        page.get_by_role("button", name="下一步：确认联系方式").click()
        page.get_by_label("邮件").check()
        page.get_by_role("button", name="获取验证码").click()
        page.get_by_label("验证码", exact=True).fill(the_code(letters))
        page.get_by_role("button", name="提交申请").click()
        expect(page.get_by_role("heading", name="申请已经收到")).to_be_visible()
        number = page.locator("article .number").inner_text()
        look_at(page, "track-receipt")
        send_due()
        assert number in letters.to("chen@example.com")[-1].text
        page.get_by_role("link", name="查看进度").click()
        expect(page.locator("main")).to_contain_text("综合窗口正在核对材料")
        page.get_by_role("link", name="选择领取方式").click()
        page.get_by_label("快递送达").check()
        page.get_by_label("收件人", exact=True).fill("陈一诺")
        look_at(page, "track-collect")
        page.get_by_role("button", name="结束并清除").click()
        expect(page.get_by_role("heading", name="已经结束")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", name="查询办理进度")).to_be_visible()


def test_who_writes_for_long_keeps_the_page_open(at: At) -> None:
    """The server counts from its last answer, and has to hear of those who are still writing."""
    with transaction() as session:
        case = submit(session, an_application(), by=None, region="000000", at=datetime.now(UTC))
        number, code = case.number, case.query_code
    page = at("", "/track")
    page.get_by_label("办件编号").fill(number)
    page.get_by_label("查询码").fill(code)
    page.get_by_role("button", name="查询").click()
    page.goto(f"/track/{number}/withdraw")
    look_at(page, "withdraw")
    page.clock.install()
    page.reload()
    words, asked = page.get_by_label("撤回的原因"), list[str]()
    page.on("request", lambda one: "/track/" in one.url and asked.append(urlsplit(one.url).path))
    for minute in range(4):
        words.fill("家里有事" * (minute + 1))
        page.clock.run_for(60_000)
    assert asked == [], "not at every key"
    with page.expect_response(f"**/track/{number}") as renewed:
        page.clock.run_for(90_000)
    assert "Max-Age=900" in (renewed.value.header_value("set-cookie") or "")
    page.clock.run_for(8 * 60_000)
    assert asked == [f"/track/{number}"], "who writes no more does not keep it open"
    page.clock.run_for(4 * 60_000 + 35_000)
    expect(page.get_by_role("heading", name="查询办理进度")).to_be_visible()


def test_the_pages_of_an_application_online(at: At, tmp_path: Path) -> None:
    page = at("", "/apply/open-a-restaurant")
    page.get_by_role("button", name="下一步：确认联系方式").click()
    look_at(page, "apply-faults")
    fill_on_the_phone(page, tmp_path)
    look_at(page, "apply")
    page.get_by_role("button", name="先存着，以后再填").click()
    look_at(page, "apply-later")
    page.get_by_role("link", name="接着填").click()
    expect(page.locator("[id='applicant.name']")).to_have_value("陈一诺")
    page.get_by_role("button", name="下一步：确认联系方式").click()
    look_at(page, "apply-confirm")
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("验证码", exact=True).fill("000000")
    page.get_by_role("button", name="提交申请").click()
    look_at(page, "apply-confirm-code")
    page.goto("/left")
    look_at(page, "left")


def test_a_shared_device_asks_and_then_clears_itself(at: At) -> None:
    page = at("", "/apply/open-a-restaurant")
    page.clock.install()
    page.context.add_cookies([{"name": "yjs_kiosk", "value": "yes", "url": page.url}])
    page.goto("/apply/open-a-restaurant")
    page.locator("[id='applicant.name']").fill("陈一诺")
    asked_after = (
        0  # half minutes; a page that still scrolls when the clock begins to run has been touched then
    )
    while not page.locator(".idle").is_visible():
        page.clock.run_for(30_000)
        asked_after += 1
        assert asked_after < 40, "nobody was asked"
    assert asked_after >= 27
    page.keyboard.press("Shift")
    expect(page.locator(".idle")).to_be_hidden()
    page.clock.run_for(15 * 60_000 + 5_000)
    expect(page.get_by_role("heading", name="已经结束")).to_be_visible()
