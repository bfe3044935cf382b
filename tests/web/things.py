"""Numbers that exist, one for every address: of a case and of what hangs on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlmodel import Session, select

from actions.delegating import Period, delegate
from models.card import Card
from models.case import Case, Item, Material
from models.clock import ClockRow
from models.document import Document
from models.enquiry import Enquiry
from models.notice import notices_of
from models.shift import ShiftChange
from models.telling import Call
from rules.lights import Light
from rules.moments import china_day
from rules.voices import Stage, VoiceKind
from tests.people import CLERK, MARKS, account
from tests.web.routes import SIGNED, TABLE

THEIRS = "fire"  # has an item of the case


@dataclass(frozen=True)
class Things:
    """Numbers that exist, of a case in which whoever tries them has no part."""

    case: str
    other_case: str
    other_code: str
    given: dict[str, dict[str, str]]  # beginning of the path -> what stands in it

    def of(self, route: str) -> dict[str, str]:
        """What to put into this route."""
        path = route.split(" ")[1]
        place = next((one for one in sorted(self.given, key=len, reverse=True) if path.startswith(one)), "")
        return self.given.get(place, {})


def given(session: Session, case: Case, now: datetime, serial: int = 1) -> dict[str, dict[str, str]]:
    """Numbers of the case, and of a card, a letter, a shift and a stand-in of the district it is in."""
    mark = f"{MARKS[case.district]}-" if case.district else ""
    fire, clerk = f"{mark}{THEIRS}", f"{mark}{CLERK}"
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
        number=f"JC20260306{serial:08d}",
        rule="promised-passed",
        level=Light.RED,
        case_number=case.number,
        clock_id=clock.id,
        department_code=THEIRS,
        responsible=fire,
        finding="超期",
        arose_at=now,
        opened_at=now,
    )
    letter = Enquiry(
        number=f"ZX20260306{serial:05d}",
        query_code="ABCDEFGH",
        submission_key=uuid4().hex,
        kind=next(iter(VoiceKind)),
        stage=next(iter(Stage)),
        words="什么时候办好？",
        department_code=THEIRS,
        district=case.district,
        due_on=china_day(now) + timedelta(days=3),
        created_at=now,
    )
    change = ShiftChange(given_by=clerk, given_to=clerk, cases=[case.number], given_at=now)
    period = Period(china_day(now), china_day(now) + timedelta(days=1))
    head = account(session, f"{fire}-head")
    post = delegate(session, fire, f"{fire}-head", period, "休假", by=head, at=now)
    notice = notices_of(session, case.number)[0]
    call = Call(notice_id=notice.id, case_number=case.number, opened_at=now)
    session.add_all([card, letter, change, call])
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
        "/calls/": {"notice_id": str(notice.id)},
        "/manage/notices/": number | {"serial": "1", "act": "resend"},
        "/manage/drift/": number,
        "/accounts/": {"username": clerk, "step": "password"},
    }


EVERYBODYS = ("/guides", "/verify", "/apply")
WITH_NUMBERS = [
    route
    for route, rule in TABLE.items()
    if "{" in route and rule != SIGNED and not route.split()[1].startswith(EVERYBODYS)
]
