"""好差评: one rating a visit, the bad ones put right; 陈一诺 came to the window on Friday 6 March 2026."""

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session

from actions.deciding import grant, refuse
from actions.delivering import deliver, ship
from actions.enquiring import answer, appeal, contact, open_steps, settle_appeal
from actions.issuing import issue
from actions.rating import Given, rate, rateable
from actions.reopening import reopen
from actions.withdrawing import withdraw
from models.case import Case, find_case
from models.enquiry import Enquiry, course_of, enquiry_of_rating, overdue_enquiries
from models.notice import notices_of
from models.rating import RatingsWanted, figures, ratings_listed, ratings_of
from rules.errors import Faulty, NotFound, NotYourDesk, WrongState
from rules.moments import china_day
from rules.notices import Event
from rules.states import CaseState
from rules.voices import Grade, Stage, Step, VisitKind
from tests.actions.test_delivering import DESKS
from tests.people import CLERK, GOVERNOR, MANAGER, MORNING, a_case, a_city, account

NOON = MORNING + timedelta(hours=3)
VISIT = "submission-20260306"
BEFORE_HOLIDAY = datetime.fromisoformat("2026-09-30T10:00:00+08:00")  # 1 to 7 October are days off


@pytest.fixture(autouse=True)
def city(db: Session) -> None:
    a_city(db)


@pytest.fixture
def case(db: Session) -> Case:
    return a_case(db)


def concluded(db: Session, at: datetime = MORNING, *, refused: bool = True) -> Case:
    """Every department has answered; the results, if any, are made."""
    case = a_case(db, at=at)
    for code, who in DESKS.items():
        if refused and code == "B1-4":
            refuse(db, case.number, code, "疏散通道宽度不足。", by=account(db, who), at=at)
        else:
            grant(db, case.number, code, by=account(db, who), at=at)
    issue(db, case.number, at=at)
    db.flush()
    return find_case(db, case.number)


def given(grade: Grade, visit: str = VISIT, **changes: object) -> Given:
    return Given(**({"visit": visit, "grade": grade.value} | changes))  # type: ignore[arg-type]


def bad(db: Session, case: Case, at: datetime = NOON, **changes: object) -> Enquiry:
    """陈一诺 is not content; what that has set going."""
    rating = rate(db, case.number, given(Grade.DISSATISFIED, **changes), at=at)
    enquiry = enquiry_of_rating(db, rating.id)
    assert enquiry is not None
    return enquiry


def keys(db: Session, case: Case, at: datetime = NOON) -> list[str]:
    return [place.visit.key for place in rateable(db, case, at=at)]


def test_the_visit_at_the_window_can_be_rated_at_once_and_once(db: Session, case: Case) -> None:
    assert keys(db, case) == [VISIT]
    rating = rate(db, case.number, given(Grade.VERY_SATISFIED, tags=("办得快",), words=" 谢谢 "), at=NOON)
    assert (rating.person, rating.department_code) == (CLERK, None)
    assert (rating.tags, rating.words, rating.visit_kind) == (["办得快"], "谢谢", VisitKind.SUBMISSION)
    assert enquiry_of_rating(db, rating.id) is None
    with pytest.raises(WrongState, match="已经评价过"):
        rate(db, case.number, given(Grade.DISSATISFIED), at=NOON)
    assert len(ratings_of(db, case.number)) == 1


def test_the_case_is_rated_when_it_is_over_and_the_collection_is_a_visit(db: Session) -> None:
    case = concluded(db)
    assert set(keys(db, case)) == {VISIT, "case"}
    later = MORNING + timedelta(days=3)
    deliver(db, case.number, by=account(db, CLERK), at=later)
    assert set(keys(db, case, later)) == {VISIT, "case", "collection-20260309"}


def test_a_parcel_is_no_visit(db: Session) -> None:
    case = concluded(db)
    ship(db, case.number, "示例快递", "EX1", by=account(db, CLERK), at=NOON)
    items = [place for place in DESKS if place != "B1-4"]
    deliver(db, case.number, by=account(db, CLERK), at=NOON + timedelta(days=3), items=items)
    assert set(keys(db, case)) == {VISIT, "case"}


def test_a_case_withdrawn_can_be_rated_too(db: Session, case: Case) -> None:
    withdraw(db, case.number, "", "不办了", by=None, at=NOON)
    assert find_case(db, case.number).state is CaseState.WITHDRAWN
    assert set(keys(db, case)) == {VISIT, "case"}


