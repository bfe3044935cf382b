"""The desk as somebody wants to see it, the next one, the bar of open acts, papers in place, words at hand."""

import io
import re
from datetime import timedelta
from itertools import pairwise

import pytest

from actions.accepting import accept
from actions.applying import submit
from actions.deciding import grant, refuse
from actions.delegating import Period, delegate
from actions.desk_work import claim
from actions.opinions import Question, ask_opinion
from actions.storing import store
from config.settings import settings
from models.account import Account
from models.case import Case, Item, items_of, materials_of
from models.database import transaction
from models.together import OpinionKind
from rules.application import Supplied
from rules.bundle import Bundle
from rules.moments import china_day
from rules.states import ItemState
from tests.joint import PLAIN, STEPPED, a_joint_case, offered
from tests.people import CLERK, account, an_application, head_of
from tests.web.hall import PDF, Browser, a_case_today, at_desk, words
from web.desk_view import days_of, view_of
from web.entering import now

__all__ = ["offered"]  # a fixture

FIRST = "B1-1"
WORDS = "申请材料齐全，符合法定条件。"


@pytest.fixture
def market(city: None) -> Browser:
    return at_desk("market")


def colleague(username: str = "m2", name: str = "周宁") -> str:
    with transaction() as session:
        session.add(
            Account(username=username, name=name, role="officer", department_code="market", password_hash="!")
        )
    return username


def claimed(case: Case, by: str) -> None:
    with transaction() as session:
        claim(session, case.number, FIRST, by=account(session, by), at=now())


def due(case: Case, days: int, code: str = FIRST) -> None:
    """The department works to a day so far from today."""
    with transaction() as session:
        item = next(one for one in items_of(session, case.number) if one.code == code)
        item.due_on = item.promised_due_on = china_day(now()) + timedelta(days=days)


def item_of(case: Case, code: str = FIRST) -> Item:
    with transaction() as session:
        return next(one for one in items_of(session, case.number) if one.code == code)


def listed(desk: Browser, path: str, *cases: Case) -> list[int]:
    """Which of the cases stand in the list, in their order there."""
    page = desk.get(path).text
    table = page.partition('<table class="list card">')[2].partition("</table>")[0]
    places = [(table.find(case.number), place) for place, case in enumerate(cases)]
    return [place for at, place in sorted(places) if at >= 0]


def next_of(browser: Browser, **fields: str) -> str:
    answer = browser.post("/desk/next", fields)
    assert answer.status_code == 303
    return re.sub(r"\?done=claim\.[^&]*&?", "?", answer.headers["location"]).rstrip("?")


def test_the_desk_by_urgency_and_order(market: Browser) -> None:
    late, near, far = a_case_today(), a_case_today(), a_case_today()
    for case, days in ((late, -3), (near, 1), (far, 40)):
        due(case, days)
    everything = (late, near, far)
    assert listed(market, "/desk", *everything) == [0, 1, 2]
    assert listed(market, "/desk?due=late", *everything) == [0]
    assert listed(market, "/desk?due=near", *everything) == [1]
    assert listed(market, "/desk?due=fine", *everything) == [2]
    assert listed(market, "/desk?due=paused", *everything) == []
    assert listed(market, "/desk?sort=newest", *everything) == [2, 1, 0]
    assert listed(market, f"/desk?item={FIRST}&bundle=B1", *everything) == [0, 1, 2]
    assert listed(market, "/desk?bundle=B2", *everything) == []
    page = market.text("/desk?due=late")
    assert "已超期" in page
    assert "没有符合筛选的事项" in market.text("/desk?bundle=B2")


def test_how_much_lies_here_whose_it_is_and_what_is_late(market: Browser) -> None:
    cases = [a_case_today() for _ in range(4)]
    other = colleague()
    for case, by, days in zip(cases, ("market", "market", other, ""), (-1, 0, -2, -3), strict=True):
        due(case, days)
        if by:
            claimed(case, by)
    page = market.text("/desk")
    assert "有 3 件已超过期限" in page, "today is not late yet"
    item = item_of(cases[0])
    for said in ("全部 4", "我领办的 2", "本部门待领 1", "同事领办的 1", f"{item.name}（4）"):
        assert said in page, said


