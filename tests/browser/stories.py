"""What do people do at the pages? The steps that several stories share."""

from pathlib import Path

from playwright.sync_api import Page, expect

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

ANSWERS = {"Q2": "320", "Q4": "yes", "Q5": "yes", "Q6": "no"}
PLAIN = {"Q1": "yes", "Q3": "no", "Q4": "no", "Q5": "no", "Q7": "no"}  # of a restaurant like any other
PERSON = {
    "姓名或单位名称": "陈一诺",
    "身份证号或统一社会信用代码": "000000199001010018",
    "手机号": "13800000000",
    "电子邮箱": "chen@example.com",
    "地址": "示例市示例区示例路1号",
}


def answer_plainly(page: Page) -> None:
    """Every question but the size and what hangs on it: no form answers for the applicant."""
    for question, value in PLAIN.items():
        page.locator(f"[name='answers.{question}'][value={value}]").check()


def answer_questions(page: Page) -> None:
    """A large restaurant with a sign and tobacco: every department of B1."""
    answer_plainly(page)
    page.locator("[id='answers.Q2']").fill(ANSWERS["Q2"])
    for question in ("Q4", "Q5"):
        page.locator(f"[name='answers.{question}'][value=yes]").check()
    expect(page.locator("#plan")).to_contain_text("消防救援")
    page.locator("[name='answers.Q6'][value=no]").check()
    expect(page.locator("#plan")).to_contain_text("消防技术资料")


def fill_person(page: Page) -> None:
    """The applicant."""
    for label, value in PERSON.items():
        page.get_by_label(label).first.fill(value)


def upload_layout(page: Page, folder: Path) -> None:
    """The plan of the premises comes as a file."""
    file = folder / "布局图.pdf"
    file.write_bytes(PDF)
    paper = page.locator("[data-keep=M-LAYOUT]")
    paper.get_by_label("上传文件").check()
    paper.locator("[type=file]").set_input_files(file)


def a_new_case(page: Page, folder: Path, button: str = "提交并受理") -> tuple[str, str]:
    """Fill the whole form and send it; the case number and the query code from the receipt."""
    page.goto("/window/new/B1")
    answer_questions(page)
    upload_layout(page, folder)
    page.get_by_role("button", name="全部纸质已收").click()
    fill_person(page)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", name="收件回执", exact=True)).to_be_visible()
    number = page.locator("article .number").inner_text()
    return number, page.locator("dd.code").inner_text()


def grant(page: Page, number: str) -> None:
    """Open the case and grant what is one's own."""
    page.goto(f"/cases/{number}")
    page.get_by_role("button", name="准予", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("准予")


def refuse(page: Page, number: str, reason: str) -> None:
    """Refuse after having seen what it stops."""
    page.goto(f"/cases/{number}")
    page.get_by_label("不予的理由").fill(reason)
    page.get_by_role("button", name="不予，先看影响").click()
    page.get_by_role("button", name="确认不予").click()
    expect(page.get_by_role("status")).to_contain_text("不予")
