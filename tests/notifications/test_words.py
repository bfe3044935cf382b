"""What do applicants read? Every event, for everybody and for the bereaved."""

import re
from collections.abc import Generator, Mapping
from typing import Any

import pytest

from config.catalogue import catalogue
from config.settings import settings
from models.notice import Notice
from notifications.segments import segments
from notifications.wording import Words, words_of
from rules.bundle import JoinPolicy, OnSilence
from rules.gaps import SILENCE_SAID
from rules.notices import FACTS, Channel, Event
from rules.states import Outcome
from tests.notifications.given import NUMBER, TOLD, a_bundle, case_row

# What each message must say, to anybody: in the letter, and in the short message.
FACTS_SAID: Mapping[Event, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Event.RECEIPT: (("7 项", "K7M2PQ9X", "5 个工作日"), ("K7M2PQ9X", "5个工作日")),
    Event.ACCEPTED: (
        ("市场监管", "烟草专卖", "2026年4月3日", "2026年5月13日"),
        ("市场监管等5个部门", "2026年4月3日"),
    ),
    Event.NOT_ACCEPTED: (("不在本辖区", "行政复议", "行政诉讼"), ("不在本辖区", "行政复议", "行政诉讼")),
    Event.SPECIAL_STARTED: (
        ("食品经营许可", "现场核查", "10 个工作日", "需要核查布局"),
        ("现场核查", "10个工作日"),
    ),
    Event.SPECIAL_ENDED: (("现场核查", "2026年4月10日"), ("现场核查", "2026年4月10日")),
    Event.EXTENDED: (("10 个工作日", "2026年4月24日", "须复查"), ("10个工作日", "2026年4月24日", "须复查")),
    Event.DATE_MOVED: (("2027年1月5日", "2027年1月6日"), ("2027年1月6日",)),
    Event.ITEM_DECIDED: (
        ("消防救援", "消防安全检查", "1.4米", "行政复议", "行政诉讼", "2 个事项", "2026年4月3日"),
        ("消防救援", "不予", "1.4米", "行政复议", "行政诉讼"),
    ),
    Event.CONCLUDED: (
        ("食品经营许可", "消防安全检查", "行政复议", "通知您领取"),
        ("1项", "行政复议", "通知您领取"),
    ),
    Event.READY: (("食品经营许可证", f"{NUMBER}-02-Z", "出证窗口"), ("食品经营许可证", "出证窗口")),
    Event.SUPPLEMENT_ASKED: (
        ("平面布局图", "疏散通道", "缺负责人签字", "2026年3月24日", "进度页", "窗口", "部门决定", "-BZ1"),
        ("2项", "2026年3月24日", "进度页", "窗口", "部门决定"),
    ),
    Event.SUPPLEMENT_REMINDED: (
        ("缺负责人签字", "2026年3月24日", "进度页", "视为您撤回"),
        ("还差1项", "2026年3月24日", "视为您撤回"),
    ),
    Event.SUPPLEMENT_RECEIVED: (("收齐", "2026年3月19日", "受理"), ("收齐", "2026年3月19日", "受理")),
    Event.SUPPLEMENT_LAPSED: (
        ("期限已过", "部门决定", "补齐仍然有效", "窗口"),
        ("期限已过", "部门决定", "补齐仍然有效"),
    ),
    Event.DEFERRAL_REMINDED: (
        ("食品安全管理制度", "招牌效果图", "2026年3月13日", "窗口"),
        ("食品安全管理制度", "2份", "2026年3月13日", "窗口"),
    ),
    Event.DEFERRAL_LAPSED: (("食品安全管理制度", "视为撤回"), ("食品安全管理制度", "视为撤回")),
    Event.SHIPPED: (("食品经营许可证", "示例快递", "EX000000001CN"), ("示例快递", "EX000000001CN")),
    Event.RETURNED: (("EX000000001CN", "地址无人", "A01"), ("地址无人", "再次寄送")),
    Event.REVOKED: (
        ("消防救援", "消防安全检查", "疏散通道被占用", "行政复议", "行政诉讼", "其他部门"),
        ("消防救援", "撤销", "行政复议", "行政诉讼"),
    ),
    Event.RECTIFICATION: (
        ("建设工程消防验收", "住房城乡建设", "应急照明", "2026年4月10日", "复验"),
        ("疏散通道", "2026年4月10日", "复验"),
    ),
    Event.VISIT: (
        ("自然资源", "人防", "2026-03-12 09:30", "示例路1号", "联合踏勘"),
        ("自然资源等3个部门", "2026-03-12 09:30", "示例路1号"),
    ),
    Event.WITHDRAWN: (("食品经营许可", "户外招牌设置", "窗口"), ("食品经营许可", "另有1项", "窗口")),
    Event.VOIDED: (
        ("重复申请", "食品经营许可", "继续有效", "行政复议", "行政诉讼"),
        ("作废", "重复申请", "继续有效"),
    ),
    Event.CORRECTED: (("手机号", "电子邮箱", "录错一位", "窗口"), ("手机号等2项", "窗口")),
    Event.ITEMS_CHANGED: (
        ("户外招牌设置", "招牌效果图", "另有招牌", "2026年4月3日", "2026年5月13日"),
        ("户外招牌设置", "1份材料", "2026年4月3日"),
    ),
    Event.REOPENED: (
        ("示府复〔2026〕7号", "消防安全检查", "事实不清", "不必重新申请"),
        ("示府复〔2026〕7号", "消防安全检查"),
    ),
    Event.VERSION_MOVED: (("食品经营许可", "5个工作日", "2026年4月3日"), ("变动1处", "2026年4月3日")),
    Event.RATE: (("五档", "自愿", "30 天", "匿名"), ("30天", "自愿")),
}


