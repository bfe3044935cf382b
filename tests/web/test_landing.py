"""The page one lands on says what was done, and only to whoever did it."""

import pytest

from models.case import Case
from models.database import transaction
from tests.people import CLERK, MANAGER
from tests.web.hall import Browser, a_case_today, at_desk
from tests.web.test_department import FIRE, released
from web.showing import day


@pytest.fixture
def clerk(city: None) -> Browser:
    return at_desk(CLERK)


def after(browser: Browser, path: str, **fields: str) -> str:
    """The page to which this act leads."""
    answer = browser.post(path, fields)
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.headers["location"])
    assert page.text.count('role="status"') == 1
    return browser.text(answer.headers["location"])


def test_accepting_says_by_when_it_will_be_done(clerk: Browser) -> None:
    case = a_case_today(accepted=False)
    page = after(clerk, f"/cases/{case.number}/accept")
    with transaction() as session:
        due = session.get_one(Case, case.number).promised_due_on
    assert f"已受理。承诺 {day(due)}前办结。" in page


def test_acts_say_their_word(clerk: Browser) -> None:
    case = released()
    fire, manager, page = at_desk(FIRE), at_desk(MANAGER), f"/cases/{case.number}"
    said = after(fire, f"{page}/acts/claim", item="B1-4")
    assert "”已由您领办。" in said
    assert "已办理：放回" in after(fire, f"{page}/acts/release", item="B1-4")
    assert "已办理：督办" in after(manager, f"{page}/acts/urge", item="B1-4", words="请抓紧。")
    corrected = after(clerk, f"{page}/acts/correct", phone="13800000009", reason="录错一位。")
    assert "已办理：更正。" in corrected
    granted = after(
        fire, f"{page}/items/B1-4/grant", conditions="每季度自查。", conditions_until="2999-01-01"
    )
    assert "决定已经生效：附条件准予。" in granted


def test_a_link_claims_nothing_that_was_not_done(clerk: Browser) -> None:
    case = released()
    page = f"/cases/{case.number}"
    for asked in ("grant.B1-4", "correct.", "claim.B1-4", "nonsense", ".", "urge.B9-9"):
        assert 'role="status"' not in clerk.get(f"{page}?done={asked}").text, asked
    after(at_desk(FIRE), f"{page}/items/B1-4/grant")
    assert "决定已经生效" not in clerk.text(f"{page}?done=grant.B1-4"), "somebody else's"
    for strange in (f"{case.number}x", "%00", "x" * 3000):
        assert at_desk(FIRE).get(f"/desk?done=reassign.&of={strange}").status_code == 200
