"""What do managers learn of the notices, and what can they do about one?"""

import csv
import html
import io
import logging
import re
from collections import Counter
from collections.abc import Generator
from datetime import UTC, datetime, time, timedelta

import pytest

from config.settings import settings
from models.database import transaction
from models.ledger import figures
from models.notice import Notice, notices_of
from notifications.sending import send_due
from notifications.wording import SUBJECTS
from rules.moments import CHINA, china_day
from rules.notices import Channel, Event, NoticeState
from tests.gateway import sms_gateway
from tests.people import CLERK, MANAGER
from tests.smtp import mail_server
from tests.web.hall import Browser, a_case_today, at_desk, words
from web.limiting import FAILURES


@pytest.fixture
def manager(city: None, monkeypatch: pytest.MonkeyPatch) -> Generator[Browser]:
    yield at_desk(MANAGER)
    settings.cache_clear()


def now() -> datetime:
    return datetime.now(UTC)


def first(number: str, channel: Channel = Channel.SMS) -> Notice:
    with transaction() as session:
        return next(one for one in notices_of(session, number) if one.channel is channel)


def set_first(number: str, state: NoticeState, error: str = "") -> Notice:
    """As if the sender had left it so."""
    notice = first(number)
    with transaction() as session:
        kept = session.get_one(Notice, notice.id)
        kept.state, kept.next_try_at, kept.error, kept.attempts = state, None, error, 1
    return kept


def test_nothing_has_been_told_yet(manager: Browser) -> None:
    page = manager.text("/manage/notices")
    assert "没有符合条件的通知" in page
    assert "今天没有通知。" in page
    assert "七天以来没有通知。" in manager.text("/manage/notices?days=7")


def test_each_row_says_how_it_fared(manager: Browser) -> None:
    case = a_case_today()
    send_due(at=now())
    page = manager.text("/manage/notices")
    for said in (
        case.number,
        "收件回执",
        "受理通知",
        "法定告知",
        "便民提醒",
        "没有外发，只在通知箱",
        "本地收件箱",
        "文字版本",
    ):
        assert said in page, said
    assert "138****0000" in page
    assert "13800000000" not in page
    assert "chen@example.com" not in page
    assert "K7M2" not in page


def test_the_ledger_is_narrowed_by_each_filter(manager: Browser) -> None:
    case, other = a_case_today(accepted=False), a_case_today(accepted=False)
    set_first(other.number, NoticeState.REJECTED, "收件地址被拒绝")
    for query, shown, hidden in (
        (f"case={case.number}", case, other),
        ("state=rejected", other, case),
        ("state=rejected&channel=sms&event=receipt&sort=oldest", other, case),
    ):
        page = manager.text(f"/manage/notices?{query}")
        assert shown.number in page, query
        assert hidden.number not in page, query
    for query in ("state=rejected&channel=email", "event=ready", "statutory=yes", "day=2020-01-01"):
        assert "没有符合条件的通知" in manager.text(f"/manage/notices?{query}"), query
    for query in (
        "state=x&channel=x&event=x&day=x&case=x&sort=x&page=x",
        "sort=attempts&page=99",
        "sort=case",
    ):
        assert case.number in manager.text(f"/manage/notices?{query}"), query


