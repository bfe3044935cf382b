"""容缺 online: can the applicant bring a promised paper without coming, and is it then as if they had come?"""

from datetime import timedelta
from io import BytesIO

import pytest
from httpx import Response

from actions.deciding import grant
from actions.supervising import fire_due_rungs
from actions.withdrawing import withdraw
from config.catalogue import catalogue, departments
from config.settings import settings
from models.audit import timeline
from models.case import Case, Material, find_case, items_of, materials_of
from models.database import transaction
from models.rating import counter_visits
from rules.material import MaterialState
from rules.states import Act, ItemState
from tests.people import CLERK, account, an_application
from tests.web.hall import PDF, Browser, a_case_today, at_desk, somebody, words
from web.entering import now
from web.showing import day

PAPER, NAME = "M-FOOD-RULES", catalogue()["B1"].material("M-FOOD-RULES").name


@pytest.fixture
def case(city: None) -> Case:
    return with_a_gap()


def with_a_gap(**changes: object) -> Case:
    papers = tuple(one for one in an_application().supplied if one.spec_id != PAPER)
    return a_case_today(supplied=papers, deferred=(PAPER,), **changes)


def opened(case: Case) -> Browser:
    browser = somebody()
    browser.post("/track", {"number": case.number, "code": case.query_code})
    return browser


def bring(
    browser: Browser, case: Case, content: bytes = PDF, name: str = "制度.pdf", spec: str = PAPER
) -> Response:
    files = {"file": (name, BytesIO(content))}
    return browser.post(f"/track/{case.number}/materials/{spec}", files=files)


def paper_of(case: Case) -> Material:
    with transaction() as session:
        return next(one for one in materials_of(session, case.number) if one.spec_id == PAPER)


def files_kept() -> int:
    return len(list(settings().uploads.glob("*")))


def test_the_page_says_until_when_and_where_else_it_may_be_brought(case: Case) -> None:
    page = opened(case).text(f"/track/{case.number}")
    lead = departments()["market"]
    for said in (
        "还差 1 份",
        NAME,
        f"{day(paper_of(case).promised_on)}前补交",
        catalogue()["B1"].guide.place,
        "工作日 09:00–12:00、13:30–17:30",
        lead.phone,
        f"等您补交“{NAME}”",
    ):
        assert said in page, said


def test_what_is_uploaded_is_as_if_it_had_been_brought(case: Case) -> None:
    clerk, market = at_desk(CLERK), at_desk("market")
    with transaction() as session:
        for code, officer in (("B1-1", "market"), ("B1-5", "health")):
            grant(session, case.number, code, by=account(session, officer), at=now())
    held = market.post(f"/cases/{case.number}/items/B1-2/grant")
    assert (held.status_code, "尚未补齐" in words(held)) == (409, True)
    applicant = opened(case)
    assert f"正在办理；您补交“{NAME}”以后才能准予" in applicant.text(f"/track/{case.number}")
    answer = bring(applicant, case)
    assert answer.status_code == 303
    page = applicant.text(answer.headers["location"])
    assert f"“{NAME}”已于" in page
    assert "制度.pdf" in page
    assert "请补交材料" not in page
    assert paper_of(case).state is MaterialState.SUPPLIED
    assert "补交材料" in clerk.text(f"/cases/{case.number}")
    assert market.get(f"/materials/{paper_of(case).id}").content == PDF
    assert market.post(f"/cases/{case.number}/items/B1-2/grant").status_code == 303
    with transaction() as session:
        [entry] = [one for one in timeline(session, case.number) if one.act is Act.SUPPLY]
        assert (entry.actor, entry.facts["material"]) == ("applicant", PAPER)
        kept = find_case(session, case.number)
        assert len(counter_visits(session, kept)) == 1, "who uploads was not at the counter"
        assert kept.complete_at is not None


@pytest.mark.parametrize(
    ("content", "name", "status", "said"),
    [
        (b"MZ....", "制度.exe", 415, "类型不接受"),
        (b"", "制度.pdf", 415, "是空的"),
        (b"", "", 422, "请选择要上传的文件"),
        (PDF + b"x" * (3 << 19), "制度.pdf", 413, "超过 1 MB"),
    ],
)
def test_a_bad_file_is_told_beside_its_paper_and_changes_nothing(
    case: Case, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str, status: int, said: str
) -> None:
    monkeypatch.setenv("YJS_UPLOAD_LIMIT_MB", "1")
    settings.cache_clear()
    answer = bring(opened(case), case, content, name)
    assert answer.status_code == status
    assert said in words(answer)
    assert f'id="fault-material.{PAPER}"' in answer.text
    assert paper_of(case).state is MaterialState.DEFERRED
    assert files_kept() == 0


