"""Whom may our messages not have reached? What the managers' daily digest says of it: numbers, nobody's address."""

from datetime import datetime, timedelta

from sqlmodel import Session

from models.ledger import IN_TROUBLE, in_trouble
from models.telling import open_calls
from rules.notices import NoticeState

OF_LATE = timedelta(days=7)
LONGEST_LIST = 20  # lines; the ledger has the rest


def untold(session: Session, *, at: datetime) -> list[str]:
    """Lines for the digest; none when everything has gone well of late."""
    counts, latest = in_trouble(session, at - OF_LATE, LONGEST_LIST)
    calls = len(open_calls(session))
    if not counts and not calls:
        return []
    said = "，".join(f"{state.label} {counts[state]} 条" for state in IN_TROUBLE if state in counts)
    opening = f"近七天的通知：{said or '没有不明或失败的'}；待电话联系 {calls} 人。"
    unknown = counts.get(NoticeState.UNKNOWN, 0)
    asked = [f"结果不明的 {unknown} 条需要在通知台账上核实。"] if unknown else []
    lines = [
        f"{one.said}  {one.case_number} 第 {one.serial} 条  {one.channel.label}  {one.event.label}"
        for one in latest
    ]
    left = sum(counts.values()) - len(latest)
    more = [f"……另有 {left} 条，请在通知台账上查看。"] if left else []
    return ["", opening, *asked, *lines, *more]
