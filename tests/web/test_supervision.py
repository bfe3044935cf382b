"""Clocks, special procedures, extensions and cards at the desks: said alike wherever a date is shown."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from httpx import Response

from actions.dating import hall_calendar
from actions.deciding import grant
from actions.supervising import fire_due_rungs
from models.card import Card, find_card
from models.case import Case, find_case, items_of
from models.database import transaction
from rules.moments import china_date
from tests.people import CLERK, GOVERNOR, MANAGER, a_case, account
from tests.web.hall import Browser, a_case_today, at_desk, somebody, words
from web.entering import now
from web.showing import day

HEAD = "market-head"
EVERYONE = (CLERK, "market", HEAD, MANAGER, GOVERNOR)


def in_review() -> Case:
    """The food licence lies at the market's desk."""
    case = a_case_today()
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
    return case


def begin_test(head: Browser, case: Case, **changes: str) -> Response:
    fields = {"item": "B1-2", "kind": "检验检测", "reason": "送检餐具", "expected_days": "10"}
    return head.post(f"/cases/{case.number}/acts/start-special", fields | changes)


def late_case() -> tuple[Case, list[Card]]:
    """Accepted long ago; the patrol has just been."""
    long_ago = datetime.now(UTC) - timedelta(days=45)
    with transaction() as session:
        case = a_case(session, at=long_ago)
        cards = fire_due_rungs(session, case.number, at=datetime.now(UTC))
    return case, cards


@pytest.fixture
def head(city: None) -> Browser:
    return at_desk(HEAD)


def test_every_clock_tells_why_its_date(head: Browser) -> None:
    case = in_review()
    page = head.text(f"/cases/{case.number}/clocks")
    assert not re.search(r"\[[CLGA]\]|assumption|来源 C", page)
    for said in ("整个办件", "法定期限", "行政许可法", "不计", "周六", "逐日说明"):
        assert said in page
    assert "承诺期限" in page
    assert "暂定" in page  # 45 working days from today reach a year without a table
    assert f'href="/cases/{case.number}/clocks"' in head.get(f"/cases/{case.number}").text


def test_a_case_not_yet_accepted_has_the_notice_clock_only(city: None) -> None:
    case = a_case_today(accepted=False)
    page = at_desk(CLERK).text(f"/cases/{case.number}/clocks")
    assert "补正告知期限" in page
    assert "第三十二条第一款第（四）项" in page
    assert "承诺期限" not in page


def test_two_limits_of_the_law_are_told_apart_where_both_stand(head: Browser) -> None:
    of_both = "“法定期限”是整个办件的；各事项另有自己的期限"
    several = "法定期限不止一个"
    waiting = a_case_today(accepted=False)
    assert of_both not in at_desk(CLERK).text(f"/cases/{waiting.number}"), "nothing is dated yet"
    begun = a_case_today()  # only B1-1 is handed over, for which no law sets a limit
    assert several not in head.text(f"/cases/{begun.number}/clocks")
    case = in_review()
    applicant = somebody()
    applicant.post("/track", {"number": case.number, "code": case.query_code})
    for browser, page in ((head, "cases"), (at_desk(CLERK), "cases"), (applicant, "track")):
        assert browser.text(f"/{page}/{case.number}").count(of_both) == 1, page
    assert head.text(f"/cases/{case.number}/clocks").count(several) == 1


def test_a_special_procedure_stops_the_clock_in_every_list_and_its_end_starts_it(head: Browser) -> None:
    case = in_review()
    assert "更多办理" in head.text(f"/cases/{case.number}")
    assert "检验检测" in head.text(f"/cases/{case.number}/acts")
    assert begin_test(head, case).status_code == 303
    applicant = open_track(case)
    for page in (
        head.text("/desk"),
        head.text(f"/cases/{case.number}"),
        head.text(f"/cases/{case.number}/clocks"),
        applicant.text(f"/track/{case.number}"),
    ):
        assert "暂停计时" in page
    said = f"检验检测：{day(now())}起法定期限和承诺期限暂停计时，已告知需要 10 个工作日"
    for path in ("/desk", f"/cases/{case.number}"):
        assert said in head.text(path)
    assert "准予的意见" not in head.text(f"/cases/{case.number}")
    ended = head.post(f"/cases/{case.number}/acts/end-special", {"item": "B1-2", "result": "合格"})
    assert ended.status_code == 303
    assert "暂停计时" not in head.text("/desk")
    assert said not in head.text(f"/cases/{case.number}")
    assert "结果：合格" in head.text(f"/cases/{case.number}/clocks")


def open_track(case: Case) -> Browser:
    browser = Browser()
    assert browser.post("/track", {"number": case.number, "code": case.query_code}).status_code == 303
    return browser


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": ""}, "要填写"),
        ({"expected_days": "很快"}, "天数"),
        ({"expected_days": "0"}, "1 至 365"),
        ({"kind": "算命"}, "可用的特别程序"),
    ],
)
def test_a_wrong_form_says_where_and_keeps_what_was_typed(
    head: Browser, changes: dict[str, str], said: str
) -> None:
    case = in_review()
    answer = begin_test(head, case, basis="行政许可法第四十五条", **changes)
    assert answer.status_code == 422
    assert said in words(answer)
    assert "行政许可法第四十五条" in answer.text
    assert "特别程序中" not in head.text(f"/cases/{case.number}")


