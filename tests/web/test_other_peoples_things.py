"""Numbers of other people's cases, papers, cards and letters in every address, as whoever has no part in them."""

from datetime import UTC, datetime

import pytest
from sqlmodel import select

from actions.tokens import make_token
from models.account import Account
from models.case import Item
from models.database import transaction
from rules.people import Role
from tests.people import a_case
from tests.web.hall import at_desk, somebody
from tests.web.routes import APART, APPLICANT, PROGRAM, STAFF, TABLE
from tests.web.sweeping import PEOPLE, Knocker, administrators, to_sign_in
from tests.web.things import THEIRS, WITH_NUMBERS, Things, given

OUTSIDER = "housing"  # has none


@pytest.fixture
def things() -> Things:
    administrators()
    now = datetime.now(UTC)
    with transaction() as session:
        departments = {one.department_code for one in session.exec(select(Item))}
        case, other = a_case(session, at=now), a_case(session, at=now)
        departments = {one.department_code for one in session.exec(select(Item))}
        assert THEIRS in departments
        assert OUTSIDER not in departments
        return Things(case.number, other.number, other.query_code, given(session, case, now))


@pytest.mark.parametrize(
    "username", [OUTSIDER, f"{OUTSIDER}-head", *(PEOPLE[role] for role in sorted(APART))]
)
def test_who_has_no_part_in_a_case_gets_nothing_of_it(things: Things, username: str) -> None:
    person, faults = Knocker(at_desk(username)), []
    with transaction() as session:
        role = session.get_one(Account, username).role
    for route in WITH_NUMBERS:
        rule = TABLE[route]
        if isinstance(rule, frozenset) and role in rule and not route.endswith("/end"):
            continue  # the administrators' own desks
        answer = person.knock(route, things.of(route))
        hidden = answer.status_code in (401, 403, 404) or _led_away(answer.headers.get("location", ""))
        if not hidden and not _refused_file(route, answer.status_code):
            faults.append((route, answer.status_code, answer.headers.get("location")))
    assert faults == []


def test_an_applicant_gets_nothing_of_another_case(things: Things) -> None:
    visitor = Knocker(somebody())
    mine = {"number": things.other_case, "code": things.other_code}
    assert visitor.browser.post("/track", mine).status_code == 303
    assert visitor.browser.get(f"/track/{things.other_case}").status_code == 200
    faults = []
    for route in WITH_NUMBERS:
        answer = visitor.knock(route, things.of(route))
        away = to_sign_in(answer) or _led_away(answer.headers.get("location", ""))
        if (
            answer.status_code not in (401, 403, 404)
            and not away
            and TABLE[route] in (STAFF, APPLICANT, PROGRAM)
        ):
            faults.append((route, answer.status_code, answer.headers.get("location")))
    assert faults == []


def test_a_token_reaches_no_further_than_its_account(things: Things) -> None:
    browser = somebody()
    for username in (OUTSIDER, PEOPLE[Role.SECURITY], PEOPLE[Role.AUDITOR]):
        with transaction() as session:
            token = make_token(session, username, "测试", 1, at=datetime.now(UTC))
        bearer = {"Authorization": f"Bearer {token}"}
        for end in ("", "/acts", "/clocks", "/cards", "/notices"):
            answer = browser.get(f"/api/v1/cases/{things.case}{end}", headers=bearer)
            assert answer.status_code == 403, (username, end)
        act = browser.client.post(f"/api/v1/cases/{things.case}/acts/grant", json={}, headers=bearer)
        assert act.status_code == 403


def test_a_token_that_only_reads_takes_no_act(things: Things) -> None:
    with transaction() as session:
        token = make_token(session, THEIRS, "大屏", 1, at=datetime.now(UTC), only_reads=True)
    bearer = {"Authorization": f"Bearer {token}"}
    browser = somebody()
    assert browser.get(f"/api/v1/cases/{things.case}", headers=bearer).status_code == 200
    answer = browser.client.post(f"/api/v1/cases/{things.case}/acts/claim", json={}, headers=bearer)
    assert (answer.status_code, "只能查看" in answer.json()["error"]) == (403, True)


def _led_away(location: str) -> bool:
    """To the form that asks for the query code."""
    return location.startswith(("/track?", "/enquiry/track")) or location in ("/track", "/rate")


def _refused_file(route: str, status: int) -> bool:
    """A form without its file is refused before anybody is asked for."""
    return route.startswith("POST /track/") and status == 422