@pytest.mark.parametrize("given", ["whose=x&due=x&sort=x&page=x", "item=%00&bundle=<b>", "item=" + "x" * 99])
def test_nonsense_in_the_address_is_the_whole_desk(market: Browser, given: str) -> None:
    case = a_case_today()
    page = market.get(f"/desk?{given}")
    assert page.status_code == 200
    assert "<b>" not in page.text
    if "item" not in given:
        assert case.number in page.text


def test_what_is_near_ends_where_three_working_days_begin() -> None:
    days = days_of(now())
    assert view_of({"due": "near"}).due == "near"
    assert 2 <= (days.near - days.today).days <= 12


def test_the_tabs_count_and_a_colleagues_are_apart(market: Browser) -> None:
    mine, theirs, free = a_case_today(), a_case_today(), a_case_today()
    colleague()
    claimed(mine, "market")
    claimed(theirs, "m2")
    page = market.text("/desk")
    for tab in ("全部 3", "我领办的 1", "本部门待领 1", "同事领办的 1"):
        assert tab in page
    assert listed(market, "/desk?whose=others", mine, theirs, free) == [1]


def test_the_filters_travel_to_the_case_and_on_to_the_next(market: Browser) -> None:
    first, other = a_case_today(), a_case_today()
    due(first, 1)
    due(other, 40)
    where = next_of(market, desk="due=near")
    assert where == f"/cases/{first.number}?desk=due%3Dnear"
    page = market.get(where).text
    assert 'href="/desk?due=near"' in page
    granted = market.post(f"/cases/{first.number}/items/{FIRST}/grant", {"desk": "due=near"})
    assert granted.headers["location"] == f"/cases/{first.number}?done=grant.{FIRST}&desk=due%3Dnear"
    assert next_of(market, desk="due=near", after=first.number) == "/desk?due=near&none=1", "none is near"
    assert "现在没有您可以接着办的（按下面的筛选）" in market.text("/desk?due=near&none=1")


def test_the_next_one_is_claimed_and_never_a_colleagues(market: Browser) -> None:
    theirs, free = a_case_today(), a_case_today()
    due(theirs, -9)
    colleague()
    claimed(theirs, "m2")
    assert next_of(market) == f"/cases/{free.number}"
    assert item_of(free).assignee == "market"
    assert next_of(market) == f"/cases/{free.number}", "begun is gone on with"
    assert next_of(market, after=free.number) == "/desk?none=1"
    assert item_of(theirs).assignee == "m2"


def test_passing_over_goes_on_and_comes_round(market: Browser) -> None:
    cases = [a_case_today() for _ in range(3)]
    for days, case in enumerate(cases):
        due(case, days + 5)
    seen, here = [], ""
    for _ in range(4):
        here = next_of(market, after=here).rpartition("/")[2]
        seen.append(here)
    assert len(set(seen[:2])) == 2
    assert all(one != other for one, other in pairwise(seen)), "never the same again"


def test_two_officers_get_two_different_ones(market: Browser) -> None:
    a_case_today(), a_case_today()
    other = at_desk(colleague())
    assert next_of(market) != next_of(other)


def test_what_waits_for_another_word_is_not_next(city: None) -> None:
    case = a_case_today()
    with transaction() as session:
        head = head_of(session, "market")
        question = Question(OpinionKind.COUNTERSIGN, "fire", "有无意见？")
        ask_opinion(session, case.number, FIRST, question, by=head, at=now())
    assert next_of(at_desk("market")) == "/desk?none=1"


def test_the_next_one_is_for_departments_only(city: None) -> None:
    a_case_today()
    assert at_desk(CLERK).post("/desk/next").status_code == 403


def test_standing_in_is_said_with_its_period(market: Browser) -> None:
    case, today = a_case_today(), china_day(now())
    colleague()
    claimed(case, "m2")
    assert "您正在代" not in market.text("/desk")
    with transaction() as session:
        period = Period(today, today + timedelta(days=3))
        delegate(session, "m2", "market", period, "休假。", by=head_of(session, "market"), at=now())
    page = market.text("/desk")
    last = today + timedelta(days=3)
    assert "您正在代 周宁（部门经办）办理" in page
    assert f"至 {last.month}月{last.day}日" in page or f"至 {last.year}年" in page
    assert listed(market, "/desk?whose=mine", case) == [0]
    assert next_of(market) == f"/cases/{case.number}"
    assert item_of(case).assignee == "m2", "it stays the other's"


