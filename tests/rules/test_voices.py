"""Which step leads where, who takes it, and how long may it take? Every stage against every step."""

from datetime import UTC, date, datetime
from itertools import product

import pytest

from config.calendars import calendar_for
from config.voices import limits, read_limits, tags
from rules.calendar import WorkCalendar
from rules.duties import may_voice
from rules.errors import Refused, WrongState
from rules.people import Role
from rules.states import CaseState
from rules.voices import (
    BAD,
    ENDED,
    OF_RATINGS,
    OPEN,
    Grade,
    Limit,
    Stage,
    Step,
    Visit,
    VisitKind,
    VoiceKind,
    can_be_rated,
    due_after_appeal,
    enquiry_number,
    fault_of_enquiry_number,
    late_closing,
    stage_after,
    visits,
)

WORK = (Step.TRANSFER, Step.TAKE, Step.EXTEND)
LEADS = {
    Stage.RECEIVED: {Step.ASSIGN: Stage.ASSIGNED},
    Stage.ASSIGNED: {
        **dict.fromkeys(WORK, Stage.ASSIGNED),
        Step.CONTACT: Stage.ASSIGNED,
        Step.ANSWER: Stage.ANSWERED,
        Step.APPEAL: Stage.APPEALED,
    },
    Stage.REOPENED: {
        **dict.fromkeys(WORK, Stage.REOPENED),
        Step.CONTACT: Stage.REOPENED,
        Step.ANSWER: Stage.ANSWERED,
    },
    Stage.ANSWERED: {
        Step.CONFIRM: Stage.CLOSED,
        Step.REOPEN: Stage.REOPENED,
        Step.END_UNHAPPY: Stage.CLOSED,
        Step.LAPSE: Stage.CLOSED,
    },
    Stage.APPEALED: {Step.UPHOLD: Stage.DISMISSED, Step.REJECT: Stage.ASSIGNED},
    Stage.CLOSED: {},
    Stage.DISMISSED: {},
}
OF_A_RATING_ALONE = {Step.CONTACT, Step.APPEAL, Step.UPHOLD, Step.REJECT}


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return calendar_for("000000")


@pytest.mark.parametrize(("kind", "stage"), list(product(VoiceKind, Stage)))
def test_every_step_from_every_stage(kind: VoiceKind, stage: Stage) -> None:
    for step in Step:
        expected = LEADS[stage].get(step)
        if kind is not VoiceKind.RATING and step in OF_A_RATING_ALONE:
            expected = None
        if expected is None:
            with pytest.raises(WrongState, match=step.label):
                stage_after(kind, stage, step)
        else:
            assert stage_after(kind, stage, step) is expected


def test_what_has_ended_stays_so_and_everything_else_can_end() -> None:
    assert not OPEN & ENDED
    assert OPEN | ENDED | {Stage.ANSWERED} == set(Stage)
    assert frozenset(OF_A_RATING_ALONE) == OF_RATINGS
    reached = {Stage.RECEIVED}
    for _ in Stage:
        reached |= {after for stage in reached for after in LEADS[stage].values()}
    assert reached == set(Stage)


OWN, OTHER, HALL = "market", "fire", None
# Who may take a step on an enquiry of (their own department, another one, the hall).
MAY = {
    Role.CLERK: {
        HALL: {Step.ASSIGN, Step.TRANSFER, Step.TAKE, Step.CONTACT, Step.ANSWER, Step.APPEAL},
    },
    Role.OFFICER: {OWN: {Step.TRANSFER, Step.TAKE, Step.CONTACT, Step.ANSWER, Step.APPEAL}},
    Role.HEAD: {OWN: {Step.TRANSFER, Step.TAKE, Step.CONTACT, Step.ANSWER, Step.EXTEND, Step.APPEAL}},
    Role.MANAGER: {
        OWN: {Step.ASSIGN, Step.TRANSFER, Step.EXTEND, Step.UPHOLD, Step.REJECT},
        OTHER: {Step.ASSIGN, Step.TRANSFER, Step.EXTEND, Step.UPHOLD, Step.REJECT},
        HALL: {
            Step.ASSIGN,
            Step.TRANSFER,
            Step.TAKE,
            Step.CONTACT,
            Step.ANSWER,
            Step.EXTEND,
            Step.UPHOLD,
            Step.REJECT,
        },
    },
    Role.GOVERNMENT: {},
    Role.ADMIN: {},
    Role.SECURITY: {},
    Role.AUDITOR: {},
}


