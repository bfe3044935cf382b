"""The clerk's home page and the end of a shift: what lies where, and who has it next."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from actions.delivering import deliver
from actions.issuing import issue
from actions.listing_gaps import list_gap
from actions.shifts import ANYBODY
from actions.supplementing import ask_supplement
from config.settings import settings
from models.account import Account
from models.case import find_case, materials_of
from models.database import transaction
from models.shift import shift_changes_of
from rules.people import Role
from tests.people import CLERK, a_case, account, an_application
from tests.web.hall import Browser, a_case_today, a_form, at_desk, somebody, words
from tests.web.online import applied
from tests.web.test_reading_pages import counted
from tests.web.test_results import concluded

NEXT = "suqing"  # 苏晴 has the next shift
THIRD = "zhouning"
FORM = "/window/new/B1"


@pytest.fixture
def clerk(city: None) -> Browser:
    with transaction() as session:
        for username, name in ((NEXT, "苏晴"), (THIRD, "周宁")):
            session.add(Account(username=username, name=name, role=Role.CLERK, password_hash="!"))
    return at_desk(CLERK)


def section(browser: Browser, name: str, path: str = "/window") -> str:
    found = re.search(rf'<section[^>]* id="{name}".*?</section>', browser.get(path).text, re.DOTALL)
    return found[0] if found else ""


def figure(browser: Browser, name: str) -> int:
    found = re.search(r"(\d+) " + name, browser.text("/window"))
    assert found, name
    return int(found[1])


def asked_for_more(clerk: Browser) -> str:
    number = a_case_today(accepted=False).number
    with transaction() as session:
        by, at = account(session, CLERK), datetime.now(UTC)
        list_gap(session, number, "M-LAYOUT", "看不清", by=by, at=at)
        ask_supplement(session, number, by=by, at=at)
    return number


def test_what_comes_back_from_a_supplement_is_looked_at_first(clerk: Browser) -> None:
    number = asked_for_more(clerk)
    assert number in section(clerk, "correction")
    assert number not in section(clerk, "back") + section(clerk, "queue")
    answer = clerk.post(f"/cases/{number}/supplement/answers/M-LAYOUT", {"on_paper": "yes"})
    assert answer.status_code in (200, 303), words(answer)
    assert number in section(clerk, "back")
    assert number not in section(clerk, "queue") + section(clerk, "correction")
    assert figure(clerk, "补正回来") == 1


def test_papers_due_lead_to_where_they_are_registered(clerk: Browser) -> None:
    kept = tuple(one for one in an_application().supplied if one.spec_id != "M-FOOD-RULES")
    with transaction() as session:
        case = a_case(session, at=datetime.now(UTC), supplied=kept, deferred=("M-FOOD-RULES",))
    assert figure(clerk, "容缺到期") == 0
    with transaction() as session:
        for paper in materials_of(session, case.number):
            if paper.spec_id == "M-FOOD-RULES":
                paper.promised_on = datetime.now(UTC).date() - timedelta(days=1)
                session.add(paper)
    page = section(clerk, "owed")
    assert f"/cases/{case.number}#material.M-FOOD-RULES" in page
    assert "食品安全管理制度" in page
    assert figure(clerk, "容缺到期") == 1
    clerk.post(f"/cases/{case.number}/materials/M-FOOD-RULES")
    assert section(clerk, "owed") == ""


def test_the_queue_says_who_looks_after_a_case(clerk: Browser) -> None:
    a_case_today(accepted=False)
    assert "林晓" in section(clerk, "queue")


def laid_out(clerk: Browser, **changes: str) -> tuple[str, str]:
    """A case and a form of the clerk's, given to whoever comes next."""
    number, form = a_case_today(accepted=False).number, a_form(clerk)
    clerk.post(f"{FORM}/plan", {"form": form, "applicant.name": "陈一诺"})
    given = {"case": number, "draft": form, "to": ANYBODY, "note": "营业执照原件还在窗口。"} | changes
    answer = clerk.post("/window/shift", given)
    assert answer.status_code == 303, words(answer)
    return number, form


def take(browser: Browser) -> str:
    found = re.search(r"/window/shift/[0-9a-f-]+/take", browser.get("/window/shift").text)
    assert found
    return found[0]


