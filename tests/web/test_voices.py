"""What anybody may say: a rating on the progress page or at the kiosk, a question, a complaint, 办不成事."""

import re
from datetime import timedelta

import pytest
from httpx import Response

from actions.deciding import refuse
from actions.enquiring import answer, contact
from actions.rating import rateable
from models.account import Account
from models.case import Case, find_case
from models.database import transaction
from models.enquiry import EnquiriesWanted, Enquiry, enquiries_listed, find_enquiry
from models.rating import Rating, ratings_of
from rules.moments import china_day
from rules.voices import Stage
from tests.people import CLERK, MANAGER, account
from tests.web.hall import Browser, a_case_today, at_desk, somebody, words
from web import voices
from web.entering import now
from web.track import OPENED

QUESTION = {"kind": "consult", "words": "营业执照怎样办理？要带什么材料？", "phone": "13800000000"}


def opened(case: Case) -> Browser:
    """The applicant, with the progress page of the case open."""
    browser = somebody()
    answered = browser.post("/track", {"number": case.number, "code": case.query_code})
    assert answered.status_code == 303
    return browser


def visit_of(case: Case) -> str:
    return f"submission-{china_day(case.submitted_at):%Y%m%d}"


def rate(browser: Browser, case: Case, grade: str, **more: str) -> Response:
    return browser.post(f"/track/{case.number}/rate", {"visit": visit_of(case), "grade": grade} | more)


def ratings(case: Case) -> list[Rating]:
    with transaction() as session:
        return ratings_of(session, case.number)


def everything() -> list[Enquiry]:
    with transaction() as session:
        by = account(session, MANAGER)
        return enquiries_listed(session, EnquiriesWanted(scope="all"), by, china_day(now())).rows


def ask(browser: Browser, **changes: str) -> Response:
    found = re.search(r'name="key" value="([\w-]+)"', browser.get("/enquiry").text)
    assert found
    return browser.post("/enquiry", {"key": found[1]} | QUESTION | changes)


def a_question(browser: Browser, **changes: str) -> Enquiry:
    answered = ask(browser, **changes)
    assert answered.status_code == 303, words(answered)
    with transaction() as session:
        return find_enquiry(session, answered.headers["location"].split("/")[2])


def answered_by(username: str, number: str) -> None:
    with transaction() as session:
        by: Account = account(session, username)
        enquiry = find_enquiry(session, number)
        if enquiry.contact_due_on:
            contact(session, number, "已经道歉。", reached=True, by=by, at=now())
        answer(session, number, "带身份证到一楼 A01 窗口。", "late", by=by, at=now())


def test_the_progress_page_asks_for_a_rating_and_thanks_for_it(city: None) -> None:
    case = a_case_today()
    browser = opened(case)
    assert "去评价" in browser.text(f"/track/{case.number}")
    page = browser.text(f"/track/{case.number}/rate")
    for word in ("非常满意", "基本满意", "非常不满意", "窗口提交申请", "匿名评价", "1 个工作日内电话回访"):
        assert word in page
    assert rate(browser, case, "satisfied", words="很好").status_code == 303
    assert "您的评价" in browser.text(f"/track/{case.number}/rate")
    assert "查看评价" in browser.text(f"/track/{case.number}")
    again = rate(browser, case, "dissatisfied")
    assert again.status_code == 409
    assert "已经评价过" in words(again)
    assert [one.grade.label for one in ratings(case)] == ["满意"]


def test_a_rating_without_a_grade_keeps_what_was_typed(city: None) -> None:
    case = a_case_today()
    browser = opened(case)
    refused = rate(browser, case, "", words="等了一上午", tags="等候太久", anonymous="yes")
    assert refused.status_code == 422
    assert "请选择一个评价等级" in words(refused)
    assert "等了一上午" in refused.text
    assert 'value="等候太久" checked' in refused.text
    assert ratings(case) == []


def test_only_number_and_code_open_the_page(city: None) -> None:
    case, other = a_case_today(), a_case_today(submission_key="another")
    stranger = somebody()
    looked, rated = stranger.get(f"/track/{case.number}/rate"), rate(stranger, case, "satisfied")
    assert (looked.status_code, looked.headers["location"]) == (303, f"/track?no={case.number}")
    assert (rated.status_code, rated.headers["location"]) == (303, f"/track?no={case.number}&closed=1")
    browser = opened(case)
    assert rate(browser, other, "satisfied").headers["location"] == f"/track?no={other.number}&closed=1"
    assert ratings(case) == ratings(other) == []


