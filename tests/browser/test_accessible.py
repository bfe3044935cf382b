"""Can everybody read and use every page? axe finds nothing, nothing runs out of a phone's screen."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from actions.accepting import accept
from actions.applying import submit
from actions.deciding import grant
from actions.deciding import refuse as refuse_item
from actions.delivering import deliver, returned, ship
from actions.issuing import issue
from actions.listing_gaps import list_gap
from actions.supervising import fire_due_rungs
from actions.supplementing import Answer, answer_gap, ask_supplement
from models.account import account_named
from models.case import materials_of
from models.database import transaction
from models.notice import notices_of
from notifications.sending import send_due
from rules.application import Agent
from rules.notices import NoticeState
from tests.browser.conftest import PHONE, WIDE, At
from tests.browser.stories import PDF, a_new_case, answer_questions, refuse
from tests.browser.stories import grant as grant_by_hand
from tests.people import an_application

DESKS = (
    ("B1-1", "market"),
    ("B1-5", "health"),
    ("B1-2", "market"),
    ("B1-3", "urban"),
    ("B1-4", "fire"),
    ("B1-6", "tobacco"),
)
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
        ("/results", "results"),
        ("/apply/open-a-restaurant", "apply-empty"),
        ("/sign-in", "sign-in"),
        ("/rate", "rate-form"),
        ("/enquiry", "enquiry-form"),
        ("/enquiry/track", "enquiry-track"),
        ("/verify", "verify"),
        ("/nothing", "not-found"),
    ],
)
def test_public_pages(at: At, path: str, name: str) -> None:
    look_at(at("", path), name)


@pytest.mark.parametrize("width", [PHONE["width"], 360])
def test_the_public_menu_is_one_row_on_a_phone(at: At, width: int) -> None:
    page = at("", "/verify")
    page.set_viewport_size({"width": width, "height": PHONE["height"]})
    items = [item.bounding_box() for item in page.locator(".top nav a").all()]
    assert len(items) == 6
    assert len({item["y"] for item in items if item}) == 1
    assert all(item and item["height"] >= 24 for item in items), "as much as a finger needs (WCAG 2.5.8)"


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
        (f"/cases/{number}/full", "full-view-asked"),
        ("/window", "window"),
        ("/window/all", "window-all"),
        ("/window/shift", "window-shift"),
        ("/search", "search-empty"),
    ):
        page.goto(path)
        look_at(page, name)
    page.goto(f"/cases/{number}/full")
    page.get_by_role("button", name="查看，并记入办理记录").click()
    look_at(page, "full-view-faults")
    page.get_by_label("联系申请人").check()
    page.get_by_role("button", name="查看，并记入办理记录").click()
    page.get_by_text("只显示这一次").wait_for()
    look_at(page, "full-view")
    page.goto("/search")
    page.get_by_role("searchbox", name="查找办件").fill("13800000000")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=number).wait_for()
    look_at(page, "search")


def test_the_window_on_a_full_day(at: At) -> None:
    """Drafts, a hand-over to take, a supplement, a promised paper, an agent, an earlier file to reuse."""
    now = datetime.now(UTC)
    with transaction() as session:
        clerk = account_named(session, "chuangkou")
        agent = Agent("林百川", "00000019920302002X", "13900000009", "授权委托书，办理本件全部事项")
        waiting = submit(session, an_application(agent=agent), by=clerk, region="000000", at=now)
        whole = an_application().supplied
        kept = tuple(one for one in whole if one.spec_id != "M-FOOD-RULES")
        owing = an_application(supplied=kept, deferred=("M-FOOD-RULES",))
        owes = submit(session, owing, by=clerk, region="000000", at=now).number
        accept(session, owes, by=clerk, at=now)
        for paper in materials_of(session, owes):
            paper.promised_on = paper.promised_on and now.date()
            session.add(paper)
        back = submit(session, an_application(), by=clerk, region="000000", at=now).number
        list_gap(session, back, "address", "门牌号不全", by=clerk, at=now)
        ask_supplement(session, back, by=clerk, at=now)
        answer_gap(session, back, "address", Answer("示例路1号附2号", None, on_paper=False), by=clerk, at=now)
        number = waiting.number
    page = at("chuangkou", "/window/new/B1")
    with page.expect_response("**/plan"):
        page.locator("[id='applicant.id_number']").fill("000000199001010018")
    page.get_by_text("请核对是不是重复申请").wait_for()
    page.get_by_label("由代理人代为办理").check()
    look_at(page, "form-known")
    page.goto("/window/shift")
    look_at(page, "window-shift-give")
    page.get_by_label("交给谁").select_option(label="下一班的任何人")
    page.get_by_label("交接的话").fill("原件在二号柜。")
    page.get_by_role("button", name="交出").click()
    page.get_by_role("status").wait_for()
    look_at(page, "window-shift-given")
    for path, name in (("/window", "window-full"), (f"/cases/{number}", "case-agent")):
        page.goto(path)
        look_at(page, name)
    page.goto(f"/cases/{number}/receipt")
    look_at(page, "receipt-agent")
    successor = at("chuangkou2", "/window")
    look_at(successor, "window-successor")
    successor.goto("/window/shift")
    look_at(successor, "window-shift-take")


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
    grant_by_hand(officer, number)
    look_at(officer, "case-officer-done")
    fire = at("fire", "/desk")
    refuse(fire, number, "疏散通道宽度不足。")
    fire.goto("/desk/done")
    look_at(fire, "desk-done")
    manager = at("guanli", "/manage")
    look_at(manager, "manage")
    send_due()
    with transaction() as session:  # one of which nobody knows what became of it
        notices_of(session, number)[0].state = NoticeState.UNKNOWN
    pages = (
        (f"/cases/{number}", "case-manager"),
        ("/inbox", "inbox"),
        ("/manage/notices", "ledger"),
        ("/manage/items", "manage-items"),
        ("/manage/figures", "figures"),
        ("/manage/drift", "drift"),
        ("/manage/exports", "exports"),
        ("/manage/messages?event=item_decided&kind=4", "messages"),
    )
    for path, name in pages:
        manager.goto(path)
        if name == "ledger":
            manager.locator("details summary").first.click()
        look_at(manager, name)
    applicant = at("", "/track")
    applicant.get_by_label("办件编号").fill(number)
    applicant.get_by_label("查询码").fill(code)
    applicant.get_by_role("button", name="查询", exact=True).click()
    applicant.wait_for_url(re.compile(number))
    look_at(applicant, "track")


def test_the_pages_of_results_on_their_way(at: At) -> None:
    """One result handed over, one in the post, one come back, one refused, the others waiting at the window."""
    now = datetime.now(UTC)
    with transaction() as session:
        clerk = account_named(session, "chuangkou")
        case = submit(session, an_application(), by=clerk, region="000000", at=now)
        number, code = case.number, case.query_code
        accept(session, number, by=clerk, at=now)
        for item, officer in DESKS[:-1]:
            grant(session, number, item, by=account_named(session, officer), at=now)
        refuse_item(session, number, "B1-6", "距离学校不足。", by=account_named(session, "tobacco"), at=now)
        issue(session, number, at=now)
        deliver(session, number, by=clerk, at=now, items=["B1-2"], recipient="陈一诺之弟")
        ship(session, number, "示例快递", "EX000000001CN", by=clerk, at=now, items=["B1-3"])
        ship(session, number, "示例快递", "EX000000002CN", by=clerk, at=now, items=["B1-4"])
        returned(session, number, "地址无人。", by=clerk, at=now, items=["B1-4"])
    page = at("chuangkou", "/window/deliveries")
    page.get_by_text("EX000000001CN").wait_for()
    look_at(page, "deliveries")
    acts = f"/cases/{number}/acts"
    for path, name in (
        (f"/cases/{number}", "case-deliveries"),
        (acts, "acts-deliveries"),
        (f"{acts}?open=ship.", "acts-ship"),
        (f"{acts}?open=correct.", "acts-correct"),
        ("/window/shift", "window-shift-owing"),
        ("/window", "window-ready"),
    ):
        page.goto(path)
        look_at(page, name)
    applicant = at("", "/track")
    applicant.get_by_label("办件编号").fill(number)
    applicant.get_by_label("查询码").fill(code)
    applicant.get_by_role("button", name="查询", exact=True).click()
    applicant.get_by_text("EX000000001CN").wait_for()
    look_at(applicant, "track-deliveries")


def test_the_pages_of_supervision(at: At) -> None:
    long_ago, today = datetime.now(UTC) - timedelta(days=45), datetime.now(UTC)
    with transaction() as session:
        clerk = account_named(session, "chuangkou")
        number = submit(session, an_application(), by=clerk, region="000000", at=long_ago).number
        accept(session, number, by=clerk, at=long_ago)
        grant(session, number, "B1-1", by=account_named(session, "market"), at=long_ago)
        fire_due_rungs(session, number, at=today)
    head = at("market-head", f"/cases/{number}/acts")
    look_at(head, "acts")
    head.get_by_role("heading", name="启动特别程序").first.click()
    head.get_by_role("button", name="启动特别程序").first.click()
    look_at(head, "acts-faults")
    form = head.locator("form[action$='/start-special']").first
    form.get_by_label("特别程序种类").select_option(label="检验检测")
    form.get_by_label("理由").fill("送检餐具。")
    form.get_by_label("预计需要的工作日").fill("10")
    form.get_by_role("button", name="启动特别程序").click()
    head.wait_for_url(re.compile(rf"/cases/{number}\?done="))
    look_at(head, "case-special")
    head.get_by_role("link", name="期限与依据").click()
    head.get_by_text("为什么是这一天").first.click()
    look_at(head, "clocks")
    head.goto("/cards")
    look_at(head, "cards")
    for username, path, name in (("market", "/desk", "desk-lights"), ("guanli", "/cards", "cards-manager")):
        look_at(at(username, path), name)


def test_the_pages_of_a_supplement(at: At) -> None:
    with transaction() as session:
        clerk, now = account_named(session, "chuangkou"), datetime.now(UTC)
        case = submit(session, an_application(), by=clerk, region="000000", at=now)
        number, code = case.number, case.query_code
        list_gap(session, number, "M-LAYOUT", "看不清", by=account_named(session, "fire"), at=now)
        list_gap(session, number, "address", "门牌号不全", by=clerk, at=now)
    clerks = at("chuangkou", f"/cases/{number}/supplement")
    look_at(clerks, "supplement-draft")
    clerks.get_by_role("button", name="发出补正告知").click()
    clerks.get_by_text("等申请人补正").wait_for()
    look_at(clerks, "supplement-asked")
    clerks.goto(f"/cases/{number}")
    look_at(clerks, "case-correction")
    clerks.goto("/window")
    look_at(clerks, "window-correction")
    look_at(at("fire", "/desk"), "desk-asked")
    applicant = at("", "/track")
    applicant.get_by_label("办件编号").fill(number)
    applicant.get_by_label("查询码").fill(code)
    applicant.get_by_role("button", name="查询", exact=True).click()
    applicant.get_by_role("link", name="去补正").click()
    look_at(applicant, "track-supplement")
    applicant.get_by_label("请写明正确的内容").fill("示例路1号2楼")
    applicant.locator('form[action$="/supplement/address"] button').click()
    applicant.get_by_text("还差 1 项").wait_for()
    look_at(applicant, "track-supplement-part")


def test_a_promised_paper_is_uploaded_on_the_progress_page(at: At, tmp_path: Path) -> None:
    now, file = datetime.now(UTC), tmp_path / "制度.pdf"
    file.write_bytes(PDF)
    with transaction() as session:
        clerk = account_named(session, "chuangkou")
        promised = ("M-FOOD-RULES", "M-SIGN")
        brought = tuple(one for one in an_application().supplied if one.spec_id not in promised)
        application = an_application(supplied=brought, deferred=promised)
        case = submit(session, application, by=clerk, region="000000", at=now)
        number, code = case.number, case.query_code
        accept(session, number, by=clerk, at=now)
    page = at("", "/track")
    page.get_by_label("办件编号").fill(number)
    page.get_by_label("查询码").fill(code)
    page.get_by_role("button", name="查询", exact=True).click()
    page.get_by_role("heading", name="请补交材料：还差 2 份").wait_for()
    look_at(page, "track-owed")
    page.set_viewport_size(PHONE)
    paper = page.locator("[id='material.M-FOOD-RULES']")
    paper.get_by_role("button", name="上传").click()
    page.get_by_text("请选择要上传的文件").first.wait_for()
    look_at(page, "track-owed-fault")
    paper.locator("[type=file]").set_input_files(file)
    paper.get_by_role("button", name="上传").click()
    page.get_by_role("status").get_by_text("制度.pdf").wait_for()
    page.get_by_role("heading", name="请补交材料：还差 1 份").wait_for()
    look_at(page, "track-owed-brought")
    desk = at("chuangkou", f"/cases/{number}")
    desk.locator("[id='material.M-FOOD-RULES']").get_by_role("link", name="下载").wait_for()


def test_the_pages_of_ratings_and_enquiries(at: At) -> None:
    applicant = at("", "/enquiry")
    applicant.get_by_role("button", name="提交").click()
    applicant.get_by_text("请选择要反映的是什么").first.wait_for()
    look_at(applicant, "enquiry-faults")
    applicant.get_by_label("投诉", exact=False).first.check()
    applicant.get_by_label("和哪个部门有关").select_option(label="示例市消防救援大队")
    applicant.get_by_label("具体情况").fill("上周五在大厅排队两小时，窗口说系统坏了，让我改天再来。")
    applicant.get_by_label("手机号（可以不填）").fill("13800000000")
    applicant.get_by_role("button", name="提交").click()
    look_at(applicant, "enquiry-receipt")
    complaint = applicant.locator("dd.code").first.inner_text()
    manager = at("guanli", "/enquiries")
    look_at(manager, "enquiries")
    manager.goto(f"/enquiries/{complaint}")
    to = manager.get_by_role("combobox", name="交给")
    to.select_option(label="示例市消防救援大队")
    manager.get_by_role("button", name="分办").click()
    manager.get_by_text("确实要由它自己办理").first.wait_for()
    look_at(manager, "enquiry-itself")
    to.select_option(label="综合窗口")
    manager.get_by_role("button", name="分办").click()
    clerk = at("chuangkou", f"/enquiries/{complaint}")
    look_at(clerk, "enquiry-work")
    clerk.get_by_label("答复内容").fill("系统已经修好，您的申请可以在网上提交，不必再来。")
    clerk.get_by_role("button", name="提交答复").click()
    clerk.get_by_text("已答复").first.wait_for()
    look_at(clerk, "enquiry-answered")
    applicant.get_by_role("link", name="查看办理情况").click()
    look_at(applicant, "enquiry")

    with transaction() as session:
        window, now = account_named(session, "chuangkou"), datetime.now(UTC)
        case = submit(session, an_application(), by=window, region="000000", at=now)
        number, code = case.number, case.query_code
    kiosk = at("", "/rate")
    kiosk.get_by_label("办件编号").fill(number)
    kiosk.get_by_label("查询码").fill(code)
    kiosk.get_by_role("button", name="去评价").click()
    look_at(kiosk, "rate")
    kiosk.get_by_role("button", name="提交评价").click()
    kiosk.get_by_text("请选择一个评价等级").first.wait_for()
    look_at(kiosk, "rate-faults")
    kiosk.get_by_label("不满意", exact=True).check()
    kiosk.get_by_label("等候太久").check()
    kiosk.get_by_role("button", name="提交评价").click()
    kiosk.get_by_text("谢谢").wait_for()
    clerk.goto("/enquiries")
    clerk.get_by_role("link", name=re.compile("^CP")).click()
    look_at(clerk, "enquiry-rated-person")
    manager.goto("/ratings")
    look_at(manager, "ratings")
    manager.get_by_role("link", name=re.compile("办理中")).click()
    look_at(manager, "enquiry-rating")
    manager.get_by_label("回访的情况").fill("已经道歉，并说明了排队的原因。")
    manager.get_by_label("联系上了", exact=True).check()
    manager.get_by_role("button", name="登记回访").click()
    manager.get_by_label("整改结果").fill("增开了两个窗口，高峰时段有人引导。")
    manager.get_by_label("问题的原因").select_option(label="超过承诺时间")
    manager.get_by_role("button", name="提交答复").click()
    manager.get_by_text("已答复").first.wait_for()
    applicant.goto("/track")
    applicant.get_by_label("办件编号").fill(number)
    applicant.get_by_label("查询码").fill(code)
    applicant.get_by_role("button", name="查询", exact=True).click()
    look_at(applicant, "track-rating")
    applicant.get_by_role("link", name="去评价").click()
    look_at(applicant, "rate-again")


def test_the_pages_of_accounts(at: At) -> None:
    clerk = at("chuangkou", "/account")
    look_at(clerk, "account")
    for path, name in (("/account/password", "account-password"), ("/account/second", "account-second")):
        clerk.goto(path)
        look_at(clerk, name)
    keeper = at("anquan", "/accounts")
    look_at(keeper, "accounts")
    for path, name in (("/accounts/new", "account-new"), ("/accounts/chuangkou", "account-one")):
        keeper.goto(path)
        look_at(keeper, name)
    keeper.get_by_role("button", name="重设密码").click()
    look_at(keeper, "account-confirm")
    keeper.get_by_role("button", name="重设密码").click()
    look_at(keeper, "account-handed")
    look_at(at("shenji", "/audit"), "security-audit")
