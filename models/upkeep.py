"""Which notices has time caught up with? What the sweep asks and settles, set by set."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import not_, text
from sqlmodel import Session, col, select

from config.leaving import could_leave_by
from models.case import Case
from models.notice import TO_FOLLOW_UP, Notice, move_all
from models.sender import CLOSED
from rules.ladder import AFTER_THE_END, ENDED, MATCHED_WITHIN, RECEIPT_WITHIN, USEFUL_FOR, WORTH_A_CALL
from rules.notices import Channel, NoticeState

AT_ONCE = 500  # steps of one sweep
LEFT = (NoticeState.QUEUED, NoticeState.FAILED)  # still to leave


def withhold_after_the_end(session: Session) -> int:
    """What is still to leave of earlier stages of a case that has ended; how many."""
    ended = select(Case.number).where(col(Case.state).in_(ENDED))
    return move_all(
        session,
        LEFT,
        NoticeState.WITHHELD,
        col(Notice.next_try_at).is_not(None),
        col(Notice.case_number).in_(ended),
        not_(col(Notice.statutory)),
        col(Notice.event).not_in(sorted(AFTER_THE_END)),
        why=CLOSED,
    )


def expire_stale(session: Session, *, at: datetime) -> int:
    """What grows stale and could not be sent while it was of use; how many. A holiday in which it had to wait
    does not count."""
    return move_all(
        session,
        LEFT,
        NoticeState.EXPIRED,
        col(Notice.next_try_at).is_not(None),
        not_(col(Notice.statutory)),
        col(Notice.event).not_in(sorted(WORTH_A_CALL)),
        col(Notice.created_at) <= could_leave_by(at - USEFUL_FOR),
        why=f"{USEFUL_FOR.days} 天内没有发出，内容已过时，不再发送",
    )


def expire_without_receipt(session: Session, *, at: datetime, besides: Collection[str]) -> int:
    """Short messages of which the carrier, that gives receipts, has said nothing for days; how many.

    `besides` names what gives none. What is older than any receipt that still counts stays as it is: it may be from
    a time when this carrier gave none either.
    """
    return move_all(
        session,
        [NoticeState.HANDED_OVER],
        NoticeState.EXPIRED,
        col(Notice.channel) == Channel.SMS,
        col(Notice.via).not_in(sorted(besides)),
        col(Notice.sent_at).between(at - MATCHED_WITHIN, at - RECEIPT_WITHIN),
        why=f"交运营商 {RECEIPT_WITHIN.days} 天没有收到回执",
    )


def to_follow_up(session: Session) -> list[UUID]:
    """What has failed, and nobody has thought of another way; the oldest first."""
    query = select(Notice.id).where(text(TO_FOLLOW_UP)).order_by(col(Notice.created_at)).limit(AT_ONCE)
    return list(session.exec(query))