def with_a_file() -> Case:
    """A case whose first paper is a PDF; the others on paper."""
    with transaction() as session:
        first, *rest = an_application().supplied
        kept = store(io.BytesIO(PDF), "申请表.pdf", first.spec_id, folder=settings().uploads, limit=1 << 20)
        given = (kept, *(Supplied(one.spec_id) for one in rest))
        clerk = account(session, CLERK)
        case = submit(session, an_application(supplied=given), by=clerk, region="000000", at=now())
        accept(session, case.number, by=clerk, at=now())
        return case


def test_a_departments_papers_are_read_in_place_the_others_lie_apart(market: Browser) -> None:
    case = with_a_file()
    page = market.get(f"/cases/{case.number}").text
    framed = re.search(r'<iframe name="paper"[^>]* src="(/materials/[^"#]+)', page)
    assert framed
    assert 'target="paper"' in page
    assert "其他部门用的材料" in page
    answer = market.get(framed[1])
    assert answer.headers["content-disposition"].startswith("inline")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert at_desk("zhaomin").get(framed[1]).status_code == 403
    with transaction() as session:
        every = {paper.name for paper in materials_of(session, case.number)}
    assert all(name in page for name in every), "nothing is left out"


def test_nothing_is_opened_where_nothing_is_to_do(city: None) -> None:
    case = with_a_file()
    with transaction() as session:
        grant(session, case.number, FIRST, by=account(session, "market"), at=now())
        held = next(one for one in items_of(session, case.number) if one.code == "B1-2")
        refuse(session, case.number, held.code, "选址不符。", by=account(session, "market"), at=now())
    page = at_desk("market").get(f"/cases/{case.number}").text
    assert 'target="paper"' in page
    assert 'src="/materials/' not in page, "opened only when asked for: each look is on the file"
    assert "<iframe" not in at_desk("zhaomin").get(f"/cases/{case.number}").text


def test_the_bar_has_what_is_open_and_nothing_else(city: None, offered: Bundle) -> None:
    with transaction() as session:
        case = a_joint_case(session, at=now())
    officer, manager = at_desk("market"), at_desk("zhaomin")
    page = officer.get(f"/cases/{case.number}").text
    bar = page.partition('id="acting"')[2].partition("</aside>")[0]
    assert "/acts/pass-on" in bar, "the form stands in place"
    assert "/acts/reassign" not in page
    assert "更多办理" in bar
    assert f"{STEPPED}/grant" not in page, "not the last step"
    assert "/items/" not in manager.get(f"/cases/{case.number}").text
    link = re.search(r'href="(/cases/[^"]+/acts\?open=[^"#]+)', bar)
    assert link
    assert '<details class="card act" open>' in officer.get(link[1]).text


def test_an_act_from_the_bar_is_taken(city: None, offered: Bundle) -> None:
    with transaction() as session:
        case = a_joint_case(session, at=now())
    answer = at_desk("market").post(
        f"/cases/{case.number}/acts/pass-on",
        {"item": STEPPED, "opinion": "材料属实。", "desk": "sort=newest"},
    )
    assert answer.headers["location"] == f"/cases/{case.number}?done=pass_on.{STEPPED}&desk=sort%3Dnewest"
    assert item_of(case, PLAIN).state is ItemState.IN_REVIEW


def added(desk: Browser, **fields: str) -> int:
    form = {"used_for": "grant", "title": "材料齐全", "words": WORDS, "shared": "no"} | fields
    return desk.post("/desk/opinions", form).status_code


def chosen(desk: Browser, case: Case) -> str:
    """The template that the case page offers for granting."""
    page = desk.get(f"/cases/{case.number}").text
    form = page.partition(f"/items/{FIRST}/grant")[2].partition("</form>")[0]
    found = re.search(r'<option value="([0-9a-f-]{36})"', form)
    assert found, "nothing is offered"
    return found[1]


def test_an_empty_field_takes_the_chosen_words(market: Browser) -> None:
    first, second = a_case_today(), a_case_today()
    assert added(market) == 303
    template = chosen(market, first)
    market.post(f"/cases/{first.number}/items/{FIRST}/grant", {"opinion": " ", "template": template})
    assert item_of(first).reason == WORDS
    market.post(f"/cases/{second.number}/items/{FIRST}/grant", {"opinion": "另写。", "template": template})
    assert item_of(second).reason == "另写。"