def test_a_large_file_passes_the_door(case: Case) -> None:
    assert bring(opened(case), case, PDF + b"x" * (5 << 20)).status_code == 303
    assert paper_of(case).size > 5 << 20


def test_sent_twice_the_first_one_counts(case: Case) -> None:
    browser = opened(case)
    assert bring(browser, case).status_code == 303
    first = paper_of(case)
    again = bring(browser, case, name="另一份.pdf")
    assert again.status_code == 303
    assert "（制度.pdf）" in browser.text(again.headers["location"])
    assert paper_of(case).sha256 == first.sha256
    assert files_kept() == 1


def test_the_window_learns_that_the_applicant_was_faster(case: Case) -> None:
    assert bring(opened(case), case).status_code == 303
    late = at_desk(CLERK).post(f"/cases/{case.number}/materials/{PAPER}")
    assert late.status_code == 409
    assert "申请人" in words(late)
    assert paper_of(case).state is MaterialState.SUPPLIED


def test_no_link_can_claim_that_a_paper_came(case: Case) -> None:
    browser = opened(case)
    for claimed in (PAPER, "M-NOTHING", "%00", "x" * 500):
        page = browser.text(f"/track/{case.number}?brought={claimed}")
        assert "已于" not in page
        assert "请补交材料" in page


def test_only_number_and_code_let_a_paper_in(case: Case) -> None:
    other = with_a_gap(submission_key="another")
    for browser in (somebody(), opened(other)):
        answer = bring(browser, case)
        assert answer.headers["location"] == f"/track?no={case.number}&closed=1"
    assert paper_of(case).state is MaterialState.DEFERRED
    assert files_kept() == 0


def test_what_is_not_owed_or_not_waited_for_is_refused(case: Case) -> None:
    browser = opened(case)
    assert bring(browser, case, spec="M-NOTHING").status_code == 404
    with transaction() as session:
        withdraw(session, case.number, by=None, at=now())
    late = bring(browser, case)
    assert late.status_code == 409
    assert "不能再补交材料" in words(late)
    assert files_kept() == 0


def test_before_acceptance_it_may_come_too(city: None) -> None:
    case = with_a_gap(accepted=False)
    browser = opened(case)
    days = catalogue()["B1"].material(PAPER).defer_days
    assert f"受理后 {days} 个工作日内补交" in browser.text(f"/track/{case.number}")
    assert bring(browser, case).status_code == 303
    with transaction() as session:
        assert find_case(session, case.number).complete_at is not None


def test_after_its_day_it_is_taken_as_long_as_nobody_has_decided(case: Case) -> None:
    long_ago = now() - timedelta(days=60)
    with transaction() as session:
        fire_due_rungs(session, case.number, at=now() + timedelta(days=60))
        row = next(one for one in materials_of(session, case.number) if one.spec_id == PAPER)
        row.promised_on = long_ago.date()
        assert {item.state for item in items_of(session, case.number)} >= {ItemState.IN_REVIEW}
    browser = opened(case)
    page = browser.text(f"/track/{case.number}")
    assert "逾期未补" in page
    assert "现在补交仍然收下" in page
    assert bring(browser, case).status_code == 303
    assert paper_of(case).state is MaterialState.SUPPLIED


def test_what_no_open_item_uses_is_not_asked_for(case: Case) -> None:
    with transaction() as session:
        withdraw(session, case.number, "B1-2", by=None, at=now())
    assert "请补交材料" not in opened(case).text(f"/track/{case.number}")


def test_at_the_window_paper_will_do_online_it_will_not(case: Case) -> None:
    assert opened(case).post(f"/track/{case.number}/materials/{PAPER}").status_code == 422
    assert at_desk(CLERK).post(f"/cases/{case.number}/materials/{PAPER}").status_code == 303
    assert paper_of(case).state is MaterialState.ON_PAPER
