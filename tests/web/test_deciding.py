"""Conditions on the form, fast lanes on the desk, and the applicant's way from a rule to a person."""

from datetime import UTC, datetime, timedelta

import pytest

from actions.deciding import grant
from actions.supervising import fire_due_rungs
from models.case import Case, Item, items_of, materials_of
from models.database import transaction
from rules.bundle import Automatic, Blocks, Bundle, Limit, MaterialSpec, Mode, Need, OnSilence, Source, Unit
from rules.states import ItemState, Lane
from tests.actions.small import FORM, PLAN, a_bundle, a_case_of, an_item
from tests.people import account, head_of
from tests.web.hall import a_case_today, at_desk, somebody, words
from web.entering import now
from web.showing import day

RULE = Automatic("Q1", "示例市政务服务办法第三条", "assumption")


def case_of(patch: pytest.MonkeyPatch, bundle: Bundle, *, deferred: tuple[str, ...] = ()) -> Case:
    """A case of this bundle that came in just now."""
    with transaction() as session:
        return a_case_of(session, bundle, patch, at=now(), deferred=deferred)


def item(case: Case, code: str) -> Item:
    with transaction() as session:
        return next(one for one in items_of(session, case.number) if one.code == code)


def test_conditions_are_granted_from_the_page_and_shown_to_everybody() -> None:
    case = a_case_today()
    market, path = at_desk("market"), f"/cases/{case.number}/items/B1-1/grant"
    terms = {"opinion": "可以。", "conditions": "三十日内补交租赁合同。", "conditions_until": "2099-12-31"}
    half = market.post(path, terms | {"conditions_until": ""})
    assert half.status_code == 422
    assert "履行期限" in words(half)
    assert "三十日内补交租赁合同。</textarea>" in half.text, "nothing typed is lost"
    assert "可以。</textarea>" in half.text
    past = market.post(path, terms | {"conditions_until": "2020-01-01"})
    assert "应在今天之后" in words(past)
    assert market.post(path, terms).status_code == 303
    assert "条件：三十日内补交租赁合同。（2099年12月31日" in market.text(f"/cases/{case.number}")
    applicant = somebody()
    applicant.post("/track", {"number": case.number, "code": case.query_code})
    assert "三十日内补交租赁合同。" in applicant.text(f"/track/{case.number}")


def test_the_preview_names_everything_that_one_refusal_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = a_bundle(
        an_item(1, blocks=Blocks.ALL),
        an_item(2, "fire"),
        an_item(3, "urban", Need("B9-1")),
        an_item(4, "tax"),
    )
    case = case_of(monkeypatch, bundle)
    with transaction() as session:
        grant(session, case.number, "B9-4", by=account(session, "tax"), at=now())
    market = at_desk("market")
    target = f"/cases/{case.number}/items/B9-1/refuse"
    seen = words(market.post(target, {"reason": "选址不合规划。"}))
    assert "以下 2 个事项因此不再办理" in seen
    assert "事项2 （消防救援，现在办理中）" in seen
    assert "其余未办结的事项都不再办理" in seen
    assert "不受影响：事项4（准予）" in seen
    assert item(case, "B9-2").state is ItemState.IN_REVIEW
    market.post(target, {"reason": "选址不合规划。", "confirmed": "yes"})
    assert item(case, "B9-2").state is ItemState.NOT_NEEDED
    assert "其余未办结的事项都不再办理" in at_desk("fire").text(f"/cases/{case.number}")


def test_a_result_is_read_with_its_number_by_the_next_department(monkeypatch: pytest.MonkeyPatch) -> None:
    licence = MaterialSpec("M-LICENCE", "新领的执照", Source.PREDECESSOR, from_item="B9-1")
    after = an_item(2, "fire", Need("B9-1"), materials=("M-LICENCE",))
    case = case_of(monkeypatch, a_bundle(an_item(1), after, materials=(FORM, licence)))
    fire = at_desk("fire")
    assert "等前置结果的 1 件" in fire.text("/desk")
    assert "没有待办" in fire.text("/desk"), "hidden until it is released"
    with transaction() as session:
        grant(session, case.number, "B9-1", by=account(session, "market"), at=now())
    assert "新到" in fire.text("/desk")
    assert f"证照1 {case.number}-01-Z" in fire.text(f"/cases/{case.number}")


def test_what_is_immediate_comes_first_and_says_so() -> None:
    late = a_case_today()
    with transaction() as session:
        grant(session, late.number, "B1-1", by=account(session, "market"), at=now())
    fresh = a_case_today()
    page = at_desk("market").text("/desk")
    assert page.index(fresh.number) < page.index(late.number), "即办 before what has days"
    assert "即办" in page


