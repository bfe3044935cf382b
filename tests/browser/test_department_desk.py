"""A department's day in the browser: next one, papers in place, words at hand, several at once."""

import io
import re
from datetime import UTC, datetime

from playwright.sync_api import expect

from actions.accepting import accept
from actions.applying import submit
from actions.delegating import Period, delegate
from actions.stock_opinions import Wording, add_template
from actions.storing import store
from config.settings import settings
from models.account import account_named
from models.case import items_of
from models.database import transaction
from rules.application import Supplied
from rules.moments import china_day
from rules.states import ItemState
from tests.browser.conftest import PHONE, At
from tests.browser.test_accessible import look_at
from tests.people import an_application

PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj
4 0 obj<</Length 47>>stream
BT /F1 36 Tf 72 700 Td (Application form) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""
WORDS = "申请材料齐全，符合法定条件。"


def a_case_with_papers() -> str:
    """Received today, one paper of the market's item as a file."""
    now = datetime.now(UTC)
    with transaction() as session:
        clerk = account_named(session, "chuangkou")
        first, *rest = an_application().supplied
        kept = store(io.BytesIO(PDF), "申请表.pdf", first.spec_id, folder=settings().uploads, limit=1 << 20)
        given = tuple(Supplied(one.spec_id) for one in rest)
        case = submit(session, an_application(supplied=(kept, *given)), by=clerk, region="000000", at=now)
        accept(session, case.number, by=clerk, at=now)
        return case.number


def test_a_day_at_the_desk(at: At) -> None:
    for _ in range(4):
        a_case_with_papers()
    with transaction() as session:
        head, now = account_named(session, "market-head"), datetime.now(UTC)
        add_template(session, Wording("grant", "材料齐全", WORDS, shared=True), by=head, at=now)
        today = china_day(now)
        delegate(session, "market-head", "market", Period(today, today), "出差。", by=head, at=now)
    page = at("market", "/desk")
    expect(page.get_by_text("您正在代")).to_be_visible()
    look_at(page, "desk-full")
    page.get_by_role("button", name="领办下一件").press("Enter")
    page.wait_for_url(re.compile(r"/cases/"))
    look_at(page, "case-reading")
    bar = page.get_by_role("complementary", name="现在可以办理")
    page.mouse.wheel(0, 1500)
    expect(bar.get_by_role("button", name="准予", exact=True)).to_be_in_viewport()
    bar.get_by_label("常用意见").first.select_option(label="材料齐全")
    expect(bar.get_by_label("准予的意见")).to_have_value(WORDS)
    bar.get_by_role("button", name="准予", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("准予")
    look_at(page, "case-reading-done")
    done = page.url
    page.get_by_role("button", name="领办下一件").last.click()
    page.wait_for_url(lambda url: "/cases/" in url and url != done)
    page.set_viewport_size(PHONE)
    expect(page.get_by_role("link", name="去办理")).to_be_hidden()
    page.get_by_text("一件事一次办 · 并联审批平台").scroll_into_view_if_needed()
    page.get_by_role("link", name="去办理").click()
    expect(page.get_by_role("complementary")).to_be_in_viewport()


def test_nothing_in_the_bar_is_cut_off_or_empty(at: At) -> None:
    number = a_case_with_papers()
    page = at("market", f"/cases/{number}")
    bar = page.get_by_role("complementary", name="现在可以办理")
    cut = "bar => bar.scrollHeight - bar.clientHeight"
    for summary in ("附条件准予", "更多办理"):
        bar.get_by_text(re.compile(f"^{summary}")).click()
        assert bar.evaluate(cut) <= 1, summary
    refuse = bar.get_by_role("button", name="不予，先看影响")
    refuse.scroll_into_view_if_needed()
    expect(refuse).to_be_in_viewport(ratio=1)
    look_at(page, "bar-conditions")
    clerk = at("chuangkou", f"/cases/{number}")
    more = clerk.get_by_role("complementary", name="现在可以办理")
    expect(more.get_by_role("link", name="更正")).to_be_visible()
    above = (
        "bar => bar.querySelector('summary').getBoundingClientRect().top - bar.getBoundingClientRect().top"
    )
    assert more.evaluate(above) < 30, "no empty panel above it"
    look_at(clerk, "bar-more")


def test_several_at_once(at: At) -> None:
    numbers = [a_case_with_papers() for _ in range(3)]
    page = at("market", "/desk")
    page.get_by_label("事项", exact=True).select_option(index=1)
    page.get_by_role("button", name="筛选").click()
    page.get_by_role("link", name="全选本页").click()
    page.get_by_role("button", name="批量准予勾选的").click()
    look_at(page, "batch")
    page.get_by_label(re.compile(f"准予 {numbers[0]}")).uncheck()
    page.get_by_role("button", name=re.compile("确认准予")).click()
    expect(page.get_by_role("status")).to_contain_text("准予 2 件")
    look_at(page, "batch-done")
    with transaction() as session:
        found = [items_of(session, number)[0].state for number in numbers]
    assert found == [ItemState.IN_REVIEW, ItemState.GRANTED, ItemState.GRANTED]


def test_words_at_hand(at: At) -> None:
    page = at("market-head", "/desk/opinions")
    look_at(page, "opinions-empty")
    page.get_by_role("button", name="添加").click()
    look_at(page, "opinions-faults")
    page.get_by_label("本部门").check()
    page.get_by_label("名称").fill("材料齐全")
    page.get_by_label("内容").fill(WORDS)
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    look_at(page, "opinions")
    page.get_by_role("link", name="删除").click()
    look_at(page, "opinions-delete")
    page.get_by_role("button", name="删除").click()
    expect(page.get_by_text(WORDS)).to_have_count(0)
