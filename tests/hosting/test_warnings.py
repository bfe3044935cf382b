"""Is bad configuration named at the start, and does the platform start all the same?"""

from hosting.platform import name_what_keeps_messages_back
from tests.notifications.conftest import Channels, channels

__all__ = ["channels"]  # the fixture


def test_each_fault_of_the_channels_is_a_line_without_its_secret(channels: Channels) -> None:
    channels(sms_url="smss://user:hidden@gateway", mail_url="mailto://")
    said: list[str] = []
    name_what_keeps_messages_back(said.append)
    lines = [line for line in said if "设置" in line]
    assert len(lines) == 2
    assert all(line.startswith("注意：设置 ") and "发不出去" in line for line in lines)
    assert any("没有名为 smss:// 的发送方式" in line for line in lines)
    assert not any("hidden" in line for line in said)


def test_good_settings_say_nothing(channels: Channels) -> None:
    channels(sms_url="json://127.0.0.1/sms?:mobile={to}")
    said: list[str] = []
    name_what_keeps_messages_back(said.append)
    assert not [line for line in said if "设置" in line]