def test_the_invitation_leaves_once_all_results_have_arrived(db: Session) -> None:
    case = concluded(db)
    assert Event.RATE not in [one.event for one in notices_of(db, case.number)]
    deliver(db, case.number, by=account(db, CLERK), at=NOON)
    told = [one for one in notices_of(db, case.number) if one.event is Event.RATE]
    assert {one.facts["days"] for one in told} == {30}
    assert len(told) == 2, "by SMS and by e-mail"


def test_too_late_is_too_late(db: Session, case: Case) -> None:
    late = MORNING + timedelta(days=31)
    assert keys(db, case, late) == []
    with pytest.raises(NotFound, match="过了可以评价的时间"):
        rate(db, case.number, given(Grade.SATISFIED), at=late)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"grade": "excellent"}, "grade"),
        ({"grade": ""}, "grade"),
        ({"tags": ("随便写的",)}, "tags"),
        ({"words": "长" * 501}, "words"),
        ({"words": "\x01"}, "words"),
        ({"department": "nowhere"}, "department"),
        ({"department": "registry"}, "department"),  # exists, but has nothing to do with this case
    ],
)
def test_what_makes_no_sense_changes_nothing(
    db: Session, case: Case, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Faulty) as refused:
        rate(db, case.number, Given(**({"visit": VISIT, "grade": "satisfied"} | changes)), at=NOON)  # type: ignore[arg-type]
    assert list(refused.value.faults) == [field]
    assert ratings_of(db, case.number) == []


@pytest.mark.parametrize("visit", ["", "case", "submission-20260305", "collection-20260306", "x" * 500])
def test_a_visit_that_was_none_cannot_be_rated(db: Session, case: Case, visit: str) -> None:
    with pytest.raises(NotFound):
        rate(db, case.number, given(Grade.SATISFIED, visit), at=NOON)


def test_a_bad_rating_has_a_day_for_the_call_and_one_for_the_answer(db: Session, case: Case) -> None:
    enquiry = bad(db, case, tags=("等候太久",), words="等了一上午")
    assert (enquiry.stage, enquiry.department_code) == (Stage.ASSIGNED, None)
    assert enquiry.contact_due_on == date(2026, 3, 9)  # the next working day
    assert enquiry.due_on == date(2026, 3, 13)
    assert enquiry.words == "窗口提交申请：不满意；等候太久；等了一上午"
    assert [entry.step for entry in course_of(db, enquiry.number)] == [Step.RECEIVE, Step.ASSIGN]


def test_the_clock_of_a_bad_rating_stands_still_over_the_holiday(db: Session) -> None:
    case = a_case(db, at=BEFORE_HOLIDAY)
    enquiry = bad(db, case, BEFORE_HOLIDAY, visit="submission-20260930")
    assert enquiry.contact_due_on is not None
    assert enquiry.contact_due_on > date(2026, 10, 7)
    assert (enquiry.due_on - date(2026, 9, 30)).days >= 12


def test_who_stays_anonymous_is_not_called_and_not_named(db: Session, case: Case) -> None:
    enquiry = bad(db, case, named=False)
    assert (enquiry.name, enquiry.phone, enquiry.case_number) == ("", "", "")
    assert enquiry.contact_due_on is None
    manager = account(db, MANAGER)
    assert Step.CONTACT not in open_steps(db, enquiry, manager)
    answer(db, enquiry.number, "增开了窗口。", "late", by=manager, at=NOON)  # without a call


def test_the_lead_answers_for_the_case_unless_another_is_named(db: Session) -> None:
    case = concluded(db)
    enquiry = bad(db, case, visit="case", department="fire")
    assert enquiry.department_code == "fire"
    other = a_case(db, at=MORNING)
    withdraw(db, other.number, "", "不办了", by=None, at=NOON)
    assert bad(db, other, visit="case").department_code == "market"


def put_right(db: Session, enquiry: Enquiry, who: str = MANAGER) -> None:
    by = account(db, who)
    contact(db, enquiry.number, "已经道歉。", reached=True, by=by, at=NOON)
    answer(db, enquiry.number, "增开了两个窗口。", "late", by=by, at=NOON)


