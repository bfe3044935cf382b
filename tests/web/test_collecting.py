"""How do results come to the applicant, when will that be, and does the window see what was chosen?"""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect

from actions.collecting import choose_way
from actions.delivering import returned, ship
from actions.issuing import issue
from actions.withdrawing import withdraw
from models.after import lying_ready
from models.audit import timeline
from models.case import Case, find_case
from models.database import transaction
from models.online import wish_of, wishes_of
from rules.errors import WrongState
from rules.people import ResultWay
from rules.states import Act, Outcome
from tests.people import CLERK, a_case, account
from tests.web.hall import Browser, a_case_today, at_desk, somebody, words
from tests.web.test_results import concluded

PARCEL = {"recipient": "陈一诺", "phone": "13800000000", "address": "示例市示例区示例路1号2单元301"}


def opened(case: Case) -> Browser:
    """A browser in which the applicant has asked for the progress."""
    browser = somebody()
    browser.post("/track", {"number": case.number, "code": case.query_code})
    return browser


def test_the_applicant_chooses_a_courier_and_the_window_sees_where_to(city: None) -> None:
    number = concluded()
    with transaction() as session:
        case = find_case(session, number)
        session.expunge(case)
    browser = opened(case)
    assert "也可以选择快递" in browser.text(f"/track/{number}")
    answer = browser.post(f"/track/{number}/collect", {"way": "courier"} | PARCEL)
    assert answer.headers["location"] == f"/track/{number}#results"
    assert "快递送达：陈*，138****0000" in browser.text(f"/track/{number}")
    with transaction() as session:
        entry = timeline(session, number)[-1]
        assert (entry.act, entry.actor, entry.facts) == (Act.CHOOSE_WAY, "applicant", {"way": "courier"})


def test_the_list_of_the_window_tells_the_way(city: None) -> None:
    number = concluded()
    with transaction() as session:
        choose_way(session, number, ResultWay.COURIER, PARCEL, by=None, at=datetime.now(UTC))
        issue(session, number, at=datetime.now(UTC))
    clerk = at_desk(CLERK)
    page = clerk.text("/window/deliveries")
    assert "快递送达 收件人 陈一诺" in page
    form = clerk.text(f"/cases/{number}/acts")
    for secret in (PARCEL["phone"], PARCEL["address"]):
        assert secret not in page, "read where the parcel is written, and nowhere else"
        assert secret in form
    assert "申请人选择了快递送达" in form


def test_a_list_leaves_sealed_where_to(city: None) -> None:
    number = a_case_today().number
    with transaction() as session:
        choose_way(session, number, ResultWay.COURIER, PARCEL, by=None, at=datetime.now(UTC))
    with transaction() as session:
        wish = wishes_of(session, [number])[number]
        assert {"phone", "address"} <= inspect(wish).unloaded


def test_who_chose_no_courier_is_asked_before_a_parcel_leaves(city: None) -> None:
    number = concluded()
    with transaction() as session:
        issue(session, number, at=datetime.now(UTC))
    form = at_desk(CLERK).text(f"/cases/{number}/acts")
    assert "申请人没有选择快递。" in form
    for said in ("陈一诺", "13800000000", "示例市示例区示例路1号"):
        assert said in form
    assert "13800000000" not in at_desk(CLERK).text(f"/cases/{a_case_today().number}/acts"), "nothing to send"


def test_a_parcel_that_came_back_is_marked_until_it_leaves_again(city: None) -> None:
    number, now = concluded(), datetime.now(UTC)
    clerk = at_desk(CLERK)
    pages = ("/window", "/window/deliveries", f"/cases/{number}")
    with transaction() as session:
        issue(session, number, at=now)
        by = account(session, CLERK)
        first, *_ = lying_ready(session, number)
        ship(session, number, "邮政", "EMS1", by=by, at=now, items=[first.code])
    assert not [path for path in pages if "快递退回" in clerk.text(path)]
    with transaction() as session:
        by = account(session, CLERK)
        returned(session, number, "地址无人。", by=by, at=now + timedelta(minutes=1))
    for path in pages:
        assert "快递退回" in clerk.text(path), path
        assert "EMS1" in clerk.text(path)
        assert "地址无人。" in clerk.text(path)
    assert clerk.get("/window/deliveries").text.count("快递退回") == 1, "of one result, not of the others"
    with transaction() as session:
        by = account(session, CLERK)
        ship(session, number, "邮政", "EMS2", by=by, at=now + timedelta(minutes=2), items=[first.code])
    assert not [path for path in pages if "快递退回" in clerk.text(path)]


