"""咨询、投诉、办不成事: who may do what with them, by when, and that every step stays on record."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from actions.asking import Sent, close_silent, judge, send
from actions.bulletins import compose_bulletin
from actions.enquiring import HALL, answer, assign, complained_of, contact, extend, open_steps, take, transfer
from config.settings import settings
from models.account import Account, staff_of
from models.bulletin import Bulletin
from models.enquiry import (
    EnquiriesWanted,
    Enquiry,
    counts_for,
    course_of,
    enquiries_listed,
    messages_of,
    overdue_enquiries,
    visible_to,
)
from rules.errors import Faulty, NotFound, NotYourDesk, Refused, WrongState
from rules.moments import china_day
from rules.people import Role
from rules.voices import Cause, Stage, Step, VoiceKind, fault_of_enquiry_number
from tests.people import CLERK, GOVERNOR, MANAGER, MORNING, a_city, account, head_of

PHONE = "13800000000"
DAY = timedelta(days=1)
NIGHT = datetime.fromisoformat("2026-03-06T23:00:00+08:00")  # Friday; Monday is the next working day


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


def asked(db: Session, kind: str = "consult", at: datetime = MORNING, **changes: str) -> Enquiry:
    typed = {"words": "营业执照怎样办理？", "key": f"{kind}-{at}-{sorted(changes.items())}"[:64]} | changes
    enquiry = send(db, Sent(kind, **typed), at=at)
    db.flush()
    return enquiry


def steps(enquiry: Enquiry, db: Session) -> list[Step]:
    return [entry.step for entry in course_of(db, enquiry.number)]


def test_every_kind_finds_its_owner_and_its_day(db: Session) -> None:
    open_question, to_market = asked(db), asked(db, department="market")
    complaint, stuck = asked(db, "complaint", department="fire"), asked(db, "stuck", department="fire")
    assert (open_question.stage, to_market.stage) == (Stage.RECEIVED, Stage.ASSIGNED)
    assert to_market.department_code == "market"
    # Nobody decides on a complaint against himself: the manager gives it to somebody.
    assert (complaint.stage, complaint.department_code) == (Stage.RECEIVED, None)
    assert (stuck.stage, stuck.department_code) == (Stage.ASSIGNED, None)
    assert open_question.due_on == date(2026, 3, 10)  # two working days after Friday
    assert complaint.due_on == stuck.due_on == date(2026, 3, 13)
    assert course_of(db, complaint.number)[0].facts == {"about": "fire"}
    numbers = [one.number for one in (open_question, to_market, complaint, stuck)]
    assert [number[:2] for number in numbers] == ["ZX", "ZX", "TS", "BC"]
    assert not any(fault_of_enquiry_number(number) for number in numbers)


def nobody_at(db: Session, code: str) -> None:
    for one in staff_of(db, code):
        one.active = False
    db.flush()


def test_what_is_asked_of_a_department_without_people_waits_for_the_window(db: Session) -> None:
    nobody_at(db, "fire")
    enquiry = asked(db, department="fire")
    assert (enquiry.stage, enquiry.department_code) == (Stage.RECEIVED, None)
    assert course_of(db, enquiry.number)[0].facts == {"about": "fire"}, "the window reads whom it is for"
    with pytest.raises(Faulty) as refused, db.begin_nested():
        assign(db, enquiry.number, "fire", by=account(db, CLERK), at=MORNING)
    assert "无人办理" in refused.value.faults["department"]
    to_market, officer = asked(db, department="market"), account(db, "market")
    with pytest.raises(Faulty, match="无人办理"), db.begin_nested():
        transfer(db, to_market.number, "fire", "归消防。", by=officer, at=MORNING)
    transfer(db, to_market.number, HALL, "由窗口答复。", by=officer, at=MORNING)


def test_before_the_holiday_it_falls_due_after_it(db: Session) -> None:
    asked_late = asked(db, "complaint", datetime.fromisoformat("2026-09-30T16:00:00+08:00"))
    assert asked_late.due_on > date(2026, 10, 9)
    assert not overdue_enquiries(db, date(2026, 10, 8))
    assert overdue_enquiries(db, asked_late.due_on + DAY) == 1


def test_the_same_form_twice_is_one_enquiry(db: Session) -> None:
    first, second = asked(db, key="k" * 32), asked(db, "complaint", key="k" * 32)
    assert first.number == second.number
    assert steps(first, db) == [Step.RECEIVE]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "rating"}, "kind"),  # comes from a rating alone
        ({"kind": "consult' OR 1=1"}, "kind"),
        ({"department": "nowhere"}, "department"),
        ({"words": "   喂  "}, "words"),
        ({"words": "长" * 2001}, "words"),
        ({"words": "有\x01控制字符的话"}, "words"),
        ({"case_number": "1"}, "case_number"),
        ({"name": "名" * 51}, "name"),
        ({"phone": "12345"}, "phone"),
    ],
)
def test_bad_input_is_one_sentence_and_keeps_nothing(
    db: Session, changes: dict[str, str], field: str
) -> None:
    given = {"kind": "consult", "words": "怎样办理？请告诉我。", "key": "k" * 32} | changes
    with pytest.raises(Faulty) as refused:
        send(db, Sent(**given), at=MORNING)
    assert list(refused.value.faults) == [field]
    everything = EnquiriesWanted(scope="all")
    assert enquiries_listed(db, everything, account(db, MANAGER), china_day(MORNING)).total == 0


def test_a_question_is_assigned_taken_answered_and_closed(db: Session) -> None:
    enquiry, clerk, officer = asked(db, phone=PHONE), account(db, CLERK), account(db, "market")
    assign(db, enquiry.number, "market", by=clerk, at=MORNING)
    take(db, enquiry.number, by=officer, at=MORNING)
    answer(db, enquiry.number, "带身份证到一楼 A01。", by=officer, at=MORNING)
    assert (enquiry.stage, enquiry.person, enquiry.answered_by) == (Stage.ANSWERED, "market", "market")
    [message] = messages_of(db, enquiry.number)
    assert (message.phone, message.next_try_at) == (PHONE, MORNING)
    assert "A01" not in message.body, "the answer itself stays on the page"
    judge(db, enquiry.number, satisfied=True, remark="", at=MORNING)
    assert (enquiry.stage, enquiry.satisfied, enquiry.closed_at) == (Stage.CLOSED, True, MORNING)
    assert steps(enquiry, db) == [Step.RECEIVE, Step.ASSIGN, Step.TAKE, Step.ANSWER, Step.CONFIRM]
    with pytest.raises(WrongState):
        judge(db, enquiry.number, satisfied=False, remark="", at=MORNING)


def test_at_night_the_message_waits_for_the_morning(db: Session) -> None:
    enquiry = asked(db, phone=PHONE, department="market")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YJS_QUIET_HOURS", "true")
        settings.cache_clear()
        answer(db, enquiry.number, "带身份证来。", by=account(db, "market"), at=NIGHT)
    settings.cache_clear()
    [message] = messages_of(db, enquiry.number)
    assert message.next_try_at == datetime.fromisoformat("2026-03-09T08:00:00+08:00")


def test_who_is_not_content_has_it_taken_up_once(db: Session) -> None:
    enquiry, officer = asked(db, department="market"), account(db, "market")
    answer(db, enquiry.number, "请看指南。", by=officer, at=MORNING)
    judge(db, enquiry.number, satisfied=False, remark="没有回答我的问题", at=MORNING + 3 * DAY)
    assert (enquiry.stage, enquiry.reopened, enquiry.due_on) == (Stage.REOPENED, True, date(2026, 3, 11))
    answer(db, enquiry.number, "带身份证到一楼 A01。", by=officer, at=MORNING + 3 * DAY)
    judge(db, enquiry.number, satisfied=False, remark="", at=MORNING + 3 * DAY)
    assert (enquiry.stage, enquiry.satisfied) == (Stage.CLOSED, False)
    said = [entry.words for entry in course_of(db, enquiry.number) if entry.step is Step.ANSWER]
    assert said == ["请看指南。", "带身份证到一楼 A01。"]


def test_who_says_nothing_for_ten_working_days_has_it_closed(db: Session) -> None:
    enquiry = asked(db, department="market")
    answer(db, enquiry.number, "请看指南。", by=account(db, "market"), at=MORNING)
    db.flush()
    assert close_silent(db, at=datetime.fromisoformat("2026-03-20T12:00:00+08:00")) == 0  # the tenth
    assert close_silent(db, at=datetime.fromisoformat("2026-03-21T12:00:00+08:00")) == 1
    assert (enquiry.stage, enquiry.satisfied) == (Stage.CLOSED, None)
    assert course_of(db, enquiry.number)[-1].actor == "system"
    db.flush()
    assert close_silent(db, at=datetime.fromisoformat("2026-03-22T12:00:00+08:00")) == 0


def test_what_could_not_be_done_is_answered_with_its_cause(db: Session) -> None:
    enquiry, clerk = asked(db, "stuck"), account(db, CLERK)
    with pytest.raises(Faulty, match="请选择原因"):
        answer(db, enquiry.number, "已经协调。", by=clerk, at=MORNING)
    answer(db, enquiry.number, "已经协调。", "between", by=clerk, at=MORNING)
    assert enquiry.cause is Cause.BETWEEN


def test_handing_on_needs_a_reason_and_moves_no_day(db: Session) -> None:
    enquiry, officer, due = asked(db, department="market"), account(db, "market"), date(2026, 3, 10)
    take(db, enquiry.number, by=officer, at=MORNING)
    for department, reason in (("fire", " "), ("nowhere", "不归我们管"), ("market", "给自己")):
        with pytest.raises(Faulty):
            transfer(db, enquiry.number, department, reason, by=officer, at=MORNING)
    transfer(db, enquiry.number, "fire", "不归我们管", by=officer, at=MORNING + DAY)
    assert (enquiry.department_code, enquiry.person, enquiry.due_on) == ("fire", "", due)
    with pytest.raises(NotYourDesk):
        answer(db, enquiry.number, "好的", by=officer, at=MORNING)
    transfer(db, enquiry.number, HALL, "由窗口答复", by=account(db, "fire"), at=MORNING)
    assert enquiry.department_code is None
    answer(db, enquiry.number, "带身份证来。", by=account(db, CLERK), at=MORNING)


def test_it_is_extended_once_by_the_head_before_its_day(db: Session) -> None:
    enquiry, head = asked(db, department="market"), head_of(db, "market")
    with pytest.raises(NotYourDesk):
        extend(db, enquiry.number, "要请示", by=account(db, "market"), at=MORNING)
    with pytest.raises(WrongState, match="期限已过"):
        extend(db, enquiry.number, "要请示", by=head, at=MORNING + 7 * DAY)
    extend(db, enquiry.number, "要请示上级", by=head, at=MORNING)
    assert (enquiry.extended, enquiry.due_on) == (True, date(2026, 3, 13))
    with pytest.raises(WrongState, match="不能再延"):
        extend(db, enquiry.number, "还要请示", by=head, at=MORNING)


def test_who_has_taken_it_keeps_it_but_the_head_may_take_over(db: Session) -> None:
    enquiry = asked(db, department="market")
    colleague = Account(
        username="market2", name="市场二", role=Role.OFFICER, department_code="market", password_hash="!"
    )
    db.add(colleague)
    take(db, enquiry.number, by=account(db, "market"), at=MORNING)
    for tried in (take, lambda *a, **k: answer(*a, "带身份证来", **k)):
        with pytest.raises(WrongState, match="已由market经办领办"):
            tried(db, enquiry.number, by=colleague, at=MORNING)
    take(db, enquiry.number, by=head_of(db, "market"), at=MORNING)
    assert enquiry.person == "market-head"


SEES = {  # of a question to the market, a question to nobody yet, a complaint, 办不成事
    CLERK: (False, True, False, True),
    "market": (True, False, False, False),
    "market-head": (True, False, False, False),
    "fire": (False, False, False, False),
    MANAGER: (True, True, True, True),
    GOVERNOR: (True, True, True, True),
}


@pytest.mark.parametrize("who", SEES)
def test_who_sees_what(db: Session, who: str) -> None:
    enquiries = [asked(db, department="market"), asked(db), asked(db, "complaint"), asked(db, "stuck")]
    by = account(db, who)
    assert tuple(visible_to(enquiry, by) for enquiry in enquiries) == SEES[who]
    listed = enquiries_listed(db, EnquiriesWanted(), by, china_day(MORNING)).rows
    assert {one.number for one in listed} == {
        enquiry.number for enquiry, seen in zip(enquiries, SEES[who], strict=True) if seen
    }
    for enquiry, seen in zip(enquiries, SEES[who], strict=True):
        if not seen:
            assert open_steps(db, enquiry, by) == []
            with pytest.raises(NotYourDesk):
                take(db, enquiry.number, by=by, at=MORNING)


def test_what_is_open_to_whom(db: Session) -> None:
    question, complaint = asked(db, department="market"), asked(db, "complaint")
    work = [Step.TAKE, Step.ANSWER, Step.TRANSFER]
    assert open_steps(db, question, account(db, "market")) == work
    assert open_steps(db, question, head_of(db, "market")) == [*work, Step.EXTEND]
    assert open_steps(db, question, account(db, MANAGER)) == [Step.TRANSFER, Step.EXTEND]
    assert open_steps(db, question, account(db, GOVERNOR)) == []
    assert open_steps(db, complaint, account(db, MANAGER)) == [Step.ASSIGN]
    with pytest.raises(WrongState):
        contact(db, question.number, "问过了", reached=True, by=account(db, "market"), at=MORNING)


def test_what_is_not_there_is_not_found(db: Session) -> None:
    with pytest.raises(NotFound):
        take(db, "ZX202603060000010", by=account(db, MANAGER), at=MORNING)


def test_the_overdue_come_first_and_are_counted(db: Session) -> None:
    later, sooner = asked(db, "stuck"), asked(db, at=MORNING - 7 * DAY)
    clerk, today = account(db, CLERK), china_day(MORNING)
    rows = enquiries_listed(db, EnquiriesWanted(), clerk, today).rows
    assert [one.number for one in rows] == [sooner.number, later.number]
    late = enquiries_listed(db, EnquiriesWanted(overdue=True), clerk, today).rows
    assert [one.number for one in late] == [sooner.number]
    take(db, later.number, by=clerk, at=MORNING)
    db.flush()
    assert counts_for(db, clerk, today) == {"open": 2, "mine": 1, "late": 1}
    assert counts_for(db, account(db, "fire"), today) == {"open": 0, "mine": 0, "late": 0}
    mine = enquiries_listed(db, EnquiriesWanted(scope="mine"), clerk, today).rows
    assert [one.number for one in mine] == [later.number]
    for wanted, count in (
        (EnquiriesWanted(kind=VoiceKind.STUCK), 1),
        (EnquiriesWanted(stage=Stage.RECEIVED), 1),
        (EnquiriesWanted(scope="all", department="market"), 0),
    ):
        assert enquiries_listed(db, wanted, clerk, today).total == count


def test_the_overdue_stand_in_the_daily_bulletin(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(db, at=MORNING - 7 * DAY)
    monkeypatch.setenv("YJS_STAFF_URL", "json://127.0.0.1/one")
    settings.cache_clear()
    assert compose_bulletin(db, at=MORNING)
    settings.cache_clear()
    assert "超期 1 件" in db.get_one(Bulletin, china_day(MORNING)).body


@pytest.mark.parametrize("change", ["UPDATE enquiry_entry SET words = 'x'", "DELETE FROM enquiry_entry"])
def test_the_course_is_neither_changed_nor_removed(db: Session, change: str) -> None:
    asked(db)
    with pytest.raises(DBAPIError, match="permission denied"), db.begin_nested():
        db.execute(text(change))


def test_who_is_complained_of_handles_it_only_if_that_is_meant(db: Session) -> None:
    complaint, manager = asked(db, "complaint", department="fire"), account(db, MANAGER)
    assert complained_of(db, complaint) == "fire"
    before = steps(complaint, db)
    with pytest.raises(Faulty) as refused, db.begin_nested():
        assign(db, complaint.number, "fire", by=manager, at=MORNING)
    assert list(refused.value.faults) == ["knowing"]
    assert (steps(complaint, db), complaint.stage) == (before, Stage.RECEIVED)
    assign(db, complaint.number, "fire", knowing=True, by=manager, at=MORNING)
    assert course_of(db, complaint.number)[-1].facts == {"department": "fire", "knowing": True}
    other = asked(db, "complaint", department="fire", key="o" * 32)
    assign(db, other.number, "market", knowing=True, by=manager, at=MORNING)
    assert course_of(db, other.number)[-1].facts == {"department": "market"}, "nothing to be known"
    with pytest.raises(Faulty):
        transfer(db, other.number, "fire", "归其职责。", by=manager, at=MORNING)
    for kind in ("consult", "stuck"):
        assert complained_of(db, asked(db, kind, department="fire", key=kind.ljust(32, "k"))) == ""


def test_a_refused_step_writes_nothing(db: Session) -> None:
    enquiry = asked(db, department="market")
    before = steps(enquiry, db)
    for refused in (
        lambda: answer(db, enquiry.number, "", by=account(db, "market"), at=MORNING),
        lambda: answer(db, enquiry.number, "x" * 2001, by=account(db, "market"), at=MORNING),
        lambda: assign(db, enquiry.number, "fire", by=account(db, MANAGER), at=MORNING),
        lambda: judge(db, enquiry.number, satisfied=True, remark="", at=MORNING),
    ):
        with pytest.raises(Refused), db.begin_nested():
            refused()
    assert steps(enquiry, db) == before
