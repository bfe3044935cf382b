"""What does the applicant learn, and who else can learn it?"""

import re

import pytest
from httpx import Response

from actions.accepting import decline
from actions.deciding import grant, refuse
from actions.listing_gaps import list_gap
from actions.supplementing import ask_supplement
from actions.withdrawing import withdraw
from models.case import items_of
from models.database import transaction
from rules.notices import LOCAL_INBOX, Channel, NoticeState, state_said
from rules.states import ItemState
from tests.people import CLERK, account, an_application
from tests.web.hall import Browser, a_case_today, somebody, words
from web.entering import now
from web.limiting import FAILURES
from web.track import OPENED, UNKNOWN


@pytest.fixture
def applicant(city: None) -> Browser:
    return somebody()


def looking_up(browser: Browser, number: str, code: str) -> Response:
    return browser.post("/track", {"number": number, "code": code})


def test_number_and_code_open_the_page(applicant: Browser) -> None:
    case = a_case_today()
    answer = looking_up(
        applicant, f" {case.number.lower()} ", f"{case.query_code[:4]} {case.query_code[4:].lower()}"
    )
    assert answer.headers["location"] == f"/track/{case.number}"
    page = applicant.text(f"/track/{case.number}")
    assert "市场监督管理局正在办理" in page
    waiting = re.findall("等待(?:其他部门|前一事项)的结果，之后开始", page)
    with transaction() as session:
        parts = [
            one.department_code for one in items_of(session, case.number) if one.state is ItemState.WAITING
        ]
    said = ["等待前一事项的结果" if one == "market" else "等待其他部门的结果" for one in parts]
    assert [one.partition("，")[0] for one in waiting] == said, "their predecessor is the market's"
    assert set(said) == {"等待前一事项的结果", "等待其他部门的结果"}
    assert "承诺办结" in page


def test_no_other_persons_name_is_on_it(applicant: Browser) -> None:
    case = a_case_today()
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
    looking_up(applicant, case.number, case.query_code)
    page = applicant.text(f"/track/{case.number}")
    for name in ("林晓", "market", CLERK, "经办", "000000199001010018", "13800000000"):
        assert name not in page


def test_results_and_reasons_are_told(applicant: Browser) -> None:
    case = a_case_today()
    with transaction() as session:
        refuse(session, case.number, "B1-1", "查无此照。", by=account(session, "market"), at=now())
    looking_up(applicant, case.number, case.query_code)
    page = applicant.text(f"/track/{case.number}")
    assert "查无此照。" in page
    assert "全部不予" in page
    assert "行政复议" in page


def test_papers_and_notices_say_which_item_and_department_they_are_about(applicant: Browser) -> None:
    case = a_case_today()
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
        grant(session, case.number, "B1-3", by=account(session, "urban"), at=now())
        names = {item.code: item.name for item in items_of(session, case.number)}
    looking_up(applicant, case.number, case.query_code)
    page = applicant.text(f"/track/{case.number}")
    for code in ("B1-1", "B1-3"):
        assert f"准予决定书：{names[code]}" in page
        assert re.search(f"部门办理结果：{re.escape(names[code])}（[^）]+）", page)
    assert "部门办理 ，现在在这一步" in page
    assert "全部办结" not in page


def test_a_letter_is_handed_to_no_telephone_company() -> None:
    assert state_said(Channel.EMAIL, NoticeState.HANDED_OVER, "mailtos") == "已交邮件服务器"
    assert state_said(Channel.SMS, NoticeState.HANDED_OVER, "json") == "已交运营商"
    assert state_said(Channel.EMAIL, NoticeState.DELIVERED, "mailtos") == "已送达"


@pytest.mark.parametrize("channel", Channel)
def test_what_fell_into_the_local_inbox_left_nowhere(channel: Channel) -> None:
    assert state_said(channel, NoticeState.HANDED_OVER, LOCAL_INBOX) == "没有外发，只在通知箱"
    assert state_said(channel, NoticeState.QUEUED, "") == "待发送"


def test_a_withdrawn_case_asks_for_nothing_and_goes_on_no_more(applicant: Browser) -> None:
    papers = tuple(one for one in an_application().supplied if one.spec_id != "M-FOOD-MANAGER")
    case = a_case_today(supplied=papers, deferred=("M-FOOD-MANAGER",))
    looking_up(applicant, case.number, case.query_code)
    assert "请补交材料" in applicant.text(f"/track/{case.number}")
    with transaction() as session:
        withdraw(session, case.number, by=None, at=now())
    page = applicant.text(f"/track/{case.number}")
    assert "请补交材料" not in page
    assert "已撤回 ，已完成" in page
    assert "进行中" not in page


def test_a_case_that_waits_for_the_applicant_says_so_and_not_that_departments_work(
    applicant: Browser,
) -> None:
    case = a_case_today(accepted=False)
    looking_up(applicant, case.number, case.query_code)
    page = applicant.text(f"/track/{case.number}")
    assert "各部门还没有开始办理" in page
    assert "还没有开始，等待窗口受理" in page
    with transaction() as session:
        clerk = account(session, CLERK)
        list_gap(session, case.number, "M-LAYOUT", "看不清", by=clerk, at=now())
        ask_supplement(session, case.number, by=clerk, at=now())
    page = applicant.text(f"/track/{case.number}")
    assert "窗口受理 ，现在在这一步 等您补正" in page
    assert "等您补正材料，补齐后窗口接着核对" in page
    assert "还没有开始，等您补正以后受理" in page
    for untrue in ("同时办理", "正在办理", "进行中"):
        assert untrue not in page, untrue


