"""Two days the wrong way round, in every list that is asked for days: said beside them, and no file leaves."""

import re

import pytest

from models.account import Account
from models.database import transaction
from rules.people import Role
from tests.people import MANAGER
from tests.web.hall import a_case_today, at_desk, words

AUDIT = "shenji"
SAID = "起始日期晚于结束日期，请改正。"
LATER, EARLIER = "2026-03-09", "2026-03-02"
LISTS = [
    (MANAGER, "/manage", "from", "to"),
    (MANAGER, "/manage", "closed_from", "closed_to"),
    (MANAGER, "/manage/items", "decided_from", "decided_to"),
    (MANAGER, "/inbox", "from", "to"),
    (MANAGER, "/manage/notices", "from", "to"),
    ("market", "/desk/done", "from", "to"),
    (AUDIT, "/audit", "since", "until"),
]
TABLES = [one for one in LISTS if one[1] not in ("/inbox", "/desk/done")]


@pytest.fixture(autouse=True)
def auditor(city: None) -> None:
    with transaction() as session:
        session.add(Account(username=AUDIT, name="审计", role=Role.AUDITOR, password_hash="!"))


def field(page: str, name: str) -> str:
    found = re.search(rf'<input id="{name}"[^>]*>', page)
    assert found, name
    return found[0]


@pytest.mark.parametrize(("who", "path", "first", "last"), LISTS)
def test_a_list_says_so_beside_the_days_and_keeps_them(who: str, path: str, first: str, last: str) -> None:
    browser = at_desk(who)
    answer = browser.get(f"{path}?{first}={LATER}&{last}={EARLIER}")
    assert (answer.status_code, words(answer).count(SAID)) == (200, 1)
    assert f'id="fault-{first}">{SAID}' in answer.text
    for name, typed in ((first, LATER), (last, EARLIER)):
        assert f'value="{typed}"' in field(answer.text, name)
        assert f'aria-invalid="true" aria-describedby="fault-{first}"' in field(answer.text, name)
    for right in (
        f"{first}={EARLIER}&{last}={LATER}",
        f"{first}={LATER}&{last}={LATER}",
        f"{first}={LATER}",
        f"{last}={EARLIER}",
        f"{first}=x&{last}=y",
    ):
        page = browser.get(f"{path}?{right}").text
        assert SAID not in page, right
        assert "aria-invalid" not in page, right


@pytest.mark.parametrize(("who", "path", "first", "last"), TABLES)
def test_no_empty_file_leaves_without_a_word(who: str, path: str, first: str, last: str) -> None:
    browser = at_desk(who)
    refused = browser.get(f"{path}/table.csv?{first}={LATER}&{last}={EARLIER}")
    assert refused.status_code == 422
    assert SAID in words(refused)
    assert "content-disposition" not in refused.headers
    assert LATER not in at_desk(MANAGER).text("/manage/exports"), "nothing was taken out"
    taken = browser.get(f"{path}/table.csv?{first}={EARLIER}&{last}={LATER}")
    assert taken.headers["content-disposition"].startswith("attachment")
    assert EARLIER in at_desk(MANAGER).text("/manage/exports")


def test_days_that_only_the_address_names_are_told_too() -> None:
    number = a_case_today().number
    page = at_desk(MANAGER).text(f"/manage?concluded_from={LATER}&concluded_to={EARLIER}")
    assert SAID in page
    assert number not in page


def test_the_heading_names_the_days_that_were_asked_for_and_no_others() -> None:
    browser = at_desk(MANAGER)
    for asked, said in (
        ("decided_from=2024-03-04&decided_to=2024-03-08", "2024年3月4日 周一 至 2024年3月8日 周五 办结的"),
        ("decided_to=2024-03-08", "事项清单 截至 2024年3月8日 周五 办结的"),
        ("decided_from=2024-03-04", "事项清单 2024年3月4日 周一 起 办结的"),
    ):
        assert said in words(browser.get(f"/manage/items?{asked}")), asked
    backwards = browser.get(f"/manage/items?decided_from={LATER}&decided_to={EARLIER}")
    assert "事项清单 办结的" in words(backwards), "there are no such days"
