"""Is bad configuration named at the start, and does the platform start all the same?"""

from datetime import UTC, datetime

from sqlalchemy import Engine

from config.settings import settings
from hosting.doctor import _channels
from hosting.platform import name_what_keeps_messages_back
from notifications.providers import balance
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


def test_the_doctor_tells_how_two_gateways_share_the_work(fresh_database: Engine, channels: Channels) -> None:
    channels(
        sms_url="json://127.0.0.1/a?:mobile={to}",
        sms_backup_url="json://127.0.0.1/b?:mobile={to}",
        sms_main_share="70",
    )
    balance(at=datetime(2026, 3, 6, 4, tzinfo=UTC))
    [said] = [found.message for found in _channels(settings(), True) if found.check == "短信"]
    assert said == "已配置，两个通道：sms 70%，sms-backup 30%"
