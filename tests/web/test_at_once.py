"""Two people at the same thing: one wins, the other reads calmly who did what and when, and loses no word typed."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from httpx import Response

from actions.deciding import grant
from actions.issuing import issue
from actions.supervising import fire_due_rungs
from models.account import Account
from models.after import deliveries_of, lying_ready
from models.audit import timeline
from models.card import cards_of
from models.case import Case, items_of, materials_of
from models.database import transaction
from rules.material import MaterialState
from rules.people import Role
from rules.states import Act, ItemState
from tests.people import CLERK, MANAGER, account, an_application
from tests.web.hall import PDF, Browser, a_case_today, at_desk, words
from web.entering import now

SECOND = "zhouning"  # 周宁 sits at the window next to it
REASON = "现场与图纸不符，请按图整改。"


@pytest.fixture(autouse=True)
def second_window(city: None) -> None:
    with transaction() as session:
        session.add(Account(username=SECOND, name="周宁", role=Role.CLERK, password_hash="!"))


ALL = {"items": [f"B1-{place}" for place in range(1, 7)]}  # every result of the case


def calm(answer: Response, who: str, act: str, *, kept: str = "") -> None:
    """One sentence with the person, the act and the minute; what was typed is there to copy."""
    read = words(answer)
    assert answer.status_code == 409, read
    assert "这件事已有变化" in read, "somebody else was faster"
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", read), read
    assert who in read, read
    assert act in read, read
    if kept:
        found = re.search(r'<textarea id="kept"[^>]*>(.*?)</textarea>', answer.text, re.DOTALL)
        assert found, read
        assert kept in html.unescape(found[1])


def test_two_officers_of_one_department(city: None) -> None:
    case, first, second = a_case_today(), at_desk("market"), at_desk("market-head")
    assert "由您决定" in first.text(f"/cases/{case.number}")
    assert "由您决定" in second.text(f"/cases/{case.number}")
    opinion = {"opinion": "材料属实。"}
    assert first.post(f"/cases/{case.number}/items/B1-1/grant", opinion).status_code == 303
    late = second.post(f"/cases/{case.number}/items/B1-1/refuse", {"reason": REASON, "confirmed": "yes"})
    calm(late, "market经办", "准予", kept=REASON)
    assert f'href="/cases/{case.number}"' in late.text
    preview = second.post(f"/cases/{case.number}/items/B1-1/refuse", {"reason": REASON})
    calm(preview, "market经办", "准予", kept=REASON)
    again = second.post(f"/cases/{case.number}/items/B1-1/grant", {"opinion": "同意。"})
    calm(again, "market经办", "准予", kept="同意。")


def test_an_act_that_another_made_impossible(city: None) -> None:
    """No decision was doubled: the item has moved on, and the page says through whom."""
    case, officer, head = a_case_today(), at_desk("market"), at_desk("market-head")
    form = {"item": "B1-1", "kind": "检验检测", "expected_days": "5", "reason": REASON}
    assert officer.post(f"/cases/{case.number}/items/B1-1/grant").status_code == 303
    calm(head.post(f"/cases/{case.number}/acts/start-special", form), "market经办", "准予", kept=REASON)


def test_two_at_the_window_accept_and_decline(city: None) -> None:
    case, first, second = a_case_today(accepted=False), at_desk(CLERK), at_desk(SECOND)
    assert first.post(f"/cases/{case.number}/accept").status_code == 303
    calm(second.post(f"/cases/{case.number}/accept"), "林晓", "受理")
    calm(second.post(f"/cases/{case.number}/decline", {"reason": REASON}), "林晓", "受理", kept=REASON)


def test_ones_own_double_click_blames_nobody(city: None) -> None:
    case, clerk = a_case_today(accepted=False), at_desk(CLERK)
    assert clerk.post(f"/cases/{case.number}/accept").status_code == 303
    twice = clerk.post(f"/cases/{case.number}/accept")
    assert twice.status_code == 409
    assert "林晓 已于" not in words(twice)


def test_the_same_paper_brought_to_two_windows(city: None) -> None:
    papers = tuple(one for one in an_application().supplied if one.spec_id != "M-FOOD-MANAGER")
    case = a_case_today(supplied=papers, deferred=("M-FOOD-MANAGER",))
    place = f"/cases/{case.number}/materials/M-FOOD-MANAGER"
    assert at_desk(CLERK).post(place).status_code == 303
    file = {"file": ("证.pdf", PDF, "application/pdf")}
    calm(at_desk(SECOND).post(place, files=file), "林晓", "收到")
    with transaction() as session:
        paper = next(one for one in materials_of(session, case.number) if one.spec_id == "M-FOOD-MANAGER")
        assert (paper.state, paper.stored_as) == (MaterialState.ON_PAPER, "")


def test_a_card_explained_by_two_and_closed_by_two(city: None) -> None:
    case = a_case_today()
    with transaction() as session:
        fire_due_rungs(session, case.number, at=now() + timedelta(days=60))
        card = next(one for one in cards_of(session, case.number) if one.item_number)
        other = Account(username="sunwei", name="孙为", role=Role.MANAGER, password_hash="!")
        session.add(other)
    said = {"explanation": "设备故障，已经修复。"}
    own = card.department_code
    assert at_desk(own).post(f"/cards/{card.number}/explain", said).status_code == 303
    late = at_desk(f"{own}-head").post(f"/cards/{card.number}/explain", {"explanation": "人手不足。"})
    calm(late, f"{own}经办", "说明", kept="人手不足。")
    assert at_desk(MANAGER).post(f"/cards/{card.number}/close").status_code == 303
    calm(at_desk("sunwei").post(f"/cards/{card.number}/close"), "赵敏", "销号")


def concluded() -> Case:
    case = a_case_today()
    with transaction() as session:
        items = {item.code: item for item in items_of(session, case.number)}
        for code in ("B1-1", "B1-5", "B1-2", "B1-3", "B1-4", "B1-6"):
            by = account(session, items[code].department_code)
            grant(session, case.number, code, by=by, at=now())
        issue(session, case.number, at=now())
    return case


def test_results_handed_out_at_two_windows(city: None) -> None:
    case = concluded()
    assert at_desk(CLERK).post(f"/cases/{case.number}/acts/deliver", ALL).status_code == 303
    late = at_desk(SECOND).post(f"/cases/{case.number}/acts/deliver", ALL | {"recipient": "陈一诺之妹"})
    calm(late, "林晓", "交给陈一诺", kept="陈一诺之妹")
    posted = at_desk(SECOND).post(
        f"/cases/{case.number}/acts/ship", ALL | {"courier": "示例快递", "tracking": "EX000000001CN"}
    )
    calm(posted, "林晓", "交给陈一诺", kept="示例快递")
    assert at_desk(CLERK).post(f"/cases/{case.number}/acts/archive").status_code == 303
    calm(at_desk(SECOND).post(f"/cases/{case.number}/acts/archive"), "林晓", "归档")
    form = {"reason": REASON, "applicant_name": "林一白"}
    corrected = at_desk(SECOND).post(f"/cases/{case.number}/acts/correct", form)
    calm(corrected, "林晓", "归档", kept=REASON)


def together(posts: list[tuple[Browser, str, dict[str, str]]]) -> list[Response]:
    start = Barrier(len(posts))
    marks = [browser.csrf() for browser, _, _ in posts]

    def send(n: int) -> Response:
        browser, path, form = posts[n]
        start.wait()
        return browser.client.post(path, data=form | {"csrf": marks[n]})

    with ThreadPoolExecutor(len(posts)) as pool:
        return list(pool.map(send, range(len(posts))))


@pytest.mark.parametrize("round_number", range(3))
def test_grant_and_refusal_in_the_same_moment(city: None, round_number: int) -> None:
    case = a_case_today()
    place = f"/cases/{case.number}/items/B1-1"
    granted, refused = together(
        [
            (at_desk("market"), f"{place}/grant", {"opinion": "材料属实。"}),
            (at_desk("market-head"), f"{place}/refuse", {"reason": REASON, "confirmed": "yes"}),
        ]
    )
    assert sorted((granted.status_code, refused.status_code)) == [303, 409]
    if granted.status_code == 409:
        calm(granted, "market负责人", "不予", kept="材料属实。")
    else:
        calm(refused, "market经办", "准予", kept=REASON)
    with transaction() as session:
        item = next(one for one in items_of(session, case.number) if one.code == "B1-1")
        done = [entry for entry in timeline(session, case.number) if entry.act in (Act.GRANT, Act.REFUSE)]
        assert len(done) == 1
        assert item.state in (ItemState.GRANTED, ItemState.REFUSED)


@pytest.mark.parametrize("round_number", range(3))
def test_one_certificate_leaves_once(city: None, round_number: int) -> None:
    case = concluded()
    place = f"/cases/{case.number}/acts"
    with transaction() as session:
        code = lying_ready(session, case.number)[0].code
    answers = together(
        [
            (at_desk(CLERK), f"{place}/deliver", {"items": f"counter:{code}"}),
            (
                at_desk(SECOND),
                f"{place}/ship",
                {"items": code, "courier": "示例快递", "tracking": "EX000000001CN"},
            ),
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409], [words(one) for one in answers]
    with transaction() as session:
        assert len(deliveries_of(session, case.number)) == 1


def test_a_refusal_of_the_rules_does_not_claim_that_something_changed(city: None) -> None:
    case = a_case_today()
    early = at_desk("fire").post(f"/cases/{case.number}/items/B1-4/grant")
    assert early.status_code == 409
    assert "现在不能这样办" in words(early)
    assert "这件事已有变化" not in words(early)
