"""People of a county, of another and of a town: for each of them only their own district exists, on every route."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from fastapi.routing import APIRoute

from actions.tokens import make_token
from config.settings import settings
from models.account import Account
from models.case import Material, find_case
from models.copying import Counts, fingerprints, one_moment
from models.database import transaction
from rules.application import Applicant, Supplied
from rules.identifiers import case_number
from rules.moments import china_day
from rules.people import ApplicantKind, Role
from tests.people import COUNTY, MARKS, OTHER_COUNTY, TOWN, a_case, a_district
from tests.web.hall import at_desk, somebody, words
from tests.web.routes import TABLE
from tests.web.sweeping import Knocker
from tests.web.test_api import Program, an_application
from tests.web.things import WITH_NUMBERS, Things, given
from web import drafts, entering
from web.api_door import caller
from web.app import PAGES
from web.entering import one_transaction, viewer

CITY = ""
PLACES = (CITY, COUNTY, OTHER_COUNTY, TOWN)
NAMES = {CITY: "市甲一", COUNTY: "区甲二", OTHER_COUNTY: "县甲三", TOWN: "街甲四"}
PHONES = dict(zip(PLACES, ("13800000001", "13800000002", "13800000003", "13800000004"), strict=True))
SEES = {CITY: set(PLACES), COUNTY: {COUNTY, TOWN}, OTHER_COUNTY: {OTHER_COUNTY}, TOWN: {TOWN}}

DESKS = {
    Role.CLERK: "linxiao",
    Role.OFFICER: "fire",
    Role.HEAD: "fire-head",
    Role.GOVERNMENT: "lijianguo",
    Role.MANAGER: "zhaomin",
}
# What may differ after a look from outside: who came in, and that somebody knocked or took a list.
BESIDE = {"sign_in", "security_event", "list_export"}
WAY_IN = re.compile(r"^(GET|POST) /(track|enquiry|rate|verify)")  # an applicant's, by number and query code


def named(place: str, role: Role) -> str:
    """Whoever has this role there."""
    return f"{MARKS[place]}-{DESKS[role]}" if place else DESKS[role]


@dataclass(frozen=True)
class Lands:
    """One case, with everything that hangs on one, in each district."""

    cases: dict[str, str]
    things: dict[str, Things]

    def marks_of(self, place: str) -> set[str]:
        """By what a page would betray this district."""
        found = {value for one in self.things[place].given.values() for value in one.values()}
        return {value for value in found if len(value) > 11} | {NAMES[place], PHONES[place]}


@pytest.fixture
def lands(city: None) -> Lands:
    now, cases, things = datetime.now(UTC), {}, {}
    with transaction() as session:
        for place in MARKS:
            a_district(session, place)
    for serial, place in enumerate(PLACES, start=1):
        with transaction() as session:
            who = Applicant(ApplicantKind.PERSON, NAMES[place], "000000199001010018", PHONES[place])
            case = a_case(session, at=now, clerk=named(place, Role.CLERK), applicant=who)
            assert case.district == place
            things[place] = Things(case.number, "", "", given(session, case, now, serial))
            cases[place] = case.number
    return Lands(cases, things)


def nobodys(things: Things) -> Things:
    """The same addresses with numbers that were never given out."""
    case = case_number("000000", "B1", china_day(datetime.now(UTC)), 999_999)
    ghosts = {
        "case_number": case,
        "material_id": str(uuid4()),
        "change_id": str(uuid4()),
        "delegation": str(uuid4()),
        "notice_id": str(uuid4()),
    }
    special = {"/cards/": "JC2026030699999999", "/enquiries/": "ZX2026030699999", "/documents/": "WS0000"}

    def ghost(place: str, one: Mapping[str, str]) -> dict[str, str]:
        found = {name: ghosts.get(name, value) for name, value in one.items()}
        if "number" in found:
            found["number"] = special.get(place, case)
        return found

    return Things("", "", "", {place: ghost(place, one) for place, one in things.given.items()})


def record() -> Counts:
    with one_moment(settings().owner_url) as (connection, _):
        return {name: rows for name, rows in fingerprints(connection).items() if name not in BESIDE}


OUTSIDERS = [(OTHER_COUNTY, COUNTY), (OTHER_COUNTY, CITY), (TOWN, COUNTY), (COUNTY, CITY)]


@pytest.mark.parametrize(("place", "elsewhere"), OUTSIDERS)
@pytest.mark.parametrize("role", list(DESKS))
def test_a_number_of_another_district_is_no_number_at_all(
    lands: Lands, role: Role, place: str, elsewhere: str
) -> None:
    """Every id in every address: answered word for word as one that was never given out, and nothing is changed."""
    person, before, faults = Knocker(at_desk(named(place, role))), record(), []
    theirs, ghosts = lands.things[elsewhere], nobodys(lands.things[elsewhere])
    for route in WITH_NUMBERS:
        answer, to_a_ghost = (person.knock(route, things.of(route)) for things in (theirs, ghosts))
        rule = TABLE[route]
        hidden = answer.status_code in (401, 403, 404) or bool(WAY_IN.match(route))
        alike = answer.status_code == to_a_ghost.status_code
        allowed = isinstance(rule, frozenset) and role in rule
        if not (hidden and alike) or (allowed and answer.status_code != 404 and "/flow/" not in route):
            faults.append((route, answer.status_code, to_a_ghost.status_code))
        if lands.marks_of(elsewhere) & set(re.findall(r"[\w-]+", answer.text)) - set(
            theirs.of(route).values()
        ):
            faults.append((route, "tells", answer.status_code))
    assert faults == []
    assert record() == before


WITHOUT_NUMBERS = [route for route in TABLE if route.startswith("GET ") and "{" not in route]
FIGURES = ("flow", "backlog", "hours", "in-time-departments", "in-time-bundles", "peaks", "coming", "ratings")
LISTS = [
    *(route.split()[1] for route in WITHOUT_NUMBERS),
    *(f"/manage/figures/{name}.{kind}" for name in FIGURES for kind in ("svg", "csv")),
    "/manage?sort=number",
    "/manage/notices?state=sent",
    "/enquiries?all=yes",
    "/window/all?closed=yes",
    "/desk?whose=all",
]


@pytest.mark.parametrize("place", [COUNTY, OTHER_COUNTY, TOWN])
@pytest.mark.parametrize("role", list(DESKS))
def test_no_page_without_a_number_tells_of_another_district(lands: Lands, role: Role, place: str) -> None:
    person, told, faults = Knocker(at_desk(named(place, role))), "", []
    strange = set().union(*(lands.marks_of(one) for one in PLACES if one not in SEES[place]))
    for path in LISTS:
        if path.startswith("/results"):  # 结果公开 is everybody's
            continue
        answer = person.browser.get(path)
        assert answer.status_code < 500 or path == "/readyz/all", path  # no conductor runs here
        faults += [(path, one) for one in strange if one in answer.text]
        told += answer.text
    assert faults == []
    if role is not Role.GOVERNMENT:  # whose pages are figures
        assert lands.cases[place] in told


@pytest.mark.parametrize("place", PLACES)
def test_counts_lists_and_tables_are_of_the_district(lands: Lands, place: str) -> None:
    """The town sees the town, the county the county with its towns, the city all of it."""
    seen = {lands.cases[one] for one in SEES[place]}
    manager, clerk = at_desk(named(place, Role.MANAGER)), at_desk(named(place, Role.CLERK))
    table = manager.get("/manage/table.csv").text
    assert {number for number in lands.cases.values() if number in table} == seen
    assert len(table.strip().splitlines()) == len(seen) + 1
    items = manager.get("/manage/items/table.csv").text
    assert {number for number in lands.cases.values() if number in items} == seen
    flow = manager.get("/manage/figures/flow.csv").text
    assert sum(int(row.split(",")[1]) for row in flow.strip().splitlines()[1:]) == len(seen), flow
    listed = clerk.get("/window/all").text
    assert {number for number in lands.cases.values() if number in listed} == seen


@pytest.mark.parametrize("place", PLACES)
def test_search_finds_what_the_person_sees(lands: Lands, place: str) -> None:
    clerk = at_desk(named(place, Role.CLERK))
    for sought in (lands.cases, NAMES, PHONES):
        for elsewhere in PLACES:
            answer = clerk.post("/search", {"q": sought[elsewhere]})
            assert answer.status_code == 303
            page = clerk.get(answer.headers["location"])
            there = page.status_code == 200 and f"/cases/{lands.cases[elsewhere]}" in page.text
            assert there == (elsewhere in SEES[place]), (sought[elsewhere], answer.headers["location"])


def test_a_submission_key_of_another_district_is_refused_and_tells_nothing_of_its_case(lands: Lands) -> None:
    key = {"submission_key": "2026-0001"}
    first = Program(named(COUNTY, Role.CLERK)).post("/cases", an_application(**key))
    assert first.status_code == 201
    elsewhere = Program(named(OTHER_COUNTY, Role.CLERK))
    answer = elsewhere.post("/cases", an_application(**key))
    said = {"error": "这个 submission_key 已在别处用过，请换一个。", "faults": {}}
    assert (answer.status_code, answer.json()) == (409, said)
    assert elsewhere.get("/cases").json()["total"] == 1, "nothing of it was kept"
    assert elsewhere.post("/cases", an_application(submission_key="2026-0002")).status_code == 201


@pytest.mark.parametrize("place", PLACES)
def test_a_token_reaches_as_far_as_its_account(lands: Lands, place: str) -> None:
    with transaction() as session:
        token = make_token(session, named(place, Role.MANAGER), "测试", 1, at=datetime.now(UTC))
        officer = make_token(
            session, named(place, Role.OFFICER).replace("fire", "market"), "测试", 1, at=datetime.now(UTC)
        )
    program, bearer = somebody(), {"Authorization": f"Bearer {token}"}
    listed = program.get("/api/v1/cases", headers=bearer).json()
    assert {one["case_no"] for one in listed["cases"]} == {lands.cases[one] for one in SEES[place]}
    assert listed["total"] == len(SEES[place])
    before = record()
    for elsewhere, number in lands.cases.items():
        for end in ("", "/acts", "/clocks", "/cards", "/notices"):
            status = program.get(f"/api/v1/cases/{number}{end}", headers=bearer).status_code
            assert status == (200 if elsewhere in SEES[place] else 404), (elsewhere, end)
        if elsewhere not in SEES[place]:
            act = program.client.post(
                f"/api/v1/cases/{number}/acts/claim",
                json={"item": "B1-1"},
                headers={"Authorization": f"Bearer {officer}"},
            )
            assert act.status_code == 404, act.text
    assert record() == before


def test_a_batch_takes_nothing_of_another_district(lands: Lands) -> None:
    officer = at_desk(named(OTHER_COUNTY, Role.OFFICER))
    theirs = lands.things[COUNTY].given["/cases/"]
    before = record()
    answer = officer.post("/desk/batch", {"item": f"{theirs['number']}-{theirs['item'][-2:]}"})
    assert answer.status_code == 404
    assert record() == before


def test_a_file_is_reached_through_its_row(lands: Lands) -> None:
    """The upload itself has no address of its own, only that of its material."""
    own, theirs = (
        lands.things[place].given["/materials/"]["material_id"] for place in (COUNTY, OTHER_COUNTY)
    )
    with transaction() as session:
        stored = [session.get_one(Material, UUID(one)).stored_as for one in (own, theirs)]
    settings().uploads.mkdir(parents=True, exist_ok=True)
    for name in stored:
        (settings().uploads / name).write_bytes(b"%PDF-1.4")
    officer = at_desk(named(COUNTY, Role.OFFICER))
    assert officer.get(f"/materials/{own}").status_code == 200
    assert officer.get(f"/materials/{theirs}").status_code == 404


def test_the_case_says_where_it_came_in_and_nobody_changes_it(lands: Lands) -> None:
    clerk = at_desk(named(COUNTY, Role.CLERK))
    assert "行政区划 示例区" in clerk.text(f"/cases/{lands.cases[COUNTY]}")
    assert "行政区划 示例街道" in clerk.text(f"/cases/{lands.cases[TOWN]}")
    with transaction() as session:
        token = make_token(session, named(COUNTY, Role.MANAGER), "测试", 1, at=datetime.now(UTC))
    bearer = {"Authorization": f"Bearer {token}"}
    told = somebody().get(f"/api/v1/cases/{lands.cases[TOWN]}", headers=bearer).json()
    assert told["district"] == TOWN


def test_the_applicant_comes_in_by_number_and_query_code_from_anywhere(lands: Lands) -> None:
    with transaction() as session:
        code = find_case(session, lands.cases[COUNTY]).query_code
    for visitor in (somebody(), at_desk(named(OTHER_COUNTY, Role.CLERK))):
        assert visitor.post("/track", {"number": lands.cases[COUNTY], "code": code}).status_code == 303
        assert visitor.get(f"/track/{lands.cases[COUNTY]}").status_code == 200


def test_what_is_the_platforms_own_is_for_the_whole(lands: Lands) -> None:
    county, city = at_desk(named(COUNTY, Role.MANAGER)), at_desk(named(CITY, Role.MANAGER))
    for path in ("/manage/drift", "/manage/messages", "/manage/flow/B1"):
        assert "不限行政区划" in county.get(path).text, path
        assert county.get(path).status_code == 403
        assert city.get(path).status_code != 403
    page = county.get("/manage").text
    assert "/manage/drift" not in page
    assert "/manage/flow/" not in page
    assert "/manage/drift" in city.get("/manage").text


def test_opening_a_new_form_throws_away_no_papers_of_another_district(lands: Lands) -> None:
    """The sweep of old forms asks whether a form has become a case: of all cases, not of those one sees."""
    with transaction() as session:
        key = find_case(session, lands.cases[COUNTY]).submission_key
    settings().uploads.mkdir(parents=True, exist_ok=True)
    paper = settings().uploads / "a-paper"
    paper.write_bytes(b"%PDF-1.4")
    supplied = Supplied("M1", stored_as="a-paper", file_name="a.pdf")
    old = drafts.Draft(key, named(COUNTY, Role.CLERK), "B1", {}, {"M1": supplied})
    drafts.keep(old, datetime.now(UTC) - timedelta(days=30))
    assert at_desk(named(OTHER_COUNTY, Role.CLERK)).get("/window/new").status_code == 200
    assert paper.exists()


def _needs(dependant: Dependant, call: object) -> bool:
    return any(one.call is call or _needs(one, call) for one in dependant.dependencies)


def _asks_before_it_is_known(dependant: Dependant) -> list[object]:
    """Dependencies that take the request's session without knowing who asks."""
    known = (viewer, caller)
    return [
        one.call
        for one in dependant.dependencies
        if one.call not in (*known, one_transaction)
        and any(below.call is one_transaction for below in one.dependencies)
        and not any(_needs(one, call) for call in known)
    ]