def test_first_the_call_then_the_result(db: Session, case: Case) -> None:
    enquiry, manager = bad(db, case), account(db, MANAGER)
    with pytest.raises(WrongState, match="请先回访"):
        answer(db, enquiry.number, "增开了窗口。", "late", by=manager, at=NOON)
    contact(db, enquiry.number, "无人接听。", reached=False, by=manager, at=NOON)
    assert enquiry.contacted_at == NOON
    with pytest.raises(Faulty) as refused:
        answer(db, enquiry.number, "", "", by=manager, at=NOON)
    assert set(refused.value.faults) == {"words", "cause"}
    answer(db, enquiry.number, "增开了窗口。", "late", by=manager, at=NOON)
    assert enquiry.stage is Stage.ANSWERED


def test_put_right_it_may_be_rated_again_once_and_the_first_is_kept(db: Session, case: Case) -> None:
    enquiry = bad(db, case)
    with pytest.raises(WrongState):
        rate(db, case.number, given(Grade.SATISFIED), at=NOON)  # not yet put right
    put_right(db, enquiry)
    again = rate(db, case.number, given(Grade.SATISFIED, named=False), at=NOON)
    assert (again.round, again.named) == (2, True)
    assert (enquiry.stage, enquiry.satisfied) == (Stage.CLOSED, True)
    first, second = ratings_of(db, case.number)
    assert [first.grade, second.grade] == [Grade.DISSATISFIED, Grade.SATISFIED]
    with pytest.raises(WrongState):
        rate(db, case.number, given(Grade.VERY_SATISFIED), at=NOON)


def test_rated_badly_again_it_is_taken_up_once_more(db: Session, case: Case) -> None:
    enquiry = bad(db, case)
    put_right(db, enquiry)
    rate(db, case.number, given(Grade.VERY_DISSATISFIED, words="还是一样"), at=NOON)
    assert (enquiry.stage, enquiry.satisfied, enquiry.reopened) == (Stage.REOPENED, False, True)
    assert "还是一样" in course_of(db, enquiry.number)[-1].words


def handled_anew(db: Session, case: Case, at: datetime) -> None:
    reopen(db, case.number, ["B1-4"], "示府复〔2026〕7号", "认定事实不清。", by=account(db, GOVERNOR), at=at)
    db.flush()


def test_handled_anew_what_was_rated_stays_and_is_rated_again(db: Session) -> None:
    case = concluded(db)
    enquiry = bad(db, case, visit="case")
    handled_anew(db, case, NOON)
    put_right(db, enquiry, "market")
    places = {place.visit.key: place for place in rateable(db, case, at=NOON)}
    assert places["case"].open_again
    assert not places["case"].open_first
    again = rate(db, case.number, given(Grade.SATISFIED, "case"), at=NOON)
    assert (again.visit, again.round, enquiry.stage) == ("case", 2, Stage.CLOSED)


def test_handled_anew_a_case_not_rated_yet_is_rated_when_it_is_over(db: Session) -> None:
    case = concluded(db)
    handled_anew(db, case, NOON)
    assert keys(db, case) == [VISIT]


@pytest.mark.parametrize("rated", [True, False])
def test_who_has_rated_the_case_is_not_invited_again_when_it_ends_anew(db: Session, rated: bool) -> None:
    case = concluded(db)
    deliver(db, case.number, by=account(db, CLERK), at=NOON)
    if rated:
        rate(db, case.number, given(Grade.SATISFIED, "case"), at=NOON)
    later = NOON + timedelta(days=3)
    handled_anew(db, case, later)
    grant(db, case.number, "B1-4", by=account(db, DESKS["B1-4"]), at=later)
    issue(db, case.number, at=later)
    deliver(db, case.number, by=account(db, CLERK), at=later)
    told = [one for one in notices_of(db, case.number) if one.event is Event.RATE]
    assert len(told) == (2 if rated else 4), "by SMS and by e-mail"


def test_of_a_void_case_the_word_that_was_given_stays(db: Session, case: Case) -> None:
    enquiry = bad(db, case)
    case.state = CaseState.VOID
    put_right(db, enquiry)
    [place] = rateable(db, case, at=NOON + timedelta(days=3))
    assert (place.visit.key, place.open_again) == (VISIT, True)


