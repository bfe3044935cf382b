"""Withdrawing on the progress page, and acts that ask once more before they are taken."""

import pytest
from httpx import Response

from actions.correcting import correct
from actions.deciding import grant
from models.case import Case, find_case, items_of
from models.database import transaction
from rules.states import CaseState, ItemState
from tests.people import CLERK, GOVERNOR, MANAGER, account
from tests.web.hall import Browser, a_case_today, at_desk, somebody, words
from web.entering import now


@pytest.fixture
def case(city: None) -> Case:
    return a_case_today()


@pytest.fixture
def applicant(case: Case) -> Browser:
    browser = somebody()
    browser.post("/track", {"number": case.number, "code": case.query_code})
    return browser


def state_of(case: Case) -> CaseState:
    with transaction() as session:
        return find_case(session, case.number).state


def states(case: Case) -> dict[str, ItemState]:
    with transaction() as session:
        return {item.code: item.state for item in items_of(session, case.number)}


def take(browser: Browser, case: Case, name: str, **fields: str) -> Response:
    return browser.post(f"/cases/{case.number}/acts/{name}", fields)


def test_the_applicant_sees_what_ends_and_then_ends_it(applicant: Browser, case: Case) -> None:
    path = f"/track/{case.number}/withdraw"
    assert f'href="{path}"' in applicant.get(f"/track/{case.number}").text
    assert "整个办件" in applicant.text(path)
    asked = applicant.post(path, {"what": "B1-1", "reason": "先不办了"})
    assert asked.status_code == 200
    assert "食品经营许可" in words(asked)
    assert "无需办理" in words(asked), "it needs the first one"
    assert state_of(case) is CaseState.ACCEPTED, "only looked at"
    assert states(case)["B1-1"] is ItemState.IN_REVIEW
    done = applicant.post(path, {"what": "B1-1", "reason": "先不办了", "confirmed": "yes"})
    assert done.headers["location"] == f"/track/{case.number}"
    assert states(case)["B1-1"] is ItemState.WITHDRAWN


def test_the_whole_case(applicant: Browser, case: Case) -> None:
    path = f"/track/{case.number}/withdraw"
    asked = applicant.post(path, {"what": "all"})
    assert "整个办件随之结束" in words(asked)
    applicant.post(path, {"what": "all", "confirmed": "yes"})
    assert state_of(case) is CaseState.WITHDRAWN
    page = applicant.text(f"/track/{case.number}")
    assert "已撤回" in page
    assert "撤回申请…" not in page
    assert "没有可以撤回的事项" in applicant.text(path)
    again = applicant.post(path, {"what": "all", "confirmed": "yes"})
    assert again.status_code == 409
    assert "已撤回" in words(again)


def test_only_with_the_query_code_and_our_own_form(case: Case) -> None:
    path = f"/track/{case.number}/withdraw"
    stranger = somebody()
    assert stranger.get(path).status_code == 303
    assert stranger.post(path, {"what": "all", "confirmed": "yes"}).status_code == 303
    assert stranger.client.post(path, data={"what": "all", "confirmed": "yes"}).status_code == 403
    assert state_of(case) is CaseState.ACCEPTED


def test_what_is_wrong_is_said_beside_it(applicant: Browser, case: Case) -> None:
    path = f"/track/{case.number}/withdraw"
    nothing = applicant.post(path, {"reason": "x"})
    assert nothing.status_code == 422
    assert "请选择撤回整个办件" in words(nothing)
    long = applicant.post(path, {"what": "all", "reason": "长" * 501})
    assert long.status_code == 422
    assert "500" in words(long)
    assert applicant.post(path, {"what": "B9-9"}).status_code == 404


