"""Do the groups of the staff read once a day how much is open, without anybody's name? Over HTTP on loopback."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot
from sqlalchemy import Engine

from models.bulletin import Bulletin
from models.database import transaction
from notifications.bulletins import send_bulletins
from notifications.channels import settings_faults, tell_staff
from rules.notices import LOCAL_INBOX, NoticeState
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON
from tests.smtp import free_port

SUBJECT, TEXT = "2026-03-06 监察日报", "未销号的监察卡 5 张（红灯 1 张，黄灯 4 张），其中 2 张还没有说明。"


@dataclass
class Groups:
    """Robots of several groups behind one port."""

    port: int = 0
    down: set[str] = field(default_factory=set)  # paths that answer 500
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # (path, JSON)

    def url(self, path: str) -> str:
        return f"json://127.0.0.1:{self.port}/{path}"


@contextmanager
def staff_groups() -> Generator[Groups]:
    groups = Groups()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            bad = self.path.strip("/") in groups.down
            if not bad:
                groups.posts.append((self.path, said))
            self.send_response(500 if bad else 200)
            self.end_headers()
            self.wfile.write(b'{"errcode":0,"code":0}')

        def log_message(self, format: str, *args: Any) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    groups.port = server.server_address[1]
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    running.start()
    try:
        yield groups
    finally:
        server.shutdown()
        server.server_close()
        running.join()


def test_the_robots_of_wecom_dingtalk_and_feishu(channels: Channels, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise fixes their hosts; here only that address is another, all else is as it will be."""
    with staff_groups() as groups:
        base = f"http://127.0.0.1:{groups.port}"
        monkeypatch.setattr(NotifyWeComBot, "notify_url", f"{base}/wecom?key={{key}}")
        monkeypatch.setattr(NotifyDingTalk, "notify_url", f"{base}/dingtalk?access_token={{token}}")
        monkeypatch.setattr(NotifyFeishu, "notify_url", f"{base}/feishu/{{token}}/")
        channels(staff_url="wecombot://key-1 dingtalk://secret2@token2/ feishu://token3")
        assert settings_faults() == []
        assert tell_staff(SUBJECT, TEXT).state is NoticeState.HANDED_OVER
    assert [path.split("?")[0].split("/")[1] for path, _ in groups.posts] == ["wecom", "dingtalk", "feishu"]
    assert "sign=" in groups.posts[1][0], "DingTalk's signature"
    for _, said in groups.posts:
        assert TEXT in json.dumps(said, ensure_ascii=False)


def test_without_groups_nobody_is_told() -> None:
    assert tell_staff(SUBJECT, TEXT).via == LOCAL_INBOX


def test_a_group_that_has_it_does_not_get_it_again(channels: Channels) -> None:
    with staff_groups() as groups:
        groups.down = {"two"}
        channels(staff_url=f"{groups.url('one')} {groups.url('two')}")
        some = tell_staff(SUBJECT, TEXT)
        assert (some.state, some.again) == (NoticeState.HANDED_OVER, False)
        assert "500" in some.why
        groups.down = {"one", "two"}
        none = tell_staff(SUBJECT, TEXT)
        assert (none.state, none.again) == (NoticeState.FAILED, True)


@pytest.mark.parametrize(
    ("url", "why"), [("wecomrobot://hidden", "没有名为 wecomrobot://"), ("dingtalk://", "不完整或缺少密钥")]
)
def test_a_wrong_group_is_named(channels: Channels, url: str, why: str) -> None:
    channels(staff_url=f"json://127.0.0.1/one {url}")
    [fault] = settings_faults()
    assert fault.startswith("设置 staff_url：")
    assert why in fault
    assert "hidden" not in fault


def test_a_bulletin_leaves_once_and_is_tried_three_times(fresh_database: Engine, channels: Channels) -> None:
    def written() -> Bulletin:
        with transaction() as session:
            return session.get_one(Bulletin, NOON.date())

    with transaction() as session:
        session.add(Bulletin(day=NOON.date(), subject=SUBJECT, body=TEXT, next_try_at=NOON))
    channels(staff_url=f"json://127.0.0.1:{free_port()}/one")
    assert send_bulletins(at=NOON) == 1
    assert "连接不上" in written().error
    again = written().next_try_at
    assert again is not None
    with staff_groups() as groups:
        channels(staff_url=groups.url("one"))
        assert send_bulletins(at=NOON) == 0, "not before its time"
        assert send_bulletins(at=again) == 1
        assert send_bulletins(at=again) == 0
    assert [said["message"] for _, said in groups.posts] == [TEXT]
    assert (written().sent_at, written().next_try_at) == (again, None)
