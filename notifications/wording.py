"""Which words does a notice carry? The case, what happened, who has it, the next date; nobody else's data."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from config.calendars import tentative
from config.catalogue import departments
from config.settings import settings
from models.case import Case
from models.notice import Notice
from notifications.rendering import day, digest, render, render_letter, render_own, source
from notifications.segments import segments
from notifications.short_message import fits, signature, signed
from rules.bundle import Bundle
from rules.documents import document_kind
from rules.joining import may_issue
from rules.merging import ALSO, decided
from rules.notices import FACTS, Channel, Event

REMEDY = "可以依法申请行政复议或者提起行政诉讼。"  # 行政许可法 art. 38: told with every refusal
DAYS = frozenset(  # facts that are ISO dates
    {"promised_due_on", "legal_due_on", "owed_due_on", "due_on", "old", "new", "conditions_until"}
)

SUBJECTS: Mapping[Event, str] = {
    Event.RECEIPT: "已收到您的申请",
    Event.ACCEPTED: "已受理",
    Event.NOT_ACCEPTED: "不予受理",
    Event.SPECIAL_STARTED: "需要先进行特别程序",
    Event.SPECIAL_ENDED: "特别程序已经结束",
    Event.EXTENDED: "办理期限延长",
    Event.DATE_MOVED: "办理日期有变动",
    Event.ITEM_DECIDED: "有一项办理结果",
    Event.CONCLUDED: "已办结",
    Event.READY: "办理结果可以领取",
    Event.SUPPLEMENT_ASKED: "请一次补齐材料",
    Event.SUPPLEMENT_REMINDED: "补正期限快到了",
    Event.SUPPLEMENT_RECEIVED: "补正材料已收齐",
    Event.SUPPLEMENT_LAPSED: "补正期限已过",
    Event.DEFERRAL_REMINDED: "请补交承诺的材料",
    Event.DEFERRAL_LAPSED: "承诺的材料逾期未补",
    Event.REVOKED: "一项准予决定被撤销",
    Event.RECTIFICATION: "请整改后复验",
    Event.VISIT: "联合踏勘安排",
    Event.SHIPPED: "办理结果已寄出",
    Event.RETURNED: "寄出的结果被退回",
    Event.WITHDRAWN: "撤回已经生效",
    Event.VOIDED: "办件作废",
    Event.CORRECTED: "登记的信息已更正",
    Event.ITEMS_CHANGED: "办理的事项有变动",
    Event.REOPENED: "有事项重新办理",
    Event.VERSION_MOVED: "改按新的规则办理",
    Event.RATE: "请您评价",
}

GENTLE: Mapping[Event, str] = {
    Event.REVOKED: "一项办理结果被撤销",
    Event.NOT_ACCEPTED: "这一次不能受理",
    Event.CONCLUDED: "各部门都有了结果",
}

CODE = "code"  # 验证码, in the tables of carriers' templates

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Words:
    """A notice as people read it. `text` and `html` say the same; `sms` is the short of it."""

    subject: str
    text: str
    html: str
    sms: str
    event: Event | None = None  # and what its texts may name, for carriers that send approved templates only
    known: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[Channel, str] = field(default_factory=dict)  # digests of the texts it was written from
    key: str = ""  # what carriers' templates call it, where it is about no event

    @property
    def segments(self) -> int:
        """How many pieces of the short message the carrier counts and charges."""
        return segments(self.sms)


def words_of(notice: Notice, case: Case, bundle: Bundle) -> Words:
    """The words of this notice; a bundle's own subject and short message go before the general ones."""
    event = notice.event
    known = _known(notice, case, bundle)
    own = {} if _out_of_the_ordinary(notice) else bundle.messages.get(event.value, {})
    own_subject, own_short = _own(own, "subject", known), _own_short(own, notice, known)
    subject = own_subject or _subject(event, known)
    said = render(f"{event.value}.txt.j2", known)
    layout = {"said": said, "paper": _paper(notice)}
    return Words(
        subject=" ".join(subject.split())[:200],  # one line, whatever a name contains
        text=render("mail.txt.j2", known | layout),
        html=render_letter("mail.html.j2", known | layout | {"subject": subject}),
        sms=signed(own_short or render(f"{event.value}.sms.j2", known), case.number, known["link"]),
        event=event,
        known=known,
        versions={
            Channel.SMS: version(event, Channel.SMS, own if own_short else {}),
            Channel.EMAIL: version(event, Channel.EMAIL, own if own_subject else {}),
        },
    )