def test_results_that_go_several_ways_are_each_named(city: None) -> None:
    number = concluded()
    with transaction() as session:
        issue(session, number, at=datetime.now(UTC))
        clerk, case = account(session, CLERK), find_case(session, number)
        first, *others = lying_ready(session, number)
        browser = opened(case)
    assert "结果已经做好，请带上身份证件到受理窗口领取。" in browser.text(f"/track/{number}")
    with transaction() as session:
        ship(session, number, "邮政", "EMS1", by=clerk, at=datetime.now(UTC), items=[first.code])
    page = browser.text(f"/track/{number}")
    assert f"“{first.name}”的结果已经寄出，请留意快递" in page
    here = "、".join(f"“{item.name}”" for item in others)
    assert f"{here}的结果在受理窗口，请带上身份证件领取" in page
    with transaction() as session:
        ship(session, number, "邮政", "EMS2", by=clerk, at=datetime.now(UTC))
    assert "结果已经寄出，请留意快递。" in browser.text(f"/track/{number}")


def test_an_address_is_asked_for_couriers_only(city: None) -> None:
    case = a_case_today()
    browser = opened(case)
    answer = browser.post(f"/track/{case.number}/collect", {"way": "courier", "phone": "12"})
    assert answer.status_code == 422
    for fault in ("请填写收件人", "手机号应为 11 位", "请填写收件地址"):
        assert fault in words(answer)
    assert browser.post(f"/track/{case.number}/collect", {"way": "pigeon"}).status_code == 422
    assert browser.post(f"/track/{case.number}/collect", {"way": "counter"} | PARCEL).status_code == 303
    with transaction() as session:
        wish = wish_of(session, case.number)
        assert wish
        assert (wish.way, wish.address) == (ResultWay.COUNTER, "")


def test_only_with_the_query_code(city: None) -> None:
    case = a_case_today()
    stranger = somebody()
    for path in ("receipt", "collect"):
        location = stranger.get(f"/track/{case.number}/{path}").headers["location"]
        assert location == f"/track?no={case.number}"
    stranger.post(f"/track/{case.number}/collect", {"way": "counter"})
    with transaction() as session:
        assert wish_of(session, case.number) is None


def test_nothing_to_choose_once_the_parcel_has_left(city: None) -> None:
    number = concluded()
    with transaction() as session:
        issue(session, number, at=datetime.now(UTC))
        case = find_case(session, number)
        session.expunge(case)
    browser = opened(case)
    assert "选择领取方式" in browser.text(f"/track/{number}")
    with transaction() as session:
        by = account(session, CLERK)
        ship(session, number, "示例快递", "EX000000001CN", by=by, at=datetime.now(UTC))
    assert "选择领取方式" not in browser.text(f"/track/{number}")
    answer = browser.post(f"/track/{number}/collect", {"way": "counter"})
    assert (answer.status_code, "寄出，不用再选择" in words(answer)) == (409, True)


def test_nothing_to_choose_where_nothing_comes(city: None) -> None:
    case = a_case_today()
    with transaction() as session:
        withdraw(session, case.number, by=None, at=datetime.now(UTC))
    with transaction() as session, pytest.raises(WrongState):
        choose_way(session, case.number, ResultWay.COUNTER, {}, by=None, at=datetime.now(UTC))
    assert "选择领取方式" not in opened(case).text(f"/track/{case.number}")


def some_history(days: list[int]) -> None:
    """Cases of B1 concluded so many working days after Monday 2026-03-02."""
    begun = datetime(2026, 3, 2, 2, tzinfo=UTC)
    with transaction() as session:
        for took in days:
            case = a_case(session, at=begun)
            weeks, rest = divmod(took, 5)
            case.concluded_at = begun + timedelta(weeks=weeks, days=rest)
            case.outcome = Outcome.ALL_GRANTED


def test_below_twenty_cases_nothing_is_forecast(city: None) -> None:
    some_history([4] * 19)
    case = a_case_today()
    page = opened(case).text(f"/track/{case.number}")
    assert "没法推算" in page
    assert "法定期限" in page


def test_a_forecast_says_half_four_fifths_and_that_it_is_no_promise(city: None) -> None:
    some_history([2] * 10 + [4] * 6 + [9] * 4)
    case = a_case_today()
    page = opened(case).text(f"/track/{case.number}")
    assert "最近 20 件同样的办件，一半在受理后 2 个工作日内办结，八成在 4 个工作日内" in page
    assert "不是承诺" in page
    assert "大约" in page
    assert "法定期限" in page
    assert "承诺办结" in page


def test_before_acceptance_the_next_date_is_the_answer_of_the_window(city: None) -> None:
    case = a_case_today(accepted=False)
    page = opened(case).text(f"/track/{case.number}")
    assert "最迟" in page
    assert "告知您是否受理" in page
    assert "法定期限" in page


def test_steps_are_told_to_those_who_cannot_see(city: None) -> None:
    case = a_case_today()
    page = opened(case).text(f"/track/{case.number}")
    assert "窗口受理 ，已完成" in page
    assert "部门办理 ，现在在这一步" in page
