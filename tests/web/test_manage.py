"""What does the manager see, and where does it lead?"""

import csv
import html
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from httpx import Response

from actions.deciding import grant
from actions.given_up import given_up as given_up_lines
from config.settings import settings
from models import oversight
from models.case import Case, find_case, items_of
from models.conducting import GIVE_UP_AFTER, look_again, put_off
from models.database import transaction
from models.drifting import record_alone
from models.notice import notices_of
from rules.drifting import DriftKind
from rules.moments import china_day
from rules.notices import NoticeState
from tests.people import CLERK, GOVERNOR, MANAGER, MORNING, a_case, account
from tests.web.hall import Browser, a_case_today, at_desk, words
from web import exporting


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


def test_the_inbox_is_narrowed_by_each_filter(manager: Browser) -> None:
    case, other = a_case_today(accepted=False), a_case_today()
    yesterday, today = (str(china_day(datetime.now(UTC) - timedelta(days=n))) for n in (1, 0))
    with transaction() as session:
        for notice in notices_of(session, case.number):
            notice.created_at -= timedelta(days=1)
            notice.become(NoticeState.WITHHELD)
    tail = case.number[-8:]
    for query in (
        f"case={case.number}",
        f"case={tail}",
        f"case=%20{case.number.lower()}%20",
        "state=withheld",
        f"to={yesterday}",
        f"state=withheld&from={yesterday}&to={yesterday}&event=receipt&channel=email",
    ):
        page = manager.get(f"/inbox?{query}")
        assert page.text.count('class="letters"') == 1, query
        assert case.number in page.text, query
        assert other.number not in page.text, query
        assert re.search(r"/manage/notices/table\.csv\?\w", page.text), "the table is narrowed likewise"
    for query in ("event=accepted", f"from={today}", "state=queued"):
        page = manager.text(f"/inbox?{query}")
        assert other.number in page, query
        assert case.number not in page, query
    nothing = manager.text("/inbox?event=ready")
    assert "没有符合条件的通知。 看全部" in nothing
    assert "还没有通知" not in nothing
    for typed, why in (
        ("陈一诺", "请填写完整的办件编号"),
        (f"{case.number[:-1]}x", "请填写完整"),
        ("12", "至少 4 位"),
    ):
        page = manager.text(f"/inbox?case={typed}")
        assert re.search(f"没有按办件编号查找：[^。]*{why}", page), typed
        assert case.number in page, "and says that all are shown"
    assert case.number in manager.text("/inbox?state=x&channel=x&event=x&from=x&to=2026-99-99&page=x")


def test_filters_of_the_inbox_stay_from_page_to_page(manager: Browser) -> None:
    for _ in range(11):
        a_case_today()
    first = manager.get("/inbox?event=receipt&channel=sms")
    assert "共 11 条" in first.text
    answer = manager.get("/inbox?event=receipt")
    assert "第 1 / 2 页，共 22 条" in answer.text
    [link] = re.findall(r'href="([^"]+)" rel="next"', answer.text)
    assert "event=receipt" in link
    second = manager.get(f"/inbox{html.unescape(link)}")
    assert "第 2 / 2 页，共 22 条" in second.text
    assert "受理通知" not in words(second).partition("写入日期到")[2]


def a_late_case(days: int = 3) -> Case:
    """Promised for so many days ago, and its items too."""
    with transaction() as session:
        case = a_case(session, at=datetime.now(UTC) - timedelta(days=20))
        case.promised_due_on = china_day(datetime.now(UTC)) - timedelta(days=days)
        for item in items_of(session, case.number):
            item.due_on = case.promised_due_on
        return case


def test_what_is_late_comes_first_then_what_falls_due(manager: Browser) -> None:
    fresh, late, later = a_case_today(), a_late_case(3), a_late_case(9)
    waiting = a_case_today(accepted=False)
    page = manager.get("/manage").text
    places = [page.rindex(f"/cases/{one.number}") for one in (later, late, fresh, waiting)]
    assert places == sorted(places)


def test_every_count_opens_the_list_behind_it(manager: Browser) -> None:
    a_case_today()
    a_late_case()
    page = manager.get("/manage").text
    assert "瓶颈" in page, "more than a fifth of it is late"
    found = re.findall(r'<a href="(/manage[^"]+)"(?: class="late")?>(\d+)</a>', page)
    found += re.findall(r'<a href="(/manage[^"]+)"><strong>(\d+)</strong>', page)
    assert len(found) > 8
    for address, number in found:
        behind = manager.text(address.replace("&amp;", "&"))
        assert (f"共 {number} 条" if number != "0" else "没有符合条件") in behind, (address, number)


