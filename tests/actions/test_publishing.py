"""Failure story 11: a change of the configuration must break no running case, nor lose a task behind a gate."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from actions import publishing
from actions.deciding import grant, refuse
from actions.desk_work import reassign
from actions.extending import extend_item
from actions.publishing import move, report
from actions.withdrawing import withdraw
from config.catalogue import departments, digest_of
from models.audit import timeline
from models.case import Case, items_of, materials_of
from models.clock import running_clocks
from models.notice import notices_of
from models.version import bundle_of_version, cases_by_version, versions_of
from notifications.wording import words_of
from rules.bundle import (
    Bundle,
    Gate,
    JoinPolicy,
    MaterialSpec,
    Mode,
    Need,
    Question,
    QuestionType,
    Source,
)
from rules.clock import ClockKind
from rules.errors import NotYourDesk, WrongState
from rules.going_over import Fate, Verdict
from rules.material import MaterialState
from rules.notices import Event
from rules.states import Act, CaseState, DeskStep, ItemState
from rules.versions import changes_between
from tests.actions.small import FORM, PLAN, a_bundle, a_case_of, an_item, items, working_days
from tests.people import CLERK, MANAGER, MORNING, a_city, account, head_of
from tests.stories.random_bundles import bundles

NOON = MORNING + timedelta(hours=2)
LATE = datetime(2026, 3, 24, 2, tzinfo=MORNING.tzinfo)

OLD = a_bundle(an_item(1), an_item(2, "fire", Need("B9-1")), an_item(3, "urban", when="Q1"))


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


@pytest.fixture
def case(db: Session, monkeypatch: pytest.MonkeyPatch) -> Case:
    """1 is in review, 2 waits for it behind its gate."""
    return a_case_of(db, OLD, monkeypatch, q1=False)


def now(patch: pytest.MonkeyPatch, bundle: Bundle) -> None:
    patch.setattr(publishing, "in_force", lambda _: (bundle, digest_of(bundle)))


def item(bundle: Bundle, number: int, **changes: Any) -> Bundle:
    code = f"B9-{number}"
    return replace(
        bundle, items=tuple(replace(one, **changes) if one.code == code else one for one in bundle.items)
    )


def judged(db: Session, case: Case, new: Bundle) -> Verdict:
    return publishing.standing(db, case, new, at=NOON)


def test_a_running_case_stays_on_its_version(
    db: Session, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    """CRVS, DIGIT: the form changes and open cases break."""
    now(monkeypatch, replace(OLD, items=OLD.items[1:]))
    assert bundle_of_version(db, case.bundle_digest) == OLD
    grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON)
    assert items(db, case)["2"].state is ItemState.IN_REVIEW


def test_a_task_behind_a_gate_survives_the_move(
    db: Session, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    """Flowable 2559, Camunda 46281: the gateway is migrated, the token behind it is gone."""
    assert items(db, case)["2"].state is ItemState.WAITING
    new = item(OLD, 2, needs=(), promise=working_days(4))
    now(monkeypatch, new)
    found = move(db, case.number, "先后关系取消了。", by=account(db, MANAGER), at=NOON)
    assert found.fate is Fate.MOVABLE
    assert items(db, case)["2"].state is ItemState.IN_REVIEW, "its gate is gone, so it begins"
    assert case.bundle_digest == digest_of(new)
    assert len(items_of(db, case.number)) == 2
    entry = next(one for one in timeline(db, case.number) if one.act is Act.MOVE_VERSION)
    assert (entry.actor, entry.facts["from"], entry.facts["to"]) == (MANAGER, digest_of(OLD), digest_of(new))
    told = [one for one in notices_of(db, case.number) if one.event is Event.VERSION_MOVED]
    assert "前置事项由B9-1（前置办结后开始，不再办理）改为无" in "".join(told[0].facts["changes"])


def test_a_gate_that_is_new_holds_the_decision_of_what_has_begun(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = a_bundle(an_item(1), an_item(2, "fire"))
    case = a_case_of(db, old, monkeypatch)
    now(monkeypatch, item(old, 2, needs=(Need("B9-1"),)))
    move(db, case.number, by=account(db, MANAGER), at=NOON)
    assert items(db, case)["2"].state is ItemState.IN_REVIEW, "nobody takes work off a desk"
    with pytest.raises(WrongState, match="须等“事项1”办结"):
        grant(db, case.number, "B9-2", by=account(db, "fire"), at=NOON)


Edit = Callable[[Bundle], Bundle]
QUESTION = Question("Q9", "有明火吗？", QuestionType.BOOL, default=False)
PAPER = MaterialSpec("M-NEW", "承诺书", Source.APPLICANT)
FROM_AFAR = MaterialSpec("M-FAR", "营业执照", Source.E_LICENCE)


def with_paper(bundle: Bundle, paper: MaterialSpec) -> Bundle:
    return item(replace(bundle, materials=(FORM, paper)), 1, materials=("M-FORM", paper.id))


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda old: replace(old, items=old.items[::2]), "新版本没有事项“事项2”"),
        (lambda old: item(old, 1, department="health"), "已经开始办理，新版本改了它的承办部门，请先转办"),
        (
            lambda old: item(old, 1, steps=(DeskStep.HANDLE, DeskStep.APPROVE)),
            "已经开始办理，新版本改了它的内部环节",
        ),
        (lambda old: replace(old, questions=(*old.questions, QUESTION)), "新版本多了一个问题"),
        (lambda old: item(old, 3, when=""), "按新版本还要办理“事项3”"),
        (lambda old: with_paper(old, PAPER), "按新版本还要提交“承诺书”"),
        (lambda old: item(replace(old, materials=()), 1, materials=()), "新版本没有材料“申请表”"),
    ],
)
def test_why_it_cannot_go_over(
    db: Session, monkeypatch: pytest.MonkeyPatch, case: Case, edit: Edit, why: str
) -> None:
    new = edit(OLD)
    found = judged(db, case, new)
    assert found.fate is Fate.STUCK
    assert any(why in reason for reason in found.reasons), found.reasons
    now(monkeypatch, new)
    digest, entries = case.bundle_digest, len(timeline(db, case.number))
    with pytest.raises(WrongState, match="不能迁移"):
        move(db, case.number, by=account(db, MANAGER), at=NOON)
    assert (case.bundle_digest, len(timeline(db, case.number))) == (digest, entries)


def test_what_has_begun_goes_over_once_it_is_at_its_new_department(
    db: Session, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    """Told to hand it over first, people must be able to: the row counts, not what the old version said."""
    new = item(OLD, 1, department="health")
    assert judged(db, case, new).fate is Fate.STUCK
    reassign(db, case.number, "B9-1", "health", "职责调整。", by=head_of(db, "market"), at=NOON)
    assert judged(db, case, new).fate is Fate.MOVABLE
    now(monkeypatch, new)
    move(db, case.number, by=account(db, MANAGER), at=NOON)
    assert items(db, case)["1"].department_code == "health"


def test_what_waits_goes_to_its_new_department_with_the_case(
    db: Session, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    now(monkeypatch, item(item(OLD, 2, department="health"), 1, promise=working_days(5)))
    reassign(db, case.number, "B9-1", "urban", "由城管协助。", by=head_of(db, "market"), at=NOON)
    move(db, case.number, by=account(db, MANAGER), at=NOON)
    rows = items(db, case)
    assert (rows["2"].state, rows["2"].department_code) == (ItemState.WAITING, "health")
    assert rows["1"].department_code == "urban", "the version says nothing new of it"
    assert case.look_at == NOON, "Prefect's table names it"
    told = next(one for one in notices_of(db, case.number) if one.event is Event.VERSION_MOVED)
    fire, health = (departments()[code].name for code in ("fire", "health"))
    assert f"事项“事项2”的承办部门由“{fire}”改为“{health}”" in told.facts["changes"], "by name"


OWING = a_bundle(an_item(1, materials=("M-FORM", "M-PLAN")), materials=(FORM, PLAN))


def paper(bundle: Bundle, spec_id: str, **changes: Any) -> Bundle:
    papers = tuple(replace(one, **changes) if one.id == spec_id else one for one in bundle.materials)
    return replace(bundle, materials=papers)


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda old: paper(old, "M-PLAN", defer_days=9), "材料“平面图”还没有到，新版本改了它的容缺天数。"),
        (lambda old: paper(old, "M-PLAN", when="Q1"), "材料“平面图”还没有到，新版本改了它的适用情形。"),
        (
            lambda old: paper(old, "M-PLAN", deferrable=False, defer_days=0),
            "材料“平面图”还没有到，新版本改了它的可否容缺、容缺天数。",
        ),
        (
            lambda old: paper(old, "M-FORM", source=Source.DATA_SHARE),
            "材料“申请表”在办件里是申请人提供，新版本改为数据共享。",
        ),
    ],
)
def test_what_is_owed_stays_owed_as_it_was_promised(
    db: Session, monkeypatch: pytest.MonkeyPatch, accepted: bool, edit: Edit, why: str
) -> None:
    """Its clock runs by the old days: by other ones nobody would be reminded, nor would it stop as the paper comes."""
    case = a_case_of(db, OWING, monkeypatch, q1=True, deferred=("M-PLAN",), accepted=accepted)
    assert judged(db, case, edit(OWING)).reasons == (why,)


def test_a_paper_that_has_come_hinders_no_other_days(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case_of(db, OWING, monkeypatch)
    assert judged(db, case, paper(OWING, "M-PLAN", defer_days=9)).fate is Fate.MOVABLE


@pytest.mark.parametrize(
    "edit",
    [
        lambda old: item(old, 3, promise=working_days(2)),  # an item that it does not have
        lambda old: item(old, 1, note="请带原件。"),  # words
        lambda old: replace(old, summary="新的简介。"),
        lambda old: item(old, 1, promise=working_days(8, "依据写得更清楚了")),
    ],
)
def test_what_does_not_concern_it_leaves_it_alone(db: Session, case: Case, edit: Edit) -> None:
    assert judged(db, case, edit(OLD)) == Verdict(Fate.UNAFFECTED, ())


UNASKED = replace(OLD.questions[0], when="false")


def test_a_question_whose_answer_goes_concerns_the_case(db: Session, case: Case) -> None:
    found = judged(db, case, replace(OLD, questions=(UNASKED,)))
    assert found == Verdict(Fate.MOVABLE, ("问题“承诺符合条件吗？”的适用情形由无改为“false”",))


def test_no_answer_that_goes_changes_the_lane_of_what_has_begun(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = a_bundle(an_item(1, commitment=Mode("Q1")), an_item(2, "fire", Need("B9-1"), commitment=Mode("Q1")))
    case = a_case_of(db, old, monkeypatch, q1=True)
    found = judged(db, case, replace(old, questions=(UNASKED,)))
    assert found.reasons == ("“事项1”已经开始办理，按新版本留下的回答改为不按告知承诺办理。",)


def test_a_decided_item_must_be_as_it_was(db: Session, case: Case) -> None:
    grant(db, case.number, "B9-1", by=account(db, "market"), at=NOON)
    found = judged(db, case, item(OLD, 1, promise=working_days(3)))
    assert found.reasons == ("“事项1”已经准予，新版本改了它的承诺期限。",)
    assert judged(db, case, replace(OLD, join=JoinPolicy.ALL_GRANTED)).fate is Fate.STUCK
    assert judged(db, case, item(OLD, 2, promise=working_days(3))).fate is Fate.MOVABLE


def test_a_new_need_must_not_end_what_goes_on(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused sibling would suddenly stop an item that never depended on it."""
    old = a_bundle(an_item(1), an_item(2, "fire"))
    case = a_case_of(db, old, monkeypatch)
    refuse(db, case.number, "B9-1", "不合格。", by=account(db, "market"), at=NOON)
    found = judged(db, case, item(old, 2, needs=(Need("B9-1", Gate.DECISION),)))
    assert found.reasons == ("按新版本“事项2”会因为“事项1”没有获准而停办。",)


