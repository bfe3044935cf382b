"""Does the clerk's form behave in a real browser: live list, kept files, back button, keyboard, no script?"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import At, desks
from tests.browser.stories import (
    PERSON,
    a_new_case,
    answer_plainly,
    answer_questions,
    fill_person,
    upload_layout,
)


def test_the_list_grows_as_answers_come_and_keeps_what_was_chosen(at: At, tmp_path: Path) -> None:
    page = at("chuangkou", "/window/new/B1")
    plan = page.locator("#plan")
    expect(plan).not_to_contain_text("消防救援")
    upload_layout(page, tmp_path)
    page.locator("[data-keep=M-FOOD-RULES]").get_by_label("容缺后补").check()
    answer_questions(page)
    expect(plan).to_contain_text("烟草专卖零售许可")
    chosen = page.locator("[data-keep=M-LAYOUT] [type=file]").evaluate("input => input.files[0].name")
    assert chosen == "布局图.pdf"
    expect(page.locator("[data-keep=M-FOOD-RULES]").get_by_label("容缺后补")).to_be_checked()


def test_a_question_appears_when_its_turn_comes(at: At) -> None:
    page = at("chuangkou", "/window/new/B1")
    commitment = page.locator("[data-question=Q6]")
    expect(commitment).to_be_hidden()
    page.locator("[id='answers.Q2']").fill("320")
    expect(commitment).to_be_visible()


def test_what_was_typed_survives_a_power_cut(at: At) -> None:
    page = at("chuangkou", "/window/new/B1")
    with page.expect_response("**/plan"):
        page.get_by_label("地址").fill("示例路2号")
    page.goto("/window")
    page.get_by_role("link", name="继续填写").click()
    expect(page.get_by_label("地址")).to_have_value("示例路2号")


def test_faults_are_announced_and_lead_to_their_fields(at: At) -> None:
    page = at("chuangkou", "/window/new/B1")
    page.get_by_role("button", name="提交申请").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="手机号应为 11 位").click()
    expect(page.locator("[id='applicant.phone']")).to_be_focused()
    expect(page.locator("[id='applicant.phone']")).to_have_attribute("aria-invalid", "true")


def test_a_file_too_large_is_refused_before_it_is_sent(at: At, tmp_path: Path) -> None:
    page = at("chuangkou", "/window/new/B1")
    large = tmp_path / "大.pdf"
    with large.open("wb") as file:
        file.truncate(21 << 20)
    paper = page.locator("[data-keep=M-LAYOUT]")
    paper.get_by_label("上传文件").check()
    chooser = paper.locator("[type=file]")
    chooser.set_input_files(large)
    expect(paper).to_contain_text("超过 20 MB")
    assert chooser.evaluate("input => input.files.length") == 0


def test_back_after_submitting_leads_to_the_case(at: At, tmp_path: Path) -> None:
    page = at("chuangkou", "/window")
    number, _ = a_new_case(page, tmp_path, "提交申请")
    page.go_back()
    expect(page.get_by_role("link", name=f"查看办件 {number}")).to_be_visible()


def test_two_clicks_make_one_case(at: At, tmp_path: Path) -> None:
    page = at("chuangkou", "/window/new/B1")
    answer_questions(page)
    upload_layout(page, tmp_path)
    page.get_by_role("button", name="全部纸质已收").click()
    fill_person(page)
    page.get_by_role("button", name="提交申请").dblclick(no_wait_after=True)
    expect(page.locator("main")).to_contain_text("收件回执")
    page.goto("/window")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_form_works_without_a_script(chromium: Browser, hall: str, tmp_path: Path) -> None:
    with desks(chromium, hall, script=False) as at:
        page = at("chuangkou", "/window/new/B1")
        answer_plainly(page)
        page.locator("[id='answers.Q2']").fill("320")
        page.get_by_role("button", name="更新清单").click()
        page.locator("[name='answers.Q6'][value=no]").check()
        page.get_by_role("button", name="更新清单").click()
        upload_layout(page, tmp_path)
        for paper in page.locator("fieldset.material:not([data-keep=M-LAYOUT])").all():
            paper.get_by_label("纸质已收").check()
        fill_person(page)
        page.get_by_role("button", name="提交申请").click()
        expect(page.locator("main")).to_contain_text("已提交（布局图.pdf）")


def test_the_whole_form_can_be_filled_by_keyboard(at: At) -> None:
    page = at("chuangkou", "/window/new/B1")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "submit":
            break
    expect(page.get_by_role("button", name="提交申请")).to_be_focused()


def keyboard_reader(page: Page, line: str) -> None:
    """An identity reader: it types where the focus is, fast, and ends with Enter."""
    page.keyboard.type(line)
    page.keyboard.press("Enter")


def test_a_card_is_read_without_a_mouse(at: At) -> None:
    page = at("chuangkou", "/window/new/B1")
    page.get_by_label("读卡器", exact=True).focus()
    keyboard_reader(page, "陈一诺|女|汉|19900101|示例市示例区示例路1号|000000199001010018")
    phone = page.locator("[id='applicant.phone']")
    expect(phone).to_be_focused()
    expect(page.locator("[id='applicant.name']")).to_have_value("陈一诺")
    expect(page.locator("[id='applicant.id_number']")).to_have_value("000000199001010018")
    page.keyboard.type("13800000000")
    page.keyboard.press("Enter")  # moves on, sends nothing
    expect(page.locator("[id='applicant.email']")).to_be_focused()
    expect(page).to_have_url(re.compile(r"/window/new/B1\?form="))


@pytest.mark.parametrize("field", ["applicant.name", "applicant.id_number"])
def test_a_card_read_into_another_field_of_the_person_is_read_all_the_same(at: At, field: str) -> None:
    page = at("chuangkou", "/window/new/B1")
    page.locator(f"[id='{field}']").focus()
    keyboard_reader(page, "000000199001010018|陈一诺|示例市示例区示例路1号")
    expect(page.locator("[id='applicant.phone']")).to_be_focused()
    expect(page.locator("[id='applicant.name']")).to_have_value("陈一诺")
    expect(page.locator("[id='applicant.id_number']")).to_have_value("000000199001010018")
    expect(page.locator("[id='address']")).to_have_value("示例市示例区示例路1号")


def test_a_number_typed_by_hand_moves_on_as_ever(at: At) -> None:
    page = at("chuangkou", "/window/new/B1")
    page.locator("[id='applicant.id_number']").focus()
    keyboard_reader(page, "000000199001010018")
    expect(page.locator("[id='applicant.phone']")).to_be_focused()
    expect(page.locator("[id='applicant.id_number']")).to_have_value("000000199001010018")


def test_a_file_already_chosen_survives_the_reading_of_a_card(at: At, tmp_path: Path) -> None:
    page = at("chuangkou", "/window/new/B1")
    upload_layout(page, tmp_path)
    page.get_by_label("读卡器", exact=True).focus()
    keyboard_reader(page, "000000199001010018")
    expect(page.locator("[data-keep=M-LAYOUT]")).to_contain_text("已上传：布局图.pdf")


def test_a_card_is_read_without_a_script_too(chromium: Browser, hall: str) -> None:
    with desks(chromium, hall, script=False) as at:
        page = at("chuangkou", "/window/new/B1")
        page.get_by_label("读卡器", exact=True).focus()
        keyboard_reader(page, "陈一诺,000000199001010018,示例市示例路1号")
        expect(page.locator("[id='applicant.name']")).to_have_value("陈一诺")
        expect(page.locator("[id='applicant.phone']")).to_be_focused()


def test_who_applies_decides_what_can_be_reused_and_the_choice_is_kept(at: At, tmp_path: Path) -> None:
    page = at("chuangkou", "/window")
    number, _ = a_new_case(page, tmp_path)
    page.goto("/window/new/B1")
    page.locator("[data-keep=M-FOOD-RULES]").get_by_label("纸质已收").check()
    layout = page.locator("[data-keep=M-LAYOUT]")
    expect(layout).not_to_contain_text("沿用")
    page.locator("[id='applicant.id_number']").fill(PERSON["身份证号或统一社会信用代码"])
    expect(page.locator("#plan")).to_contain_text("请核对是不是重复申请")
    layout.get_by_label(f"沿用办件 {number}").check()
    expect(page.locator("[data-keep=M-FOOD-RULES]").get_by_label("纸质已收")).to_be_checked()
    page.get_by_label("申请人同意沿用").check()
    answer_questions(page)
    expect(layout.get_by_label(f"沿用办件 {number}")).to_be_checked()
    page.get_by_role("button", name="全部纸质已收").click()
    fill_person(page)
    page.get_by_role("button", name="提交申请").click()
    expect(page.locator("article")).to_contain_text(f"来源：办件 {number}")


def test_the_receipt_is_printed_once(at: At, tmp_path: Path) -> None:
    page = at("chuangkou", "/window")
    page.add_init_script(
        "window.print = () => { sessionStorage.printed = Number(sessionStorage.printed || 0) + 1; }"
    )
    a_new_case(page, tmp_path, "提交申请")
    page.wait_for_function("sessionStorage.printed === '1'")
    page.reload()
    assert page.evaluate("sessionStorage.printed") == "1"


def test_the_search_box_is_reached_and_used_by_keyboard(at: At, tmp_path: Path) -> None:
    page = at("chuangkou", "/window")
    number, _ = a_new_case(page, tmp_path)
    page.goto("/window")
    page.get_by_role("searchbox", name="查找办件").focus()
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{number}")
    page.get_by_role("searchbox", name="查找办件").focus()
    page.keyboard.type("13800000000")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=number).click()
    page.go_back()
    expect(page.locator("main")).to_contain_text(number)
