"""来信 at the desks: each sees its own, each step has its form, the rated person sees no name."""

import pytest

from actions.asking import Sent, send
from actions.rating import Given, rate
from models.case import Case
from models.database import transaction
from models.enquiry import Enquiry, enquiry_of_rating, find_enquiry
from rules.moments import china_day
from rules.voices import Stage
from tests.people import CLERK, GOVERNOR, MANAGER
from tests.web.hall import Browser, a_case_today, at_desk, somebody, words
from web.entering import now

WORDS = "营业执照怎样办理？要带什么材料？"
DESKS = (CLERK, "market", "market-head", "fire", MANAGER, GOVERNOR)


def asked(kind: str = "consult", department: str = "market", key: str = "k") -> Enquiry:
    with transaction() as session:
        sent = Sent(kind, WORDS, key * 32, department, name="陈一诺", phone="13800000000")
        return send(session, sent, at=now())


def rated_badly(**changes: object) -> tuple[Case, Enquiry]:
    case = a_case_today()
    with transaction() as session:
        visit = f"submission-{china_day(case.submitted_at):%Y%m%d}"
        given = Given(**({"visit": visit, "grade": "dissatisfied", "words": "等了一上午"} | changes))  # type: ignore[arg-type]
        found = enquiry_of_rating(session, rate(session, case.number, given, at=now()).id)
    assert found
    return case, found


def stage(enquiry: Enquiry) -> Stage:
    with transaction() as session:
        return find_enquiry(session, enquiry.number).stage


def step(browser: Browser, enquiry: Enquiry, name: str, **fields: str) -> int:
    return browser.post(f"/enquiries/{enquiry.number}/{name}", fields).status_code


@pytest.mark.parametrize("username", DESKS)
def test_every_desk_has_its_list(city: None, username: str) -> None:
    enquiry, browser = asked(), at_desk(username)
    sees = username in ("market", "market-head", MANAGER, GOVERNOR)
    for path in ("/enquiries", "/enquiries?scope=all", "/enquiries?kind=consult&stage=assigned"):
        assert (enquiry.number in browser.text(path)) is sees
    mine = browser.text("/enquiries?scope=mine")
    assert "没有符合条件的来信" in mine
    assert ("来信由政务管理分办" in mine) is (username not in (MANAGER, GOVERNOR))
    assert 'href="/enquiries?scope=all">看全部' in browser.get("/enquiries?scope=mine").text
    assert "没有超期的来信" in browser.text("/enquiries?overdue=yes")
    one = browser.get(f"/enquiries/{enquiry.number}")
    assert one.status_code == (200 if sees else 403)


def test_nonsense_in_the_address_is_no_filter(city: None) -> None:
    enquiry = asked()
    path = "/enquiries?scope=x&kind=x&stage=x&department=x&page=-1&overdue=x"
    assert enquiry.number in at_desk(MANAGER).text(path)


def test_who_is_not_signed_in_is_led_to_the_door(city: None) -> None:
    enquiry = asked()
    for path in ("/enquiries", f"/enquiries/{enquiry.number}", "/ratings"):
        assert "/sign-in" in somebody().get(path).headers["location"]
    assert at_desk(CLERK).get("/ratings").status_code == 403
    assert at_desk(MANAGER).get("/enquiries/nothing").status_code == 404
    assert step(at_desk(MANAGER), enquiry, "steal") == 404


def test_an_officer_takes_and_answers(city: None) -> None:
    enquiry, officer = asked(), at_desk("market")
    page = officer.text(f"/enquiries/{enquiry.number}")
    assert "我来办（领办）" in page
    assert "13800000000" in page
    assert step(officer, enquiry, "take") == 303
    assert enquiry.number in officer.text("/enquiries?scope=mine")
    refused = officer.post(f"/enquiries/{enquiry.number}/answer", {"words": " "})
    assert refused.status_code == 422
    assert "请写明答复的内容" in words(refused)
    assert step(officer, enquiry, "answer", words="带身份证到一楼 A01。") == 303
    page = officer.text(f"/enquiries/{enquiry.number}")
    assert "带身份证到一楼 A01。" in page
    assert "待发送" in page
    assert step(officer, enquiry, "answer", words="再答一次") == 409


