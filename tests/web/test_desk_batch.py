"""批量准予: nothing unseen is granted, nothing twice, and one that cannot be granted stops no other."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from httpx import Response

from actions.batching import grant_next
from actions.deciding import grant, refuse
from actions.delegating import Period, delegate
from actions.desk_work import claim
from models.account import Account
from models.audit import AuditEntry, timeline
from models.case import Case, Item, items_of, materials_of
from models.database import transaction
from rules.bundle import OnSilence
from rules.material import MaterialState
from rules.moments import china_day
from rules.states import Act, ItemState
from tests.actions.small import FORM, PLAN, a_bundle, a_case_of, an_item
from tests.people import account, head_of
from tests.web.hall import Browser, a_case_today, at_desk, words
from web.entering import now

FIRST = "B1-1"  # 市场监管's, open in every case at once


@pytest.fixture
def market(city: None) -> Browser:
    return at_desk("market")


def item_of(case: Case, code: str = FIRST) -> Item:
    with transaction() as session:
        return next(one for one in items_of(session, case.number) if one.code == code)


def states(*cases: Case) -> list[ItemState]:
    return [item_of(case).state for case in cases]


def previewed(desk: Browser, *cases: Case) -> Response:
    return desk.post("/desk/batch", {"item": [item_of(case).number for case in cases]})  # type: ignore[dict-item]


def form_of(answer: Response) -> dict[str, object]:
    """What the button of the preview sends."""
    batch = re.search(r'name="batch" value="([^"]+)"', answer.text)
    assert batch, words(answer)
    return {
        "batch": batch[1],
        "seen": re.findall(r'name="seen" value="([^"]+)"', answer.text),
        "shown": re.findall(r'name="shown" value="([^"]+)"', answer.text),
    }


def confirm(desk: Browser, form: dict[str, object], **more: str) -> Response:
    return desk.post("/desk/batch/confirm", form | more)  # type: ignore[arg-type]


def entries(case: Case, act: Act) -> list[AuditEntry]:
    with transaction() as session:
        return [one for one in timeline(session, case.number) if one.act is act]


def test_the_preview_grants_nothing_and_the_confirmation_all(market: Browser) -> None:
    cases = [a_case_today() for _ in range(3)]
    seen = previewed(market, *cases)
    assert seen.status_code == 200
    assert all(case.number in seen.text for case in cases)
    assert "还没有准予任何一件" in words(seen)
    assert states(*cases) == [ItemState.IN_REVIEW] * 3
    form = form_of(seen)
    answer = confirm(market, form, opinion="材料齐全，符合条件。")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/batch/{form['batch']}")
    page = market.text(answer.headers["location"])
    assert "准予 3 件。" in page
    assert "材料齐全，符合条件。" in page
    assert states(*cases) == [ItemState.GRANTED] * 3
    for case in cases:
        [entry] = entries(case, Act.GRANT)
        assert (entry.actor, entry.facts["batch"]) == ("market", form["batch"])
        assert entry.reason == "材料齐全，符合条件。"
        assert "批量准予" in market.text(f"/cases/{case.number}"), "the file says how it came about"


def test_what_was_unticked_on_the_preview_stays(market: Browser) -> None:
    kept, left = a_case_today(), a_case_today()
    form = form_of(previewed(market, kept, left))
    form["seen"] = [one for one in form["seen"] if one.startswith(kept.number)]  # type: ignore[attr-defined]
    confirm(market, form)
    assert states(kept, left) == [ItemState.GRANTED, ItemState.IN_REVIEW]
    again = form_of(previewed(market, left)) | {"seen": []}
    answer = confirm(market, again)
    assert answer.status_code == 422
    assert "请先勾选" in words(answer)
    assert left.number in answer.text, "the list is shown again"


def test_sent_twice_it_is_one_batch(market: Browser) -> None:
    case = a_case_today()
    form = form_of(previewed(market, case))
    first, second = confirm(market, form, opinion="一"), confirm(market, form, opinion="二")
    assert first.headers["location"] == second.headers["location"]
    assert "准予 1 件。" in market.text(first.headers["location"])
    [entry] = entries(case, Act.GRANT)
    assert entry.reason == "一"


def test_two_clicks_at_the_same_moment(market: Browser) -> None:
    cases = [a_case_today() for _ in range(3)]
    form = form_of(previewed(market, *cases))
    csrf = market.csrf()
    twins = [at_desk("market"), at_desk("market")]
    for twin in twins:
        twin.client.cookies = market.client.cookies
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda twin: twin.client.post("/desk/batch/confirm", data=form | {"csrf": csrf}), twins)
        )
    assert [answer.status_code for answer in answers] == [303, 303]
    assert states(*cases) == [ItemState.GRANTED] * 3
    assert all(len(entries(case, Act.GRANT)) == 1 for case in cases)
    assert "准予 3 件。" in market.text(answers[0].headers["location"])


def test_one_decided_meanwhile_does_not_stop_the_others(market: Browser) -> None:
    first, gone, last = a_case_today(), a_case_today(), a_case_today()
    form = form_of(previewed(market, first, gone, last))
    with transaction() as session:
        refuse(session, gone.number, FIRST, "查无此照。", by=head_of(session, "market"), at=now())
    answer = confirm(market, form)
    page = market.text(answer.headers["location"])
    assert "准予 2 件，没有准予 1 件" in page
    assert "market负责人 已于" in page
    assert states(first, gone, last) == [ItemState.GRANTED, ItemState.REFUSED, ItemState.GRANTED]


def test_one_that_changed_since_the_preview_is_not_granted_unseen(market: Browser) -> None:
    case, other = a_case_today(), a_case_today()
    form = form_of(previewed(market, case, other))
    with transaction() as session:
        claim(session, case.number, FIRST, by=account(session, "market"), at=now())
    page = market.text(confirm(market, form).headers["location"])
    assert "预览之后这个办件有了新的办理" in page
    assert states(case, other) == [ItemState.IN_REVIEW, ItemState.GRANTED]


def test_claimed_by_a_colleague_it_is_left_out_and_says_by_whom(market: Browser) -> None:
    mine, theirs = a_case_today(), a_case_today()
    with transaction() as session:
        session.add(
            Account(username="m2", name="周宁", role="officer", department_code="market", password_hash="!")
        )
        session.flush()
        claim(session, theirs.number, FIRST, by=account(session, "m2"), at=now())
    seen = previewed(market, mine, theirs)
    assert "已由 周宁 领办" in words(seen)
    assert len(form_of(seen)["seen"]) == 1  # type: ignore[arg-type]


def test_a_forged_item_of_another_department(market: Browser) -> None:
    ours, theirs = a_case_today(), a_case_today()
    with transaction() as session:
        grant(session, theirs.number, FIRST, by=account(session, "market"), at=now())
    forged = item_of(theirs, "B1-4")
    seen = market.post("/desk/batch", {"item": [item_of(ours).number, forged.number]})  # type: ignore[dict-item]
    assert f"{forged.number}:" not in seen.text
    assert "消防安全检查" not in words(seen), "nothing of it is told"
    # Straight to the confirmation, past the preview: alone, and between others of one's own.
    alone = {"batch": str(uuid4()), "seen": [f"{forged.number}:{theirs.revision}"]}
    answer = confirm(market, alone)
    page = market.text(answer.headers["location"])
    assert "不属于您的部门" in page
    assert "陈一诺" not in page
    assert item_of(theirs, "B1-4").state is ItemState.IN_REVIEW
    mixed = {"batch": str(uuid4()), "seen": [f"{item_of(ours).number}:{ours.revision}", *alone["seen"]]}
    assert confirm(market, mixed).status_code == 409
    assert states(ours) == [ItemState.IN_REVIEW]


@pytest.mark.parametrize("seen", [["nonsense"], ["x:1"], ["x:-1"], ["\x00"], ["x:99999999999"], ["x:１"]])
def test_nonsense_is_one_sentence(market: Browser, seen: list[str]) -> None:
    for batch in (str(uuid4()), "no-uuid"):
        assert confirm(market, {"batch": batch, "seen": seen}).status_code in (404, 409)
    assert market.post("/desk/batch", {"item": seen}).status_code == 404  # type: ignore[dict-item]


def test_fifty_one_are_too_many_and_none_is_too_few(market: Browser) -> None:
    many = [f"000000-B1-20260306-{n:06}-1-01" for n in range(51)]
    for answer in (
        market.post("/desk/batch", {"item": many}),  # type: ignore[dict-item]
        confirm(market, {"batch": str(uuid4()), "seen": [f"{one}:1" for one in many], "shown": many}),
    ):
        assert answer.status_code == 422
        assert "一次最多批量准予 50 件，您选了 51 件" in words(answer)


def test_none_ticked_is_said_on_the_list_itself(market: Browser) -> None:
    case = a_case_today()
    answer = market.post("/desk/batch", {"desk": f"item={FIRST}"})
    assert answer.status_code == 422
    assert "请先勾选要批量准予的事项。" in words(answer)
    assert f'value="{FIRST}" selected' in answer.text, "the same filter"
    assert case.number in answer.text
    assert 'form="batch" name="item"' in answer.text, "to be ticked now"


def test_from_the_list_that_says_so_every_other_page_is_reached(market: Browser) -> None:
    for number in range(42):
        a_case_today(accepted=number % 2 == 0)
    answer = market.post("/desk/batch", {"desk": "bundle=B1"})
    assert answer.status_code == 422
    onwards = re.findall(r'href="([^"]+)" rel="next"', answer.text)
    assert [link.partition("?")[0] for link in onwards] == ["/desk", "/desk"], "the list, and 预审"
    for link in map(html.unescape, onwards):
        page = market.get(link)
        assert page.status_code == 200
        assert 'value="B1" selected' in page.text
        assert "第 2 / 2 页" in words(page)


def test_the_button_names_no_number_that_the_ticks_do_not_follow(market: Browser) -> None:
    page = previewed(market, a_case_today(), a_case_today()).text
    button = page.partition('<button class="primary good">')[2].partition("</button>")[0]
    assert button == "确认准予以上勾选的"


def test_another_item_is_another_batch(city: None) -> None:
    case, later = a_case_today(), a_case_today()
    with transaction() as session:
        codes = {one.code for one in items_of(session, case.number) if one.department_code == "market"}
        grant(session, later.number, FIRST, by=account(session, "market"), at=now())
        others = [one for one in items_of(session, later.number) if one.code in codes - {FIRST}]
    assert others, "the department has two items in this bundle"
    seen = at_desk("market").post(
        "/desk/batch",
        {"item": [item_of(case).number, others[0].number]},  # type: ignore[dict-item]
    )
    assert "一次只办同一个事项" in words(seen)


def test_what_waits_for_a_paper_is_left_out_even_on_a_stale_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    item = an_item(1, materials=("M-FORM", "M-PLAN"))
    bundle = a_bundle(item, an_item(2, "fire"), materials=(FORM, PLAN), deferral_silence=OnSilence.ASK)
    with transaction() as session:
        whole, owing = (
            a_case_of(session, bundle, monkeypatch, at=now(), deferred=deferred)
            for deferred in ((), ("M-PLAN",))
        )
    market = at_desk("market")
    both = {"item": [item_of(whole, "B9-1").number, item_of(owing, "B9-1").number]}
    seen = market.post("/desk/batch", both)  # type: ignore[arg-type]
    assert "容缺材料“平面图”尚未补齐" in words(seen)
    form = form_of(seen)
    assert len(form["seen"]) == 1  # type: ignore[arg-type]
    with transaction() as session:  # behind the back of every act: even then it is looked at again
        for paper in materials_of(session, whole.number):
            paper.state = MaterialState.DEFERRED
    page = market.text(confirm(market, form).headers["location"])
    assert "没有准予 1 件" in page
    assert item_of(whole, "B9-1").state is ItemState.IN_REVIEW


def test_interrupted_it_is_gone_on_with(market: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [a_case_today() for _ in range(2)]
    form = form_of(previewed(market, *cases))
    monkeypatch.setattr("web.batching.MOST", 1)  # as if the process had died after the first
    where = confirm(market, form).headers["location"]
    assert "还有 1 件没有办" in market.text(where)
    assert sorted(states(*cases)) == [ItemState.GRANTED, ItemState.IN_REVIEW]
    monkeypatch.setattr("web.batching.MOST", 50)
    assert market.post(f"{where}/go").headers["location"] == where
    assert "准予 2 件。" in market.text(where)


def test_a_batch_is_its_own_persons(market: Browser) -> None:
    form = form_of(previewed(market, a_case_today()))
    where = confirm(market, form).headers["location"]
    for other in ("market-head", "fire", "linxiao"):
        assert at_desk(other).get(where).status_code in (403, 404)
        assert at_desk(other).post(f"{where}/go").status_code in (403, 404)
    assert at_desk("linxiao").post("/desk/batch", {"item": "x"}).status_code == 403
    with transaction() as session, pytest.raises(Exception, match="没有这次批量办理"):
        grant_next(session, UUID(str(form["batch"])), by=account(session, "fire"), at=now())


def test_a_stand_in_grants_for_whom_they_stand_in(market: Browser) -> None:
    case = a_case_today()
    today = china_day(now())
    with transaction() as session:
        session.add(
            Account(username="m2", name="周宁", role="officer", department_code="market", password_hash="!")
        )
        session.flush()
        claim(session, case.number, FIRST, by=account(session, "m2"), at=now())
        head = head_of(session, "market")
        delegate(session, "m2", "market", Period(today, today), "休假。", by=head, at=now())
    confirm(market, form_of(previewed(market, case)))
    [entry] = entries(case, Act.GRANT)
    assert (entry.actor, entry.facts["for"]) == ("market", "m2")


def test_a_reason_that_is_too_long_changes_nothing_and_is_kept(market: Browser) -> None:
    case = a_case_today()
    answer = confirm(market, form_of(previewed(market, case)), opinion="好" * 2001)
    assert answer.status_code == 422
    assert "好" * 2001 in answer.text
    assert states(case) == [ItemState.IN_REVIEW]


def test_there_is_no_batch_that_refuses(market: Browser) -> None:
    page = market.get("/desk").text
    assert "不予只能一件一件办" in page or "没有待办" in page
    case = a_case_today()
    form = form_of(previewed(market, case))
    confirm(market, form | {"act": "refuse", "reason": "不行。"})
    assert states(case) == [ItemState.GRANTED], "the only thing a batch can do"
