"""A department's day: what is there to do, decide it in its own name, see what a refusal stops."""

import html
import re
from datetime import timedelta

import pytest

from actions.deciding import grant
from models import worklists
from models.case import Case, find_case, items_of
from models.database import transaction
from rules.states import ItemState
from tests.people import CLERK, MANAGER, account
from tests.web.hall import Browser, a_case_today, at_desk, words
from web.entering import now

MARKET, FIRE = "market", "fire"  # 市场监管, 消防救援


def released(**changes: object) -> Case:
    """A case whose licence check is done, so that every department has it."""
    case = a_case_today(**changes)
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, MARKET), at=now())
    return case


def state(case: Case, code: str) -> ItemState:
    with transaction() as session:
        return next(item.state for item in items_of(session, case.number) if item.code == code)


@pytest.fixture
def fire(city: None) -> Browser:
    return at_desk(FIRE)


def test_an_empty_desk_says_so(fire: Browser) -> None:
    assert "没有待办" in fire.text("/desk")
    assert "还没有办结的事项" in fire.text("/desk/done")


def test_the_desk_shows_its_own_items_with_the_time_left_in_words(fire: Browser) -> None:
    case = released()
    page = fire.text("/desk")
    assert case.number in page
    assert "消防安全检查" in page
    assert "个工作日" in page
    assert "户外招牌" not in page
    assert case.number not in at_desk("tax").text("/desk")


def test_what_waits_for_others_is_announced_apart(fire: Browser) -> None:
    case = a_case_today()
    page = fire.text("/desk")
    assert "等前置结果的 1 件" in page
    assert case.number in page
    assert "由您决定" not in fire.text(f"/cases/{case.number}")


def test_granting(fire: Browser) -> None:
    case = released()
    answer = fire.post(f"/cases/{case.number}/items/B1-4/grant", {"opinion": "现场核查合格。"})
    assert answer.status_code == 303
    page = fire.text(answer.headers["location"])
    assert "决定已经生效：准予" in page
    assert "现场核查合格。" in page
    assert case.number in fire.text("/desk/done")


def test_what_is_done_is_found_by_number_name_and_day(fire: Browser) -> None:
    mine, other = released(), released()
    with transaction() as session:
        for case, name in ((mine, "王小明"), (other, "示例餐饮有限公司")):
            kept = find_case(session, case.number)
            kept.applicant_name = name
            kept.contact_name = "赵联系" if case is mine else ""
            grant(session, case.number, "B1-4", by=account(session, FIRE), at=now())
            if case is mine:
                session.flush()
                [item] = [one for one in items_of(session, case.number) if one.code == "B1-4"]
                item.decided_at = now() - timedelta(days=40)
    month_ago = (now() - timedelta(days=30)).date()
    for query in (
        f"q={mine.number}",
        f"q={mine.number[-12:].lower()}",
        "q=王小",
        "q=赵联系",
        f"to={month_ago}",
        f"q=王&from={month_ago - timedelta(days=30)}&to={month_ago}",
    ):
        page = fire.text(f"/desk/done?{query}")
        assert mine.number in page, query
        assert other.number not in page, query
    page = fire.text(f"/desk/done?from={month_ago}")
    assert other.number in page
    assert mine.number not in page
    for query in ("q=100%25", "q=小明", f"q=王&from={month_ago}", "from=2099-01-01"):
        page = fire.text(f"/desk/done?{query}")
        assert "没有符合条件的事项。 看全部" in page, query
    for typed, why in (
        ("13800000000", "手机号请在页面上方"),
        ("000000199001010018", "证件号码请在页面上方"),
        (f"{mine.number[:-1]}{(int(mine.number[-1]) + 1) % 10}", "校验"),
    ):
        page = fire.text(f"/desk/done?q={typed}")
        assert re.search(f"没有按编号或名称查找：[^。]*{why}", page), typed
        assert typed not in page.partition("编号或名称")[2].partition("没有按")[0]
    assert mine.number in fire.text("/desk/done?q=&from=x&to=x&page=x")
    assert mine.number not in at_desk(MARKET).text("/desk/done?q=王小&to=2020-01-01")


