"""Numbers of other people's cases, papers, cards and letters in every address, as whoever has no part in them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from actions.delegating import Period, delegate
from actions.tokens import make_token
from models.account import Account
from models.card import Card
from models.case import Case, Item, Material
from models.clock import ClockRow
from models.database import transaction
from models.document import Document
from models.enquiry import Enquiry
from models.notice import notices_of
from models.shift import ShiftChange
from rules.lights import Light
from rules.moments import china_day
from rules.people import Role
from rules.voices import Stage, VoiceKind
from tests.people import CLERK, a_case, account
from tests.web.hall import at_desk, somebody
from tests.web.routes import APART, APPLICANT, PROGRAM, SIGNED, STAFF, TABLE
from tests.web.sweeping import PEOPLE, Knocker, administrators, to_sign_in

THEIRS = "fire"  # has an item of the case
OUTSIDER = "housing"  # has none


@dataclass(frozen=True)
class Things:
    """Numbers that exist, of a case in which the outsider has no part."""

    case: str
    other_case: str
    other_code: str
    given: dict[str, dict[str, str]]  # beginning of the path -> what stands in it

    def of(self, route: str) -> dict[str, str]:
        """What to put into this route."""
        path = route.split(" ")[1]
        place = next((one for one in sorted(self.given, key=len, reverse=True) if path.startswith(one)), "")
        return self.given.get(place, {})


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
        return Things(case.number, other.number, other.query_code, _given(session, case, now))


def _given(session: Session, case: Case, now: datetime) -> dict[str, dict[str, str]]:
    item = session.exec(select(Item).where(Item.case_number == case.number)).first()
    material = session.exec(select(Material).where(Material.case_number == case.number)).first()
    paper = session.exec(select(Document).where(Document.case_number == case.number)).first()
    assert item
    assert material
    assert paper
    material.stored_as, material.file_name = uuid4().hex, "layout.pdf"
    clock = session.exec(select(ClockRow).where(ClockRow.case_number == case.number)).first()
    assert clock
    card = Card(
        number="JC2026030600000001",
        rule="promised-passed",
        level=Light.RED,
        case_number=case.number,
        clock_id=clock.id,
        department_code=THEIRS,
        responsible=THEIRS,
        finding="超期",
        arose_at=now,
        opened_at=now,
    )
    letter = Enquiry(
        number="ZX2026030600001",
        query_code="ABCDEFGH",
        submission_key=uuid4().hex,
        kind=next(iter(VoiceKind)),
        stage=next(iter(Stage)),
        words="什么时候办好？",
        department_code=THEIRS,
        due_on=china_day(now) + timedelta(days=3),
        created_at=now,
    )
    change = ShiftChange(given_by=CLERK, given_to=CLERK, cases=[case.number], given_at=now)
    period = Period(china_day(now), china_day(now) + timedelta(days=1))
    head = account(session, f"{THEIRS}-head")
    post = delegate(session, THEIRS, f"{THEIRS}-head", period, "休假", by=head, at=now)
    session.add_all([card, letter, change])
    number = {"number": case.number, "case_number": case.number}
    return {
        "/cases/": number | {"item": item.code, "spec_id": material.spec_id, "name": "grant"},
        "/api/v1/cases/": number | {"name": "grant"},
        "/track/": number | {"spec_id": material.spec_id},
        "/track/{case_number}/documents/": {"case_number": case.number, "number": paper.number},
        "/documents/": {"number": paper.number},
        "/materials/": {"material_id": str(material.id)},
        "/cards/": {"number": card.number},
        "/enquiries/": {"number": letter.number, "step": "take"},
        "/enquiry/": {"number": letter.number},
        "/window/shift/": {"change_id": str(change.id)},
        "/delegations/": {"delegation": str(post.id)},
        "/calls/": {"notice_id": str(notices_of(session, case.number)[0].id)},
        "/manage/notices/": number | {"serial": "1", "act": "resend"},
        "/manage/drift/": number,
        "/accounts/": {"username": CLERK, "step": "password"},
    }


EVERYBODYS = ("/guides", "/verify", "/apply")
WITH_NUMBERS = [
    route
    for route, rule in TABLE.items()
    if "{" in route and rule != SIGNED and not route.split()[1].startswith(EVERYBODYS)
]


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