def test_a_shift_is_handed_over_and_taken(clerk: Browser) -> None:
    number, form = laid_out(clerk)
    assert "陈一诺" in section(clerk, "drafts")  # still the giver's
    successor = at_desk(NEXT)
    assert "有 1 次交接等您接手" in successor.text("/window")
    page = successor.text("/window/shift")
    assert "营业执照原件还在窗口。" in page
    assert number in page
    assert successor.post(take(successor)).status_code == 303
    assert "陈一诺" in section(successor, "drafts")
    assert 'value="陈一诺"' in successor.get(f"{FORM}?form={form}").text
    assert "苏晴" in section(successor, "queue")
    with transaction() as session:
        case = find_case(session, number)
        assert case.window_clerk == NEXT
        assert case.submitted_by == CLERK  # who took it in stays who took it in
    assert "由 苏晴 接手" in clerk.text(f"/cases/{number}")
    assert section(clerk, "drafts") == ""
    late = clerk.post(f"{FORM}/plan", {"form": form})
    assert late.status_code == 403
    assert "交接给别人" in words(late)


def test_two_who_take_over_at_once_are_told_who_was_first(clerk: Browser) -> None:
    laid_out(clerk)
    first, second = at_desk(NEXT), at_desk(THIRD)
    address = take(second)
    assert first.post(address).status_code == 303
    late = second.post(address)
    assert late.status_code == 409
    assert "由 苏晴 接手" in words(late)
    with transaction() as session:
        [change] = shift_changes_of(session, NEXT).rows
        assert change.taken_by == NEXT


def test_what_is_for_one_nobody_else_takes(clerk: Browser) -> None:
    laid_out(clerk, to=NEXT)
    assert "等您接手" not in at_desk(THIRD).text("/window")
    address = take(at_desk(NEXT))
    assert at_desk(THIRD).post(address).status_code == 403
    assert clerk.post(address).status_code == 403
    assert at_desk(NEXT).post(address).status_code == 303


def test_the_giver_takes_back_what_nobody_has_taken(clerk: Browser) -> None:
    number, _ = laid_out(clerk)
    address = take(at_desk(NEXT))
    assert at_desk(NEXT).post(address.replace("take", "recall")).status_code == 403
    assert clerk.post(address.replace("take", "recall")).status_code == 303
    late = at_desk(NEXT).post(address)
    assert late.status_code == 409
    assert "收回" in words(late)
    assert f'value="{number}"' in clerk.get("/window/shift").text  # may be laid out again


def test_what_was_accepted_meanwhile_stays_with_whom_it_was(clerk: Browser) -> None:
    number, _ = laid_out(clerk)
    assert clerk.post(f"/cases/{number}/accept").status_code == 303
    successor = at_desk(NEXT)
    assert successor.post(take(successor)).status_code == 303
    with transaction() as session:
        assert find_case(session, number).window_clerk == CLERK


def owing_a_paper() -> str:
    """Accepted, and one paper was promised for later."""
    kept = tuple(one for one in an_application().supplied if one.spec_id != "M-FOOD-RULES")
    with transaction() as session:
        return a_case(session, at=datetime.now(UTC), supplied=kept, deferred=("M-FOOD-RULES",)).number


def ready_to_be_fetched() -> str:
    number = concluded()
    with transaction() as session:
        issue(session, number, at=datetime.now(UTC))
    return number


def test_what_is_owed_goes_with_the_shift(clerk: Browser) -> None:
    asked, owes, ready, fresh = (
        asked_for_more(clerk),
        owing_a_paper(),
        ready_to_be_fetched(),
        a_case_today().number,
    )
    page = clerk.get("/window/shift").text
    assert fresh not in page, "accepted, and nothing is owed"
    for number in (asked, owes, ready):
        assert f'value="{number}" checked' in page
    for owed in ("等申请人补正", "容缺：食品安全管理制度", "前补交", "待发放：食品经营许可"):
        assert owed in page, owed
    clerk.post("/window/shift", {"case": [asked, owes, ready], "to": NEXT})
    assert "待发放" not in clerk.get("/window/shift").text.partition("交接记录")[0].partition("<form")[2]
    successor = at_desk(NEXT)
    page = section(successor, "waiting", "/window/shift")
    for owed in (asked, owes, ready, "等申请人补正", "容缺：食品安全管理制度", "待发放：食品经营许可"):
        assert owed in page, owed
    assert successor.post(take(successor)).status_code == 303
    with transaction() as session:
        assert {find_case(session, one).window_clerk for one in (asked, owes, ready)} == {NEXT}
    assert "容缺：食品安全管理制度" in successor.get("/window/shift").text, "now the successor's to hand over"
    assert owes not in clerk.get("/window/shift").text.partition("交接记录")[0]


