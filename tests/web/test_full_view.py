"""Is a person's number shown in full only to those who need it, after they said for what, and is that kept?"""

import pytest

from config.settings import settings
from models.audit import viewings
from models.case import Case, lock_case, materials_of
from models.database import transaction
from tests.people import CLERK, GOVERNOR, MANAGER
from tests.web.hall import a_case_today, at_desk, words

ID, PHONE, ADDRESS = "000000199001010018", "13800000000", "chen@example.com"


def views(case: Case) -> list[tuple[str, str]]:
    with transaction() as session:
        return [(one.actor, one.reason) for one in viewings(session, case.number)]


@pytest.mark.parametrize("username", [CLERK, "fire", "fire-head", MANAGER, GOVERNOR])
def test_the_case_page_shows_numbers_masked_to_everybody(city: None, username: str) -> None:
    case = a_case_today()
    page = at_desk(username).text(f"/cases/{case.number}")
    assert "000***********0018" in page
    for whole in (ID, PHONE, ADDRESS):
        assert whole not in page
    assert ("查看完整信息" in page) == (username not in (MANAGER, GOVERNOR))


def test_in_full_once_after_saying_for_what(city: None) -> None:
    case = a_case_today()
    fire = at_desk("fire")
    form = fire.text(f"/cases/{case.number}/full")
    assert ID not in form
    assert views(case) == [], "asking is not seeing"
    page = fire.post(f"/cases/{case.number}/full", {"purpose": "contact", "words": "约踏勘时间"})
    assert page.status_code == 200
    assert all(whole in page.text for whole in (ID, PHONE, ADDRESS))
    assert page.headers["cache-control"] == "no-store"
    assert views(case) == [("fire", "联系申请人：约踏勘时间")]
    assert "约踏勘时间" in at_desk(CLERK).text(f"/cases/{case.number}/full")
    assert "约踏勘时间" not in at_desk(CLERK).text(f"/cases/{case.number}"), "the record tells acts"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "请选择查看目的"),
        ({"purpose": "curiosity"}, "请选择查看目的"),
        ({"purpose": "receipt"}, "请选择查看目的"),
        ({"purpose": "other"}, "请写明查看目的"),
        ({"purpose": "other", "words": "看" * 201}, "不超过 200 字"),
    ],
)
def test_without_a_purpose_nothing_is_shown_or_kept(city: None, given: dict[str, str], says: str) -> None:
    case = a_case_today()
    page = at_desk(CLERK).post(f"/cases/{case.number}/full", given)
    assert page.status_code == 422
    assert says in words(page)
    assert ID not in page.text
    assert views(case) == []


@pytest.mark.parametrize("username", [MANAGER, GOVERNOR, "customs"])
def test_nobody_else(city: None, username: str) -> None:
    case = a_case_today()
    browser = at_desk(username)
    assert browser.get(f"/cases/{case.number}/full").status_code == 403
    assert browser.post(f"/cases/{case.number}/full", {"purpose": "contact"}).status_code == 403
    assert views(case) == []


def test_a_look_is_no_act(city: None) -> None:
    """It brings no pass, counts as no news, and is open when the case is put away."""
    case = a_case_today()
    with transaction() as session:
        before = lock_case(session, case.number)
        before.archived_at = before.submitted_at
        known = before.revision, before.look_at
    assert at_desk(CLERK).post(f"/cases/{case.number}/full", {"purpose": "complaint"}).status_code == 200
    with transaction() as session:
        after = lock_case(session, case.number)
        assert (after.revision, after.look_at) == known


def test_opening_a_paper_is_kept_too(city: None) -> None:
    case = a_case_today()
    stored = "0" * 32
    settings().uploads.mkdir(parents=True, exist_ok=True)
    (settings().uploads / stored).write_bytes(b"%PDF-1.4")
    with transaction() as session:
        material = materials_of(session, case.number)[0]
        material.stored_as, material.media_type, material.file_name = stored, "application/pdf", "图.pdf"
        session.add(material)
    assert at_desk(CLERK).get(f"/materials/{material.id}").status_code == 200
    assert at_desk(MANAGER).get(f"/materials/{material.id}").status_code == 403
    assert views(case) == [(CLERK, f"打开材料文件：{material.name}")]
