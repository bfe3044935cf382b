"""The limits the law sets beside the item's own: notice, deemed acceptance, delivery, the joint 45 days."""

import pytest

from rules.bundle import Bundle, ItemSpec, JoinPolicy, Limit, Unit
from rules.clock import Clock, due_of
from rules.limits import (
    DELIVERY,
    JOINT,
    NOTICE,
    bundle_limit,
    deemed_acceptance,
    notice_due,
    received_at,
    statutory_start,
    works_to,
)
from tests.clocks import a_clock, day, moment, the_calendar

CALENDAR = the_calendar()
START = moment("2026-03-02")


def test_a_desk_silent_until_the_fifth_day_closes_has_accepted() -> None:
    assert deemed_acceptance(day("03-02"), CALENDAR) == moment("2026-03-09T17:30")


@pytest.mark.parametrize(
    ("strict", "received", "notice"), [(True, "03-07", "03-13"), (False, "03-09", "03-16")]
)
def test_an_application_on_a_saturday(strict: bool, received: str, notice: str) -> None:
    at = received_at(moment("2026-03-07T23:00"), CALENDAR, strict=strict)
    assert at.date() == day(received)
    assert due_of(Clock(NOTICE, at), CALENDAR).day == notice_due(at.date(), CALENDAR) == day(notice)


def test_notice_and_delivery_run_in_working_days() -> None:
    assert due_of(Clock(NOTICE, START), CALENDAR).day == notice_due(day("03-02"), CALENDAR) == day("03-09")
    assert due_of(Clock(DELIVERY, moment("2026-04-28")), CALENDAR).day == day("05-14")


def test_sitting_on_a_complete_file_gains_no_days() -> None:
    assert statutory_start(moment("2026-03-10"), moment("2026-03-05")) == moment("2026-03-05")
    assert statutory_start(moment("2026-03-10"), None) == moment("2026-03-10")


def test_the_desk_works_to_the_earlier_of_promise_and_law() -> None:
    promised, law = (
        due_of(a_clock("13wd", "2026-03-02"), CALENDAR),
        due_of(a_clock("20wd", "2026-03-02"), CALENDAR),
    )
    standing = due_of(a_clock("13wd", "2026-03-02", "03-09:"), CALENDAR)
    assert works_to(promised, law) == promised
    assert works_to(standing, law) == law
    assert works_to(promised, None) == promised
    assert works_to(standing, None) == standing


def item(code: str, department: str, item_type: str = "01", legal: Limit | None = None) -> ItemSpec:
    return ItemSpec(code, code, department, item_type, "2", Limit(5, Unit.WORKING_DAY), legal)


def bundle(*items: ItemSpec, joint: bool = True, legal: Limit | None = None) -> Bundle:
    return Bundle(
        "B0",
        "try",
        "试一试",
        "food",
        joint,
        Limit(13, Unit.WORKING_DAY),
        JoinPolicy.BEST_EFFORT,
        items,
        (),
        legal=legal,
    )


TWENTY, FIVE = Limit(20, Unit.WORKING_DAY, extend=10), Limit(5, Unit.WORKING_DAY)
FOOD, FIRE = item("food", "food", legal=TWENTY), item("fire", "fire", legal=FIVE)
SIGN = item("sign", "city", "20", Limit(25, Unit.CALENDAR_DAY))


@pytest.mark.parametrize(
    ("joint", "called_for", "expected"),
    [
        (True, (FOOD, FIRE), JOINT),
        (True, (FOOD, FIRE, SIGN), JOINT),
        (True, (FOOD,), TWENTY),  # one licence left: 45 becomes 20
        (
            True,
            (FOOD, SIGN),
            TWENTY,
        ),  # a public service is no licence; 20 working days outlast 25 calendar days
        (False, (FOOD, FIRE), TWENTY),
        (True, (item("register", "civil", "07"),), None),
        (True, (), None),
    ],
)
def test_the_joint_limit_needs_licences_of_two_departments(
    joint: bool, called_for: tuple[ItemSpec, ...], expected: Limit | None
) -> None:
    assert (
        bundle_limit(bundle(*called_for, joint=joint), called_for, start=START, calendar=CALENDAR) == expected
    )


def test_a_bundle_may_state_its_own_joint_limit() -> None:
    stated = bundle(FOOD, FIRE, legal=Limit(30, Unit.WORKING_DAY))
    assert bundle_limit(stated, stated.items, start=START, calendar=CALENDAR) == stated.legal