def test_what_is_owed_no_more_needs_nobody(clerk: Browser) -> None:
    owes, ready = owing_a_paper(), ready_to_be_fetched()
    assert clerk.post("/window/shift", {"case": [owes, ready], "to": ANYBODY}).status_code == 303
    clerk.post(f"/cases/{owes}/materials/M-FOOD-RULES")
    with transaction() as session:
        deliver(session, ready, by=account(session, CLERK), at=datetime.now(UTC))
    successor = at_desk(NEXT)
    page = section(successor, "waiting", "/window/shift")
    assert owes in page
    assert "容缺：" not in page
    assert "待发放：" not in page
    assert successor.post(take(successor)).status_code == 303
    with transaction() as session:
        assert {find_case(session, one).window_clerk for one in (owes, ready)} == {CLERK}


def test_nobody_hands_over_what_another_owes(clerk: Browser) -> None:
    owes = owing_a_paper()
    assert owes not in at_desk(THIRD).get("/window/shift").text
    assert at_desk(THIRD).post("/window/shift", {"case": owes, "to": ANYBODY}).status_code == 422


def test_what_came_online_is_owed_by_whoever_accepted_it(clerk: Browser) -> None:
    case = applied(somebody(), **{"how.M-FOOD-RULES": "later"})
    assert case.number not in clerk.get("/window/shift").text, "nobody's yet"
    assert clerk.post(f"/cases/{case.number}/accept").status_code == 303
    page = clerk.get("/window/shift").text
    assert f'value="{case.number}" checked' in page
    assert "容缺：食品安全管理制度" in page
    assert case.number not in at_desk(THIRD).get("/window/shift").text
    assert clerk.post("/window/shift", {"case": case.number, "to": ANYBODY}).status_code == 303


def test_whoever_comes_next_is_chosen_and_not_taken_for_granted(clerk: Browser) -> None:
    owes = owing_a_paper()
    field = clerk.get("/window/shift").text.partition('<select id="to"')[2].partition("</select>")[0]
    assert field.partition("<option")[2].startswith(' value="">请选择')
    refused = clerk.post("/window/shift", {"case": owes, "to": ""})
    assert (refused.status_code, "请选择交给谁。" in words(refused)) == (422, True)
    with transaction() as session:
        assert shift_changes_of(session, CLERK).rows == []


def test_the_page_asks_no_more_for_many_cases_than_for_one(clerk: Browser) -> None:
    def statements() -> int:
        with counted() as sent:
            assert clerk.get("/window/shift").status_code == 200
        return len(sent)

    for make in (owing_a_paper, lambda: asked_for_more(clerk), ready_to_be_fetched):
        make()
    one = statements()
    for _ in range(4):
        owing_a_paper()
        asked_for_more(clerk)
    assert statements() == one <= 24


def test_a_form_sent_or_thrown_away_meanwhile_is_passed_over(clerk: Browser) -> None:
    _, form = laid_out(clerk)
    clerk.post(f"{FORM}/discard", {"form": form})
    successor = at_desk(NEXT)
    assert successor.post(take(successor)).status_code == 303
    assert not list((settings().uploads / "drafts").glob("*.json"))


def test_only_ones_own_is_handed_over(clerk: Browser) -> None:
    number, form = a_case_today(accepted=False).number, a_form(clerk)
    clerk.post(f"{FORM}/plan", {"form": form})
    other = at_desk(THIRD)
    answer = other.post("/window/shift", {"case": number, "draft": form, "to": ANYBODY})
    assert answer.status_code == 422
    assert "请选择要交接的" in words(answer)


def test_a_hand_over_to_nobody_of_the_window_is_refused(clerk: Browser) -> None:
    number = a_case_today(accepted=False).number
    for to in ("fire", CLERK, "nobody"):
        answer = clerk.post("/window/shift", {"case": number, "to": to, "note": "请跟进"})
        assert answer.status_code == 422
        assert "请选择另一位窗口人员" in words(answer)
        assert "请跟进" in answer.text
    assert clerk.post("/window/shift", {"note": "字" * 2001, "to": ANYBODY}).status_code == 422


def test_other_desks_hand_over_nothing(clerk: Browser) -> None:
    assert at_desk("fire").get("/window/shift").status_code == 403
    assert clerk.post("/window/shift/00000000-0000-0000-0000-000000000000/take").status_code == 404
    assert clerk.post("/window/shift/nonsense/take").status_code == 422
