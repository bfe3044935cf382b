"""通知: who was told what, when, on which channel. A row first; sending comes after the commit."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, ScalarSelect, UniqueConstraint, func, text, update
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, select

from models.case import Case
from models.columns import code, document, moment, one_of
from models.database import NOTICE_CHANNEL, ring
from rules.notices import STATUTORY, Channel, Event, NoticeState


class Notice(SQLModel, table=True):
    """One event, one recipient, one channel: once."""

    __tablename__ = "notice"
    __table_args__ = (
        one_of("event", Event),
        one_of("channel", Channel),
        one_of("state", NoticeState),
        # A step that runs twice tells nobody twice.
        UniqueConstraint("case_number", "event", "about", "channel", "address", name="notice_once"),
        # What the sender asks: what is due to be sent?
        Index(
            "notice_due", "channel", "next_try_at", "serial", postgresql_where=text("next_try_at IS NOT NULL")
        ),
        # What the sender asks: which is the first of the case that has still to leave?
        # What a receipt asks: which notice does the carrier speak of?
        Index("notice_reference", "reference", postgresql_where=text("reference <> ''")),
        # What the ledger page and the daily digest ask: how fared the notices of these days?
        Index("notice_by_state", "state", "created_at"),
        Index(
            "notice_turn",
            "case_number",
            "channel",
            "serial",
            postgresql_where=text("next_try_at IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    serial: int  # order within the case: notices leave in this order
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    event: Event = Field(sa_column=code(Event))
    about: str = Field(default="", max_length=80)  # the item number, for an item's decision
    channel: Channel = Field(sa_column=code(Channel))
    address: str = Field(max_length=200)  # phone or e-mail
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=document())  # what was so at that moment
    state: NoticeState = Field(default=NoticeState.QUEUED, sa_column=code(NoticeState))
    subject: str = Field(default="", max_length=200)  # as sent
    body: str = ""  # as sent
    attempts: int = 0
    # When to try (again); while it is being sent: until when the sender has it. NULL: nothing more to do.
    next_try_at: datetime | None = Field(default=None, sa_column=moment())
    via: str = Field(default="", max_length=50)  # the kind of gateway that took it, or the local inbox
    reference: str = Field(default="", max_length=100)  # the carrier's name for it
    statutory: bool = False  # the law wants it told in writing
    template: str = Field(default="", max_length=64)  # digest of the text it was written from
    segments: int = 0  # of an SMS, as the carrier counts and charges
    merged_into: UUID | None = None  # the notice that told it
    delivered_at: datetime | None = Field(default=None, sa_column=moment())  # as the carrier says
    error: str = Field(default="", max_length=500)  # why it failed or is not known, for the person who looks
    created_at: datetime = Field(sa_column=moment(nullable=False))
    sent_at: datetime | None = Field(default=None, sa_column=moment())


def queue_notice(
    session: Session,
    case: Case,
    event: Event,
    *,
    about: str = "",
    facts: dict[str, Any] | None = None,
    at: datetime,
    statutory: bool = False,
) -> None:
    """Queue one notice per channel the applicant gave, to leave after the commit; the case must be locked.

    `statutory` marks one that the law wants in writing beside those of rules.notices.STATUTORY.
    """
    addresses = {Channel.SMS: case.phone, Channel.EMAIL: case.email}
    for channel, address in addresses.items():
        if address:
            case.notice_count += 1
            session.add(
                Notice(
                    serial=case.notice_count,
                    case_number=case.number,
                    event=event,
                    about=about,
                    channel=channel,
                    address=address,
                    facts=facts or {},
                    statutory=statutory or event in STATUTORY,
                    next_try_at=at,
                    created_at=at,
                )
            )
    ring(session, NOTICE_CHANNEL)


def notices_of(session: Session, case_number: str) -> list[Notice]:
    """The ledger of a case in the order the notices were queued."""
    query = select(Notice).where(Notice.case_number == case_number)
    return list(session.exec(query.order_by(col(Notice.serial), col(Notice.channel))))


def claim_notice(session: Session, channel: Channel, *, at: datetime, lease: timedelta) -> Notice | None:
    """The next notice due on this channel, now ours to send until the lease lapses; None when there is none.

    The notices of a case leave in order: a later one waits while an earlier one is still to be sent.
    """
    due = (
        select(Notice)
        .where(
            Notice.channel == channel,
            col(Notice.next_try_at) <= at,
            col(Notice.state).in_((NoticeState.QUEUED, NoticeState.FAILED)),
            col(Notice.serial) == _whose_turn_it_is(),
        )
        .order_by(col(Notice.next_try_at), col(Notice.serial))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    notice = session.exec(due).one_or_none()
    if notice is not None:
        notice.state = NoticeState.SENDING
        notice.attempts += 1
        notice.next_try_at = at + lease
    return notice


def give_up_lapsed(session: Session, *, at: datetime, why: str) -> int:
    """Nobody can say whether what a dead sender had in hand has left: make it UNKNOWN, and say how many."""
    lapsed = (
        update(Notice)
        .where(col(Notice.state) == NoticeState.SENDING, col(Notice.next_try_at) <= at)
        .values(state=NoticeState.UNKNOWN, next_try_at=None, error=why)
        .returning(col(Notice.id))
    )
    return len(session.execute(lapsed).all())


def lock_notice(session: Session, notice_id: UUID) -> Notice:
    """The notice, locked until the transaction ends."""
    return session.exec(select(Notice).where(Notice.id == notice_id).with_for_update()).one()


def hold_back(session: Session, failed: Notice) -> None:
    """What comes after it in the case need not be looked at before it is tried again."""
    after = (
        update(Notice)
        .where(
            col(Notice.case_number) == failed.case_number,
            col(Notice.channel) == failed.channel,
            col(Notice.serial) > failed.serial,
            col(Notice.next_try_at) < failed.next_try_at,
        )
        .values(next_try_at=failed.next_try_at)
    )
    session.execute(after)


def _whose_turn_it_is() -> ScalarSelect[int]:
    """The first of the case on this channel that has still to leave: one look-up in notice_turn."""
    other = aliased(Notice)
    return (
        select(func.min(other.serial))
        .where(
            col(other.case_number) == col(Notice.case_number),
            col(other.channel) == col(Notice.channel),
            col(other.next_try_at).is_not(None),
        )
        .scalar_subquery()
    )
