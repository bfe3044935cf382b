"""Do two pages say the same of one thing? What a button would refuse, by when something is due, where a notice went."""

import csv
import re
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta

import pytest

from actions.deciding import grant
from actions.doing import possible
from actions.extending import extend_case, extend_item
from actions.opinions import Question, ask_opinion
from actions.withdrawing import withdraw
from config.settings import settings
from models.after import checks_at_desk
from models.case import Case, Item, find_case, items_of
from models.clock import clocks_of
from models.database import transaction
from models.notice import notices_of
from models.together import OpinionKind
from notifications.sending import send_due
from rules.bundle import Mode
from rules.clock import ClockKind
from rules.errors import WrongState
from rules.notices import Channel
from tests.actions.small import FORM, PLAN, a_bundle, a_case_of, an_item, working_days
from tests.gateway import sms_gateway
from tests.people import CLERK, GOVERNOR, MANAGER, account, head_of
from tests.smtp import mail_server
from tests.web.hall import Browser, a_case_today, at_desk, somebody, words
from web.entering import now
from web.showing import day


def of(case: Case, code: str) -> Item:
    with transaction() as session:
        return next(one for one in items_of(session, case.number) if one.code == code)


def tracking(case: Case) -> Browser:
    applicant = somebody()
    applicant.post("/track", {"number": case.number, "code": case.query_code})
    return applicant


def why_not(case: Case, code: str, who: str, act: str = "grant") -> str:
    """In which words the act is refused."""
    with transaction() as session:
        [held] = [
            one.held
            for one in possible(session, case.number, account(session, who), at=now())
            if one.doing.name == act and one.item and one.item.code == code
        ]
    return held


