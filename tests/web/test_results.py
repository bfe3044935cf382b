"""May everybody read what was granted, and nothing about people besides?"""

from datetime import UTC, datetime, timedelta

import pytest

from actions.deciding import grant, refuse
from models.case import find_case, items_of
from models.database import transaction
from rules.application import Applicant
from rules.people import ApplicantKind
from rules.states import ItemState
from tests.people import account
from tests.web.hall import PERSON, a_case_today, somebody
from web.results import _months

COMPANY = Applicant(
    ApplicantKind.ORGANISATION,
    "示例市好味餐饮有限公司",
    "91000000MA00000001",
    "13800000001",
    contact_name="王立",
)


def concluded(*, refused: tuple[str, ...] = (), **changes: object) -> str:
    """A case of B1 that every department has decided."""
    number = a_case_today(**changes).number
    with transaction() as session:
        for _ in range(2):  # what waits for another follows when that one is granted
            for item in reversed(items_of(session, number)):
                if item.state is not ItemState.IN_REVIEW:
                    continue
                by = account(session, item.department_code)
                if item.code in refused:
                    refuse(session, number, item.code, "不符合条件。", by=by, at=datetime.now(UTC))
                else:
                    grant(session, number, item.code, by=by, at=datetime.now(UTC))
    return number


def test_grants_are_public_and_people_are_not(city: None) -> None:
    number = concluded()
    page = somebody().text("/results")
    assert "陈*诺" in page
    assert "食品经营" in page
    for secret in (PERSON["applicant.name"], PERSON["applicant.id_number"], "13800000000", "示例路", number):
        assert secret not in page


def test_a_refusal_is_nobodys_business(city: None) -> None:
    concluded(refused=("B1-3",))
    page = somebody().text("/results")
    assert "城市管理" not in page.split("哪些不公开")[0].split("决定日期")[1]


def test_what_is_not_concluded_is_not_listed(city: None) -> None:
    a_case_today()
    first = somebody().text("/results")
    assert "还没有公开的结果。" in first
    assert "没有符合条件" not in first
    assert "没有符合条件的公开结果" in somebody().text("/results?bundle=B1")


def test_families_and_deaths_are_never_listed(city: None) -> None:
    page = somebody().text("/results?bundle=B3")
    assert "新生儿出生“一件事”：" in page  # under what is not public, with its reason
    number = concluded()
    with transaction() as session:
        find_case(session, number).bundle_code = "B6"
    assert "陈*诺" not in somebody().text("/results")
    assert "陈*诺" not in somebody().text("/results?bundle=B6")


def test_people_cannot_be_looked_for(city: None) -> None:
    concluded()
    assert "陈*诺" not in somebody().text("/results?q=陈一诺")
    assert "陈*诺" not in somebody().text("/results?q=陈")


def test_the_list_is_narrowed_by_bundle_and_month(city: None) -> None:
    concluded()
    today = datetime.now(UTC) + timedelta(hours=8)
    assert "陈*诺" in somebody().text(f"/results?bundle=B1&month={today:%Y-%m}")
    assert "陈*诺" not in somebody().text("/results?month=2020-01")
    assert "陈*诺" not in somebody().text("/results?bundle=B2")


@pytest.mark.parametrize(
    "query", ["month=2020-13", "month=%00", "page=-1", "page=x", "bundle=%27", "q=%00%25_"]
)
def test_nonsense_is_read_as_all_or_nothing(city: None, query: str) -> None:
    assert somebody().get(f"/results?{query}").status_code == 200


def test_the_last_twelve_months_are_offered() -> None:
    found = _months(datetime(2026, 2, 28, tzinfo=UTC).date())
    assert [f"{month:%Y-%m}" for month in found[:3]] == ["2026-02", "2026-01", "2025-12"]
    assert len(found) == 12
