"""Applicant, agent and clerk are three people; what the hall knows of them helps, and never in secret."""

import re
from datetime import UTC, datetime

import pytest
from httpx import Response

from actions.deciding import grant
from actions.issuing import issue
from config.settings import settings
from models.case import items_of, materials_of
from models.database import transaction
from models.worklists import Wanted, cases_listed
from rules.material import MaterialState
from rules.states import ItemState
from tests.people import CLERK, a_case, account
from tests.web.hall import PDF, Browser, a_case_today, a_filled_form, a_form, at_desk, the_only_case, words

FORM = "/window/new/B1"
NUMBER, OTHER = "000000199001010018", "00000019920302002X"
AGENT = {
    "agent.on": "yes",
    "agent.name": "林百川",
    "agent.id_number": OTHER.lower(),
    "agent.phone": "13900000009",
    "agent.authority": "授权委托书，办理本件全部事项",
}


@pytest.fixture
def clerk(city: None) -> Browser:
    return at_desk(CLERK)


def sent(clerk: Browser, **changes: str) -> Response:
    return clerk.post(FORM, a_filled_form(clerk, **changes) | {"do": "submit"})


def refreshed(clerk: Browser, **changes: str) -> Response:
    return clerk.post(FORM, {"form": a_form(clerk), "do": "refresh"} | changes)


def value_of(answer: Response, name: str) -> str:
    found = re.search(rf'id="{re.escape(name)}" name="[^"]+" type="\w+" value="([^"]*)"', answer.text)
    assert found, name
    return found[1]


# -- three people


def test_applicant_agent_and_clerk_stand_on_the_case_and_on_the_receipt(clerk: Browser) -> None:
    answer = sent(clerk, **AGENT)
    assert answer.status_code == 303, words(answer)
    case = the_only_case()
    assert case is not None
    assert (case.agent_id_number, case.agent_authority) == (OTHER, AGENT["agent.authority"])
    assert case.submitted_by == case.window_clerk == CLERK
    receipt = clerk.text(answer.headers["location"])
    page = clerk.text(f"/cases/{case.number}")
    for expected in ("陈一诺", "林百川", "授权委托书，办理本件全部事项", "林晓"):
        assert expected in receipt
        assert expected in page
    assert "13900000009" in receipt  # the one the window calls
    for number in (NUMBER, OTHER):  # paper travels, and a page is looked at over the shoulder
        assert number not in receipt + page


def test_an_agent_without_authority_is_asked_for_it(clerk: Browser) -> None:
    answer = sent(clerk, **(AGENT | {"agent.authority": ""}))
    assert answer.status_code == 422
    assert "请填写代理人的授权依据" in words(answer)
    assert the_only_case() is None
    assert sent(clerk, **(AGENT | {"agent.authority": "长" * 201})).status_code == 422


def test_the_receipt_is_printed_at_once_and_only_then(clerk: Browser) -> None:
    answer = sent(clerk)
    assert "data-print-now" in clerk.get(answer.headers["location"]).text
    case = the_only_case()
    assert case is not None
    assert "data-print-now" not in clerk.get(f"/cases/{case.number}/receipt").text


# -- the identity reader


def test_a_card_fills_the_applicant_and_sends_nothing(clerk: Browser) -> None:
    line = f"陈一诺|女|汉|19900101|示例市示例区示例路1号|{NUMBER}"
    answer = refreshed(clerk, **{"reader.applicant": line})
    assert answer.status_code == 200
    assert value_of(answer, "applicant.name") == "陈一诺"
    assert value_of(answer, "applicant.id_number") == NUMBER
    assert value_of(answer, "address") == "示例市示例区示例路1号"
    assert re.search(r'id="applicant.phone"[^>]* autofocus', answer.text)
    assert line not in answer.text
    assert the_only_case() is None


def test_a_number_alone_takes_away_the_name_of_whoever_was_there_before(clerk: Browser) -> None:
    before = {"applicant.name": "陈一诺", "applicant.id_number": NUMBER, "address": "示例路9号"}
    answer = refreshed(clerk, **before, **{"reader.applicant": OTHER})
    assert value_of(answer, "applicant.name") == ""
    assert value_of(answer, "applicant.id_number") == OTHER
    assert value_of(answer, "address") == "示例路9号"
    again = refreshed(clerk, **before, **{"reader.applicant": NUMBER})
    assert value_of(again, "applicant.name") == "陈一诺"


