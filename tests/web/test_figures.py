"""What do the statistics say, and does every number lead to as many rows as it says?"""

import html
import re
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest

from actions.deciding import grant
from actions.rating import Given, rate
from actions.withdrawing import withdraw
from models.case import items_of
from models.clock import SpecialProcedure
from models.database import transaction
from models.figures import DayFigure, counted, day_figures, hour_figures, keep_days, settled, uncounted
from rules.moments import CHINA, china_day
from rules.spans import Span
from tests.people import CLERK, MANAGER, a_case, account
from tests.web.hall import Browser, at_desk, words
from web import figures as showing
from web import figures_built

NOW = datetime.now(UTC)
FRIDAY = datetime(2026, 3, 6, 2, tzinfo=UTC)  # 10:00 in the hall
DAY = date(2026, 3, 6)


@pytest.fixture
def manager(city: None) -> Browser:
    return at_desk(MANAGER)


def some_days_ago(days: int) -> datetime:
    return datetime.now(CHINA).replace(hour=10, minute=5) - timedelta(days=days)


def of_day(figures: list[DayFigure], department: str = "") -> DayFigure:
    [found] = [row for row in figures if row.department_code == department]
    return found


def test_a_day_in_numbers(city: None) -> None:
    with transaction() as session:
        number = a_case(session, at=FRIDAY).number
        gone = a_case(session, at=FRIDAY + timedelta(minutes=30)).number
        withdraw(session, gone, by=account(session, CLERK), at=FRIDAY + timedelta(hours=1), reason="不办了。")
    with transaction() as session:  # accepted on Friday at 10:00, decided on Monday at 14:30
        grant(
            session, number, "B1-1", by=account(session, "market"), at=datetime(2026, 3, 9, 6, 30, tzinfo=UTC)
        )
    with transaction() as session:
        friday, monday = (counted(session, Span(day, day), at=NOW) for day in (DAY, DAY + timedelta(days=3)))
        [item] = [one for one in items_of(session, number) if one.code == "B1-1"]
    assert (of_day(friday).received, of_day(friday).closed) == (2, 1)
    desk = of_day(monday, "market")
    assert (desk.decided, desk.timed) == (1, 1)
    # Friday 10:00–12:00 and 13:30–17:30, nothing at the weekend, Monday 9:00–12:00 and 13:30–14:30
    assert desk.used_hours == pytest.approx(6 + 4)
    assert item.promised_due_on
    days = [item.promised_due_on - timedelta(days=n) for n in range((item.promised_due_on - DAY).days)]
    working = sum(day.weekday() < 5 for day in days)
    assert desk.promised_hours == pytest.approx(6 + 7 * working)
    assert desk.in_time == (item.promised_due_on >= date(2026, 3, 9))


def test_past_days_are_counted_once_and_today_anew(city: None) -> None:
    with transaction() as session:
        a_case(session, at=FRIDAY)
    span, at = Span(DAY, DAY + timedelta(days=1)), FRIDAY + timedelta(days=1)
    with transaction() as session:
        assert keep_days(session, span, at=at) == 1
        assert keep_days(session, span, at=at) == 0
        kept = of_day([row for row in day_figures(session, span, at=at) if row.day == DAY])
        a_case(session, at=FRIDAY + timedelta(hours=1))  # too late to be in what is kept
        a_case(session, at=at)
        again = day_figures(session, span, at=at)
        hours = hour_figures(session, span, at=at)
    assert {row.day: row.received for row in again if not row.department_code} == {
        DAY: kept.received,
        at.date(): 1,
    }
    assert hours == {DAY: {10: 1}, DAY + timedelta(days=1): {10: 1}}


