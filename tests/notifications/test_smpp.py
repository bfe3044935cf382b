"""Does a message reach an SMPP centre whole, and is the ledger told what the centre said? On a real socket."""

import pytest

from notifications.channels import deliver, settings_faults
from notifications.plugins.smpp import parts_of
from notifications.verdict import Delivery
from notifications.wording import Words
from rules.notices import Channel, NoticeState
from tests.notifications.conftest import Channels
from tests.smpp import (
    BIND_TRANSCEIVER,
    BIND_TRANSMITTER,
    RINVDSTADR,
    RINVSRCADR,
    RMSGQFUL,
    ROK,
    RTHROTTLED,
    SUBMIT_SM,
    UNBIND,
    Centre,
    smpp_centre,
)
from tests.smtp import free_port, silent_server

MOBILE = "13800000000"
SHORT = "【一件事】您的开办餐饮店已受理（000000-B1-20260306-000001-4）。"
LONG = "【一件事】" + "您的开办餐饮店办理结果可以领取了，请到政务服务中心综合窗口。" * 4 + "编号000000"


def send(text: str = SHORT) -> Delivery:
    return deliver(Channel.SMS, MOBILE, Words("", "", "", text))


def through(channels: Channels, centre: Centre, options: str = "") -> None:
    channels(sms_url=centre.url + options)


def test_chinese_arrives_intact_and_the_centre_names_it(channels: Channels) -> None:
    with smpp_centre() as centre:
        through(channels, centre)
        delivery = send()
    assert (delivery.state, delivery.via, delivery.reference) == (
        NoticeState.HANDED_OVER,
        "smppsms",
        "M000001",
    )
    [part] = centre.parts
    assert (part.to, part.source, part.coding, part.esm_class) == (MOBILE, "106900001234", 8, 0)
    assert part.text == SHORT
    assert centre.binds == [(BIND_TRANSMITTER, "hall", "secret")]
    assert centre.heard == [BIND_TRANSMITTER, SUBMIT_SM, UNBIND]


def test_a_long_message_arrives_in_parts_that_make_one(channels: Channels) -> None:
    with smpp_centre() as centre:
        through(channels, centre)
        assert send(LONG).reference == "M000001"
    assert len(centre.parts) == 2
    assert all(len(part.octets) <= 140 for part in centre.parts)
    assert centre.texts(MOBILE) == [LONG]


def test_no_sign_is_cut_in_two() -> None:
    text = "字" * 66 + "𠮷" + "字" * 10  # the second takes two places, and would not fit into the first part
    parts = [octets for _, octets in parts_of(text)]
    assert [len(part) for part in parts] == [6 + 132, 6 + 4 + 20]
    assert "".join(part[6:].decode("utf-16-be") for part in parts) == text
    assert [esm_class for esm_class, _ in parts_of("字" * 70)] == [0]
    assert len(parts_of("字" * 71)) == 2


def test_what_the_centre_asks_meanwhile_is_answered(channels: Channels) -> None:
    with smpp_centre(asks_first=True) as centre:
        through(channels, centre, "&mode=transceiver&prefix=86")
        assert send(LONG).state is NoticeState.HANDED_OVER
    assert centre.binds[0][0] == BIND_TRANSCEIVER
    assert centre.texts(f"86{MOBILE}") == [LONG]


@pytest.mark.parametrize(
    ("status", "state"), [(RINVDSTADR, NoticeState.REJECTED), (RINVSRCADR, NoticeState.FAILED)]
)
def test_a_refusal_is_told_by_its_status(channels: Channels, status: int, state: NoticeState) -> None:
    with smpp_centre(answers=[status]) as centre:
        through(channels, centre)
        delivery = send()
    assert delivery.state is state
    assert delivery.again is (state is NoticeState.FAILED)
    assert f"{status:#06x}" in delivery.why
    assert centre.parts == []


def test_a_centre_in_a_hurry_gets_the_part_again_after_a_second(channels: Channels) -> None:
    with smpp_centre(answers=[RTHROTTLED, RMSGQFUL, ROK]) as centre:
        through(channels, centre)
        assert send().state is NoticeState.HANDED_OVER
    assert centre.texts(MOBILE) == [SHORT]
    with smpp_centre(answers=[RTHROTTLED]) as centre:
        through(channels, centre)
        delivery = send()
    assert (delivery.state, delivery.again) == (NoticeState.FAILED, True)
    assert centre.parts == []


def test_taken_without_an_answer_is_unknown(channels: Channels) -> None:
    with smpp_centre(answers=[None]) as centre:
        through(channels, centre)
        delivery = send()
    assert (delivery.state, delivery.again, delivery.silent) == (NoticeState.UNKNOWN, False, True)
    assert "等待应答超时" in delivery.why
    assert centre.texts(MOBILE) == [SHORT], "the centre has it"


def test_a_line_that_breaks_after_the_message_is_unknown(channels: Channels) -> None:
    with smpp_centre(hangs_up_after=1) as centre:
        through(channels, centre)
        delivery = send()
    assert (delivery.state, delivery.again) == (NoticeState.UNKNOWN, False)
    assert centre.texts(MOBILE) == [SHORT]


def test_a_second_part_refused_leaves_a_doubt(channels: Channels) -> None:
    with smpp_centre(answers=[ROK, RINVDSTADR]) as centre:
        through(channels, centre)
        delivery = send(LONG)
    assert (delivery.state, delivery.again) == (NoticeState.UNKNOWN, False)
    assert "2 段中已有 1 段" in delivery.why


def test_before_the_message_left_another_try_is_safe(channels: Channels) -> None:
    with smpp_centre(bind_status=0x0D) as centre:
        through(channels, centre)
        refused = send()
        channels(sms_url=centre.url.replace("secret", "wrong"))
        wrong = send()
    channels(sms_url=f"smppsms://hall:secret@127.0.0.1:{free_port()}/1069/{{to}}?cto=1")
    away = send()
    with silent_server() as port:
        channels(sms_url=f"smppsms://hall:secret@127.0.0.1:{port}/1069/{{to}}?cto=1&rto=1")
        silent = send()
    for delivery, why in (
        (refused, "0x000d"),
        (wrong, "0x000e"),
        (away, "连接不上"),
        (silent, "等待应答超时"),
    ):
        assert (delivery.state, delivery.again) == (NoticeState.FAILED, True)
        assert why in delivery.why
        assert "wrong" not in delivery.why
    assert silent.silent
    assert not away.silent


def test_the_address_is_checked_before_anything_is_sent(channels: Channels) -> None:
    channels(sms_url="smppsms://hall:secret@127.0.0.1:2775/106900001234")
    assert settings_faults() == []
    channels(sms_url="smppsms://hall@127.0.0.1:2775/106900001234/{to}")
    [fault] = settings_faults()
    assert "不完整或缺少密钥" in fault
    channels(sms_url="smpp://hall:secret@127.0.0.1/106900001234")
    [fault] = settings_faults()
    assert "请改用 smppsms://" in fault
    assert "secret" not in fault