@pytest.fixture(params=["", "https://ywt.example.gov.cn"], ids=["no link", "link"], autouse=True)
def home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    monkeypatch.setenv("YJS_PUBLIC_URL", request.param)
    settings.cache_clear()
    yield request.param
    settings.cache_clear()


def words(event: Event, facts: Mapping[str, Any] | None = None, **changes: Any) -> Words:
    outcome = Outcome.PARTLY_GRANTED if event is Event.CONCLUDED else None
    case = case_row(outcome=outcome, email="chen@example.com", phone="13800000000")
    notice = Notice(
        serial=1,
        case_number=NUMBER,
        event=event,
        channel=Channel.EMAIL,
        address="chen@example.com",
        facts=TOLD[event] | dict(facts or {}),
    )
    return words_of(notice, case, a_bundle(**changes))


LONG = frozenset(
    {Event.REVOKED, Event.NOT_ACCEPTED, Event.ITEM_DECIDED, Event.CONCLUDED}
)  # no room for a link
GRANTED = {"granted": True, "reason": ""}
ENDLESS = frozenset(
    [
        "departments",
        "reason",
        "item",
        "department",
        "kind",
        "what",
        "clock",
        "granted",
        "place",
        "materials",
        "result",
        "requirement",
        "items",
        "stopped",
        "fields",
        "added",
        "dropped",
        "document",
        "changes",
        "gaps",
        "silence",
    ]
)
everybody = pytest.mark.parametrize("considerate", [False, True], ids=["plain", "considerate"])
every_event = pytest.mark.parametrize("event", list(Event))


@every_event
@everybody
def test_a_message_says_what_happened_and_what_comes_next(event: Event, considerate: bool, home: str) -> None:
    said = words(event, considerate=considerate)
    in_the_letter, in_short = FACTS_SAID[event]
    for fact in in_the_letter:
        assert fact in said.text, fact
        assert fact in said.html, fact
    for fact in in_short:
        assert fact in said.sms or (considerate and fact == "不予"), fact
    for text in (said.subject, said.text, said.html, said.sms):
        assert NUMBER in text
        assert "None" not in text
        assert "{" not in text.partition("<body")[0]
        assert not re.search(r"恭喜|祝贺|亲，|!|！", text.replace("<!DOCTYPE", ""))
    assert (
        (f"{home}/track?no={NUMBER}" in said.text)
        == (f'href="{home}/track?no={NUMBER}"' in said.html)
        == bool(home)
    )
    assert "\n\n\n" not in said.text


@every_event
@everybody
def test_a_short_message_is_signed_and_at_most_two_segments(
    event: Event, considerate: bool, home: str
) -> None:
    said = words(event, considerate=considerate)
    assert said.sms.startswith("【一件事】")
    assert segments(said.sms) <= 2
    assert "\n" not in said.sms
    assert said.sms.endswith(f"/track?no={NUMBER}") == bool(home) or event in LONG
    assert "…" not in said.sms.removesuffix("…") or event is Event.ITEM_DECIDED, "only a long reason is cut"


