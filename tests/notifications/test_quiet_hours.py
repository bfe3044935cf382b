"""Who is woken at night? Nobody, by anything that can wait; what the law wants told is told at once."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from actions.telling import may_be_sent_again
from config.calendars import calendar_for
from config.leaving import could_leave_by, leaves_at
from models.case import find_case
from models.database import transaction
from models.notice import notices_of
from notifications.sending import send_due
from notifications.sweeping import sweep
from rules.ladder import USEFUL_FOR
from rules.moments import CHINA
from rules.notices import ANSWERS, RETRY_AFTER, STATUTORY, Channel, Event, NoticeState
from rules.quiet_hours import is_quiet, last_waking, may_wait, next_waking
from tests.gateway import sms_gateway
from tests.notifications.conftest import Channels
from tests.notifications.given import NUMBER, ledger, tell

MOBILE = "13800000000"
CALENDAR = calendar_for()


def hall(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-03-06 07:59", "2026-03-06 08:00"),  # Friday
        ("2026-03-06 08:00", "2026-03-06 08:00"),
        ("2026-03-06 20:59", "2026-03-06 20:59"),
        ("2026-03-06 21:00", "2026-03-09 08:00"),  # the week-end follows
        ("2026-03-07 12:00", "2026-03-09 08:00"),
        ("2026-03-05 23:30", "2026-03-06 08:00"),
        ("2026-03-05 00:00", "2026-03-05 08:00"),
        ("2026-09-30 22:00", "2026-10-08 08:00"),  # 国庆节
        ("2026-02-28 10:00", "2026-02-28 10:00"),  # a Saturday on which offices work
        ("2026-02-14 22:00", "2026-02-24 08:00"),  # 春节
    ],
)
def test_what_can_wait_leaves_when_people_are_up(now: str, leaves: str) -> None:
    assert next_waking(hall(now), CALENDAR) == hall(leaves)
    assert is_quiet(hall(now), CALENDAR) == (now != leaves)


MINUTES = st.integers(0, 400 * 24 * 60).map(lambda n: hall("2026-01-01 00:00") + timedelta(minutes=n))


@given(MINUTES, MINUTES)
def test_what_was_written_by_the_last_waking_could_leave_and_nothing_later(
    written: datetime, now: datetime
) -> None:
    assert (written <= last_waking(now, CALENDAR)) == (next_waking(written, CALENDAR) <= now)


@pytest.mark.parametrize("window", ["0", "10"])
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=MINUTES, now=MINUTES, event=st.sampled_from(list(Event)))
def test_nothing_grows_stale_before_it_could_leave(
    channels: Channels, window: str, written: datetime, now: datetime, event: Event
) -> None:
    channels(quiet_hours="true", merge_minutes=window)
    if written <= could_leave_by(now):
        assert leaves_at(event, statutory=False, at=written) <= now


@pytest.mark.parametrize("event", list(Event))
def test_what_the_law_wants_told_and_answers_never_wait(event: Event) -> None:
    assert may_wait(event, statutory=False) == (event not in STATUTORY | ANSWERS)
    assert not may_wait(event, statutory=True)


@pytest.fixture
def quiet(fresh_database: Engine, channels: Channels) -> None:
    channels(quiet_hours="true", merge_minutes="0")


NIGHT = hall("2026-03-06 22:00")  # Friday
MONDAY = hall("2026-03-09 08:00")


def test_at_night_only_what_cannot_wait_leaves(quiet: None) -> None:
    tell(phone=MOBILE, events=[Event.RECEIPT, Event.READY, Event.ACCEPTED], at=NIGHT)
    assert send_due(at=NIGHT) == 2, "the statutory one overtakes the courtesy that waits"
    receipt, ready, accepted = ledger()
    assert (receipt.state, accepted.state) == (NoticeState.HANDED_OVER, NoticeState.HANDED_OVER)
    assert (ready.state, ready.next_try_at) == (NoticeState.QUEUED, MONDAY)
    assert send_due(at=MONDAY - timedelta(seconds=1)) == 0
    assert send_due(at=MONDAY) == 1


def test_what_fell_due_by_day_and_was_not_sent_does_not_leave_at_night(quiet: None) -> None:
    tell(phone=MOBILE, events=[Event.READY, Event.ACCEPTED], at=hall("2026-03-06 20:30"))
    assert send_due(at=NIGHT) == 1
    assert [notice.event for notice in ledger() if notice.state is NoticeState.QUEUED] == [Event.READY]
    assert send_due(at=MONDAY) == 1


def test_a_holiday_does_not_make_a_courtesy_stale(quiet: None, channels: Channels) -> None:
    eve, back = hall("2026-02-14 21:05"), hall("2026-02-24 08:00")
    tell(phone=MOBILE, events=[Event.DATE_MOVED], at=eve)
    for moment in (eve + USEFUL_FOR, back - timedelta(seconds=1)):
        assert sweep(at=moment) == 0
    with sms_gateway(status=400) as gateway:
        channels(sms_url=gateway.url)
        assert send_due(at=back) == 1
    [notice] = ledger()
    assert notice.state is NoticeState.REJECTED
    with transaction() as session:
        case = find_case(session, NUMBER)
        assert may_be_sent_again(session, case, notice, at=back + USEFUL_FOR - timedelta(seconds=1))
        assert not may_be_sent_again(session, case, notice, at=back + USEFUL_FOR)


def test_after_a_holiday_a_courtesy_has_its_week(quiet: None) -> None:
    tell(phone=MOBILE, events=[Event.DATE_MOVED], at=hall("2026-02-14 21:05"))
    back = hall("2026-02-24 08:00")
    sweep(at=back + USEFUL_FOR - timedelta(seconds=1))
    assert ledger()[0].state is NoticeState.QUEUED
    sweep(at=back + USEFUL_FOR)
    assert ledger()[0].state is NoticeState.EXPIRED


def test_nobody_is_woken_by_a_second_try(quiet: None, channels: Channels) -> None:
    evening = hall("2026-03-06 20:59")
    with sms_gateway(status=503) as gateway:
        channels(sms_url=gateway.url)
        tell("case-courtesy", phone=MOBILE, events=[Event.READY], at=evening)
        tell("case-statutory", phone=MOBILE, events=[Event.ACCEPTED], at=evening)
        send_due(at=evening)
        [courtesy], [statutory] = ledger("case-courtesy"), ledger("case-statutory")
        assert courtesy.next_try_at == MONDAY
        assert statutory.next_try_at == evening + RETRY_AFTER[0]
        gateway.status = 200
        assert send_due(at=evening + RETRY_AFTER[0]) == 1
        assert send_due(at=MONDAY) == 1


def test_a_courtesy_that_failed_holds_up_no_statutory_notice(quiet: None, channels: Channels) -> None:
    noon = hall("2026-03-06 12:00")
    with sms_gateway(status=503) as gateway:
        channels(sms_url=gateway.url)
        tell(phone=MOBILE, events=[Event.READY, Event.SPECIAL_ENDED, Event.ACCEPTED], at=noon)
        send_due(at=noon)
        gateway.status = 200
        send_due(at=noon + timedelta(seconds=1))
    states = {notice.event: notice.state for notice in ledger(channel=Channel.SMS)}
    assert states[Event.READY] is NoticeState.FAILED
    assert states[Event.SPECIAL_ENDED] is NoticeState.QUEUED, "in order behind the one that failed"


def test_a_trial_installation_tells_people_at_once(fresh_database: Engine) -> None:
    tell(phone=MOBILE, events=[Event.READY], at=NIGHT)
    with transaction() as session:
        assert notices_of(session, NUMBER)[0].next_try_at == NIGHT
    assert send_due(at=NIGHT) == 1