def code_words(code: str, minutes: int) -> Words:
    """验证码 for an application online: of no case yet, so of no event."""
    said = (
        f"您的验证码是 {code}，{minutes} 分钟内有效，用于在网上提交申请。不是您本人操作的，请不要告诉任何人。"
    )
    return Words(
        subject="网上申请的验证码",
        text=said,
        html=f"<p>{said}</p>",
        sms=f"{signature()}{said}",
        known={"code": code, "minutes": minutes},
        key=CODE,
    )


def version(event: Event, channel: Channel, own: Mapping[str, str]) -> str:
    """Which texts these are: the digest of the bundle's own, or of the general ones, and of what frames them."""
    if channel is Channel.SMS:
        return digest(own.get("sms") or source(f"{event.value}.sms.j2"))
    subject = own.get("subject") or SUBJECTS[event]
    return digest(
        subject, *(source(name) for name in (f"{event.value}.txt.j2", "mail.txt.j2", "mail.html.j2"))
    )


def _known(notice: Notice, case: Case, bundle: Bundle) -> dict[str, Any]:
    """What a text may name; rules.notices.variables is the same list for those who check texts."""
    home = settings().public_url
    provisional = bool(notice.facts.get("provisional"))
    return {
        **dict.fromkeys(FACTS[notice.event]),  # a notice from before an update may know less
        **{name: _said(name, value, provisional) for name, value in notice.facts.items()},
        "bundle": bundle.name.removesuffix("“一件事”"),  # the texts put it between quotes of their own
        "number": case.number,
        "link": f"{home.rstrip('/')}/track?no={case.number}" if home else "",
        "due": day(case.promised_due_on, tentative(case.promised_due_on)) if case.promised_due_on else None,
        "due_provisional": case.due_provisional,
        "considerate": bundle.considerate,
        "holder": _holder(notice, bundle),
        "results_follow": _results_follow(notice, case, bundle),
    }


def _said(name: str, value: Any, provisional: bool) -> Any:
    """A day as people say it, whoever writes the text; one that may still move says so."""
    if name not in DAYS or value is None:
        return value
    when = date.fromisoformat(value)
    return day(when, provisional and name != "old" and tentative(when))


def _holder(notice: Notice, bundle: Bundle) -> str:
    """Who has it now: the department of the item the message is about; '' where it is about the whole case."""
    named = notice.facts.get("item") or notice.facts.get("what")
    codes = [item.department for item in bundle.items if item.name == named]
    known = departments()
    return known[codes[0]].short_name if codes and codes[0] in known else ""


def _paper(notice: Notice) -> str:
    """The paper that comes with it, if one does: the applicant reads it behind the query code."""
    kind = document_kind(notice.event, notice.facts)
    return kind.label if kind else ""


def _results_follow(notice: Notice, case: Case, bundle: Bundle) -> bool:
    """Will there be something to collect after this joint answer?"""
    if notice.event is not Event.CONCLUDED or case.outcome is None:
        return False
    granted = notice.facts["granted"]
    return may_issue(bundle.join, case.outcome) and any(i.result for i in bundle.items if i.name in granted)


def _own(own: Mapping[str, str], part: str, known: Mapping[str, Any]) -> str:
    """The bundle's own text; the general one when it has none, or one that does not work in this case."""
    try:
        return render_own(own[part], known) if part in own else ""
    except Exception:  # the catalogue is data: whatever it does, people are told
        logger.exception(
            "bundle %s: its own %s cannot be rendered, the general one is used", known["bundle"], part
        )
        return ""


def _own_short(own: Mapping[str, str], notice: Notice, known: Mapping[str, Any]) -> str:
    """The bundle's own short message, with the remedy where something is refused; empty when it is too long."""
    text = _own(own, "sms", known)
    if text and _refuses(notice) and "复议" not in text:
        text = f"{text.rstrip('。')}。{REMEDY}"
    return text if fits(text) else ""


def _out_of_the_ordinary(notice: Notice) -> bool:
    """A bundle's own texts know one item granted or refused; whatever is more needs the general ones."""
    facts = notice.facts
    return bool(facts.get("conditions") or facts.get("transferred_to") or facts.get(ALSO))


def _refuses(notice: Notice) -> bool:
    facts = notice.facts
    return {
        Event.NOT_ACCEPTED: True,
        Event.REVOKED: True,
        Event.ITEM_DECIDED: not facts.get("granted") and not facts.get("transferred_to"),
        Event.CONCLUDED: bool(facts.get("refused")),
    }.get(notice.event, False)


def _subject(event: Event, known: Mapping[str, Any]) -> str:
    about, what = known["bundle"], SUBJECTS[event]
    if known.get(ALSO):
        what = f"有 {len(decided(known))} 项办理结果"
    if known["considerate"]:
        about, what = "您为亲人办理的事项", GENTLE.get(event, what)
    return f"{about}：{what}（{known['number']}）"