@pytest.mark.parametrize(("role", "where"), list(product(Role, (OWN, OTHER, HALL))))
def test_rights_of_every_role(role: Role, where: str | None) -> None:
    own = OWN if role in (Role.OFFICER, Role.HEAD) else None
    allowed = {step for step in Step if may_voice(step, role, own, where)}
    assert allowed == MAY[role].get(where, set())


def test_five_grades_two_of_them_bad() -> None:
    assert [grade.label for grade in Grade] == ["非常满意", "满意", "基本满意", "不满意", "非常不满意"]
    assert {grade.label for grade in BAD} == {"不满意", "非常不满意"}


DAY = date(2026, 3, 6)


def test_a_visit_is_rated_once_a_day_and_the_case_when_it_is_over() -> None:
    counter = [
        Visit(VisitKind.SUBMISSION, DAY, "linxiao"),
        Visit(VisitKind.SUPPLEMENT, DAY, "linxiao"),
        Visit(VisitKind.SUPPLEMENT, DAY, "zhou"),  # two papers on one day: one visit
        Visit(VisitKind.SUPPLEMENT, date(2026, 3, 9), "linxiao"),
    ]
    keys = [one.key for one in visits(CaseState.ACCEPTED, None, counter)]
    assert keys == ["submission-20260306", "supplement-20260306", "supplement-20260309"]
    assert [one.key for one in visits(CaseState.CONCLUDED, DAY, [])] == ["case"]
    assert visits(CaseState.VOID, DAY, counter) == []


def test_a_visit_may_be_rated_for_so_many_days() -> None:
    visit, limit = Visit(VisitKind.CASE, DAY), Limit(30, "assumption")
    assert can_be_rated(visit, limit, date(2026, 4, 5))
    assert not can_be_rated(visit, limit, date(2026, 4, 6))


def test_numbers_tell_a_slip_of_the_finger() -> None:
    for kind in VoiceKind:
        assert fault_of_enquiry_number(enquiry_number(kind, DAY, 1)) is None
    number = enquiry_number(VoiceKind.COMPLAINT, DAY, 1)
    wrong = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"
    assert "校验位" in (fault_of_enquiry_number(wrong) or "")
    for odd in ("", "XX202603060000017", number.lower(), f"{number}0"):
        assert "格式" in (fault_of_enquiry_number(odd) or "")


def test_silence_counts_working_days_over_a_holiday(calendar: WorkCalendar) -> None:
    """Answered on 30 September 2026: the National Day week does not count."""
    answered, limit = datetime(2026, 9, 30, 2, tzinfo=UTC), Limit(3, "assumption")
    last = calendar.working_day(3, date(2026, 9, 30))
    assert last >= date(2026, 10, 9)
    assert not late_closing(answered, limit, last, calendar)
    assert late_closing(answered, limit, calendar.working_day(1, last), calendar)


def test_an_appeal_costs_no_days(calendar: WorkCalendar) -> None:
    assert due_after_appeal(3, date(2026, 3, 9), calendar) == date(2026, 3, 12)
    assert due_after_appeal(-2, date(2026, 3, 9), calendar) == date(2026, 3, 10)


def test_every_limit_names_its_source() -> None:
    found = limits()
    several = [*found.answer.values(), *found.extension.values()]
    single = [found.contact, found.appeal, found.silence, found.rate_within]
    for limit in [*several, *single]:
        assert limit.days > 0
        assert "assumption" in limit.source or "[L]" in limit.source or "[C]" in limit.source
    assert found.contact.days == 1  # 上海第三十条、安阳第五十二条
    longest = found.answer[VoiceKind.RATING].days + found.extension[VoiceKind.RATING].days
    assert longest <= 15
    assert all(tags())


@pytest.mark.parametrize(
    "text",
    ["", "answer: 3", "contact: {days: 0, source: x}", "contact: {days: 1}", "contact: [1]", "a: b: c"],
)
def test_a_broken_table_is_one_sentence(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("voices") / "voices.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=r"voices\.yaml"):
        read_limits(path)
