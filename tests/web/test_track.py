"""What does the applicant learn, and who else can learn it?"""

import pytest
from httpx import Response

from actions.accepting import decline
from actions.deciding import grant, refuse
from models.database import transaction
from tests.people import CLERK, account
from tests.web.hall import Browser, a_case_today, somebody, words
from web.entering import now
from web.limiting import FAILURES
from web.track import UNKNOWN


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
    assert "等待其他部门的结果" in page
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