def test_figures_come_by_gateway(manager: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    a_case_today(accepted=False)
    with sms_gateway() as gateway:
        monkeypatch.setenv("YJS_SMS_URL", gateway.url)
        settings.cache_clear()
        send_due(at=now())
    page = manager.text("/manage/notices")
    for said in ("短信 ", "电子邮件", "本地收件箱", "不到 1 分钟"):
        assert said in page


def test_figures_are_of_today_or_of_a_week(manager: Browser) -> None:
    case = a_case_today(accepted=False)
    day = datetime.combine(china_day(now()), time(), CHINA)
    with transaction() as session:
        for notice in notices_of(session, case.number):
            notice.created_at = day - timedelta(days=3)
    with transaction() as session:
        of_week, of_today = figures(session, day - timedelta(days=6)), figures(session, day)
    told = Counter({(row.channel, row.via): row.total for row in of_week})
    told.subtract({(row.channel, row.via): row.total for row in of_today})
    assert told.total() >= 2, "by SMS and by mail"
    for asked, word in (("", "今天"), ("?days=7&state=failed", "七天以来"), ("?days=99", "今天")):
        page = manager.get(f"/manage/notices{asked}").text
        assert f'aria-current="page">{word}</a>' in page, asked
    assert (
        'href="/manage/notices?days=7&amp;state=failed"'
        in manager.get("/manage/notices?days=1&state=failed").text
    )


def test_the_table_is_masked_and_calculates_nothing(manager: Browser) -> None:
    case = a_case_today(accepted=False)
    set_first(case.number, NoticeState.REJECTED, "=HYPERLINK(1)")
    answer = manager.get(f"/manage/notices/table.csv?case={case.number}&state=rejected")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["办件编号"] == case.number
    assert row["性质"] == "便民提醒"
    assert row["地址"] == "138****0000"
    assert row["去向"] == "发送失败"
    assert row["说明"] == "'=HYPERLINK(1)"


def test_what_is_not_known_is_settled_by_a_person(manager: Browser) -> None:
    case = a_case_today(accepted=False)
    set_first(case.number, NoticeState.UNKNOWN, "等待应答超时")
    page = manager.text("/manage/notices?state=unknown")
    assert "已核实收到" in page
    assert "确认没收到，重发" in page
    path = f"/manage/notices/{case.number}/{first(case.number).serial}"
    refused = manager.post(f"{path}/confirm", {"reason": ""})
    assert refused.status_code == 422
    assert first(case.number).state is NoticeState.UNKNOWN
    done = manager.post(
        f"{path}/confirm", {"reason": "电话询问本人，已收到", "back": "/manage/notices?state=unknown"}
    )
    assert (done.status_code, done.headers["location"]) == (303, "/manage/notices?state=unknown")
    assert first(case.number).state is NoticeState.DELIVERED


def test_a_fault_keeps_the_filters_and_the_way_back(manager: Browser) -> None:
    case, other = a_case_today(accepted=False), a_case_today(accepted=False)
    set_first(case.number, NoticeState.UNKNOWN, "等待应答超时")
    action = f"/manage/notices/{case.number}/{first(case.number).serial}/confirm?state=unknown"
    assert f'formaction="{action}"' in manager.get("/manage/notices?state=unknown").text
    refused = manager.post(action, {"reason": ""})
    assert (refused.status_code, other.number in refused.text) == (422, False)
    [action_again] = re.findall(r'formaction="([^"]+/confirm[^"]*)"', refused.text)
    [back] = re.findall(r'name="back" value="([^"]+)"', refused.text)
    done = manager.post(action_again, {"reason": "电话询问本人，已收到", "back": back})
    assert (done.status_code, done.headers["location"]) == (303, "/manage/notices?state=unknown")
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*days=[^"]*)"', refused.text)]
    assert len(links) == 2
    for page in (back, *links):
        assert manager.get(page).status_code == 200


def test_what_failed_is_sent_again(manager: Browser) -> None:
    case = a_case_today(accepted=False)
    set_first(case.number, NoticeState.REJECTED)
    path = f"/manage/notices/{case.number}/{first(case.number).serial}/resend"
    assert manager.post(path, {"reason": "号码已核对"}).status_code == 303
    assert first(case.number).state is NoticeState.QUEUED
    assert manager.post(path, {"reason": "再来一次"}).status_code == 409, "it is about to leave"
    assert manager.post(path.replace("resend", "burn"), {"reason": "x"}).status_code == 422


def test_who_may_look(manager: Browser) -> None:
    a_case_today()
    assert at_desk(CLERK).get("/manage/notices").status_code == 200
    assert at_desk("market").get("/manage/notices").status_code == 403
    assert at_desk("market").get("/manage/notices/table.csv").status_code == 403
    for username in (CLERK, "market"):
        for path in ("/manage/messages", "/manage/messages/letter"):
            assert at_desk(username).get(path).status_code == 403
        assert at_desk(username).post("/manage/messages/test").status_code == 403


@pytest.mark.parametrize("event", [event.value for event in SUBJECTS])
def test_every_text_can_be_seen_beforehand(manager: Browser, event: str) -> None:
    for bundle in ("B1", "B6"):
        page = manager.text(f"/manage/messages?bundle={bundle}&event={event}")
        assert "【一件事】" in page
        assert "条计费" in page
        letter = manager.get(f"/manage/messages/letter?bundle={bundle}&event={event}")
        assert "sandbox" in letter.headers["content-security-policy"]
        assert "您好" in letter.text


def test_every_kind_of_a_decision_can_be_seen(manager: Browser) -> None:
    for kind, said in enumerate(("准予", "不予", "附条件准予", "转报", "已准予3项")):
        assert said in manager.text(f"/manage/messages?event=item_decided&kind={kind}")
    assert "收件回执" in manager.text("/manage/messages?bundle=x&event=x&kind=99")


def test_a_test_message_is_marked_and_of_no_case(
    manager: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    case = a_case_today()
    with sms_gateway() as gateway, mail_server() as mail, caplog.at_level(logging.INFO, "yijianshi.web"):
        monkeypatch.setenv("YJS_SMS_URL", gateway.url)
        monkeypatch.setenv("YJS_MAIL_URL", mail.url)
        settings.cache_clear()
        for channel, address, where in (
            ("sms", "13900000000", "已交运营商"),
            ("email", "test@example.com", "已交邮件服务器"),
        ):
            fields = {"bundle": "B1", "event": Event.ACCEPTED.value, "kind": "0", "channel": channel}
            answer = manager.post("/manage/messages/test", fields | {"address": address})
            assert where in words(answer)
        [text] = gateway.to("13900000000")
        [letter] = mail.to("test@example.com")
    assert text.startswith("【一件事】【测试】")
    assert letter.subject.startswith("【测试】")
    assert "虚构" in letter.text
    assert "虚构" in letter.html
    assert case.number not in text + letter.text
    assert "139****0000" in caplog.text
    assert "13900000000" not in caplog.text
    with transaction() as session:
        assert len(notices_of(session, case.number)) == 4, "nothing is written into the ledger"


def test_a_test_message_needs_an_address_and_has_its_measure(manager: Browser) -> None:
    fields = {"bundle": "B1", "event": "receipt", "kind": "0", "channel": "sms", "address": "123"}
    refused = manager.post("/manage/messages/test", fields)
    assert refused.status_code == 422
    assert "手机号应为 11 位数字" in words(refused)
    assert manager.post("/manage/messages/test", fields | {"channel": "pigeon"}).status_code == 422
    fields["address"] = "13900000000"
    for _ in range(FAILURES):
        assert "没有真正发出" in words(manager.post("/manage/messages/test", fields))
    answer = manager.post("/manage/messages/test", fields)
    assert answer.status_code == 429
    assert "测试消息发得太多" in words(answer)


def test_a_long_ledger_has_pages(manager: Browser) -> None:
    for _ in range(6):
        a_case_today()
    page = manager.text("/manage/notices")
    assert "第 1 / 2 页，共 24 条" in page
    assert "第 2 / 2 页" in manager.text("/manage/notices?page=2")