@every_event
@everybody
def test_endless_names_do_not_push_out_remedy_and_number(event: Event, considerate: bool) -> None:
    endless = {
        name: {str: "长" * 300, list: ["长" * 200] * 9}.get(type(value), value)
        for name, value in TOLD[event].items()
        if name in ENDLESS
    }
    said = words(event, endless, considerate=considerate, name="很长的名称" * 20)
    assert segments(said.sms) <= 2
    assert NUMBER in said.sms
    if "行政复议" in words(event, considerate=considerate).sms:
        assert "行政诉讼" in said.sms


@every_event
@everybody
def test_nobody_is_named(event: Event, considerate: bool) -> None:
    """An address may be mistyped: the message then reaches a stranger."""
    said = words(event, considerate=considerate)
    for text in (said.subject, said.text, said.html, said.sms):
        for personal in ("陈一诺", "陈", "000000199001010018", "13800000000"):
            assert personal not in text


@everybody
@pytest.mark.parametrize("left", [0, 3])
def test_a_grant_says_how_much_is_left(considerate: bool, left: int) -> None:
    said = words(Event.ITEM_DECIDED, GRANTED | {"left": left}, considerate=considerate)
    assert "行政复议" not in said.text + said.sms
    assert ("3 个事项" in said.text) == bool(left)
    assert ("都有了结果" in said.text) == (not left)


def test_a_date_that_may_move_says_so() -> None:
    said = words(Event.ACCEPTED, {"provisional": True, "promised_due_on": "2098-12-30"})
    assert "2098年12月30日（暂定）" in said.text
    assert "2098年12月30日（暂定）" in said.sms
    assert "2026年5月13日（暂定）" not in said.text, "the other one is in a year with a table"


def test_without_a_promised_date_none_is_invented() -> None:
    said = words(Event.ACCEPTED, {"promised_due_on": None, "legal_due_on": None})
    assert "年" not in said.text + said.sms


def test_the_acceptance_names_what_was_promised_for_later_and_until_when() -> None:
    said = words(Event.ACCEPTED, {"owed": ["健康证明"], "owed_due_on": "2026-03-13"})
    assert "不晚于 2026年3月13日" in said.text
    assert "· 健康证明" in said.text


def test_nothing_to_collect_is_not_announced() -> None:
    everything_or_nothing = words(Event.CONCLUDED, join=JoinPolicy.ALL_GRANTED)
    assert "领取" not in everything_or_nothing.text + everything_or_nothing.sms


def test_the_bereaved_are_not_told_the_name_of_a_procedure() -> None:
    for event in Event:
        said = words(event, considerate=True, name="公民身后")
        for text in (said.subject, said.text, said.sms):
            assert "公民身后" not in text
            assert "准予" not in text.replace("不予", "")


def test_what_people_wrote_stays_text_in_a_letter() -> None:
    said = words(Event.NOT_ACCEPTED, {"reason": "<script>alert(1)</script>不在\n本辖区"})
    assert "<script>" not in said.html
    assert "&lt;script&gt;" in said.html


def test_a_bundles_own_words_go_first() -> None:
    own = {
        "receipt": {
            "sms": "{{ bundle }}收到了，编号{{ number }}，{{ due }}前办结",
            "subject": "收到{{ number }}",
        }
    }
    said = words(Event.RECEIPT, messages=own)
    assert said.subject == f"收到{NUMBER}"
    assert said.sms.startswith(f"【一件事】开办餐饮店收到了，编号{NUMBER}，2026年4月3日前办结")


@pytest.mark.parametrize("own", ["{{ nobody }}", "{{ number.__class__.__mro__ }}", "{% for", "{{ 1/0 }}"])
def test_own_words_that_do_not_work_fall_back_to_the_general_ones(own: str) -> None:
    assert words(Event.RECEIPT, messages={"receipt": {"sms": own, "subject": own}}) == words(Event.RECEIPT)


def test_own_words_with_a_date_that_is_not_known_fall_back() -> None:
    own = {"accepted": {"sms": "{{ number }}已受理，承诺{{ promised_due_on }}前办结"}}
    assert "承诺2026年4月3日前" in words(Event.ACCEPTED, messages=own).sms
    later = {"provisional": True, "promised_due_on": "2098-12-30"}
    assert "承诺2098年12月30日（暂定）前" in words(Event.ACCEPTED, later, messages=own).sms
    unknown = {"promised_due_on": None}
    assert words(Event.ACCEPTED, unknown, messages=own).sms == words(Event.ACCEPTED, unknown).sms


def test_an_own_short_message_that_is_too_long_falls_back() -> None:
    own = {"receipt": {"sms": "{{ bundle }}" + "很长" * 80}}
    assert words(Event.RECEIPT, messages=own).sms == words(Event.RECEIPT).sms