def test_what_is_done_names_who_decided_and_can_be_only_ones_own(fire: Browser) -> None:
    mine, other = released(), released()
    with transaction() as session:
        grant(session, mine.number, "B1-4", by=account(session, FIRE), at=now())
        grant(session, other.number, "B1-4", by=account(session, f"{FIRE}-head"), at=now())
        names = [account(session, who).name for who in (FIRE, f"{FIRE}-head")]
    page = fire.get("/desk/done").text
    for name in names:
        assert f'<td data-label="决定人">{name}</td>' in page
    page = fire.text("/desk/done?mine=yes")
    assert (mine.number in page, other.number in page) == (True, False)
    assert other.number in fire.text("/desk/done?mine=no")
    head = at_desk(f"{FIRE}-head").text("/desk/done?mine=yes")
    assert (mine.number in head, other.number in head) == (False, True)


def test_the_filters_of_what_is_done_stay_from_page_to_page(
    fire: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [released().number for _ in range(3)]
    with transaction() as session:
        for number in numbers:
            grant(session, number, "B1-4", by=account(session, FIRE), at=now())
    monkeypatch.setattr(worklists.desk_leaf, "__defaults__", (1,))
    answer = fire.get("/desk/done?q=陈一&from=2026-01-01")
    assert "第 1 / 3 页，共 3 条" in answer.text
    [link] = re.findall(r'href="([^"]+)" rel="next"', answer.text)
    assert {"q=%E9%99%88%E4%B8%80", "from=2026-01-01", "page=2"} <= set(
        html.unescape(link).lstrip("?").split("&")
    )
    assert "第 2 / 3 页" in fire.get(f"/desk/done{html.unescape(link)}").text


def test_the_next_one_is_offered(fire: Browser) -> None:
    first, second = released(), released()
    assert "领办下一件" in fire.text(f"/cases/{first.number}")
    answer = fire.post("/desk/next", {"after": first.number})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/cases/{second.number}?done=claim.B1-4",
    )
    assert "已由您领办" in fire.text(answer.headers["location"])


def test_a_refusal_needs_a_reason(fire: Browser) -> None:
    case = released()
    answer = fire.post(f"/cases/{case.number}/items/B1-4/refuse", {"reason": " "})
    assert answer.status_code == 422
    assert "必须写明理由" in words(answer)
    too_long = fire.post(f"/cases/{case.number}/items/B1-4/refuse", {"reason": "无" * 2001})
    assert too_long.status_code == 422
    assert "无" * 2001 in too_long.text
    assert state(case, "B1-4") is ItemState.IN_REVIEW


def test_an_opinion_that_is_too_long_is_told_beside_it_by_its_name(fire: Browser) -> None:
    case = released()
    answer = fire.post(f"/cases/{case.number}/items/B1-4/grant", {"opinion": "好" * 2001})
    assert answer.status_code == 422
    assert 'id="fault-B1-4.opinion">意见请不超过 2000 字。' in answer.text
    assert "理由请不超过" not in answer.text
    assert "好" * 2001 in answer.text


def test_a_refusal_shows_first_whom_it_stops_and_changes_nothing() -> None:
    case = a_case_today()
    market = at_desk(MARKET)
    answer = market.post(f"/cases/{case.number}/items/B1-1/refuse", {"reason": "查无此照。"})
    assert answer.status_code == 200
    page = words(answer)
    assert "以下 5 个事项因此不再办理" in page
    assert "联合结论为“全部不予”" in page
    assert state(case, "B1-1") is ItemState.IN_REVIEW


def test_a_refusal_that_stops_nobody_says_so_and_leaves_the_others(fire: Browser) -> None:
    case = released()
    target = f"/cases/{case.number}/items/B1-4/refuse"
    assert "不会停止其他部门的事项" in words(fire.post(target, {"reason": "疏散通道太窄。"}))
    answer = fire.post(target, {"reason": "疏散通道太窄。", "confirmed": "yes"})
    assert answer.status_code == 303
    assert "疏散通道太窄。" in fire.text(answer.headers["location"])
    assert state(case, "B1-4") is ItemState.REFUSED
    assert state(case, "B1-3") is ItemState.IN_REVIEW


