"""Which words does a notice carry? The case, what happened, who has it, the next date; nobody else's data."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.settings import settings
from models.case import Case
from models.notice import Notice
from notifications.rendering import render, render_letter, render_own
from notifications.segments import segments
from rules.bundle import Bundle
from rules.joining import may_issue
from rules.notices import Event

SIGNATURE = "【一件事】"
MOST_SEGMENTS = 2  # longer messages arrive in pieces on some handsets, and every piece is charged

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
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Words:
    """A notice as people read it. `text` and `html` say the same; `sms` is the short of it."""

    subject: str
    text: str
    html: str
    sms: str


def words_of(notice: Notice, case: Case, bundle: Bundle) -> Words:
    """The words of this notice; a bundle's own subject and short message go before the general ones."""
    event = notice.event.value
    known = _known(notice, case, bundle)
    own = bundle.messages.get(event, {})
    subject = _own(own, "subject", known) or _subject(notice.event, known)
    said = render(f"{event}.txt.j2", known)
    short = _own(own, "sms", known) or render(f"{event}.sms.j2", known)
    return Words(
        subject=" ".join(subject.split())[:200],  # one line, whatever a name contains
        text=render("mail.txt.j2", known | {"said": said}),
        html=render_letter("mail.html.j2", known | {"subject": subject, "said": said}),
        sms=_short_message(short, known["link"]),
    )


def _known(notice: Notice, case: Case, bundle: Bundle) -> dict[str, Any]:
    """What a text may name; rules.notices.variables is the same list for those who check texts."""
    home = settings().public_url
    return {
        **notice.facts,
        "bundle": bundle.name,
        "number": case.number,
        "link": f"{home.rstrip('/')}/track?no={case.number}" if home else "",
        "due": case.promised_due_on,
        "due_provisional": case.due_provisional,
        "considerate": bundle.considerate,
        "results_follow": _results_follow(notice, case, bundle),
    }


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


def _subject(event: Event, known: Mapping[str, Any]) -> str:
    about = "您为亲人办理的事项" if known["considerate"] else known["bundle"]
    return f"{about}：{SUBJECTS[event]}（{known['number']}）"


def _short_message(body: str, link: str) -> str:
    """Signed, with the link where there is room for it, and never longer than two segments."""
    message = SIGNATURE + " ".join(body.split()).removeprefix(SIGNATURE)
    if link and segments(f"{message} {link}") <= MOST_SEGMENTS:
        return f"{message} {link}"
    while segments(message) > MOST_SEGMENTS:
        message = f"{message[:-2]}…"
    return message