def test_dates_go_by_the_new_limits_from_the_same_start(
    db: Session, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    before = items(db, case)["1"].promised_due_on
    new = replace(item(OLD, 1, promise=working_days(5)), promise=working_days(12))
    now(monkeypatch, new)
    move(db, case.number, by=head_of(db, "market"), at=NOON)
    row = next(one for one in running_clocks(db, case.number) if one.kind is ClockKind.PROMISED)
    assert (row.n, row.started_at) == (12, MORNING)
    after = items(db, case)["1"].promised_due_on
    assert before
    assert after
    assert after < before
    told = next(one for one in notices_of(db, case.number) if one.event is Event.VERSION_MOVED)
    assert told.facts["promised_due_on"] == str(case.promised_due_on)


def test_no_date_is_moved_behind_us_and_no_extension_is_lost(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = a_bundle(an_item(1, legal=replace(working_days(20, "某条例"), extend=10)))
    case = a_case_of(db, old, monkeypatch)
    shorter = replace(item(old, 1, promise=working_days(3)), promise=working_days(3))
    found = publishing.standing(db, case, shorter, at=LATE)
    assert len(found.reasons) == 2
    assert "已于 2026-03-11 届满" in found.reasons[0]
    extend_item(db, case.number, "B9-1", "须复查。", by=head_of(db, "market"), at=NOON)
    found = judged(db, case, item(old, 1, legal=working_days(15, "某条例")))
    assert any("已经延长过" in reason for reason in found.reasons)


def test_papers_from_elsewhere_get_their_rows(
    db: Session, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    now(monkeypatch, with_paper(OLD, FROM_AFAR))
    move(db, case.number, by=account(db, MANAGER), at=NOON)
    papers = {row.spec_id: row.state for row in materials_of(db, case.number)}
    assert papers["M-FAR"] is MaterialState.SHARED


def test_what_is_called_otherwise_now_is_called_so_on_the_case(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The final notice knows by its name whether what was granted has a certificate."""
    old = item(OLD, 2, result="")
    case = a_case_of(db, old, monkeypatch, q1=False)
    new = paper(item(old, 1, name="食品经营许可"), "M-FORM", name="新申请表")
    now(monkeypatch, new)
    move(db, case.number, by=account(db, MANAGER), at=NOON)
    assert [one.name for one in items_of(db, case.number)] == ["食品经营许可", "事项2"]
    assert [one.name for one in materials_of(db, case.number)] == ["新申请表"]
    for code, by in (("B9-1", "market"), ("B9-2", "fire")):
        grant(db, case.number, code, by=account(db, by), at=NOON)
    notice = next(one for one in notices_of(db, case.number) if one.event is Event.CONCLUDED)
    assert "出证窗口备好结果后通知您领取" in words_of(notice, case, new).sms


def test_words_alone_are_not_worth_a_message(
    db: Session, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    now(monkeypatch, item(OLD, 1, note="请带原件。"))
    move(db, case.number, by=account(db, MANAGER), at=NOON)
    assert not [one for one in notices_of(db, case.number) if one.event is Event.VERSION_MOVED]
    assert timeline(db, case.number)[-1].act is Act.MOVE_VERSION, "but on the file"


def test_who_and_when(db: Session, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    now(monkeypatch, OLD)
    with pytest.raises(WrongState, match="已经是现行版本"):
        move(db, case.number, by=account(db, MANAGER), at=NOON)
    now(monkeypatch, item(OLD, 1, promise=working_days(5)))
    for who in (CLERK, "market", "fire-head", "lijianguo"):
        with pytest.raises(NotYourDesk):
            move(db, case.number, by=account(db, who), at=NOON)
    withdraw(db, case.number, by=None, at=NOON)
    with pytest.raises(WrongState, match="已撤回"):
        move(db, case.number, by=account(db, MANAGER), at=NOON)


def test_the_report_sorts_the_open_cases(db: Session, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    decided = a_case_of(db, OLD, monkeypatch, q1=False)
    grant(db, decided.number, "B9-1", by=account(db, "market"), at=NOON)
    closed = a_case_of(db, OLD, monkeypatch, q1=False)
    withdraw(db, closed.number, by=None, at=NOON)
    now(monkeypatch, OLD)
    new = item(OLD, 1, promise=working_days(5))
    found = report(db, new, at=NOON)
    assert [change.text for change in found.changes] == ["事项“事项1”的承诺期限由8个工作日改为5个工作日"]
    assert [one.number for one in found.of(Fate.MOVABLE)] == [case.number]
    assert [one.number for one in found.of(Fate.STUCK)] == [decided.number]
    assert case.bundle_digest == digest_of(OLD), "a report changes nothing"
    assert [row.digest for row in versions_of(db, "B9")] == [digest_of(OLD)]
    assert cases_by_version(db, "B9") == {digest_of(OLD): (3, 2)}


def edited(old: Bundle, by: Bundle) -> Bundle:
    """The old version with what another bundle says of promises, gates, visits and blocking."""
    said = {one.code: one for one in by.items}
    parts = [
        replace(
            one, promise=new.promise, legal=new.legal, needs=new.needs, visit=new.visit, blocks=new.blocks
        )
        for one, new in ((one, said.get(one.code, one)) for one in old.items)
    ]
    return replace(old, items=tuple(parts), promise=by.promise, deferral_silence=by.deferral_silence)


@given(old=bundles(), new=bundles(), whole=st.booleans(), q1=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_from_any_version_to_any_other(db: Session, old: Bundle, new: Bundle, whole: bool, q1: bool) -> None:
    """It moves whole or stays as it was; either way no item is lost and the rules have been followed."""
    new = new if whole else edited(old, new)
    with pytest.MonkeyPatch.context() as patch:
        case = a_case_of(db, old, patch, q1=q1)
        now(patch, new)
        before = {one.code: one.state for one in items_of(db, case.number)}
        digest = case.bundle_digest
        if digest == digest_of(new):
            return
        try:
            with db.begin_nested():
                move(db, case.number, by=account(db, MANAGER), at=NOON)
                db.flush()
        except WrongState:
            db.expire_all()
            assert case.bundle_digest == digest
            assert {one.code: one.state for one in items_of(db, case.number)} == before
            return
    after = {one.code: one.state for one in items_of(db, case.number)}
    assert set(after) == set(before)
    assert ItemState.NOT_NEEDED not in {
        after[code] for code in after if before[code] is not ItemState.NOT_NEEDED
    }
    assert case.state is CaseState.ACCEPTED or case.outcome


@given(old=bundles(), new=bundles())
@settings(max_examples=60, deadline=None)
def test_every_difference_has_its_sentence(old: Bundle, new: Bundle) -> None:
    found = changes_between(old, new)
    assert bool(found) == (digest_of(old) != digest_of(new))
    assert all(change.text and "None" not in change.text for change in found)
    assert not changes_between(old, old)