def test_not_accepted_tells_why(applicant: Browser) -> None:
    case = a_case_today(accepted=False)
    looking_up(applicant, case.number, case.query_code)
    assert "综合窗口正在核对材料" in applicant.text(f"/track/{case.number}")
    with transaction() as session:
        decline(session, case.number, "经营场所不在本市。", by=account(session, CLERK), at=now())
    assert "经营场所不在本市。" in applicant.text(f"/track/{case.number}")


@pytest.mark.parametrize(
    ("number", "code", "status", "sentence"),
    [
        ("000000-B1-20260306-000001-2", "ABCD2345", 404, UNKNOWN),
        ("000000-B1-20260306-000001-4", "ABCD2345", 422, "校验位不对"),
        ("nonsense", "ABCD2345", 422, "格式不对"),
        ("000000-B1-20260306-000001-2", "", 422, "请填写查询码"),
    ],
)
def test_bad_input_is_one_sentence(
    applicant: Browser, number: str, code: str, status: int, sentence: str
) -> None:
    answer = looking_up(applicant, number, code)
    assert answer.status_code == status
    assert sentence in words(answer)


def test_a_wrong_code_reads_the_same_as_an_unknown_case(applicant: Browser) -> None:
    case = a_case_today()
    answer = looking_up(applicant, case.number, "ABCD2345")
    assert answer.status_code == 404
    assert UNKNOWN in words(answer)


def test_the_page_does_not_open_by_its_address_alone(applicant: Browser) -> None:
    case, other = a_case_today(), a_case_today()
    assert applicant.get(f"/track/{case.number}").headers["location"] == f"/track?no={case.number}"
    looking_up(applicant, case.number, case.query_code)
    assert applicant.get(f"/track/{other.number}").status_code == 303
    assert applicant.get("/track/%00").headers["location"] == "/track"


def test_leaving_closes_the_page_on_this_device(applicant: Browser) -> None:
    case = a_case_today()
    looking_up(applicant, case.number, case.query_code)
    applicant.post("/track/leave")
    assert applicant.get(f"/track/{case.number}").status_code == 303


def test_after_ten_wrong_guesses_an_address_waits(applicant: Browser) -> None:
    case = a_case_today()
    for _ in range(FAILURES):
        assert looking_up(applicant, case.number, "ABCD2345").status_code == 404
    answer = looking_up(applicant, case.number, case.query_code)
    assert answer.status_code == 429
    assert "10 分钟后再试" in words(answer)


def test_guessing_by_cookie_counts_too(applicant: Browser) -> None:
    case = a_case_today()
    for _ in range(FAILURES):
        applicant.client.cookies.set("yjs_case", f"{case.number}.ABCD2345", path="/track")
        assert applicant.get(f"/track/{case.number}").status_code == 303
    assert applicant.get(f"/track/{case.number}").status_code == 429


def test_a_link_may_bring_the_number_along(applicant: Browser) -> None:
    assert (
        'value="000000-B1-20260306-000001-2"' in applicant.get("/track?no=000000-B1-20260306-000001-2").text
    )


@pytest.mark.parametrize("page", ["", "/withdraw", "/supplement", "/collect", "/receipt"])
def test_every_page_of_the_case_keeps_it_open_anew(applicant: Browser, page: str) -> None:
    case = a_case_today()
    looking_up(applicant, case.number, case.query_code)
    answer = applicant.get(f"/track/{case.number}{page}")
    assert "yjs_case=" in answer.headers["set-cookie"]
    assert "Max-Age=900" in answer.headers["set-cookie"]
    assert f'data-idle="900" data-renew="/track/{case.number}"' in answer.text
    assert "set-cookie" not in somebody().get(f"/track/{case.number}{page}").headers


def test_each_step_of_a_withdrawal_does(applicant: Browser) -> None:
    case = a_case_today()
    looking_up(applicant, case.number, case.query_code)
    chosen = {"what": "all", "reason": "不开店了"}
    for fields in ({}, chosen, chosen | {"confirmed": "yes"}):
        answer = applicant.post(f"/track/{case.number}/withdraw", fields)
        assert "Max-Age=900" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "sent_to", ["withdraw", "collect", "human", "supplement/M-LAYOUT", "materials/M-AREA"]
)
def test_what_is_sent_to_a_closed_page_is_said_to_be_lost(applicant: Browser, sent_to: str) -> None:
    case = a_case_today()
    answer = applicant.post(f"/track/{case.number}/{sent_to}", {"reason": "写了很久"})
    assert answer.headers["location"] == f"/track?no={case.number}&closed=1"
    assert OPENED not in answer.headers.get("set-cookie", "")
    assert "页面已关闭，刚才的内容没有提交" in applicant.text(answer.headers["location"])
    assert "没有提交" not in applicant.text(f"/track?no={case.number}")
