"""What does a message look like? A case that does not exist, and one value for everything a text may name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from config.catalogue import departments
from models.case import Case
from models.notice import Notice
from notifications.wording import Words, words_of
from rules.bundle import Bundle
from rules.identifiers import case_number
from rules.notices import FACTS, STATUTORY, Channel, Event
from rules.people import ApplicantKind
from rules.states import CaseState, Outcome

TEST = "【测试】"
DAY = date(2026, 3, 6)
NOON = datetime(2026, 3, 6, 4, tzinfo=UTC)

# By the name of the fact; what an item or a department is called comes from the bundle.
VALUES: Mapping[str, Any] = {
    "materials": ["示例材料一", "示例材料二"],
    "owed": [],
    "owed_due_on": None,
    "deemed_on": None,
    "query_code": "K7M2PQ9X",
    "departments": ["市场监管", "消防救援", "城市管理"],
    "promised_due_on": "2026-04-03",
    "legal_due_on": "2026-05-13",
    "provisional": False,
    "reason": "示例理由：场所平面图与现场不一致",
    "kind": "现场核查",
    "days": 10,
    "basis": "",
    "stops_statutory": False,
    "stops_promised": False,
    "due_on": "2026-04-10",
    "clock": "承诺期限",
    "yours": False,
    "old": "2026-04-02",
    "new": "2026-04-03",
    "granted": [],
    "conditions": "",
    "conditions_until": None,
    "transferred_to": "",
    "left": 2,
    "still_with": ["消防救援", "城市管理"],
    "also": [],
    "outcome": "部分准予",
    "refused": [],
    "transferred": [],
    "results": [{"name": "示例许可证", "number": "示例编号-Z"}],
    "place": "示例市政务服务中心一楼出证窗口",
    "notice": "示例补正告知-1",
    "gaps": [
        {
            "material": "示例材料一",
            "reason": "缺少签字",
            "how": "由本人签字后重新提交",
            "example": "",
        }
    ],
    "silence": "未补正的事项视为撤回",
    "result": "未补正的事项视为撤回，需要时可以重新申请",
    "requirement": "疏散通道堆物，须清理",
    "planned": "2026-03-12 09:30",
    "cancelled": False,
    "items": ["示例事项"],
    "stopped": [],
    "whole": False,
    "fields": ["手机号"],
    "added": ["示例事项"],
    "dropped": [],
    "document": "示府批〔2026〕1号",
    "changes": ["“示例事项”的承诺期限由8个工作日改为5个工作日"],
    "courier": "示例速递",
    "tracking": "YJS000000001",
}
# Events of which more than one text is written.
KINDS: Mapping[Event, Mapping[str, Mapping[str, Any]]] = {
    Event.ITEM_DECIDED: {
        "准予": {"granted": True, "reason": ""},
        "不予": {"granted": False},
        "附条件准予": {
            "granted": True,
            "reason": "",
            "conditions": "补装应急照明",
            "conditions_until": "2026-06-30",
        },
        "转报": {"granted": False, "transferred_to": "示例省主管部门"},
        "几个部门一起": {
            "granted": True,
            "reason": "",
            "also": [
                {"item": "示例许可甲", "department": "消防救援"},
                {"item": "示例许可乙", "department": "城市管理"},
            ],
            "still_with": ["烟草专卖"],
            "left": 1,
        },
    },
    Event.DATE_MOVED: {
        "整件": {"item": None},
        "事项": {},
        "申请人的": {"clock": "整改期限", "yours": True},
    },
    Event.RECEIPT: {"": {"materials": 7}},
    Event.VOIDED: {"": {"granted": []}},
}
TOLD_IN_WRITING = frozenset({"不予", "附条件准予", "转报"})


@dataclass(frozen=True)
class Sample:
    """One text as it would be sent, and which kind of its event it is."""

    kind: str
    words: Words
    statutory: bool


def samples(bundle: Bundle, event: Event) -> list[Sample]:
    """The words of this event for an invented case of the bundle, every kind of them."""
    return [_sample(bundle, event, kind, changes) for kind, changes in KINDS.get(event, {"": {}}).items()]


def marked(words: Words) -> Words:
    """Nobody who gets it may take it for news of a case."""
    said = "这是一条测试消息，编号和内容都是虚构的，不涉及任何办件。"
    head, sign, rest = words.sms.partition("】")
    return replace(
        words,
        subject=f"{TEST}{words.subject}",
        text=f"{TEST}{said}\n\n{words.text}",
        html=words.html.replace("<p>您好：</p>", f"<p>{TEST}{said}</p>\n<p>您好：</p>", 1),
        sms=f"{head}{sign}{TEST}{rest}",
        known={**words.known, "number": f"{TEST}{words.known['number']}"},
    )


def _sample(bundle: Bundle, event: Event, kind: str, changes: Mapping[str, Any]) -> Sample:
    facts = {name: VALUES[name] for name in FACTS[event] if name in VALUES} | _of_bundle(bundle, event)
    statutory = event in STATUTORY or kind in TOLD_IN_WRITING
    notice = Notice(
        serial=1,
        case_number=_number(bundle),
        event=event,
        channel=Channel.SMS,
        address="",
        facts=facts | dict(changes),
        statutory=statutory,
        created_at=NOON,
    )
    return Sample(kind, words_of(notice, _case(bundle, event), bundle), statutory)


def _of_bundle(bundle: Bundle, event: Event) -> dict[str, Any]:
    first, last = bundle.items[0], bundle.items[-1]
    known = departments()
    named = {
        "bundle": bundle.name,
        "item": first.name,
        "what": first.name,
        "department": known[first.department].short_name if first.department in known else "",
        "granted": [first.name],
        "refused": [last.name] if last is not first else [],
    }
    return {name: value for name, value in named.items() if name in FACTS[event]}


def _case(bundle: Bundle, event: Event) -> Case:
    """A case that is in no database, of a person who does not exist."""
    return Case(
        number=_number(bundle),
        query_code="K7M2PQ9X",
        submission_key="sample",
        bundle_code=bundle.code,
        bundle_digest="",
        state=CaseState.ACCEPTED,
        outcome=Outcome.PARTLY_GRANTED if event is Event.CONCLUDED else None,
        applicant_kind=ApplicantKind.PERSON,
        applicant_name="示例",
        applicant_id_number="",
        answers={},
        submitted_by="sample",
        submitted_at=NOON,
        promised_due_on=date(2026, 4, 3),
    )


def _number(bundle: Bundle) -> str:
    return case_number("000000", bundle.code, DAY, 0)