def test_an_agents_card_opens_the_agents_part(clerk: Browser) -> None:
    answer = refreshed(clerk, **{"reader.agent": f"林百川,{OTHER}"})
    assert value_of(answer, "agent.name") == "林百川"
    assert re.search(r'name="agent.on"[^>]* checked', answer.text)
    assert re.search(r'id="agent.phone"[^>]* autofocus', answer.text)


def test_a_licences_code_makes_the_applicant_an_organisation(clerk: Browser) -> None:
    answer = refreshed(clerk, **{"reader.applicant": "示例餐饮有限公司|91000000000000000k"})
    assert value_of(answer, "applicant.id_number") == "91000000000000000K"
    assert re.search(r'name="applicant.kind" value="organisation" checked', answer.text)
    assert "代理人请读身份证" in words(refreshed(clerk, **{"reader.agent": "91000000000000000K"}))


@pytest.mark.parametrize("line", [NUMBER[:-1] + "1", "陈一诺", "|||"])
def test_what_cannot_be_read_is_said_beside_the_reader(clerk: Browser, line: str) -> None:
    answer = refreshed(clerk, **{"reader.applicant": line, "applicant.name": "陈一诺"})
    assert 'id="fault-reader.applicant"' in answer.text
    assert value_of(answer, "applicant.name") == "陈一诺"


def test_a_faulty_reading_is_not_sent_along_unseen(clerk: Browser) -> None:
    assert sent(clerk, **{"reader.applicant": "陈一诺"}).status_code == 422
    assert the_only_case() is None


# -- the same again?


def test_an_open_case_alike_is_hinted_at_and_blocks_nothing(clerk: Browser) -> None:
    known = a_case_today().number
    by_number = clerk.post(f"{FORM}/plan", {"form": a_form(clerk), "applicant.id_number": NUMBER})
    assert known in by_number.text
    assert "该申请人名下已有正在办理的同一件事，请核对是不是重复申请" in words(by_number)
    by_name = {"applicant.name": "陈一诺", "applicant.phone": "13800000000"}
    assert known in refreshed(clerk, **by_name).text
    answer = sent(clerk)
    assert answer.status_code == 303
    assert known in clerk.get(answer.headers["location"]).text


def test_the_same_number_under_another_name_is_said(clerk: Browser) -> None:
    a_case_today()
    said = "证件号码相同，姓名不同（原登记：陈一诺），请核对。"
    for name, shown in (("陈一喏", True), ("陈一诺", False), ("", False)):
        assert (
            said in words(refreshed(clerk, **{"applicant.id_number": NUMBER, "applicant.name": name}))
        ) is shown
    by_phone = {"applicant.id_number": OTHER, "applicant.name": "陈一诺", "applicant.phone": "13800000000"}
    assert "姓名不同" not in words(refreshed(clerk, **by_phone)), "another person's number"


def test_what_is_not_alike_is_not_hinted_at(clerk: Browser) -> None:
    known = a_case_today().number
    for typed in (
        {"applicant.id_number": OTHER},
        {"applicant.name": "陈一诺"},
        {"applicant.name": "林百川", "applicant.phone": "13800000000"},
    ):
        assert known not in refreshed(clerk, **typed).text
    other_bundle = clerk.post(
        "/window/new/B2/plan", {"form": a_form(clerk, "B2"), "applicant.id_number": NUMBER}
    )
    assert known not in other_bundle.text


# -- what was handed in before


def an_earlier_case(clerk: Browser, **changes: str) -> str:
    fields = a_filled_form(clerk, **changes) | {"how.M-LAYOUT": "file", "do": "submit"}
    answer = clerk.post(FORM, fields, files={"file.M-LAYOUT": ("布局图.pdf", PDF)})
    assert answer.status_code == 303, words(answer)
    return str(answer.headers["location"].split("/")[2])


def offer(clerk: Browser, material: str = "M-LAYOUT", **changes: str) -> str:
    page = refreshed(clerk, **({"applicant.kind": "person", "applicant.id_number": NUMBER} | changes)).text
    found = re.search(rf'name="how\.{material}" value="(reuse:[^"]+)"', page)
    return found[1] if found else ""


def layouts() -> list[tuple[str, str, str]]:
    at = datetime.now(UTC).date()
    with transaction() as session:
        return [
            (paper.case_number, paper.origin, paper.stored_as)
            for number in sorted(one.number for one in cases_listed(session, Wanted(), at).rows)
            for paper in materials_of(session, number)
            if paper.spec_id == "M-LAYOUT"
        ]