def test_a_double_click_is_answered_in_a_sentence(city: None) -> None:
    enquiry, officer = asked(), at_desk("market")
    assert step(officer, enquiry, "take") == 303
    again = officer.post(f"/enquiries/{enquiry.number}/take")
    assert again.status_code == 409
    assert "您已经领办了" in words(again)


def test_handing_on_leads_back_to_the_list(city: None) -> None:
    enquiry, officer = asked(), at_desk("market")
    fields = {"department": "fire", "reason": "不归我们管"}
    answered = officer.post(f"/enquiries/{enquiry.number}/transfer", fields)
    assert answered.headers["location"].startswith("/enquiries?")
    assert "现在由消防救援办理" in officer.text(answered.headers["location"])
    fire = at_desk("fire").text(f"/enquiries/{enquiry.number}")
    assert "不归我们管" in fire
    assert "转办" in fire


def test_the_manager_gives_a_complaint_to_somebody(city: None) -> None:
    complaint, manager = asked("complaint", "fire"), at_desk(MANAGER)
    assert "反映的是消防救援" in manager.text(f"/enquiries/{complaint.number}")
    assert step(at_desk(CLERK), complaint, "assign", department="fire") == 403
    assert step(manager, complaint, "assign", department="") == 422
    assert step(manager, complaint, "assign", department="market") == 303
    assert stage(complaint) is Stage.ASSIGNED
    assert "138****0000" in manager.text(f"/enquiries/{complaint.number}")
    assert "13800000000" not in manager.text(f"/enquiries/{complaint.number}"), (
        "who does not call it sees stars"
    )


def test_a_complaint_goes_to_the_unit_complained_of_only_where_somebody_means_it(city: None) -> None:
    complaint, manager = asked("complaint", "fire"), at_desk(MANAGER)
    page = manager.text(f"/enquiries/{complaint.number}")
    assert page.index("这件投诉反映的就是消防救援") < page.index("交给 必填")
    assert "不是法律的禁止" in page
    refused = manager.post(f"/enquiries/{complaint.number}/assign", {"department": "fire"})
    assert refused.status_code == 422
    assert "确实要由它自己办理的，请勾选" in words(refused)
    assert '<option value="fire" selected>' in refused.text
    assert stage(complaint) is Stage.RECEIVED
    assert step(manager, complaint, "assign", department="hall") == 303
    clerk = at_desk(CLERK)
    assert "这件投诉反映的就是消防救援" in clerk.text(f"/enquiries/{complaint.number}")
    assert step(clerk, complaint, "transfer", department="fire", reason="归其职责") == 422
    assert step(clerk, complaint, "transfer", department="fire", reason="归其职责", knowing="yes") == 303
    assert "→ 消防救援 知道是被投诉的单位" in manager.text(f"/enquiries/{complaint.number}")


def test_a_complaint_that_names_no_unit_says_which_it_may_be(city: None) -> None:
    case, manager = a_case_today(), at_desk(MANAGER)
    with transaction() as session:
        sent = Sent("complaint", WORDS, "n" * 32, case_number=case.number)
        complaint = send(session, sent, at=now())
    page = manager.text(f"/enquiries/{complaint.number}")
    assert "反映的可能是综合窗口、市场监管、" in page
    assert "消防救援" in page
    assert step(manager, complaint, "assign", department="fire") == 303, "nobody knows that it is the one"


def test_a_question_goes_to_the_department_it_is_about(city: None) -> None:
    question, clerk = asked(department=""), at_desk(CLERK)
    assert "被投诉" not in clerk.text(f"/enquiries/{question.number}")
    assert step(clerk, question, "assign", department="market") == 303


def test_the_government_reads_and_does_nothing(city: None) -> None:
    enquiry, governor = asked(), at_desk(GOVERNOR)
    page = governor.get(f"/enquiries/{enquiry.number}")
    assert page.status_code == 200
    assert f'action="/enquiries/{enquiry.number}/' not in page.text
    assert "13800000000" not in page.text
    for name in ("take", "answer", "transfer", "extend"):
        assert step(governor, enquiry, name, words="x", reason="x", department="fire") == 403


