"""Who left a phone number is told that there is an answer; once, and not what it says."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from actions.asking import Sent, send
from actions.enquiring import answer, contact
from actions.rating import Given, rate
from config.settings import settings
from models.copying import hold_what_may_have_left
from models.database import transaction
from models.enquiry import EnquiryMessage, enquiry_of_rating, messages_of
from models.server import connected
from notifications import enquiries
from notifications.enquiries import send_enquiry_messages
from rules.voices import Grade
from tests.gateway import sms_gateway
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON
from tests.people import MANAGER, a_case, a_city, account


@pytest.fixture
def number(fresh_database: Engine) -> str:
    with transaction() as session:
        a_city(session)
        sent = Sent("consult", "怎样办理？请告诉我。", "k" * 32, "market", phone="13800000000")
        enquiry = send(session, sent, at=NOON)
        answer(session, enquiry.number, "带身份证来。", by=account(session, "market"), at=NOON)
        return enquiry.number


def the_message(number: str) -> EnquiryMessage:
    with transaction() as session:
        [message] = messages_of(session, number)
        return message


def test_it_leaves_once_and_names_the_number_only(number: str, channels: Channels) -> None:
    with sms_gateway() as gateway:
        channels(sms_url=gateway.url, public_url="https://ywt.example.gov.cn")
        assert send_enquiry_messages(at=NOON) == 1
        assert send_enquiry_messages(at=NOON) == 0
        [told] = gateway.to("13800000000")
    assert told.startswith("【一件事】您的咨询已有答复")
    assert number in told
    assert told.endswith("https://ywt.example.gov.cn/enquiry/track")
    assert "身份证" not in told
    message = the_message(number)
    assert (message.sent_at, message.next_try_at, message.error) == (NOON, None, "")


def test_without_a_gateway_the_local_inbox_has_it(number: str, channels: Channels) -> None:
    assert send_enquiry_messages(at=NOON) == 1
    assert the_message(number).sent_at == NOON


@pytest.mark.parametrize(("status", "again"), [(503, True), (504, False), (400, False)])
def test_only_what_surely_did_not_leave_is_tried_again(
    number: str, channels: Channels, status: int, again: bool
) -> None:
    with sms_gateway(status=status) as gateway:
        channels(sms_url=gateway.url)
        assert send_enquiry_messages(at=NOON) == 1
    message = the_message(number)
    assert (message.sent_at, message.next_try_at is not None) == (None, again)
    assert str(status) in message.error


def test_after_a_restore_nobody_is_told_a_second_time(number: str) -> None:
    """It may have left after the backup; unless the old platform was stopped before it was made."""
    for moved, waits in ((True, True), (False, False)):
        with connected(settings().owner_url) as connection:
            hold_what_may_have_left(connection, moved=moved)
        assert (the_message(number).next_try_at is not None) is waits
    assert send_enquiry_messages(at=NOON) == 0
    assert "备份" in the_message(number).error


def test_a_sender_that_was_killed_while_it_sent_leaves_it_at_that(
    number: str, channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise SystemExit

    with sms_gateway() as gateway:
        channels(sms_url=gateway.url)
        with monkeypatch.context() as dying:
            dying.setattr(enquiries, "_record", killed)
            with pytest.raises(SystemExit):
                send_enquiry_messages(at=NOON)
        assert send_enquiry_messages(at=NOON + timedelta(days=1)) == 0
    assert len(gateway.messages) == 1
    message = the_message(number)
    assert (message.sent_at, message.attempts) == (None, 1)
    assert "不能确定" in message.error


def test_after_a_bad_rating_it_leads_to_the_case_where_it_is_rated_again(
    fresh_database: Engine, channels: Channels
) -> None:
    with transaction() as session:
        a_city(session)
        case, manager = a_case(session), account(session, MANAGER)
        given = Given("submission-20260306", Grade.DISSATISFIED.value)
        enquiry = enquiry_of_rating(session, rate(session, case.number, given, at=NOON).id)
        assert enquiry is not None
        contact(session, enquiry.number, "已经道歉。", reached=True, by=manager, at=NOON)
        answer(session, enquiry.number, "增开了窗口。", "late", by=manager, at=NOON)
        number, own, phone = case.number, enquiry.number, case.phone
    with sms_gateway() as gateway:
        channels(sms_url=gateway.url, public_url="https://ywt.example.gov.cn")
        assert send_enquiry_messages(at=NOON) == 1
        [told] = gateway.to(phone)
    assert told.endswith(f"https://ywt.example.gov.cn/track?no={number}")
    assert own not in told, "nothing is opened with it"