def test_the_items_of_all_departments(manager: Browser) -> None:
    late = a_late_case()
    open_items = "/manage/items?department=market&due=overdue"
    assert late.number in manager.text(open_items)
    assert "还没有人领办" in manager.text(open_items)
    with transaction() as session:
        for item in items_of(session, late.number):
            if item.code == "B1-1":
                item.assignee, item.urged_at = "market", datetime.now(UTC)
        name = account(session, "market").name
    assert name in manager.text(open_items)
    assert "已督办" in manager.text(open_items)
    heads, line = table_of(manager.get("/manage/items/table.csv?department=market&due=overdue"))
    assert line[heads.index("领办人")] == name
    with transaction() as session:
        grant(session, late.number, "B1-1", by=account(session, "market"), at=datetime.now(UTC))
    assert "没有符合条件的事项" in manager.text("/manage/items?department=tax")
    decided = manager.text("/manage/items?decided_from=2020-01-01&in_time=nonsense&bundle=B1&sort=nonsense")
    assert "共 1 条" in decided
    assert "准予" in decided
    assert "没有符合条件的事项" in manager.text("/manage/items?decided_to=2020-01-01")
    assert "共 1 条" not in manager.text("/manage/items?decided_from=nonsense")


def table_of(answer: Response) -> list[list[str]]:
    assert answer.content.startswith("\ufeff".encode()), "by which table programs know that it is UTF-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    return list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))


def test_a_list_is_taken_out_as_it_is_narrowed_and_written_down(manager: Browser) -> None:
    late, fresh = a_late_case(), a_case_today()
    [head, line] = table_of(manager.get("/manage/table.csv?due=overdue"))
    assert head[0] == "办件编号"
    assert (line[0], line[head.index("是否超期")]) == (late.number, "超期")
    assert "市场监管 企业营业执照信息核验 办理中；" in line[-1]
    assert {row[0] for row in table_of(manager.get("/manage/table.csv"))[1:]} == {late.number, fresh.number}
    items = table_of(manager.get("/manage/items/table.csv?department=market&due=overdue"))
    assert all(row[items[0].index("办件编号")] == late.number for row in items[1:])
    known = manager.text("/manage/exports")
    assert "due=overdue" in known
    assert known.count("赵敏") == 1 + 3, "once as the viewer"


def test_nothing_in_a_table_is_calculated_or_tells_more_than_the_page(manager: Browser) -> None:
    with transaction() as session:
        case = a_case(session, at=datetime.now(UTC))
        case.applicant_name = '=HYPERLINK("http://example.com")'
    whole = manager.get("/manage/table.csv").text
    assert "'=HYPERLINK" in whole
    for kept in ("000000199001010018", "13800000000", "chen@example.com", "示例路1号"):
        assert kept not in whole
    for username in (CLERK, "market"):
        for path in ("/manage/table.csv", "/manage/items/table.csv", "/manage/exports", "/manage/items"):
            assert at_desk(username).get(path).status_code == 403, (username, path)
    assert at_desk(GOVERNOR).get("/manage/table.csv").status_code == 200


def test_many_rows_leave_piece_by_piece(manager: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(oversight, "AT_ONCE", 2)
    numbers = {a_case_today(accepted=False).number for _ in range(5)}
    with manager.client.stream("GET", "/manage/table.csv") as answer:
        pieces = list(answer.iter_bytes())
    rows = list(csv.reader(b"".join(pieces).decode("utf-8-sig").splitlines()))
    assert {row[0] for row in rows[1:]} == numbers
    assert "content-length" not in answer.headers


def test_prefect_away_is_a_sentence(manager: Browser) -> None:
    answer = manager.get("/manage/drift")
    assert answer.status_code == 503
    assert "连不上 Prefect" in words(answer)
    assert manager.get("/manage/flow/B1").status_code == 409
    assert manager.get("/manage/flow/nonsense").status_code == 404
    assert at_desk(CLERK).get("/manage/drift").status_code == 403


def test_a_case_that_was_given_up_is_shown_and_tried_again(manager: Browser) -> None:
    case = a_case_today()
    now = datetime.now(UTC)
    with transaction() as session:
        given_up = [put_off(session, case.number, "制证失败", now) for _ in range(GIVE_UP_AFTER)]
    assert given_up == [False] * (GIVE_UP_AFTER - 1) + [True]
    with transaction() as session:
        assert find_case(session, case.number).look_at is None
        assert look_again(session, [], now) == 0
        [drift] = [one for one in record_alone(session, now) if one.kind is DriftKind.GIVEN_UP]
        assert "制证失败" in drift.said
        assert any(case.number in line for line in given_up_lines(session))
    assert "有 1 件编排出错" in manager.text("/manage")
    assert case.number in manager.text("/manage?failing=yes")
    assert manager.post(f"/manage/drift/{case.number}/again").status_code == 303
    with transaction() as session:
        tried = find_case(session, case.number)
        assert (tried.failures, tried.look_at is not None) == (0, True)
    assert manager.post(f"/manage/drift/{case.number}/again").status_code == 409