def test_every_route_that_knows_who_asks_has_a_confined_session() -> None:
    """`viewer` and `caller` confine the one session of the request; nothing on such a route reads before them."""
    confining = 0
    for pages in PAGES:
        for route in pages.router.routes:
            assert isinstance(route, APIRoute)
            if any(_needs(route.dependant, call) for call in (viewer, caller)):
                confining += 1
                assert _asks_before_it_is_known(route.dependant) == [], route.path
    assert confining > 80
    for call in (viewer, caller):
        assert [one for one in get_dependant(path="/", call=call).dependencies if one.call is one_transaction]


# Sessions of the whole in the pages' own code: before anybody is known, for applicants, or for the platform's own sake.
OF_THE_WHOLE = {
    "api_door.py",  # whom does the token stand for?
    "entering.py",  # who is signed in?
    "limiting.py",  # how often did somebody try of late?
    "metrics.py",  # figures of the platform
    "new_case.py",  # which old forms have become a case?
    "online_proof.py",  # an applicant's code
    "refusing.py",  # somebody knocked where he does not belong
    "signing_in_elsewhere.py",  # the identity service
}


def test_a_page_that_opens_its_own_session_says_whose_it_is() -> None:
    found = {
        path.name
        for path in Path(entering.__file__).parent.glob("*.py")
        if re.search(r"\btransaction\(\)", path.read_text(encoding="utf-8"))
    }
    assert found == OF_THE_WHOLE


