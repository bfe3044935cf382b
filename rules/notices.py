"""Which events are applicants told of, over which channels, and how does a notice fare?"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from rules.named import Named


class Event(Named):
    """通知事由 (domain 3.5)."""

    RECEIPT = "receipt", "收件回执"
    ACCEPTED = "accepted", "受理通知"
    NOT_ACCEPTED = "not_accepted", "不予受理通知"
    SPECIAL_STARTED = "special_started", "特别程序告知"
    SPECIAL_ENDED = "special_ended", "特别程序结束"
    EXTENDED = "extended", "延长审批告知"
    DATE_MOVED = "date_moved", "期限变动告知"
    ITEM_DECIDED = "item_decided", "部门办理结果"
    CONCLUDED = "concluded", "办结通知"
    READY = "ready", "领取通知"
    SUPPLEMENT_ASKED = "supplement_asked", "补正告知"
    SUPPLEMENT_REMINDED = "supplement_reminded", "补正提醒"
    SUPPLEMENT_RECEIVED = "supplement_received", "补正收到"
    SUPPLEMENT_LAPSED = "supplement_lapsed", "补正逾期告知"
    DEFERRAL_REMINDED = "deferral_reminded", "容缺补齐提醒"
    DEFERRAL_LAPSED = "deferral_lapsed", "容缺逾期告知"
    RECTIFICATION = "rectification", "整改通知"
    VISIT = "visit", "联合踏勘通知"
    WITHDRAWN = "withdrawn", "撤回确认"
    VOIDED = "voided", "作废告知"
    CORRECTED = "corrected", "更正告知"
    ITEMS_CHANGED = "items_changed", "事项变动告知"
    REOPENED = "reopened", "重新办理告知"
    VERSION_MOVED = "version_moved", "办事规则变动告知"
    REVOKED = "revoked", "撤销决定告知"
    SHIPPED = "shipped", "寄出通知"
    RETURNED = "returned", "退件通知"
    RATE = "rate", "评价邀请"


class Channel(Named):
    SMS = "sms", "短信"
    EMAIL = "email", "电子邮件"


class NoticeState(Named):
    """通知的去向. A state never goes backwards; UNKNOWN is not blindly re-sent."""

    QUEUED = "queued", "待发送"
    SENDING = "sending", "发送中"
    FAILED = "failed", "暂时失败"  # it will be tried again
    HANDED_OVER = "handed_over", "已交出"
    UNKNOWN = "unknown", "结果不明"  # it may have left: a receipt or a person says
    DELIVERED = "delivered", "已送达"  # the carrier says so
    REJECTED = "rejected", "发送失败"  # for good
    EXPIRED = "expired", "已过期"  # too late to be worth sending, or no receipt ever came
    MERGED = "merged", "已合并"  # told in another message of the same stage
    WITHHELD = "withheld", "不再发送"  # the case was closed before it left


CARRIERS: Mapping[Channel, str] = {Channel.SMS: "运营商", Channel.EMAIL: "邮件服务器"}
LOCAL_INBOX = "本地收件箱"  # takes what has no gateway: it left nowhere


def state_said(channel: Channel, state: NoticeState, via: str) -> str:
    """To whom was it handed over, by this gateway? A letter goes to no telephone company."""
    if via == LOCAL_INBOX and state is NoticeState.HANDED_OVER:
        return "没有外发，只在通知箱"
    return f"已交{CARRIERS[channel]}" if state is NoticeState.HANDED_OVER else state.label


# What may become of a notice. Back to QUEUED only a person brings it, who has made sure that it did not arrive.
# DELIVERED is the last word: a receipt may say it of whatever has been on its way once.
NOTICE_MOVES: Mapping[NoticeState, frozenset[NoticeState]] = {
    NoticeState.QUEUED: frozenset(
        {
            NoticeState.SENDING,
            NoticeState.MERGED,
            NoticeState.WITHHELD,
            NoticeState.EXPIRED,
            NoticeState.DELIVERED,
            NoticeState.UNKNOWN,  # the record was restored: it may have left after the backup
        }
    ),
    NoticeState.SENDING: frozenset(
        {
            NoticeState.HANDED_OVER,
            NoticeState.UNKNOWN,
            NoticeState.FAILED,
            NoticeState.REJECTED,
            NoticeState.DELIVERED,
        }
    ),
    NoticeState.FAILED: frozenset(
        {
            NoticeState.SENDING,
            NoticeState.REJECTED,
            NoticeState.EXPIRED,
            NoticeState.MERGED,
            NoticeState.WITHHELD,
            NoticeState.QUEUED,
            NoticeState.HANDED_OVER,  # the gateway refused it, and says in a receipt that it has it
            NoticeState.DELIVERED,
            NoticeState.UNKNOWN,  # as above
        }
    ),
    NoticeState.HANDED_OVER: frozenset({NoticeState.DELIVERED, NoticeState.REJECTED, NoticeState.EXPIRED}),
    NoticeState.UNKNOWN: frozenset(
        {
            NoticeState.HANDED_OVER,
            NoticeState.FAILED,  # the sender comes back late, and knows that nothing has left
            NoticeState.DELIVERED,
            NoticeState.REJECTED,
            NoticeState.QUEUED,
        }
    ),
    NoticeState.DELIVERED: frozenset(),
    NoticeState.REJECTED: frozenset({NoticeState.DELIVERED, NoticeState.QUEUED}),
    NoticeState.EXPIRED: frozenset({NoticeState.DELIVERED, NoticeState.QUEUED}),
    NoticeState.MERGED: frozenset(),
    NoticeState.WITHHELD: frozenset(),
}

# Told in writing by law (行政许可法 art. 32, 38, 42, 45, 69; domain 3.5): at any hour, on every channel, never merged
# away. A refusal (ITEM_DECIDED, art. 38) is marked by who queues it.
STATUTORY = frozenset(
    {
        Event.ACCEPTED,
        Event.NOT_ACCEPTED,
        Event.SUPPLEMENT_ASKED,
        Event.SPECIAL_STARTED,
        Event.EXTENDED,
        Event.REVOKED,
    }
)
# The answer to what somebody has done this minute, who stands there and waits for it.
ANSWERS = frozenset({Event.RECEIPT, Event.SUPPLEMENT_RECEIVED, Event.WITHDRAWN})


# What the facts of an event are called: what its templates, and a bundle's own texts, may name.
FACTS: Mapping[Event, frozenset[str]] = {
    Event.RECEIPT: frozenset({"bundle", "materials", "owed", "query_code"}),
    Event.ACCEPTED: frozenset(
        {"departments", "promised_due_on", "legal_due_on", "provisional", "owed", "owed_due_on", "deemed_on"}
    ),
    Event.NOT_ACCEPTED: frozenset({"reason"}),
    Event.SPECIAL_STARTED: frozenset(
        {"item", "kind", "days", "reason", "basis", "stops_statutory", "stops_promised"}
    ),
    Event.SPECIAL_ENDED: frozenset({"item", "kind", "due_on", "provisional"}),
    Event.EXTENDED: frozenset({"what", "days", "reason", "due_on", "provisional"}),
    Event.DATE_MOVED: frozenset({"clock", "item", "yours", "old", "new", "provisional"}),
    Event.ITEM_DECIDED: frozenset(
        {
            "item",
            "department",
            "granted",
            "reason",
            "conditions",
            "conditions_until",
            "transferred_to",
            "left",
            "still_with",
            "also",
        }
    ),
    Event.CONCLUDED: frozenset({"outcome", "granted", "refused", "transferred"}),
    Event.READY: frozenset({"results", "place"}),
    Event.SUPPLEMENT_ASKED: frozenset({"notice", "gaps", "due_on", "provisional", "silence"}),
    Event.SUPPLEMENT_REMINDED: frozenset({"notice", "gaps", "due_on", "provisional", "silence"}),
    Event.SUPPLEMENT_RECEIVED: frozenset({"notice", "due_on", "provisional"}),
    Event.SUPPLEMENT_LAPSED: frozenset({"notice", "result"}),
    Event.DEFERRAL_REMINDED: frozenset({"materials", "due_on", "provisional"}),
    Event.DEFERRAL_LAPSED: frozenset({"materials", "result"}),
    Event.RECTIFICATION: frozenset({"item", "department", "requirement", "due_on", "provisional"}),
    Event.VISIT: frozenset({"kind", "departments", "planned", "place", "cancelled"}),
    Event.WITHDRAWN: frozenset({"items", "stopped", "whole"}),
    Event.VOIDED: frozenset({"reason", "granted"}),
    Event.CORRECTED: frozenset({"fields", "reason"}),
    Event.ITEMS_CHANGED: frozenset(
        {"added", "dropped", "materials", "reason", "promised_due_on", "legal_due_on", "provisional"}
    ),
    Event.REOPENED: frozenset({"items", "reason", "document"}),
    Event.VERSION_MOVED: frozenset({"changes", "promised_due_on", "provisional"}),
    Event.REVOKED: frozenset({"item", "department", "reason"}),
    Event.SHIPPED: frozenset({"results", "courier", "tracking"}),
    Event.RETURNED: frozenset({"tracking", "reason", "place"}),
    Event.RATE: frozenset({"days"}),
}
# What every template may name besides.
ALWAYS = frozenset(
    {"number", "bundle", "link", "due", "due_provisional", "considerate", "results_follow", "holder"}
)

# After a failure that may pass: in all about two days, for a mail server that is down over a night.
RETRY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=24),
)


def may_become(state: NoticeState, next_state: NoticeState) -> bool:
    """Is this a step forward?"""
    return next_state in NOTICE_MOVES[state]


def variables(event: Event) -> frozenset[str]:
    """Every name that a text of this event may use."""
    return ALWAYS | FACTS[event]


def next_try(attempts: int, at: datetime) -> datetime | None:
    """When to try again after so many failed attempts, or None: enough."""
    return at + RETRY_AFTER[attempts - 1] if attempts <= len(RETRY_AFTER) else None
