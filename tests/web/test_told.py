"""Who reads on the page of a case what its applicant was told, and how much of it?"""

import html
import re
from datetime import UTC, datetime, timedelta

from actions.deciding import grant, refuse
from models.account import Account
from models.case import Case
from models.database import transaction
from notifications.sending import send_due
from rules.people import Role
from tests.people import CLERK, GOVERNOR, MANAGER, account
from tests.web.hall import a_case_today, at_desk
from tests.web.test_api import Program
from web.entering import now

MARKET_ITEM, FIRE_ITEM = "企业营业执照信息核验", "公众聚集场所投入使用、营业前消防安全检查"


def a_case_of_which_was_told() -> Case:
    """The market has granted, fire has refused, and everything has left."""
    case = a_case_today()
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
        refuse(session, case.number, "B1-4", "疏散通道被堵。", by=account(session, "fire"), at=now())
    send_due(at=datetime.now(UTC) + timedelta(days=3))
    return case


def notices(username: str, case: Case) -> str:
    """The part of the page, as it was sent."""
    page = at_desk(username).get(f"/cases/{case.number}")
    assert page.status_code == 200
    _, found, rest = page.text.partition("<h2>发出的通知</h2>")
    assert found
    return html.unescape(rest.partition("</section>")[0])


def told_of(username: str, case: Case) -> set[tuple[str, str]]:
    """Event and item of each."""
    return set(re.findall(r"<strong>([^<]+)</strong> ?([^<]*?) <span", notices(username, case)))


def test_a_department_reads_of_its_own_items_and_of_all_together(city: None) -> None:
    case = a_case_of_which_was_told()
    everything = told_of(CLERK, case)
    joint = {(event, item) for event, item in everything if not item}
    assert {"收件回执", "受理通知"} <= {event for event, _ in joint}
    decided = {item for event, item in everything if event == "部门办理结果"}
    assert len(decided) >= 2
    for username in ("fire", "fire-head", "market"):
        seen = told_of(username, case)
        own = seen - joint
        assert seen == joint | own
        assert {item for _, item in own} == {FIRE_ITEM if username != "market" else MARKET_ITEM}
    assert told_of(MANAGER, case) == everything


def test_a_department_reads_how_each_fared_but_not_the_letters_or_the_address(city: None) -> None:
    case = a_case_of_which_was_told()
    clerk, fire = notices(CLERK, case), notices("fire", case)
    for shown in ("短信 · 138****0000 · 没有外发，只在通知箱", 'datetime="'):
        assert shown in clerk
        assert shown in fire
    assert case.query_code in clerk
    assert "<summary>内容</summary>" in clerk
    for hidden in (case.query_code, "<summary>", "13800000000", "chen@example.com", "<form", "<button"):
        assert hidden not in fire, hidden


def test_the_query_code_in_a_letter_is_read_by_the_window_alone() -> None:
    case = a_case_of_which_was_told()
    for page in (f"/cases/{case.number}", f"/inbox?case={case.number}"):
        assert case.query_code in at_desk(CLERK).text(page)
        of_manager = at_desk(MANAGER).text(page)
        assert case.query_code not in of_manager
        assert "查询码········" in of_manager
    with transaction() as session:
        session.add(Account(username="xitong", name="系统管理员", role=Role.ADMIN, password_hash="!"))
    ledger = f"/cases/{case.number}/notices"
    assert case.query_code in Program(CLERK).get(ledger).text
    for username in (MANAGER, GOVERNOR, "xitong"):
        of_program = Program(username).get(ledger)
        assert (of_program.status_code, case.query_code in of_program.text) == (200, False), username
        assert "查询码········" in of_program.text, username