def test_one_form_at_a_time_so_that_none_erases_the_other(city: None) -> None:
    """Seen: the case and a visit were two forms on one page, and sending one lost what stood in the other."""
    case = a_case_today()
    with transaction() as session:
        refuse(session, case.number, "B1-1", "查无此照。", by=account(session, "market"), at=now())
    browser = opened(case)
    path = f"/track/{case.number}/rate"
    with transaction() as session:
        concluded = find_case(session, case.number)
        keys = [one.visit.key for one in rateable(session, concluded, at=now())]
    assert len(keys) == 2
    for key, other in (keys, keys[::-1]):
        page = browser.get(f"{path}?visit={key}").text
        assert page.count('name="grade" value="satisfied"') == 1
        assert f'name="visit" value="{key}"' in page
        assert f"visit={other}" in page
    said = words(browser.get(path))
    assert (
        said.index("满意的方面") < said.index("办得快") < said.index("不满意的方面") < said.index("等候太久")
    )


def test_staff_cannot_rate(city: None) -> None:
    case = a_case_today()
    clerk = at_desk(CLERK)
    clerk.post("/track", {"number": case.number, "code": case.query_code})
    for answered in (
        clerk.get("/rate"),
        clerk.post("/rate", {"number": case.number, "code": case.query_code}),
        clerk.get(f"/track/{case.number}/rate"),
        rate(clerk, case, "very_satisfied"),
    ):
        assert answered.status_code == 403
        assert "工作人员不能代为评价" in words(answered)
    assert ratings(case) == []


def test_the_kiosk_is_ready_for_the_next_person(city: None) -> None:
    case, kiosk = a_case_today(), somebody()
    wrong = kiosk.post("/rate", {"number": case.number, "code": "WRONG123"})
    assert (wrong.status_code, "查询码不对" in words(wrong)) == (404, True)
    assert kiosk.post("/rate", {"number": "1", "code": ""}).status_code == 422
    led = kiosk.post("/rate", {"number": case.number.lower(), "code": case.query_code.lower()})
    assert led.headers["location"] == f"/track/{case.number}/rate?kiosk=yes"
    assert 'name="kiosk" value="yes"' in kiosk.get(led.headers["location"]).text
    done = rate(kiosk, case, "very_satisfied", kiosk="yes")
    assert done.headers["location"] == "/rate?done=yes"
    assert "谢谢" in kiosk.text("/rate?done=yes")
    assert OPENED not in kiosk.client.cookies
    assert kiosk.get(f"/track/{case.number}").status_code == 303
    assert ratings(case)[0].at_kiosk


def test_a_bad_rating_is_put_right_in_sight_of_the_applicant(city: None) -> None:
    case = a_case_today()
    browser = opened(case)
    rate(browser, case, "very_dissatisfied", words="等了一上午")
    [enquiry] = everything()
    assert "整改" in browser.text(f"/track/{case.number}/rate")
    answered_by(MANAGER, enquiry.number)
    assert "可以再评价一次" in browser.text(f"/track/{case.number}")
    page = browser.text(f"/track/{case.number}/rate")
    assert "带身份证到一楼 A01 窗口" in page
    assert "整改以后，您满意吗" in page
    assert rate(browser, case, "satisfied").status_code == 303
    assert "整改后的评价" in browser.text(f"/track/{case.number}/rate")
    assert rate(browser, case, "satisfied").status_code == 409
    assert everything()[0].stage is Stage.CLOSED


def test_a_question_gets_number_and_code_and_is_followed_with_them(city: None) -> None:
    browser = somebody()
    enquiry = a_question(browser, department="market")
    receipt = browser.text(f"/enquiry/{enquiry.number}/receipt")
    assert enquiry.number in receipt
    assert enquiry.query_code in receipt
    assert "示例市市场监督管理局" in receipt
    assert "正在办理" in browser.text(f"/enquiry/{enquiry.number}")
    assert browser.post("/enquiry/leave").status_code == 303
    assert browser.get(f"/enquiry/{enquiry.number}").headers["location"] == "/enquiry/track"
    later = somebody()
    number, code = enquiry.number.lower(), enquiry.query_code.lower()
    assert later.post("/enquiry/track", {"number": number, "code": code}).status_code == 303
    answered_by("market", enquiry.number)
    page = later.text(f"/enquiry/{enquiry.number}")
    assert "带身份证到一楼 A01 窗口" in page
    assert "market经办" not in page, "departments are named, never people"
    unsure = later.post(f"/enquiry/{enquiry.number}/verdict", {"remark": "还有一个问题"})
    assert unsure.status_code == 422
    assert "还有一个问题" in unsure.text
    again = later.post(f"/enquiry/{enquiry.number}/verdict", {"satisfied": "no"})
    assert again.status_code == 303
    assert "再次办理" in later.text(f"/enquiry/{enquiry.number}")
    twice = later.post(f"/enquiry/{enquiry.number}/verdict", {"satisfied": "yes"})
    assert twice.status_code == 409


