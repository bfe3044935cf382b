"""What may a cell begin with, and what do the desks take out of their lists?"""

import csv
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from actions.supervising import fire_due_rungs
from models import card as cards_kept
from models.card import Card
from models.database import transaction
from models.export import ListExport
from models.notice import Notice
from models.telling import Call
from tests.people import CLERK, COUNTY, MANAGER, a_case, a_district
from tests.web.hall import Browser, a_case_today, at_desk
from web.exporting import FORMULA, harmless


@pytest.mark.parametrize("begin", FORMULA)
def test_what_a_table_program_would_calculate_is_text(begin: str) -> None:
    assert harmless(f"{begin}1+1") == f"'{begin}1+1"


@pytest.mark.parametrize("cell", ["", "陈一诺", "2026-03-06", "000000-B1-20260306-000001-2", "1=1"])
def test_everything_else_stays(cell: str) -> None:
    assert harmless(cell) == cell


def table(desk: Browser, path: str) -> list[dict[str, str]]:
    """The rows that come with this address, by their headings."""
    answer = desk.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    return list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))


def late_cards() -> list[Card]:
    long_ago = datetime.now(UTC) - timedelta(days=45)
    with transaction() as session:
        case = a_case(session, at=long_ago)
        return fire_due_rungs(session, case.number, at=datetime.now(UTC))


def test_the_clerk_takes_out_the_cases_as_they_are_narrowed() -> None:
    waiting, running = a_case_today(accepted=False), a_case_today()
    clerk = at_desk(CLERK)
    assert 'href="/window/all/table.csv?state=accepted"' in clerk.get("/window/all?state=accepted").text
    [row] = table(clerk, "/window/all/table.csv?state=accepted")
    assert (row["办件编号"], row["状态"]) == (running.number, "办理中")
    assert {row["办件编号"] for row in table(clerk, "/window/all/table.csv")} == {
        waiting.number,
        running.number,
    }
    with transaction() as session:
        taken = session.exec(select(ListExport).order_by("id")).all()
    assert [(one.username, one.list_name, one.narrowed) for one in taken] == [
        (CLERK, "办件查询", "state=accepted"),
        (CLERK, "办件查询", ""),
    ]


def test_a_department_takes_out_its_own_cards_and_the_manager_all() -> None:
    found = late_cards()
    own = {card.number for card in found if card.department_code == "market"}
    assert own
    assert {row["监察编号"] for row in table(at_desk("market"), "/cards/table.csv")} == own
    assert table(at_desk("fire"), "/cards/table.csv") == []
    everything = table(at_desk(MANAGER), "/cards/table.csv")
    assert [row["监察编号"] for row in everything] == sorted((card.number for card in found), reverse=True)


def test_every_open_card_is_reached_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two hundredth was the last one that anybody saw."""
    found = late_cards()
    monkeypatch.setattr(cards_kept, "AT_ONCE", 2)
    manager, seen = at_desk(MANAGER), set()
    for number in range(1, -(-len(found) // 2) + 1):
        page = manager.text(f"/cards?page={number}")
        seen |= {card.number for card in found if card.number in page}
    assert seen == {card.number for card in found}


def test_whom_to_call_is_taken_out_without_the_numbers() -> None:
    case = a_case_today()
    with transaction() as session:
        notice = session.exec(select(Notice).where(Notice.case_number == case.number)).first()
        assert notice
        session.add(Call(notice_id=notice.id, case_number=case.number, opened_at=datetime.now(UTC)))
    clerk = at_desk(CLERK)
    assert case.phone in clerk.text("/calls")
    [row] = table(clerk, "/calls/table.csv")
    assert (row["办件编号"], row["联系人"]) == (case.number, "陈一诺")
    assert row["电话"].endswith(case.phone[-4:])
    assert case.phone not in row["电话"]


def test_the_inbox_leads_to_the_table_of_the_same_notices() -> None:
    case, other = a_case_today(), a_case_today()
    manager = at_desk(MANAGER)
    path = f"/manage/notices/table.csv?case={case.number}"
    assert f'href="{path}"' in manager.get(f"/inbox?case={case.number}").text
    assert {row["办件编号"] for row in table(manager, path)} == {case.number}
    assert {row["办件编号"] for row in table(manager, "/manage/notices/table.csv")} == {
        case.number,
        other.number,
    }


def test_a_district_takes_out_its_own() -> None:
    a_case_today()
    late_cards()
    with transaction() as session:
        a_district(session, COUNTY)
    assert table(at_desk("qu-linxiao"), "/window/all/table.csv") == []
    assert table(at_desk("qu-market"), "/cards/table.csv") == []
    assert table(at_desk("qu-linxiao"), "/calls/table.csv") == []