@pytest.fixture
def owing(city: None, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case whose plan is promised for later."""
    bundle = a_bundle(
        an_item(1, materials=("M-FORM", "M-PLAN")),
        an_item(2, "fire"),
        materials=(FORM, PLAN),
    )
    with transaction() as session:
        return a_case_of(session, bundle, monkeypatch, at=now(), deferred=("M-PLAN",))


def test_a_grant_that_a_paper_holds_is_not_offered_but_explained(owing: Case) -> None:
    page = f"/cases/{owing.number}"
    said = "容缺材料“平面图”尚未补齐，补齐后才能准予。"
    assert why_not(owing, "B9-1", "market") == said
    market = at_desk("market")
    shown = market.get(page)
    assert f"现在还不能准予： {said}" in words(shown)
    assert f"{page}/items/B9-1/grant" not in shown.text, "no button that would only be refused"
    assert f"{page}/items/B9-1/refuse" in shown.text, "a refusal waits for no paper"
    assert said in words(market.post(f"{page}/items/B9-1/grant")), "the act says the same"
    other = at_desk("fire").get(page)
    assert f"{page}/items/B9-2/grant" in other.text, "it needs no plan"
    assert "现在还不能准予" not in words(other)
    brought = at_desk(CLERK).post(f"{page}/materials/M-PLAN", {"on_paper": "yes"})
    assert brought.status_code == 303, words(brought)
    shown = market.get(page)
    assert f"{page}/items/B9-1/grant" in shown.text
    assert "现在还不能准予" not in words(shown)
    assert market.post(f"{page}/items/B9-1/grant").status_code == 303


def test_what_waits_for_a_word_of_another_department_offers_no_decision(city: None) -> None:
    case = a_case_today()
    with transaction() as session:
        question = Question(OpinionKind.COUNTERSIGN, "tax", "有无欠税？")
        asking = account(session, "market")
        ask_opinion(session, case.number, "B1-1", question, by=asking, at=now())
        with pytest.raises(WrongState) as refused:
            grant(session, case.number, "B1-1", by=asking, at=now())
    page, market = f"/cases/{case.number}", at_desk("market")
    shown = market.get(page)
    assert f"现在还不能作出决定： {refused.value}" in words(shown)
    for act in ("grant", "refuse", "transfer"):
        assert f'action="{page}/items/B1-1/{act}"' not in shown.text
        assert why_not(case, "B1-1", "market", act) == str(refused.value)
    every = market.get(f"{page}/acts")
    assert f"现在还不能办： {refused.value}" in words(every)
    assert f'action="{page}/acts/transfer"' not in every.text
    tax = at_desk("tax")
    fields = {"item": "B1-1", "agrees": "yes", "answer": "没有。"}
    assert tax.post(f"{page}/acts/give-opinion", fields).status_code == 303
    assert f'action="{page}/items/B1-1/grant"' in market.get(page).text


def test_an_advice_nobody_gave_ends_with_its_item(city: None) -> None:
    case = a_case_today()
    with transaction() as session:
        question = Question(OpinionKind.ADVICE, "urban", "招牌位置是否合适？")
        ask_opinion(session, case.number, "B1-1", question, by=account(session, "market"), at=now())
    page, urban, market = f"/cases/{case.number}", at_desk("urban"), at_desk("market")
    assert "待反馈意见 1 件" in urban.text("/desk")
    assert "待反馈 " in market.text(page)
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
    assert "待反馈意见" not in urban.text("/desk")
    shown = market.text(page)
    assert "未反馈，已办结" in shown
    assert "待反馈" not in shown
    with transaction() as session:
        clocks = [one for one in clocks_of(session, case.number) if one.kind is ClockKind.OPINION]
        assert [one.stopped_at is not None for one in clocks] == [True], "nobody becomes late with it"
    head = at_desk("market-head")
    assert "撤销征求意见" not in head.text(f"{page}/acts")
    fields = {"item": "B1-1", "department": "urban", "reason": "不需要了。"}
    late = head.post(f"{page}/acts/cancel-opinion", fields)
    assert late.status_code == 409
    assert "准予，不再需要意见" in words(late)


@pytest.mark.parametrize("withdrawn", [True, False])
def test_a_request_that_was_withdrawn_is_told_from_one_whose_case_has_ended(
    city: None, *, withdrawn: bool
) -> None:
    case = a_case_today()
    with transaction() as session:
        question = Question(OpinionKind.COUNTERSIGN, "tax", "有无欠税？")
        ask_opinion(session, case.number, "B1-1", question, by=account(session, "market"), at=now())
    page, market = f"/cases/{case.number}", at_desk("market")
    if withdrawn:
        fields = {"item": "B1-1", "department": "tax", "reason": "不需要了。"}
        assert market.post(f"{page}/acts/cancel-opinion", fields).status_code == 303
    with transaction() as session:
        withdraw(session, case.number, by=None, at=now())
    shown = market.text(page)
    assert ("已撤销" in shown.partition("征求的意见")[2].partition("申请信息")[0]) is withdrawn
    assert ("未反馈，已结束" in shown) is not withdrawn
    assert "待反馈意见" not in at_desk("tax").text("/desk")


def test_an_extension_moves_the_date_wherever_it_is_shown(
    city: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = working_days(20, "某条例")
    bundle = a_bundle(an_item(1, legal=replace(law, extend=10)))
    with transaction() as session:
        case = a_case_of(session, bundle, monkeypatch, at=now())
    before = of(case, "B9-1")
    assert before.due_on == before.promised_due_on
    head = at_desk("market-head")
    fields = {"item": "B9-1", "reason": "情况复杂。", "confirmed": "yes"}
    assert head.post(f"/cases/{case.number}/acts/extend", fields).status_code == 303
    after = of(case, "B9-1")
    assert after.promised_due_on == after.legal_due_on == after.due_on
    assert before.legal_due_on
    assert after.due_on
    assert after.due_on > before.legal_due_on
    old, new = day(before.due_on), day(after.due_on)
    with transaction() as session:
        kept = find_case(session, case.number)
        whole = (kept.promised_due_on, kept.legal_due_on)
    assert whole == (after.due_on, after.due_on), "the case has no other item: it is done when that is"
    manager = at_desk(MANAGER)
    for desk, path in (
        (head, "/desk"),
        (head, f"/cases/{case.number}"),
        (manager, "/manage/items"),
        (tracking(case), f"/track/{case.number}"),
    ):
        page = desk.text(path)
        assert new in page, path
        assert old not in page, path
    [row] = csv.DictReader(manager.get("/manage/items/table.csv").content.decode("utf-8-sig").splitlines())
    assert row["期限"] == row["承诺期限"] == after.due_on.isoformat()
    with transaction() as session:
        [told] = [one for one in notices_of(session, case.number) if one.event.value == "extended"]
        assert told.facts["due_on"] == after.due_on.isoformat(), "as the applicant was told"
        promises = [
            one
            for one in clocks_of(session, case.number)
            if one.item_number and one.kind is ClockKind.PROMISED
        ]
        assert [(one.stopped_at is None, one.due_on) for one in promises] == [
            (False, before.due_on),
            (True, after.due_on),
        ], "what was promised before stays in the ledger"
        grant(session, case.number, "B9-1", by=account(session, "market"), at=now())
    days = f"decided_from={now().date() - timedelta(days=1)}&decided_to={now().date() + timedelta(days=1)}"
    page = manager.text(f"/manage/items?{days}")
    assert new in page
    assert old not in page


def test_the_joint_limit_of_the_law_stays_and_nothing_is_promised_beyond_it(city: None) -> None:
    case = a_case_today()
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
        before = find_case(session, case.number)
        promised, legal = before.promised_due_on, before.legal_due_on
        extend_item(session, case.number, "B1-2", "情况复杂。", by=head_of(session, "market"), at=now())
        session.flush()
        after = find_case(session, case.number)
        [food] = [one for one in items_of(session, case.number) if one.code == "B1-2"]
        assert food.due_on
        assert promised
        assert legal
        assert promised < food.due_on < legal
        assert after.legal_due_on == legal, "the government's to extend"
        assert after.promised_due_on == food.due_on


def test_the_government_extends_the_date_of_the_whole_case(city: None) -> None:
    case = a_case_today()
    with transaction() as session:
        old = day(find_case(session, case.number).promised_due_on)
        governor = account(session, GOVERNOR)
        extend_case(session, case.number, "情况复杂。", "示政批〔2026〕1号", by=governor, at=now())
        session.flush()
        kept = find_case(session, case.number)
        assert kept.promised_due_on == kept.legal_due_on
        new = day(kept.promised_due_on)
    for desk, path in (
        (at_desk(MANAGER), "/manage"),
        (at_desk(CLERK), "/window/all"),
        (at_desk(CLERK), f"/cases/{case.number}"),
        (tracking(case), f"/track/{case.number}"),
    ):
        page = desk.text(path)
        assert new in page, path
        assert f"承诺办结 {old}" not in page, path


def test_the_day_of_a_check_and_of_an_opinion_is_the_same_on_the_form_and_on_the_desk(
    city: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = a_bundle(an_item(1, commitment=Mode("Q1", 30)), an_item(2, "fire"))
    with transaction() as session:
        case = a_case_of(session, bundle, monkeypatch, at=now())
        grant(session, case.number, "B9-1", by=account(session, "market"), at=now())
        question = Question(OpinionKind.ADVICE, "tax", "有无欠税？", 9)
        ask_opinion(session, case.number, "B9-2", question, by=account(session, "fire"), at=now())
        session.flush()
        [check] = checks_at_desk(session, "market")
        [opinion] = [one for one in clocks_of(session, case.number) if one.kind is ClockKind.OPINION]
        assert check.clock
        dates = {
            "market": ("事后核查期限", day(check.clock.due_on)),
            "tax": ("反馈意见期限", day(opinion.due_on)),
        }
    for who, (kind, when) in dates.items():
        desk = at_desk(who)
        assert when in desk.text("/desk"), who
        form = desk.text(f"/cases/{case.number}/acts")
        assert f"{kind} {when}" in form
        assert set(re.findall(r"(?:\d+年)?\d+月\d+日 周.", form)) == {when}, "and no other day"


@pytest.fixture
def sent(city: None, monkeypatch: pytest.MonkeyPatch) -> Generator[Case]:
    """Told by message and by letter."""
    with sms_gateway() as gateway, mail_server() as mail:
        monkeypatch.setenv("YJS_SMS_URL", gateway.url)
        monkeypatch.setenv("YJS_MAIL_URL", mail.url)
        settings.cache_clear()
        case = a_case_today()
        send_due(at=now())
        yield case
    monkeypatch.undo()
    settings.cache_clear()


def test_what_left_nowhere_says_so_on_every_page(city: None) -> None:
    case = a_case_today()
    send_due(at=now())
    manager, clerk = at_desk(MANAGER), at_desk(CLERK)
    for desk, path in (
        (manager, "/manage/notices"),
        (manager, "/inbox"),
        (clerk, f"/cases/{case.number}"),
        (tracking(case), f"/track/{case.number}"),
    ):
        page = desk.text(path)
        assert "没有外发，只在通知箱" in page, path
        assert "已交运营商" not in page, path
        assert "已交邮件服务器" not in page, path


def test_a_letter_and_a_message_went_elsewhere_on_every_page(sent: Case) -> None:
    manager, clerk = at_desk(MANAGER), at_desk(CLERK)
    for desk, path in (
        (manager, "/manage/notices"),
        (manager, "/inbox"),
        (clerk, f"/cases/{sent.number}"),
        (tracking(sent), f"/track/{sent.number}"),
    ):
        page = desk.text(path)
        assert "已交邮件服务器" in page, path
        assert "已交运营商" in page, path
    letters = manager.text("/manage/notices?channel=email").partition("写入日期到")[2]
    assert "已交邮件服务器" in letters
    assert "已交运营商" not in letters
    rows = csv.DictReader(manager.get("/manage/notices/table.csv").content.decode("utf-8-sig").splitlines())
    assert {(row["渠道"], row["去向"]) for row in rows} == {
        (Channel.SMS.label, "已交运营商"),
        (Channel.EMAIL.label, "已交邮件服务器"),
    }