def test_nobody_waits_for_days_that_were_not_counted(
    manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page counts a few days, the latest first, and says which are left; the next look goes on, an export waits."""
    monkeypatch.setattr(showing, "PATIENCE", 0.0)
    with transaction() as session:
        a_case(session, at=some_days_ago(20))
        a_case(session, at=some_days_ago(3))
    today = china_day(datetime.now(UTC))
    span = Span(today - timedelta(days=29), today)
    left = len(span.days)
    for _ in range(20):
        page = manager.text("/manage/figures")
        with transaction() as session:
            days = uncounted(session, span, at=datetime.now(UTC))
        assert len(days) < left or not days
        left = len(days)
        if not days:
            break
        assert days[0] == span.first, "the latest are counted first"
        assert f"还有 {left} 天" in page
    assert left == 0
    assert "没有统计完" not in manager.text("/manage/figures")


def test_what_somebody_else_counts_just_now_is_not_waited_for(
    manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "PATIENCE", 60.0)
    today = china_day(datetime.now(UTC))
    month = Span(today - timedelta(days=29), today)
    with transaction() as patrol:
        assert keep_days(patrol, month, at=datetime.now(UTC)) > 28
        assert f"还有 {len(month.days) - 1} 天" in manager.text("/manage/figures")
    assert "没有统计完" not in manager.text("/manage/figures")


def test_what_is_taken_out_is_counted_to_the_end(manager: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "PATIENCE", 0.0)
    with transaction() as session:
        a_case(session, at=some_days_ago(20))
    table = manager.get("/manage/figures/flow.csv").content.decode("utf-8-sig")
    assert len(table.splitlines()) > 20
    with transaction() as session:
        today = china_day(datetime.now(UTC))
        assert uncounted(session, Span(today - timedelta(days=29), today), at=datetime.now(UTC)) == []


def test_what_is_under_way_at_midnight_still_counts() -> None:
    midnight = datetime(2026, 3, 7, tzinfo=CHINA)
    assert settled(midnight + timedelta(minutes=5)) == date(2026, 3, 5)
    assert settled(midnight + timedelta(minutes=15)) == DAY


def test_nothing_yet_is_said_of_every_figure(manager: Browser) -> None:
    page = manager.text("/manage/figures")
    assert page.count("还没有数据") == 7
    assert page.count("数据不足") >= 5, "a forecast from nothing"
    assert manager.get("/manage/figures/flow.svg").status_code == 404
    assert manager.get("/manage/figures/nonsense.svg").status_code == 404


@pytest.fixture
def busy(city: None) -> str:
    """A case of five days ago with a decision, one of today and one of a month ago that is late."""
    with transaction() as session:
        number = a_case(session, at=some_days_ago(5)).number
        a_case(session, at=some_days_ago(0).replace(hour=0), accepted=False)
        old = a_case(session, at=some_days_ago(29))
        grant(session, old.number, "B1-1", by=account(session, "market"), at=some_days_ago(1))
        for item in items_of(session, old.number):
            item.promised_due_on = item.due_on = some_days_ago(9).date()
    return number


def stood_still(number: str, code: str, department: str, at: datetime) -> None:
    """The item is decided after a special procedure: it is not measured in office hours."""
    with transaction() as session:
        [item] = [one for one in items_of(session, number) if one.code == code]
        grant(session, number, code, by=account(session, department), at=at)
        session.add(
            SpecialProcedure(
                case_number=number,
                item_number=item.number,
                kind="现场核查",
                reason="需要核查布局。",
                approved_by=f"{department}-head",
                expected_days=5,
                stops_statutory=True,
                stops_promised=True,
                started_on=china_day(at),
                ended_on=china_day(at),
            )
        )


def test_every_number_leads_to_as_many_rows(manager: Browser, busy: str) -> None:
    stood_still(busy, "B1-1", "market", some_days_ago(1))
    table = manager.get("/manage/figures/hours.csv").content.decode("utf-8-sig").splitlines()
    assert table[1].startswith("市场监管,2,1,"), "two were decided, one of them is timed"
    page = manager.get("/manage/figures")
    assert page.status_code == 200, words(page)
    links = re.findall(r'<a href="(/manage[^"]*)">(\d+)</a>', page.text)
    assert len(links) > 8
    for address, number in links:
        behind = manager.text(address.replace("&amp;", "&"))
        assert f"共 {number} 条" in behind, (address, number)


def test_charts_are_pictures_of_their_own_that_ask_for_nothing(manager: Browser, busy: str) -> None:
    page = manager.get("/manage/figures?days=90&bundle=B1").text
    pictures = re.findall(r'<iframe class="chart" src="([^"]+)" title="([^"]+)" tabindex="-1"', page)
    assert len(pictures) >= 5
    for address, instead in pictures:
        assert instead.endswith("同样的数字在下面的表里。")
        answer = manager.get(address.replace("&amp;", "&"))
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        ElementTree.fromstring(answer.content)
        assert "<script" not in answer.text
        drawn = re.sub(r"<a [^>]*>", "", answer.text)
        assert not re.findall(r'(?:href|src)="(?!#)', drawn), "it loads nothing: only its bars lead on"
    assert "style=" not in page


def bars_of(manager: Browser, name: str) -> list[tuple[str, str]]:
    """Where each bar of the chart leads, and the number it says it stands for."""
    answer, found = manager.get(f"/manage/figures/{name}.svg"), []
    if answer.status_code == 404:
        return []
    for bar in ElementTree.fromstring(answer.content).iter("{http://www.w3.org/2000/svg}a"):
        assert bar.get("target") == "_top"
        assert (bar.get("tabindex"), bar.get("aria-hidden")) == ("-1", "true")
        title = bar.findtext("{http://www.w3.org/2000/svg}title") or ""
        found.append((bar.get("{http://www.w3.org/1999/xlink}href") or "", title.rpartition("：")[2]))
    return found


def test_each_bar_leads_where_its_number_does(
    manager: Browser, busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "PATIENCE", 60.0)  # the page and its pictures are of the same days
    page = html.unescape(manager.get("/manage/figures").text)
    leading = {name: bars_of(manager, name) for name in showing.BUILT}
    for name in ("flow", "backlog", "peaks"):
        for address, number in leading[name]:
            assert f'<a href="{address}">{number}</a>' in page, (name, address)
            assert f"共 {number} 条" in manager.text(address), (name, address)
    for address, _ in leading["hours"] + leading["in-time-departments"] + leading["in-time-bundles"]:
        assert f'<a href="{address}">' in page, "the table has it for keys and ears"
    assert [number for _, number in leading["flow"]] == ["1"] * 3, "nothing is behind a day without any"
    assert sum(int(number) for _, number in leading["backlog"]) == 3
    assert leading["peaks"]
    assert leading["hours"]
    assert not leading["coming"], "nobody knows yet who will come"


def test_what_is_of_all_bundles_says_so(manager: Browser, busy: str) -> None:
    with transaction() as session:
        given = Given("submission-" + format(some_days_ago(5), "%Y%m%d"), "satisfied")
        rate(session, busy, given, at=datetime.now(UTC))
    page = manager.get("/manage/figures?bundle=B2").text
    for name in ("peaks", "coming", "ratings"):
        shown = page.partition(f'<section class="card figure" id="{name}"')[2].partition("</section>")[0]
        assert "不分一件事" in shown, name


def test_the_figures_are_for_those_who_oversee(busy: str) -> None:
    for username, status in ((CLERK, 403), ("market", 403), (MANAGER, 200)):
        for path in ("/manage/figures", "/manage/figures/flow.svg", "/manage/figures/flow.csv"):
            assert at_desk(username).get(path).status_code == status, (username, path)


def test_a_figure_as_a_table(manager: Browser, busy: str) -> None:
    answer = manager.get("/manage/figures/in-time-departments.csv")
    assert answer.content.startswith("\ufeff".encode())
    head, line, *_ = answer.content.decode("utf-8-sig").splitlines()
    assert head == "部门,办结的事项,其中逾期,按时率"
    assert line == "市场监管,1,1,0.0%"


def test_one_that_is_late_is_never_rounded_away() -> None:
    span = Span(DAY, DAY)
    row = DayFigure(
        day=DAY, bundle_code="B1", department_code="fire", decided=3000, in_time=2999, counted_at=NOW
    )
    figure = figures_built.in_time_by_department([row], span, "", {"fire": "消防救援"})
    assert [cell.text for cell in figure.rows[0]] == ["消防救援", "3000", "1", "99.9%"]
    assert "最低的是消防救援，99.9%。" in figure.says


def test_ages_of_the_backlog_are_in_working_days(manager: Browser, busy: str) -> None:
    lines = manager.get("/manage/figures/backlog.csv").content.decode("utf-8-sig").splitlines()
    counts = {line.split(",")[0]: int(line.split(",")[1]) for line in lines[1:]}
    assert sum(counts.values()) == 3
    assert counts["0～2 天"] == 1
    assert counts["11～20 天"] + counts["21～40 天"] == 1