def test_an_earlier_file_is_reused_when_clerk_and_applicant_wish(clerk: Browser) -> None:
    earlier = an_earlier_case(clerk)
    wish = {"how.M-LAYOUT": offer(clerk), "reuse.consent": "yes"}
    answer = sent(clerk, **wish)
    assert answer.status_code == 303, words(answer)
    [(_, none, old), (new_case, origin, new)] = layouts()
    assert none == ""
    assert origin == f"办件 {earlier}"
    assert new != old  # a copy: each case destroys its own
    assert (settings().uploads / new).read_bytes() == PDF
    assert f"材料来源：办件 {earlier}" in clerk.text(f"/cases/{new_case}")
    assert f"来源：办件 {earlier}" in clerk.text(answer.headers["location"])


def test_nothing_is_reused_without_the_applicants_consent(clerk: Browser) -> None:
    an_earlier_case(clerk)
    answer = sent(clerk, **{"how.M-LAYOUT": offer(clerk)})
    assert answer.status_code == 422
    assert "先征得申请人同意" in words(answer)
    assert len(layouts()) == 1
    assert len([path for path in settings().uploads.iterdir() if path.is_file()]) == 1


def test_another_persons_papers_are_neither_offered_nor_taken(clerk: Browser) -> None:
    an_earlier_case(clerk)
    key = offer(clerk)
    assert key
    assert offer(clerk, **{"applicant.id_number": OTHER}) == ""
    assert offer(clerk, **{"applicant.id_number": NUMBER[:17]}) == ""
    stolen = {"applicant.id_number": OTHER, "how.M-LAYOUT": key, "reuse.consent": "yes"}
    answer = sent(clerk, **stolen)
    assert answer.status_code == 422
    assert "不能沿用了" in words(answer)
    assert len(layouts()) == 1


def test_a_fault_elsewhere_leaves_no_copy_behind(clerk: Browser) -> None:
    an_earlier_case(clerk)
    wish = {"how.M-LAYOUT": offer(clerk), "reuse.consent": "yes"}
    answer = sent(clerk, **wish, **{"applicant.phone": "1"})
    assert answer.status_code == 422
    assert re.search(r'value="reuse:[^"]+" checked', answer.text)
    assert len([path for path in settings().uploads.iterdir() if path.is_file()]) == 1


def test_a_file_that_is_gone_is_not_promised(clerk: Browser) -> None:
    an_earlier_case(clerk)
    key = offer(clerk)
    [(_, _, stored)] = layouts()
    (settings().uploads / stored).unlink()
    answer = sent(clerk, **{"how.M-LAYOUT": key, "reuse.consent": "yes"})
    assert answer.status_code == 422
    assert "不能沿用了" in words(answer)


def test_a_certificate_of_an_earlier_case_serves_as_proof(clerk: Browser) -> None:
    at = datetime.now(UTC)
    with transaction() as session:
        number = a_case(session, at=at).number
        for item in items_of(session, number):
            if item.code == "B1-5":
                item_number = item.number
        grant(session, number, "B1-1", by=account(session, "market"), at=at)
        grant(session, number, "B1-5", by=account(session, "health"), at=at)
        health = next(one for one in items_of(session, number) if one.code == "B1-5")
        assert health.state is ItemState.GRANTED
        health.result_number = f"{item_number}-Z"
        session.add(health)
        issue(session, number, at=at)
    healthy = {"answers.Q7": "yes", "answers.Q2": "20", "answers.Q4": "no", "answers.Q5": "no"}
    key = offer(clerk, "M-HEALTH-OWN", **healthy)
    assert key == f"reuse:{item_number}-Z"
    fields = a_filled_form(clerk) | healthy | {"how.M-HEALTH-OWN": key, "reuse.consent": "yes"}
    answer = clerk.post(FORM, fields | {"do": "submit"})
    assert answer.status_code == 303, words(answer)
    new = answer.headers["location"].split("/")[2]
    with transaction() as session:
        [paper] = [one for one in materials_of(session, new) if one.spec_id == "M-HEALTH-OWN"]
        assert paper.state is MaterialState.SHARED
        assert paper.origin == f"办件 {number}"
        assert paper.file_name == f"健康证明 {item_number}-Z"
