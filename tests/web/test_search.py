"""The search box: who finds what, by which words, and what the address tells nobody."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from models.case import Case
from models.database import transaction
from models.finding import MOST, Seer, cases_found, is_too_common, of_identity, of_name, of_phone, of_tail
from rules.application import Agent, Applicant
from rules.people import ApplicantKind
from rules.searching import sought
from tests.people import CLERK, MANAGER, a_case
from tests.web.hall import Browser, a_case_today, at_desk, somebody, words

OTHER = "00000019920302002X"  # another invented number whose check digit fits


def looked_for(browser: Browser, typed: str) -> str:
    """Where the words lead: the address of the answer."""
    answer = browser.post("/search", {"q": typed})
    assert answer.status_code == 303, words(answer)
    return str(answer.headers["location"])


def seen(browser: Browser, typed: str) -> str:
    return browser.text(looked_for(browser, typed))


def another(**changes: object) -> Case:
    person = Applicant(ApplicantKind.PERSON, "林百川", OTHER, "13900000009")
    with transaction() as session:
        return a_case(session, at=datetime.now(UTC), applicant=replace(person, **changes))  # type: ignore[arg-type]


@pytest.fixture
def clerk() -> Browser:
    return at_desk(CLERK)


def test_an_exact_number_leads_straight_to_the_case(clerk: Browser) -> None:
    case = a_case_today()
    for typed in (case.number, case.number.lower(), f"{case.number}-02", f" {case.number}-02-Z "):
        assert looked_for(clerk, typed) == f"/cases/{case.number}"


def test_by_name_phone_identity_number_and_the_end_of_the_number(clerk: Browser) -> None:
    mine, others = a_case_today(), another()
    for typed in ("陈一", "陈一诺", "13800000000", "000000199001010018", mine.number[-8:]):
        page = seen(clerk, typed)
        assert mine.number in page, typed
        assert others.number not in page, typed
    assert others.number in seen(clerk, OTHER.lower())


def test_an_agent_is_found_too(clerk: Browser) -> None:
    with transaction() as session:
        agent = Agent("林百川", OTHER, "13900000009", "授权委托书")
        case = a_case(session, at=datetime.now(UTC), agent=agent)
    for typed in ("13900000009", OTHER):
        assert case.number in seen(clerk, typed)


def test_who_telephones_says_a_name_and_half_a_number(clerk: Browser) -> None:
    """The owner of the shop and the agent are persons too, and nobody reads out a check digit."""
    with transaction() as session:
        agent = Agent("何雨桐", OTHER, "13900000009", "授权委托书")
        case = a_case(session, at=datetime.now(UTC), agent=agent)
        session.get_one(Case, case.number).contact_name = "周子墨"
    serial = case.number.split("-")[3]
    for typed in ("何雨桐", "周子", serial, f"{case.number.split('-')[2]}-{serial}"):
        page = seen(clerk, typed)
        assert case.number in page, typed
        assert "联系人 周子墨" in page
        assert "在 市场监管" in page, "who has it now"
    for typed in ("周子墨", "何雨桐"):
        assert case.number in clerk.text(f"/window/all?q={typed}")


def test_parts_of_numbers_and_signs_of_sql_find_nothing(clerk: Browser) -> None:
    a_case_today()
    for typed in ("%", "_一诺", "0000001990010100", "1380000000", "'--", "一诺"):
        assert "没有找到" in seen(clerk, typed), typed


def test_a_slip_in_the_number_is_named(clerk: Browser) -> None:
    number = a_case_today().number
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert "校验位不对" in seen(clerk, wrong)


def test_nothing_typed_says_what_can_be_typed(clerk: Browser) -> None:
    assert looked_for(clerk, "  ") == "/search"
    assert "办件编号的末尾几位" in clerk.text("/search")
    assert "办件编号的末尾几位" in clerk.text("/search?find=made-up")


def test_a_department_finds_only_its_own(clerk: Browser) -> None:
    with transaction() as session:
        small = {"Q1": True, "Q2": 20, "Q3": False, "Q4": False, "Q5": False, "Q7": True}
        without = a_case(session, at=datetime.now(UTC), answers=small)
        whole = a_case(session, at=datetime.now(UTC))
    fire = at_desk("fire")
    page = seen(fire, "陈一诺")
    assert whole.number in page
    assert without.number not in page
    answer = looked_for(fire, without.number)
    assert answer.startswith("/search?")
    assert "没有找到您能查看的办件" in fire.text(answer)
    assert looked_for(fire, whole.number) == f"/cases/{whole.number}"
    for typed in ("13800000000", "000000199001010018", without.number[-8:]):
        assert without.number not in seen(fire, typed)
    assert without.number in seen(at_desk(MANAGER), "陈一诺")


def test_what_is_looked_for_stands_in_no_address(clerk: Browser) -> None:
    a_case_today()
    for typed in ("陈一诺", "13800000000", "000000199001010018"):
        address = looked_for(clerk, typed)
        assert typed not in address
        assert "%E9%99%88" not in address
        assert "没有找到" not in clerk.text(address)
        assert "陈一诺" not in at_desk(CLERK).text(address)  # another session cannot open it


def test_long_lists_have_pages(clerk: Browser) -> None:
    with transaction() as session:
        for _ in range(21):
            a_case(session)
    address = looked_for(clerk, "陈一诺")
    assert "第 1 / 2 页" in clerk.text(address)
    assert "第 2 / 2 页" in clerk.text(f"{address}&page=2")


def test_a_common_beginning_is_counted_no_further_than_a_thousand(city: None) -> None:
    with transaction() as session:
        case = a_case(session)
        rows = [
            {**case.model_dump(), "number": f"X-{n}", "submission_key": f"x{n}", "flow_run_id": None}
            for n in range(MOST + 50)
        ]
        session.bulk_insert_mappings(Case, rows)  # type: ignore[arg-type]
        wanted = sought("陈")
        assert wanted is not None
        assert cases_found(session, wanted, Seer(None)).total == MOST
        assert is_too_common(session, wanted, Seer(None))
        assert not is_too_common(session, wanted, Seer("fire"))  # fewer than are looked through
        assert cases_found(session, wanted, Seer("fire")).total == 1


def test_a_stranger_and_a_form_of_another_page_are_refused(clerk: Browser) -> None:
    assert somebody().get("/search").headers["location"].startswith("/sign-in")
    assert clerk.client.post("/search", data={"q": "陈一诺"}).status_code == 403


def test_every_desk_has_the_box(city: None) -> None:
    for username, path in ((CLERK, "/window"), ("fire", "/desk"), (MANAGER, "/manage")):
        assert 'action="/search"' in at_desk(username).get(path).text
    assert 'action="/search"' not in somebody().get("/").text


def test_looking_uses_an_index(city: None) -> None:
    """Each way of looking has an index that can serve it: without one, a hundred thousand cases are read."""
    with transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        for where in (of_name("陈"), of_tail("001-2"), of_phone("13800000000"), of_identity(OTHER)):
            query = select(col(Case.number)).where(where)
            asked = query.compile(session.connection(), compile_kwargs={"literal_binds": True})
            plan = session.execute(text(f"EXPLAIN {asked}"))
            lines = "\n".join(row[0] for row in plan)
            assert "Index" in lines, lines
            assert "Seq Scan" not in lines, lines