def test_sent_twice_it_is_one_and_leads_to_the_same_receipt(city: None) -> None:
    browser = somebody()
    found = re.search(r'name="key" value="([\w-]+)"', browser.get("/enquiry").text)
    assert found
    sent = [browser.post("/enquiry", {"key": found[1]} | QUESTION).headers["location"] for _ in range(2)]
    assert sent[0] == sent[1]
    assert len(everything()) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": ""}, "请选择要反映的是什么"),
        ({"words": "喂"}, "至少 5 个字"),
        ({"name": "长" * 51}, "称呼请不超过 50 字"),
        ({"phone": "123"}, "手机号应为 11 位"),
        ({"case_number": "000000-B1-20260306-000001-3"}, "校验位"),
        ({"department": "nowhere"}, "请从名单里选择部门"),
        ({"website": "http://spam.example"}, "刷新页面"),
        ({"key": "short"}, "刷新页面"),
    ],
)
def test_bad_input_is_said_and_nothing_typed_is_lost(city: None, changes: dict[str, str], said: str) -> None:
    refused = ask(somebody(), **changes)
    assert refused.status_code == 422
    assert said in words(refused)
    assert changes.get("words", QUESTION["words"]) in refused.text
    assert everything() == []


def test_a_form_from_elsewhere_is_refused(city: None) -> None:
    browser = somebody()
    assert browser.client.post("/enquiry", data=QUESTION | {"key": "k" * 32}).status_code == 403
    assert everything() == []


def test_too_many_from_one_address_wait(city: None) -> None:
    browser = somebody()
    for _ in range(10):
        a_question(browser)
    refused = ask(browser)
    assert refused.status_code == 429
    assert "提交得太频繁" in words(refused)
    assert QUESTION["words"] in words(refused), "what was typed can be copied"
    assert len(everything()) == 10


def test_codes_cannot_be_tried_out(city: None) -> None:
    enquiry, guesser = a_question(somebody()), somebody()
    for _ in range(10):
        wrong = guesser.post("/enquiry/track", {"number": enquiry.number, "code": "WRONG123"})
        assert wrong.status_code == 404
    right = guesser.post("/enquiry/track", {"number": enquiry.number, "code": enquiry.query_code})
    assert right.status_code == 429


def test_an_unknown_number_sounds_like_a_wrong_code(city: None) -> None:
    enquiry = a_question(somebody())
    wrong = somebody().post("/enquiry/track", {"number": enquiry.number, "code": "WRONG123"})
    unknown = somebody().post("/enquiry/track", {"number": "ZX202603060000010", "code": "WRONG123"})
    assert wrong.status_code == unknown.status_code == 404
    assert voices.UNKNOWN in words(wrong)
    assert voices.UNKNOWN in words(unknown)


def test_the_link_on_the_progress_page_brings_the_number_along(city: None) -> None:
    case = a_case_today()
    browser = opened(case)
    assert f'href="/enquiry?case={case.number}"' in browser.get(f"/track/{case.number}").text
    assert f'value="{case.number}"' in browser.get(f"/enquiry?case={case.number}").text
    enquiry = a_question(browser, case_number=case.number.lower())
    assert enquiry.case_number == case.number
    with transaction() as session:
        assert find_case(session, case.number).revision == case.revision, "the case itself is not touched"


def test_the_code_of_a_bad_rating_opens_nothing_public(city: None) -> None:
    case = a_case_today()
    rate(opened(case), case, "dissatisfied")
    [enquiry] = everything()
    browser = somebody()
    answered = browser.post("/enquiry/track", {"number": enquiry.number, "code": enquiry.query_code})
    assert answered.status_code == 404


def test_a_page_closes_itself_after_a_while(city: None) -> None:
    assert timedelta(seconds=voices.OPEN_FOR) == timedelta(minutes=15)
    answered = ask(somebody())
    assert f"Max-Age={voices.OPEN_FOR}" in answered.headers["set-cookie"]
    assert "HttpOnly" in answered.headers["set-cookie"]
