"""Every route times every role: each answers whom the table lets in, and turns everybody else away."""

import re

import pytest

from models.database import transaction
from models.security import WantedEvents, security_events
from rules.people import Role
from rules.security import SecurityKind
from tests.people import a_case
from tests.web.hall import somebody
from tests.web.routes import APART, APPLICANT, OWN, PROGRAM, PUBLIC, SIGNED, STAFF, TABLE
from tests.web.sweeping import Knocker, administrators, at, routes, to_sign_in
from tests.web.things import Things, given
from web.entering import now

STAYS = [route for route in TABLE if route != "POST /sign-out"]  # the others need the session


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    assert set(routes()) - set(TABLE) == set(), "say in tests/web/routes.py who may use these"
    assert set(TABLE) - set(routes()) == set(), "these are gone"


def test_no_route_answers_a_method_that_it_does_not_have() -> None:
    assert {route.split()[0] for route in routes()} == {"GET", "POST"}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_where_the_table_lets_it_and_nowhere_else(role: Role) -> None:
    administrators()
    person, faults = at(role), []
    for route in STAYS:
        rule, answer = TABLE[route], person.knock(route, {})
        status = answer.status_code
        if isinstance(rule, frozenset):
            holds = (status != 403 and not to_sign_in(answer)) if role in rule else status == 403
        elif rule in (PUBLIC, OWN):
            holds = status != 403 and not to_sign_in(answer)
        elif rule == STAFF:
            holds = status == 403 if role in APART else not to_sign_in(answer)
        elif rule in (PROGRAM, SIGNED):
            holds = status in (401, 403, 404, 503)  # 503: no gateway is set up
        else:
            holds = status != 200
        if not holds or (status >= 500 and status != 503):
            faults.append((route, status, answer.headers.get("location")))
    assert faults == []


@pytest.mark.parametrize("role", list(Role))
def test_the_zero_sign_in_an_address_is_no_fault_of_ours(role: Role) -> None:
    administrators()
    with transaction() as session:
        case = a_case(session, at=now())
        things = Things(case.number, "", "", given(session, case, now()))
    person, faults = at(role), []
    for route in STAYS:
        for zero in dict.fromkeys(re.findall(r"{(\w+)}", route)):
            status = person.knock(route, things.of(route) | {zero: "%00"}).status_code
            if status >= 500 and status != 503:  # 503: no gateway is set up
                faults.append((route, zero, status))
    assert faults == []
    with transaction() as session:
        denied = security_events(session, WantedEvents(SecurityKind.DENIED)).rows
    assert any("\ufffd" in one.detail for one in denied), "who knocked is written down"


def test_nobody_gets_past_the_door() -> None:
    visitor, faults = Knocker(somebody()), []
    for route, rule in TABLE.items():
        answer = visitor.knock(route, {})
        status = answer.status_code
        if isinstance(rule, frozenset) or rule in (OWN, STAFF):
            holds = to_sign_in(answer)
        elif rule in (PROGRAM, SIGNED):
            holds = status in (401, 403, 404, 503)  # 503: no gateway is set up
        elif rule == APPLICANT:
            holds = status != 200
        else:
            holds = status != 403 and not to_sign_in(answer)
        if not holds or (status >= 500 and status != 503):
            faults.append((route, status, answer.headers.get("location")))
    assert faults == []


def test_forms_without_our_mark_change_nothing_anywhere() -> None:
    administrators()
    for role in (Role.CLERK, Role.SECURITY):
        browser = at(role).browser
        for route in (one for one in STAYS if one.startswith("POST") and TABLE[one] not in (PROGRAM, SIGNED)):
            path = route.split(" ")[1].replace("{", "").replace("}", "")
            answer = browser.client.post(path, data={"csrf": "0" * 64, "confirmed": "yes"})
            assert answer.status_code in (303, 403, 404), (route, answer.status_code)
            assert answer.status_code != 303 or TABLE[route] in (PUBLIC, APPLICANT), route