def test_an_own_refusal_without_the_remedy_gets_it() -> None:
    own = {
        "item_decided": {"sms": "{{ number }}：{{ item }}{% if granted %}已办好{% else %}未获准予{% endif %}"}
    }
    refused, granted = (
        words(Event.ITEM_DECIDED, messages=own),
        words(Event.ITEM_DECIDED, GRANTED, messages=own),
    )
    assert "未获准予。可以依法申请行政复议或者提起行政诉讼。" in refused.sms
    assert "行政复议" not in granted.sms


@every_event
def test_every_bundle_of_the_catalogue_has_words_for_every_event(event: Event) -> None:
    for bundle in catalogue().values():
        for facts in ({}, GRANTED) if event is Event.ITEM_DECIDED else ({},):
            said = words(event, facts, **vars(bundle))
            assert segments(said.sms) <= 2
            assert "None" not in said.sms
            assert not said.sms.endswith("…"), "a name may be cut, the end may not"
            if event is Event.NOT_ACCEPTED or (event is Event.ITEM_DECIDED and not facts):
                assert "行政复议" in said.sms


def test_the_facts_of_the_tests_are_the_facts_of_the_rules() -> None:
    assert {event: frozenset(facts) for event, facts in TOLD.items()} == dict(FACTS)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 10, 2),
        ("字" * 70, 1),
        ("字" * 71, 2),
        ("字" * 134, 2),
        ("字" * 135, 3),
        ("a" * 70 + "字", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_segments_as_operators_count_them(text: str, count: int) -> None:
    assert segments(text) == count


@everybody
def test_a_grant_with_conditions_says_them_and_until_when(considerate: bool) -> None:
    facts = GRANTED | {"conditions": "补装应急照明两处", "conditions_until": "2026-06-30"}
    said = words(Event.ITEM_DECIDED, facts, considerate=considerate)
    for text in (said.text, said.html, said.sms):
        assert "补装应急照明两处" in text
        assert "2026年6月30日" in text
    assert ("附条件准予" in said.text) != considerate
    own = {"item_decided": {"sms": "{{ item }}已办好", "subject": "好了"}}
    assert "补装应急照明" in words(Event.ITEM_DECIDED, facts, messages=own).sms, "no own text may hide them"


@everybody
def test_a_transfer_says_who_decides_now_and_is_no_refusal(considerate: bool) -> None:
    facts = {"transferred_to": "示例省消防救援总队", "reason": "属于省级权限"}
    said = words(Event.ITEM_DECIDED, facts, considerate=considerate)
    for text in (said.text, said.sms):
        assert "转报示例省消防救援总队" in text
        assert "不予" not in text
        assert "行政复议" not in text
    ended = words(Event.CONCLUDED, {"granted": [], "refused": [], "transferred": ["消防安全检查"]})
    assert "消防安全检查" in ended.text
    assert "转报1项" in ended.sms


def test_a_notice_queued_before_an_update_still_leaves() -> None:
    old = {
        name: TOLD[Event.ITEM_DECIDED][name] for name in ("item", "department", "granted", "reason", "left")
    }
    notice = Notice(
        serial=1, case_number=NUMBER, event=Event.ITEM_DECIDED, channel=Channel.SMS, address="1", facts=old
    )
    assert "1.4米" in words_of(notice, case_row(), a_bundle()).sms


@everybody
@pytest.mark.parametrize("silence", list(OnSilence))
def test_what_silence_leads_to_is_said_to_the_end(considerate: bool, silence: OnSilence) -> None:
    for event in (Event.SUPPLEMENT_ASKED, Event.SUPPLEMENT_REMINDED):
        facts = {"silence": SILENCE_SAID[silence], "provisional": True, "due_on": "2098-12-30"}
        said = words(event, facts, considerate=considerate)
        for text in (said.text, said.sms):
            assert f"{SILENCE_SAID[silence]}。" in text
            assert "2098年12月30日（暂定）" in text


def test_a_moved_date_says_whose_it_is_and_who_has_to_keep_it() -> None:
    ours = words(Event.DATE_MOVED)
    assert "不必做什么" in ours.text
    assert "各部门照常办理" in ours.sms
    theirs = words(Event.DATE_MOVED, {"clock": "整改期限", "item": "食品经营许可", "yours": True})
    for said in (theirs.text, theirs.sms):
        assert "“食品经营许可”的整改期限" in said
        assert "按新的日期办理" in said
        assert "照常" not in said
    assert segments(theirs.sms) <= 2