def test_going_back_from_the_preview_keeps_the_reason(fire: Browser) -> None:
    case = released()
    target = f"/cases/{case.number}/items/B1-4/refuse"
    answer = fire.post(target, {"reason": "疏散通道太窄。", "back": "yes"})
    assert answer.status_code == 200
    assert ">疏散通道太窄。</textarea>" in answer.text


@pytest.mark.parametrize("again", ["grant", "refuse"])
def test_deciding_twice_is_a_calm_page_that_keeps_what_was_typed(fire: Browser, again: str) -> None:
    case = released()
    fire.post(f"/cases/{case.number}/items/B1-4/grant")
    field = "opinion" if again == "grant" else "reason"
    answer = fire.post(f"/cases/{case.number}/items/B1-4/{again}", {field: "写了很久的话。"})
    assert answer.status_code == 409
    assert "不能重复办理" in words(answer)
    assert "写了很久的话。" in answer.text
    assert state(case, "B1-4") is ItemState.GRANTED


def test_deciding_before_the_turn_is_refused(fire: Browser) -> None:
    case = a_case_today()
    answer = fire.post(f"/cases/{case.number}/items/B1-4/grant")
    assert answer.status_code == 409
    assert "不能准予" in words(answer)
    preview = fire.post(f"/cases/{case.number}/items/B1-4/refuse", {"reason": "早了。"})
    assert preview.status_code == 409


def test_another_departments_item_is_not_ours_to_decide(fire: Browser) -> None:
    case = released()
    for act in ("grant", "refuse"):
        answer = fire.post(f"/cases/{case.number}/items/B1-3/{act}", {"reason": "越权。", "confirmed": "yes"})
        assert answer.status_code == 403
        assert "不属于您的部门" in words(answer)
    assert fire.post(f"/cases/{case.number}/items/B1-3/refuse", {"reason": "越权。"}).status_code == 403
    assert state(case, "B1-3") is ItemState.IN_REVIEW


def test_a_case_without_our_department_is_closed_to_us(city: None) -> None:
    case = a_case_today()
    answer = at_desk("tax").get(f"/cases/{case.number}")
    assert answer.status_code == 403
    assert "陈一诺" not in answer.text


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("000000-B1-20260306-999999-8", "校验位不对"),
        ("000000-B1-20260306-999999-9", "没有编号为"),
        ("%00", "格式不对"),
        ("x" * 300, "格式不对"),
    ],
)
def test_an_unknown_case_is_one_sentence(fire: Browser, number: str, sentence: str) -> None:
    for answer in (fire.get(f"/cases/{number}"), fire.post(f"/cases/{number}/items/B1-4/grant")):
        assert answer.status_code == 404
        assert sentence in words(answer)


def test_an_unknown_item_is_one_sentence(fire: Browser) -> None:
    case = released()
    answer = fire.post(f"/cases/{case.number}/items/B9-9/grant")
    assert answer.status_code == 404
    assert "没有事项“B9-9”" in words(answer)


def test_the_manager_reads_but_neither_decides_nor_sees_whole_numbers(city: None) -> None:
    case = a_case_today()
    manager = at_desk(MANAGER)
    page = manager.text(f"/cases/{case.number}")
    assert "000000199001010018" not in page
    assert "000***********0018" in page
    assert "由您决定" not in page
    assert manager.post(f"/cases/{case.number}/items/B1-1/grant").status_code == 403
    assert manager.post(f"/cases/{case.number}/accept").status_code == 403


def test_only_the_window_has_the_query_code(city: None) -> None:
    case = a_case_today()
    for username in (MARKET, MANAGER):
        assert case.query_code not in at_desk(username).get(f"/cases/{case.number}").text
        assert at_desk(username).get(f"/cases/{case.number}/receipt").status_code == 403
    assert case.query_code in at_desk(CLERK).text(f"/cases/{case.number}/receipt")