def test_the_person_rated_does_not_handle_it_but_may_appeal(db: Session, case: Case) -> None:
    enquiry, clerk = bad(db, case), account(db, CLERK)
    assert open_steps(db, enquiry, clerk) == [Step.APPEAL]
    for tried in (
        lambda: contact(db, enquiry.number, "问过了", reached=True, by=clerk, at=NOON),
        lambda: answer(db, enquiry.number, "改了", "late", by=clerk, at=NOON),
    ):
        with pytest.raises(NotYourDesk, match="涉及您本人"):
            tried()
    appeal(db, enquiry.number, "malicious", "当天没有这位申请人排队。", by=clerk, at=NOON)
    assert enquiry.stage is Stage.APPEALED


def test_an_appeal_upheld_keeps_the_rating_and_does_not_count_it(db: Session, case: Case) -> None:
    enquiry, manager = bad(db, case), account(db, MANAGER)
    appeal(db, enquiry.number, "mistaken", "评的是别的大厅。", by=account(db, CLERK), at=NOON)
    with pytest.raises(NotYourDesk):
        settle_appeal(db, enquiry.number, "是的", upheld=True, by=account(db, CLERK), at=NOON)
    settle_appeal(db, enquiry.number, "核对了录像。", upheld=True, by=manager, at=NOON)
    db.flush()
    [rating] = ratings_of(db, case.number)
    assert (enquiry.stage, rating.counted) == (Stage.DISMISSED, False)
    found = figures(db, MORNING, NOON + timedelta(days=1))
    assert (found.rated, found.not_counted) == (0, 1)
    assert not any(place.open_again for place in rateable(db, case, at=NOON))


def test_an_appeal_turned_down_goes_on_with_what_was_left_and_comes_once(db: Session, case: Case) -> None:
    enquiry, clerk, manager = bad(db, case), account(db, CLERK), account(db, MANAGER)
    monday = MORNING + timedelta(days=3)
    appeal(db, enquiry.number, "malicious", "当天没有排队。", by=clerk, at=monday)
    assert (enquiry.appeal_left, enquiry.due_on) == (4, date(2026, 3, 12))
    wednesday = monday + timedelta(days=2)
    db.flush()
    assert overdue_enquiries(db, china_day(wednesday)) == 0, "nobody may call while it is under appeal"
    settle_appeal(db, enquiry.number, "录像里有排队。", upheld=False, by=manager, at=wednesday)
    assert (enquiry.stage, enquiry.due_on) == (Stage.ASSIGNED, date(2026, 3, 17))
    assert enquiry.contact_due_on == date(2026, 3, 12), "the next working day, as it was at first"
    db.flush()
    assert [overdue_enquiries(db, date(2026, 3, day)) for day in (12, 13)] == [0, 1]
    with pytest.raises(WrongState, match="不能再申诉"):
        appeal(db, enquiry.number, "malicious", "再说一次。", by=clerk, at=wednesday)


def test_figures_count_first_ratings_by_department(db: Session) -> None:
    case = concluded(db)
    put_right(db, bad(db, case))
    rate(db, case.number, given(Grade.SATISFIED), at=NOON)  # again
    rate(db, case.number, given(Grade.FAIRLY_SATISFIED, "case", department="fire"), at=NOON)
    other = a_case(db)
    rate(db, other.number, given(Grade.VERY_SATISFIED), at=NOON)
    found = figures(db, MORNING, NOON + timedelta(minutes=1))
    assert found.counts == {
        Grade.VERY_SATISFIED: 1,
        Grade.SATISFIED: 0,
        Grade.FAIRLY_SATISFIED: 1,
        Grade.DISSATISFIED: 1,
        Grade.VERY_DISSATISFIED: 0,
    }
    said = {one.department: (one.rated, one.satisfied, one.rate) for one in found.departments}
    assert said == {None: (2, 1, 0.5), "fire": (1, 1, 1.0)}
    assert (found.put_right, found.rated, round(found.rate, 2)) == (1, 3, 0.67)
    assert figures(db, NOON + timedelta(hours=1), NOON + timedelta(hours=2)).rated == 0
    assert ratings_listed(db, RatingsWanted(grade=Grade.DISSATISFIED)).total == 1
    assert ratings_listed(db, RatingsWanted(department="fire")).total == 1
    assert ratings_listed(db, RatingsWanted(hall=True, since=NOON + timedelta(days=1))).total == 0
