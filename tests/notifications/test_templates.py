"""Do the texts name only what is known, say who has it now, and tell which version of them was sent?"""

from typing import Any

import pytest
from jinja2 import Environment, meta
from sqlalchemy import Engine

from config.catalogue import catalogue
from models.notice import Notice
from notifications import rendering
from notifications.rendering import TEMPLATES
from notifications.samples import KINDS, VALUES, marked, samples
from notifications.segments import segments
from notifications.sending import send_due
from notifications.wording import SUBJECTS, Words, version, words_of
from rules.notices import FACTS, Channel, Event, variables
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON, NUMBER, TOLD, a_bundle, case_row, ledger, tell

GRANTED = TOLD[Event.ITEM_DECIDED] | {"granted": True, "reason": ""}
OTHERS = [
    {"item": "食品经营许可", "department": "市场监管"},
    {"item": "户外招牌设施设置", "department": "城市管理"},
]


def words(event: Event, facts: dict[str, Any] | None = None, **changes: Any) -> Words:
    notice = Notice(
        serial=1,
        case_number=NUMBER,
        event=event,
        channel=Channel.SMS,
        address="13800000000",
        facts=TOLD[event] | (facts or {}),
        created_at=NOON,
    )
    return words_of(notice, case_row(), a_bundle(**changes))


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.iterdir()))
def test_a_general_text_names_only_what_is_known(template: str) -> None:
    """The linter of the catalogue says the same of a bundle's own texts."""
    event, *_ = template.split(".")
    known = {"said", "subject", "paper"} if event == "mail" else frozenset[str]()
    allowed = (
        frozenset.intersection(*map(variables, Event)) | known if event == "mail" else variables(Event(event))
    )
    environment: Environment = rendering._plain()
    named = meta.find_undeclared_variables(environment.parse(rendering.source(template)))
    assert named <= allowed, named - allowed


@pytest.mark.parametrize("event", [Event.SPECIAL_STARTED, Event.SPECIAL_ENDED, Event.EXTENDED])
def test_a_message_about_an_item_says_who_has_it_now(event: Event) -> None:
    said = words(event)
    assert "市场监管" in said.text
    assert "市场监管" in said.sms
    somewhere_else = words(event, {"item": "别的事项", "what": "整个办件"})
    assert "市场监管" not in somewhere_else.text, "nobody is named who does not have it"


def test_a_decision_says_who_has_the_rest() -> None:
    said = words(Event.ITEM_DECIDED, GRANTED)
    assert "现由卫生健康、烟草专卖办理" in said.text
    assert "卫生健康等2个部门" in said.sms
    assert "由有关部门办理" in words(Event.ITEM_DECIDED, GRANTED | {"still_with": None}).sms


@pytest.mark.parametrize("considerate", [False, True])
def test_several_decisions_are_told_in_one_message(considerate: bool) -> None:
    own = {"item_decided": {"sms": "{{ item }}好了", "subject": "好了"}}
    said = words(Event.ITEM_DECIDED, GRANTED | {"also": OTHERS}, considerate=considerate, messages=own)
    assert "有 3 项办理结果" in said.subject
    for item in (GRANTED["item"], "食品经营许可", "户外招牌设施设置"):
        assert item in said.text
        assert item in said.html
        assert item in said.sms
    assert segments(said.sms) <= 2
    assert ("准予" in said.text) != considerate


def test_six_long_names_are_all_begun_in_a_short_message() -> None:
    long = [{"item": f"{sign}{'很长的事项名称' * 4}", "department": "甲"} for sign in "子丑寅卯辰"]
    said = words(Event.ITEM_DECIDED, GRANTED | {"also": long})
    assert all(f"{sign}很长" in said.sms for sign in "子丑寅卯辰")
    assert segments(said.sms) <= 2


@pytest.mark.parametrize(
    ("names", "room", "said"),
    [
        (["甲乙", "丙丁"], 5, "甲乙；丙丁"),
        (["甲乙丙丁戊", "己庚"], 6, "甲乙…；己庚"),
        (["甲乙丙丁戊", "己庚辛壬癸"], 6, ""),
        ([], 6, ""),
    ],
)
def test_names_are_cut_evenly_or_left_out(names: list[str], room: int, said: str) -> None:
    assert rendering._within(names, room) == said


def test_the_signature_is_the_installations_own(channels: Channels) -> None:
    channels(sms_signature="示例政务")
    said = words(Event.RECEIPT)
    assert said.sms.startswith("【示例政务】")
    assert said.segments == segments(said.sms)


def test_a_paper_is_pointed_at_where_there_is_a_page_for_it(channels: Channels) -> None:
    assert "通知书》" not in words(Event.ACCEPTED).text
    channels(public_url="https://ywt.example.gov.cn")
    said = words(Event.ACCEPTED)
    assert "《受理通知书》可以在那里凭查询码查看和下载" in said.text
    assert "《受理通知书》" in said.html
    assert "》" not in words(Event.DATE_MOVED).text


def test_a_version_tells_one_text_from_another() -> None:
    general = words(Event.RECEIPT).versions
    assert general == words(Event.RECEIPT, {"materials": 9}).versions, "the same text, whatever it says"
    assert general != words(Event.READY).versions
    own = {"receipt": {"sms": "{{ number }}收到了"}}
    changed = words(Event.RECEIPT, messages=own).versions
    assert changed[Channel.SMS] != general[Channel.SMS] == version(Event.RECEIPT, Channel.SMS, {})
    assert changed[Channel.EMAIL] == general[Channel.EMAIL]
    broken = {"receipt": {"sms": "{{ nobody }}"}}
    assert words(Event.RECEIPT, messages=broken).versions == general, "it fell back, and says so"


def test_the_ledger_keeps_version_and_pieces(fresh_database: Engine, channels: Channels) -> None:
    tell(phone="13800000000", email="chen@example.com", events=[Event.ACCEPTED])
    send_due(at=NOON)
    for notice in ledger():
        assert notice.template == version(Event.ACCEPTED, notice.channel, {})
        assert notice.segments == (segments(notice.body) if notice.channel is Channel.SMS else 0)


def test_the_samples_know_a_value_for_every_fact_and_no_other() -> None:
    by_bundle = {"bundle", "item", "what", "department"}
    assert set(VALUES) | by_bundle == set().union(*FACTS.values())
    for event, kinds in KINDS.items():
        for changes in kinds.values():
            assert set(changes) <= FACTS[event]


@pytest.mark.parametrize("event", list(SUBJECTS))
def test_every_bundle_can_show_how_a_message_reads(event: Event) -> None:
    for bundle in catalogue().values():
        for sample in samples(bundle, event):
            assert sample.words.segments <= 2
            assert bundle.considerate or sample.words.subject
            test = marked(sample.words)
            assert "】【测试】" in test.sms
            for text in (test.subject, test.text, test.html):
                assert "【测试】" in text