def test_the_person_rated_sees_no_name_and_may_only_appeal(city: None) -> None:
    case, enquiry = rated_badly()
    clerk = at_desk(CLERK)
    page = clerk.get(f"/enquiries/{enquiry.number}").text
    for hidden in ("陈一诺", "13800000000", case.number):
        assert hidden not in page
    assert "不向被评价人显示" in page
    assert "提交申诉" in page
    assert step(clerk, enquiry, "answer", words="改了", cause="late") == 403
    assert step(clerk, enquiry, "appeal", ground="", words="没有这回事") == 422
    assert step(clerk, enquiry, "appeal", ground="malicious", words="没有这回事") == 303
    assert stage(enquiry) is Stage.APPEALED


def test_the_manager_decides_on_an_appeal_on_one_page(city: None) -> None:
    _, enquiry = rated_badly()
    assert step(at_desk(CLERK), enquiry, "appeal", ground="mistaken", words="评错了大厅") == 303
    manager = at_desk(MANAGER)
    page = manager.text(f"/enquiries/{enquiry.number}")
    assert "申诉成立，评价不计入" in page
    assert "申诉期间不回访" in page
    assert "回访" not in manager.text("/enquiries")
    refused = manager.post(f"/enquiries/{enquiry.number}/reject", {"reason": ""})
    assert refused.status_code == 422
    assert "请写明决定的理由" in words(refused)
    assert step(manager, enquiry, "uphold", reason="核对了录像") == 303
    assert "不计入" in manager.text("/ratings")
    assert stage(enquiry) is Stage.DISMISSED


def test_a_bad_rating_is_called_back_and_answered(city: None) -> None:
    case, enquiry = rated_badly()
    manager = at_desk(MANAGER)
    page = manager.text(f"/enquiries/{enquiry.number}")
    for said in ("陈一诺", case.number, "13800000000", "上海第三十条", "德州", "林晓"):
        assert said in page
    assert step(manager, enquiry, "answer", words="增开了窗口", cause="late") == 409  # no call yet
    assert step(manager, enquiry, "contact", words="道了歉") == 422  # reached or not?
    assert step(manager, enquiry, "contact", words="道了歉", reached="yes") == 303
    assert step(manager, enquiry, "answer", words="增开了窗口") == 422  # and why?
    assert step(manager, enquiry, "answer", words="增开了窗口", cause="late") == 303
    assert stage(enquiry) is Stage.ANSWERED


def test_anonymous_is_anonymous(city: None) -> None:
    case, enquiry = rated_badly(named=False)
    manager = at_desk(MANAGER)
    for page in (manager.get(f"/enquiries/{enquiry.number}").text, manager.get("/ratings").text):
        assert "匿名" in page
        for hidden in ("陈一诺", "13800000000", case.number):
            assert hidden not in page


@pytest.mark.parametrize("username", [MANAGER, GOVERNOR])
def test_the_list_of_ratings_with_its_figures(city: None, username: str) -> None:
    browser = at_desk(username)
    assert "这段时间还没有评价" in browser.text("/ratings")
    _, enquiry = rated_badly()
    page = browser.text("/ratings")
    for said in ("满意率", "0.0%", "综合窗口", "等了一上午", "不满意", enquiry.number):
        assert said in page
    assert "等了一上午" in browser.text("/ratings?days=90&grade=dissatisfied&department=hall")
    assert "等了一上午" not in browser.text("/ratings?grade=satisfied&days=x&page=9")


def test_forty_of_them_have_pages(city: None) -> None:
    for turn in range(41):
        asked(key=chr(ord("A") + turn))
    manager = at_desk(MANAGER)
    first = manager.get("/enquiries")
    assert "第 1 / 3 页，共 41 条" in words(first)
    assert len(first.content) < 300 << 10
    assert "第 3 / 3 页" in manager.text("/enquiries?page=3")
