"""What does the manager see, and where does it lead?"""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from config.settings import settings
from models.case import find_case
from models.database import transaction
from tests.people import CLERK, MANAGER, MORNING, a_case
from tests.web.hall import Browser, a_case_today, at_desk


@pytest.fixture
def manager(city: None) -> Browser:
    return at_desk(MANAGER)


def test_no_cases_yet(manager: Browser) -> None:
    assert "没有符合条件的办件" in manager.text("/manage")
    assert "还没有通知" in manager.text("/inbox")


def test_each_case_leads_to_its_run(manager: Browser) -> None:
    case, run = a_case_today(), uuid4()
    assert "待创建" in manager.text("/manage")
    with transaction() as session:
        find_case(session, case.number).flow_run_id = run
    link = f"{settings().prefect_url}/runs/flow-run/{run}"
    assert link in manager.get("/manage").text
    assert link in manager.get(f"/cases/{case.number}").text
    assert link not in at_desk("market").get(f"/cases/{case.number}").text


def test_the_conductors_trouble_is_shown(manager: Browser) -> None:
    case = a_case_today()
    with transaction() as session:
        found = find_case(session, case.number)
        found.failures, found.failure = 3, "Prefect 没有应答"
    assert "Prefect 没有应答" in manager.text(f"/cases/{case.number}")
    assert "编排出错 3 次" in manager.text("/manage")


def test_the_list_is_narrowed_by_each_filter(manager: Browser) -> None:
    fresh = a_case_today(accepted=False)
    with transaction() as session:
        late = a_case(session, at=MORNING)
        find_case(session, late.number).promised_due_on = datetime(2026, 3, 25, tzinfo=UTC).date()
    both = (
        "",
        "?bundle=B1",
        "?department=fire",
        "?sort=oldest",
        "?sort=nonsense&bundle=nonsense&department=x",
    )
    for query in both:
        page = manager.text(f"/manage{query}")
        assert fresh.number in page, query
        assert late.number in page, query
    for query, shown, hidden in [
        ("?overdue=yes", late, fresh),
        ("?state=submitted", fresh, late),
        ("?state=accepted&sort=due", late, fresh),
        (f"?q={late.number[-15:]}", late, fresh),
    ]:
        page = manager.text(f"/manage{query}")
        assert shown.number in page, query
        assert hidden.number not in page, query
    assert "没有符合条件的办件" in manager.text("/manage?department=tax")
    assert "已超期" in manager.text("/manage?overdue=yes")


def test_the_inbox_shows_what_is_queued_and_for_which_case(manager: Browser) -> None:
    case, other = a_case_today(), a_case_today()
    page = manager.text("/inbox")
    assert "收件回执" in page
    assert "没有配置短信通道" in page
    assert "13800000000" not in page
    narrowed = manager.text(f"/inbox?case={case.number}")
    assert case.number in narrowed
    assert other.number not in narrowed
    assert at_desk(CLERK).get("/inbox").status_code == 200