def test_the_security_administrator_sets_a_district_and_the_person_is_signed_out(lands: Lands) -> None:
    with transaction() as session:
        session.add(Account(username="anquan", name="安全", role=Role.SECURITY, password_hash="!"))
    desk, officer = at_desk("anquan"), at_desk("fire")
    assert officer.get(f"/cases/{lands.cases[COUNTY]}").status_code == 200
    assert "整个示例市" in desk.get("/accounts/fire").text
    asked = desk.post("/accounts/fire/district", {"district": OTHER_COUNTY})
    assert "行政区划： 示例县" in words(asked)
    done = desk.post("/accounts/fire/district", {"district": OTHER_COUNTY, "confirmed": "yes"})
    assert done.headers["location"] == "/accounts/fire?done=district"
    assert officer.get("/desk").status_code == 303
    again = at_desk("fire")
    assert again.get(f"/cases/{lands.cases[COUNTY]}").status_code == 404
    assert again.get(f"/cases/{lands.cases[OTHER_COUNTY]}").status_code == 200
    assert "示例县" in desk.get("/accounts?q=fire").text
    wrong = desk.post("/accounts/fire/district", {"district": "000099", "confirmed": "yes"})
    assert (wrong.status_code, "没有行政区划“000099”" in wrong.text) == (422, True)
    new = {"username": "zhangwei", "name": "张伟", "role": "clerk", "district": TOWN}
    assert desk.post("/accounts/new", new).status_code == 200
    with transaction() as session:
        assert session.get_one(Account, "zhangwei").district == TOWN
        assert session.get_one(Account, "fire").district == OTHER_COUNTY