def test_words_for_granting_refuse_nothing(market: Browser) -> None:
    case = a_case_today()
    added(market)
    template, target = chosen(market, case), f"/cases/{case.number}/items/{FIRST}/refuse"
    answer = market.post(target, {"template": template})
    assert answer.status_code == 422
    assert "常用意见已经删除" in words(answer)
    assert added(market, used_for="refuse", title="不符合", words="选址不符合规划。") == 303
    page = market.get(f"/cases/{case.number}").text.partition(target)[2].partition("</form>")[0]
    refusal = re.search(r'<option value="([0-9a-f-]{36})"', page)
    assert refusal
    preview = market.post(target, {"template": refusal[1]})
    assert preview.status_code == 200, "the effects are still shown first"
    assert "选址不符合规划。" in words(preview)
    assert item_of(case).state is ItemState.IN_REVIEW


def test_the_departments_words_are_the_heads_and_everybodys(market: Browser) -> None:
    head, other, fire = at_desk("market-head"), at_desk(colleague()), at_desk("fire")
    assert added(market, shared="yes") == 403
    assert added(head, shared="yes") == 303
    assert added(market, title="我自己的话") == 303
    assert WORDS in other.text("/desk/opinions")
    assert "我自己的话" not in other.text("/desk/opinions")
    assert WORDS not in fire.text("/desk/opinions")
    shared = re.search(r"/desk/opinions/([0-9a-f-]{36})", head.get("/desk/opinions").text)
    own = re.search(r"/desk/opinions/([0-9a-f-]{36})", market.get("/desk/opinions").text)
    assert shared
    assert own
    for desk, template, status in (
        (market, shared[1], 403),
        (fire, shared[1], 404),
        (other, own[1], 404),
        (head, own[1], 404),
    ):
        form = {"used_for": "grant", "title": "改", "words": "改过。"}
        assert desk.post(f"/desk/opinions/{template}", form).status_code == status
        assert desk.post(f"/desk/opinions/{template}/delete").status_code == status
        assert desk.get(f"/desk/opinions/{template}").status_code == status
    form = {"used_for": "refuse", "title": "改", "words": "改过。"}
    assert market.post(f"/desk/opinions/{own[1]}", form).status_code == 303
    assert "改过。" in market.text("/desk/opinions")
    assert market.post(f"/desk/opinions/{own[1]}/delete").status_code == 303
    assert "改过。" not in market.text("/desk/opinions")
    assert market.get("/desk/opinions/nonsense").status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("title", "", "请填写名称"),
        ("title", "长" * 41, "不超过 40 字"),
        ("words", " ", "请填写意见的内容"),
        ("words", "长" * 501, "不超过 500 字"),
        ("words", "坏\x07字", "控制字符"),
        ("used_for", "void", "请选择用在哪里"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(market: Browser, field: str, value: str, why: str) -> None:
    form = {"used_for": "grant", "title": "材料齐全", "words": WORDS, "shared": "no"} | {field: value}
    answer = market.post("/desk/opinions", form)
    assert answer.status_code == 422
    assert why in words(answer)
    assert "本部门的 0 条" in market.text("/desk/opinions")
    assert "我自己的 0 条" in market.text("/desk/opinions")


def test_there_is_an_end_to_them(market: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actions.stock_opinions.MOST", 1)
    assert added(market) == 303
    answer = market.post(
        "/desk/opinions", {"used_for": "grant", "title": "二", "words": "二。", "shared": "no"}
    )
    assert answer.status_code == 409
    assert "请先删去不用的" in words(answer)


def test_the_desk_has_no_script_and_no_style_of_its_own(market: Browser) -> None:
    a_case_today()
    for path in ("/desk", "/desk/opinions"):
        page = market.get(path).text
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", page), path


def test_words_for_a_gap_on_the_page_of_the_supplement(market: Browser) -> None:
    case = a_case_today(accepted=False)
    assert added(market, used_for="list-gap", title="看不清", words="复印件看不清，请重新提交。") == 303
    path = f"/cases/{case.number}/supplement"
    page = market.get(path).text
    found = re.search(r'<option value="([0-9a-f-]{36})"', page)
    spec = re.search(r'name="material">.*?<option value="([^"]+)"', page)
    assert found
    assert spec
    answer = market.post(f"{path}/list-gap", {"material": spec[1], "what": "", "template": found[1]})
    assert answer.status_code == 303
    assert "复印件看不清，请重新提交。" in market.text(path)
