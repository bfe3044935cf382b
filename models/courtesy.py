"""Has this person been told enough for one day? What no law asks for waits for the next."""

from datetime import datetime, timedelta

from sqlalchemy import not_, or_
from sqlmodel import Session, col, func, select

from config.leaving import waking
from config.settings import settings
from models.notice import Notice, cannot_wait, urgent
from rules.courtesy import day_begins, put_off_until
from rules.notices import Channel, NoticeState

JUST_NOW = timedelta(seconds=1)


def put_off(session: Session, notice: Notice, *, at: datetime) -> datetime | None:
    """When a short message that is due may leave instead of now; None: now."""
    if notice.channel is not Channel.SMS or not settings().sms_url or cannot_wait(notice):
        return None  # the local inbox disturbs nobody
    if not session.exec(select(func.pg_try_advisory_xact_lock(func.hashtext(notice.address_hash)))).one():
        return at + JUST_NOW  # another sender is counting the messages of the same person
    had = select(func.count()).where(
        Notice.channel == Channel.SMS,
        Notice.address_hash == notice.address_hash,
        or_(col(Notice.sent_at) >= day_begins(at), col(Notice.state) == NoticeState.SENDING),
        not_(urgent(Notice)),
    )
    until = put_off_until(session.exec(had).one(), settings().sms_daily_limit, at)
    return until and waking(until)