def test_a_missing_paper_is_marked_where_the_department_is_to_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = a_bundle(
        an_item(1, materials=("M-FORM", "M-PLAN")),
        an_item(2, "fire"),
        materials=(FORM, PLAN),
        deferral_silence=OnSilence.ASK,
    )
    case = case_of(monkeypatch, bundle, deferred=("M-PLAN",))
    applicant = somebody()
    applicant.post("/track", {"number": case.number, "code": case.query_code})
    assert "还差 1 份" in applicant.text(f"/track/{case.number}")
    assert "平面图" in applicant.text(f"/track/{case.number}")
    assert "前补交" in at_desk("linxiao").text(f"/cases/{case.number}/receipt")
    with transaction() as session:
        for paper in materials_of(session, case.number):
            if paper.promised_on:
                paper.promised_on -= timedelta(days=60)
    assert "容缺材料逾期未补，请决定" in at_desk("market").text("/desk")
    assert "容缺材料逾期未补" not in at_desk("fire").text("/desk")
    assert "逾期未补" in applicant.text(f"/track/{case.number}")


def test_a_check_is_on_the_desk_until_it_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    promised = an_item(1, commitment=Mode("Q1", 30), conditions=("疏散通道畅通",))
    case = case_of(monkeypatch, a_bundle(promised))
    market, head = at_desk("market"), at_desk("market-head")
    assert market.post(f"/cases/{case.number}/items/B9-1/grant").status_code == 303
    page = market.text("/desk")
    assert "待核查 1 件" in page
    assert "疏散通道畅通" in page
    assert "告知承诺" in market.text(f"/cases/{case.number}")
    path = f"/cases/{case.number}/acts/post-check"
    alone = {"item": "B9-1", "passed": "no", "officers": "张伟", "finding": "通道被占用。"}
    answer = market.post(path, alone)
    assert answer.status_code == 422
    assert "两名以上" in words(answer)
    assert market.post(path, alone | {"officers": "张伟、王芳"}).status_code == 303
    assert "与承诺不符" in head.text("/desk")
    revoke = f"/cases/{case.number}/acts/revoke"
    assert market.post(revoke, {"item": "B9-1", "reason": "不符。"}).status_code == 403
    assert head.post(revoke, {"item": "B9-1", "reason": "与承诺不符。"}).status_code == 303
    assert item(case, "B9-1").state is ItemState.REVOKED
    assert "待核查" not in market.text("/desk")
    applicant = somebody()
    applicant.post("/track", {"number": case.number, "code": case.query_code})
    page = applicant.text(f"/track/{case.number}")
    assert "与承诺不符。" in page
    assert "行政复议" in page


def test_the_applicant_asks_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(monkeypatch, a_bundle(an_item(1, automatic=RULE), an_item(2, "fire")))
    applicant = somebody()
    path = f"/track/{case.number}/human"
    assert applicant.post(path, {"item": "B9-1"}).status_code == 303
    assert item(case, "B9-1").lane is Lane.RULE, "not without the query code"
    applicant.post("/track", {"number": case.number, "code": case.query_code})
    page = applicant.text(f"/track/{case.number}")
    assert "由系统按规则准予" in page
    assert "我要工作人员办理" in page
    assert applicant.post(path, {"item": "B9-2"}).status_code == 409
    assert applicant.post(path, {"item": "B9-1", "wish": "想请人看看。"}).status_code == 303
    assert item(case, "B9-1").state is ItemState.IN_REVIEW
    assert "我要工作人员办理" not in applicant.text(f"/track/{case.number}")
    assert "想请人看看。" in at_desk("market").text(f"/cases/{case.number}")


def test_a_silent_department_is_told_so_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = Limit(5, Unit.WORKING_DAY, "某条例第三十三条")
    case = case_of(monkeypatch, a_bundle(an_item(1, silence=quiet), an_item(2, "fire")))
    with transaction() as session:
        fire_due_rungs(session, case.number, at=datetime.now(UTC) + timedelta(days=30))
    assert "视为同意（某条例第三十三条）" in at_desk("market").text(f"/cases/{case.number}")


def test_an_officer_reads_whom_to_ask_for_what_only_the_head_may_do(city: None) -> None:
    case = a_case_today()
    page = f"/cases/{case.number}"
    with transaction() as session:
        head = head_of(session, "market").name
    said = at_desk("market").text(page)
    assert f"由负责人 {head} 办理，需要时请找负责人。" in said
    for act in ("启动特别程序", "延长审批", "转办"):
        assert act in said.partition("由负责人")[0]
    assert "需要时请找负责人" not in at_desk("market-head").text(page)
    assert "需要时请找负责人" not in at_desk("tax").get(page).text


def test_an_extension_says_the_new_date_before_it_is_given(city: None) -> None:
    case = a_case_today()
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
    head, form = at_desk("market-head"), {"item": "B1-2", "reason": "情况复杂。"}
    target = f"/cases/{case.number}/acts/extend"
    first = head.post(target, form)
    assert first.status_code == 200, words(first)
    with transaction() as session:
        [one] = [one for one in items_of(session, case.number) if one.code == "B1-2"]
        before = one.legal_due_on
    assert f"法定期限 {day(before)} →" in words(first)
    back = head.post(target, form | {"back": "yes"})
    assert "情况复杂。</textarea>" in back.text
    done = head.post(target, form | {"confirmed": "yes"})
    with transaction() as session:
        [one] = [one for one in items_of(session, case.number) if one.code == "B1-2"]
        after = one.legal_due_on
    assert after != before
    assert f"→ {day(after)}" in words(first), "as was said"
    assert "已办理：延长审批" in head.text(done.headers["location"])