def test_void_asks_once_more(case: Case) -> None:
    manager = at_desk(MANAGER)
    assert "作废，先看影响" in manager.text(f"/cases/{case.number}/acts")
    asked = take(manager, case, "void", reason="与另一办件重复")
    assert "确认作废？" in words(asked)
    assert "与另一办件重复" in words(asked)
    assert state_of(case) is CaseState.ACCEPTED
    faulty = take(manager, case, "void")
    assert faulty.status_code == 422
    take(manager, case, "void", reason="与另一办件重复", confirmed="yes")
    assert state_of(case) is CaseState.VOID
    assert "与另一办件重复" in manager.text(f"/cases/{case.number}")
    assert "作废的理由" in _tracked(case)


def _tracked(case: Case) -> str:
    browser = somebody()
    browser.post("/track", {"number": case.number, "code": case.query_code})
    return browser.text(f"/track/{case.number}")


def test_others_cannot(case: Case) -> None:
    assert take(at_desk(CLERK), case, "void", reason="重复").status_code == 403
    assert take(at_desk("fire"), case, "drop-item", item="B1-3", reason="不用").status_code == 403
    assert "作废" not in at_desk(CLERK).text(f"/cases/{case.number}/acts")


def test_dropping_shows_who_goes_on(case: Case) -> None:
    lead = at_desk("market-head")
    asked = take(lead, case, "drop-item", item="B1-1", reason="已有执照")
    assert "待前置结果 → 办理中" in words(asked)
    take(lead, case, "drop-item", item="B1-1", reason="已有执照", confirmed="yes")
    assert states(case)["B1-2"] is ItemState.IN_REVIEW
    back = take(lead, case, "add-item", code="B1-1", reason="减错了")
    assert "企业营业执照信息核验" in words(back)
    assert 'name="code" value="B1-1"' in back.text
    take(lead, case, "add-item", code="B1-1", reason="减错了", confirmed="yes")
    assert states(case)["B1-1"] is ItemState.IN_REVIEW


def test_a_review_opens_several_items_at_once(case: Case) -> None:
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
    applicant = somebody()
    applicant.post("/track", {"number": case.number, "code": case.query_code})
    applicant.post(f"/track/{case.number}/withdraw", {"what": "all", "confirmed": "yes"})
    assert state_of(case) is CaseState.CONCLUDED
    governor = at_desk(GOVERNOR)
    fields = {"items": "B1-1", "document": "示府复〔2026〕7号", "reason": "认定不清"}
    asked = take(governor, case, "reopen", **fields)
    assert "企业营业执照信息核验（准予）" in words(asked)
    assert "由“已办结”变为“办理中”" in words(asked)
    take(governor, case, "reopen", **fields, confirmed="yes")
    assert state_of(case) is CaseState.ACCEPTED


def test_the_form_of_a_correction_says_what_stands_there(case: Case) -> None:
    clerk, path = at_desk(CLERK), f"/cases/{case.number}/acts"
    form = clerk.get(path).text.partition('id="correct."')[2].partition("</form>")[0]
    for said in ("陈一诺", "000000********0018", "138****0000", "c***@example.com", "示例市示例区示例路1号"):
        assert f"现在：{said}<" in form, said
    assert form.count("现在：（空）") == 5, "no contact, no agent"
    for number in (case.applicant_id_number, case.phone, case.email):
        assert number not in form, "in full only for a purpose, with an entry"
    assert f"/cases/{case.number}/full" in form
    fields = {"phone": "12", "address": "示例路2号", "reason": "录错"}
    refused = clerk.post(f"{path}/correct", fields)
    assert refused.status_code == 422
    assert "现在：138****0000" in refused.text
    assert 'value="示例路2号"' in refused.text


def test_a_correction_is_visible_and_masked(case: Case) -> None:
    with transaction() as session:
        values = {"phone": "13912345678"}
        correct(session, case.number, values, "录错一位。", by=account(session, CLERK), at=now())
    handling, overseeing = (
        at_desk(CLERK).text(f"/cases/{case.number}"),
        at_desk(MANAGER).text(f"/cases/{case.number}"),
    )
    for page in (handling, overseeing):
        assert "手机号：138****0000 → 139****5678" in page
        assert "13912345678" not in page
    assert "13912345678" not in _tracked(case)
