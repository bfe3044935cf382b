"""Where does the recipient go in an address, and which addresses are told to be wrong before anything is sent?"""

import string

import pytest
from apprise.plugins.email import NotifyEmail

from notifications.channels import deliver, settings_faults
from notifications.routes import gateway_to, reads_as_written, routes_of
from notifications.wording import Words
from rules.identifiers import fault_of_email
from rules.notices import Channel, NoticeState
from tests.gateway import sms_gateway
from tests.notifications.conftest import Channels
from tests.smtp import mail_server

WORDS = Words("办理进度", "您好", "<p>您好</p>", "您好")
TWILIO = f"twilio://AC{'a' * 32}:{'b' * 32}@15550001111"


@pytest.mark.parametrize(
    "url",
    [
        "mailto://127.0.0.1:2525?from=a@example.com",
        "mailtos://user:secret@example.com",
        "mailtos://user:secret@example.com?smtp=smtp.example.com&from=a@example.com&name=一件事",
        "json://127.0.0.1/mail?:to={to}",
    ],
)
def test_mail_may_go_through(channels: Channels, url: str) -> None:
    channels(mail_url=url)
    assert settings_faults() == []


@pytest.mark.parametrize("url", [TWILIO, f"{TWILIO}/{{to}}", "json://127.0.0.1/sms?:mobile={to}"])
def test_short_messages_may_go_through(channels: Channels, url: str) -> None:
    channels(sms_url=url)
    assert settings_faults() == []


def test_nothing_configured_is_no_fault() -> None:
    assert settings_faults() == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("smss://user:secret@gateway", "没有名为 smss:// 的发送方式"),
        ("twilio://secret", "不完整或缺少密钥"),
        ("json://127.0.0.1/sms?key=secret", "请在该处写 {to}"),
        ("secret", "不是一个 Apprise 地址"),
    ],
)
def test_a_wrong_address_gets_one_sentence_without_its_secrets(
    channels: Channels, url: str, why: str
) -> None:
    channels(sms_url=url, mail_url=url)
    faults = settings_faults()
    assert len(faults) == 2
    assert faults[0].startswith("设置 sms_url：")
    assert faults[1].startswith("设置 mail_url：")
    for fault in faults:
        assert why in fault
        assert "secret" not in fault


@pytest.mark.parametrize("status", [200, None])
def test_our_name_for_a_message_goes_where_the_address_says(channels: Channels, status: int | None) -> None:
    """Under it the gateway's receipt will come, also when we never heard that it took the message."""
    name = "5e" * 16
    with sms_gateway(status=status) as gateway:
        channels(sms_url=f"{gateway.url}&:id={{id}}")
        delivery = deliver(Channel.SMS, "13800000000", Words("", "", "", "您好"), name)
    assert gateway.ids == [name]
    assert delivery.reference == name
    assert delivery.state is (NoticeState.HANDED_OVER if status else NoticeState.UNKNOWN)


@pytest.mark.parametrize("sign", [sign for sign in string.printable if sign.isprintable()])
def test_a_letter_goes_to_the_very_address_or_to_nobody(channels: Channels, sign: str) -> None:
    channels(mail_url="mailto://127.0.0.1:2525?from=a@example.com")
    [route] = routes_of(Channel.EMAIL)
    for address in (
        f"{sign}ab@example.com",
        f"a{sign}b@example.com",
        f"a{sign}{sign}b@example.com",
        f"ab{sign}@example.com",
        f"a@{sign}b.cn",
        f"a@b{sign}.cn",
        f"a@b.c{sign}n",
        f"a@b.cn{sign}",
    ):
        gateway = gateway_to(route, address)
        assert isinstance(gateway, NotifyEmail)
        recipients = [recipient for _, recipient in gateway.targets]
        assert reads_as_written(gateway, address) == (recipients == [address])
        local = address.partition("@")[0]
        if sign in local and not fault_of_email(address):
            assert recipients == [address], "what the form accepts can be delivered"


@pytest.mark.parametrize("address", ["o'neil@example.com", ".ab@example.com", "a@127.0.0.1", "a@b.xn--p1ai"])
def test_a_letter_to_an_address_that_mail_reads_otherwise_does_not_leave(
    channels: Channels, address: str
) -> None:
    with mail_server() as mail:
        channels(mail_url=mail.url)
        delivery = deliver(Channel.EMAIL, address, WORDS)
        assert deliver(Channel.EMAIL, "neil+home@example.com", WORDS).taken
    assert [letter.to for letter in mail.letters] == ["neil+home@example.com"]
    assert (delivery.state, delivery.again) == (NoticeState.REJECTED, False)
    assert "核对后更正" in delivery.why


def test_the_same_holds_of_every_service_that_mails(channels: Channels) -> None:
    channels(mail_url="sendgrid://abcd123:from@example.com")
    [route] = routes_of(Channel.EMAIL)
    assert reads_as_written(gateway_to(route, "neil@example.com"), "neil@example.com")
    assert not reads_as_written(gateway_to(route, "o'neil@example.com"), "o'neil@example.com")
