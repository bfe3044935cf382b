"""Which events are applicants told of, over which channels, and how does a notice fare?"""

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


class Channel(Named):
    SMS = "sms", "短信"
    EMAIL = "email", "电子邮件"


class NoticeState(Named):
    """通知的去向. A state never goes backwards; UNKNOWN is not blindly re-sent."""

    QUEUED = "queued", "待发送"
    SENDING = "sending", "发送中"
    HANDED_OVER = "handed_over", "已交运营商"
    UNKNOWN = "unknown", "结果不明"
    FAILED = "failed", "发送失败"