def test_an_officer_is_not_offered_what_only_the_head_may(head: Browser) -> None:
    case = in_review()
    officer = at_desk("market")
    page = officer.text(f"/cases/{case.number}/acts")
    for act in ("启动特别程序", "延长审批", "转办"):
        assert act not in page
    assert begin_test(officer, case).status_code == 403
    assert officer.post(f"/cases/{case.number}/acts/fly", {}).status_code == 404


def test_head_and_government_extend_once_each(head: Browser) -> None:
    case = in_review()
    path = f"/cases/{case.number}/acts"
    asked = {"item": "B1-2", "reason": "案情复杂"}
    with transaction() as session:
        item = next(one for one in items_of(session, case.number) if one.code == "B1-2")
        before = item.legal_due_on
    assert before
    after = hall_calendar().working_day(10, before)
    said = f"在法定期限 {china_date(before)} 上延长 10 个工作日，到 {china_date(after)}"
    assert said in head.text(path), "as a hint in the form"
    preview = words(head.post(f"{path}/extend", asked))
    assert "确认延长审批" in preview, "the new date is shown first"
    assert said in preview
    untouched = preview.partition("不受影响：")[2].partition("。")[0]
    with transaction() as session:
        names = {item.code: item.name for item in items_of(session, case.number)}
    assert names["B1-1"] in untouched
    assert names["B1-2"] not in untouched
    assert "已延长" not in head.text("/desk")
    assert head.post(f"{path}/extend", asked | {"confirmed": "yes"}).status_code == 303
    again = head.post(f"{path}/extend", asked | {"confirmed": "yes"})
    assert again.status_code == 409
    assert "只能延长一次" in words(again)
    assert "上延长 10" not in head.text(path), "nothing more can be added"
    assert "已延长" in head.text("/desk")
    assert "已延长 10个工作日" in head.text(f"/cases/{case.number}/clocks")
    governor = at_desk(GOVERNOR)
    assert governor.post(f"{path}/extend-case", {"reason": "案情复杂"}).status_code == 422
    granted = {"reason": "案情复杂", "document": "示政发〔2026〕1号"}
    assert governor.post(f"{path}/extend-case", granted | {"confirmed": "yes"}).status_code == 303
    assert "示政发〔2026〕1号" in governor.text(f"/cases/{case.number}/clocks")


def test_a_fault_leaves_the_cards_on_their_page(city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.card.AT_ONCE", 1)
    for _ in range(2):
        late_case()
    market = at_desk("market")
    second = market.get("/cards?page=2")
    [action] = re.findall(r'action="(/cards/[^"]+/explain[^"]*)"', second.text)
    empty = market.post(action, {"explanation": " "})
    assert empty.status_code == 422
    assert "第 2 / " in words(empty)
    for link in re.findall(r'href="([^"]+)" rel="', empty.text):
        assert market.get(link).status_code == 200, link


def test_cards_are_explained_by_the_department_and_closed_by_the_manager(city: None) -> None:
    case, cards = late_case()
    card = next(one for one in cards if one.department_code == "market")
    market, manager = at_desk("market"), at_desk(MANAGER)
    assert card.finding in market.text("/cards")
    assert card.number not in at_desk("fire").text("/cards")
    assert "等待责任部门说明" in manager.text("/cards")
    empty = market.post(f"/cards/{card.number}/explain", {"explanation": " "})
    assert empty.status_code == 422
    assert "请写明原因和整改措施" in words(empty)
    early = manager.post(f"/cards/{card.number}/close", {})
    assert early.status_code == 409
    explained = market.post(f"/cards/{card.number}/explain", {"explanation": "设备故障，已修复。"})
    assert explained.status_code == 303
    assert "设备故障，已修复。" in manager.text("/cards")
    assert market.post(f"/cards/{card.number}/close", {}).status_code == 403
    assert manager.post(f"/cards/{card.number}/close", {}).status_code == 303
    assert card.number not in manager.text("/cards")
    assert "销号" in manager.text(f"/cases/{case.number}/clocks")
    with transaction() as session:
        assert find_card(session, card.number).closed_by == MANAGER


def test_lights_stand_in_the_lists(city: None) -> None:
    case, _ = late_case()
    assert "黄牌" in at_desk(MANAGER).text("/manage")
    assert "黄牌" in at_desk(CLERK).text("/window/all")
    assert "黄牌" in at_desk("market").text("/desk")
    assert "黄牌" in at_desk("market").text(f"/cases/{case.number}")


def test_without_cards_the_page_says_so_and_an_unknown_card_is_not_found(city: None) -> None:
    for username in EVERYONE:
        assert "没有未销号的监察卡" in at_desk(username).text("/cards")
    answer = at_desk(MANAGER).post("/cards/JC2026010100000001/close", {})
    assert answer.status_code == 404
    assert "没有编号为" in words(answer)


def test_managers_are_warned_once_open_dates_pass_the_tables(city: None) -> None:
    manager = at_desk(MANAGER)
    pages = ("/manage", "/inbox", "/cards")
    assert not any("节假日安排只公布到" in manager.text(path) for path in pages)
    case = in_review()
    with transaction() as session:
        assert find_case(session, case.number).due_provisional
    assert all("节假日安排只公布到" in manager.text(path) for path in pages)
