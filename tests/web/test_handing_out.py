"""登记领取和寄出 on the page: nothing goes out that nobody ticked, and a refusal's paper goes with the rest."""

import re

import pytest

from actions.issuing import issue
from documents.writing import write_all
from models.after import deliveries_of
from models.database import transaction
from tests.people import CLERK
from tests.web.hall import Browser, at_desk, words
from tests.web.test_results import concluded
from web.entering import now


@pytest.fixture
def clerk(city: None) -> Browser:
    return at_desk(CLERK)


def ready(*refused: str) -> str:
    number = concluded(refused=refused)
    with transaction() as session:
        issue(session, number, at=now())
    return number


def handed(number: str) -> list[tuple[str, int]]:
    with transaction() as session:
        return [(one.recipient, len(one.items)) for one in deliveries_of(session, number)]


def test_the_boxes_are_ticked_and_the_recipient_stands_there(clerk: Browser) -> None:
    number = ready()
    page = clerk.get(f"/cases/{number}/acts").text
    assert 'name="items" value="counter:B1-1" checked' in page, "to hand over"
    assert 'name="items" value="B1-1" checked' in page, "to send"
    assert 'name="recipient" value="陈一诺"' in page
    assert "不填即登记为申请人本人领取" in page


@pytest.mark.parametrize("act", ["deliver", "ship"])
def test_none_ticked_is_a_fault_and_nothing_goes_out(clerk: Browser, act: str) -> None:
    number = ready()
    fields = {"recipient": "陈一诺之妹", "courier": "示例快递", "tracking": "EX000000001CN"}
    answer = clerk.post(f"/cases/{number}/acts/{act}", fields)
    assert answer.status_code == 422
    assert "请勾选要交付的结果。" in words(answer)
    assert ("陈一诺之妹" if act == "deliver" else "EX000000001CN") in answer.text, "what was typed is kept"
    assert handed(number) == []


def test_only_what_is_ticked_goes_out(clerk: Browser) -> None:
    number = ready()
    sent = clerk.post(f"/cases/{number}/acts/deliver", {"items": ["B1-1", "B1-2"]})
    assert sent.status_code == 303
    assert handed(number) == [("陈一诺", 2)]


def test_where_all_was_refused_the_decisions_are_offered(clerk: Browser) -> None:
    """Nothing was granted, so nothing was offered, and the decisions had no way to the applicant."""
    codes = [f"B1-{n}" for n in range(1, 7)]
    number = ready(*codes)
    write_all()
    page = clerk.get(f"/cases/{number}/acts").text
    assert page.count("打印不予决定书") >= 2, "at the forms of both ways"
    offered = re.findall(r'name="items" value="counter:(B1-\d)" checked>[^<]*（不予决定书）', page)
    assert offered, page
    assert clerk.post(f"/cases/{number}/acts/deliver", {"recipient": "陈一诺"}).status_code == 422
    sent = clerk.post(f"/cases/{number}/acts/deliver", {"items": [f"counter:{one}" for one in offered]})
    assert sent.status_code == 303
    assert handed(number) == [("陈一诺", len(offered))]
    assert "领取人 陈一诺" in clerk.text(f"/cases/{number}")
    assert "不予决定书）" not in clerk.get(f"/cases/{number}/acts").text, "all have left"


def test_the_paper_of_a_refusal_is_there_to_be_printed(clerk: Browser) -> None:
    number = ready("B1-6")
    write_all()
    page = clerk.get(f"/cases/{number}/acts").text
    assert "打印不予决定书" in page
    assert 'href="/documents/' in page
