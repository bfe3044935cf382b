"""通知: who was told what, when, on which channel. A row first; sending comes after the commit."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Index, ScalarSelect, UniqueConstraint, func, not_, or_, text, update
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, select

from config.leaving import leaves_at, merges, quiet_now
from models.case import Case
from models.columns import code, document, moment, one_of
from models.database import NOTICE_CHANNEL, ring
from models.document import keep_document
from rules.merging import lists, together, waits_for_company
from rules.notices import ANSWERS, STATUTORY, Channel, Event, NoticeState
from rules.quiet_hours import may_wait


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
    to: Mapping[Channel, str] | None = None,
) -> None:
    """Queue one notice per channel the applicant gave, to leave after the commit; the case must be locked.

    `to` tells it elsewhere: at an address that was wrong until now.

    `statutory` marks one that the law wants in writing beside those of rules.notices.STATUTORY.
    """
    addresses = {Channel.SMS: case.phone, Channel.EMAIL: case.email} if to is None else to
    for channel, address in addresses.items():
        if address:
            case.notice_count += 1
            notice = Notice(
                serial=case.notice_count,
                case_number=case.number,
                event=event,
                about=about,
                channel=channel,
                address=address,
                facts=facts or {},
                statutory=statutory or event in STATUTORY,
                next_try_at=leaves_at(event, statutory=statutory, at=at),
                created_at=at,
            )
            if merges():
                _travel_together(session, notice)
            session.add(notice)
    keep_document(session, case, event, about, facts or {}, at=at)
    ring(session, NOTICE_CHANNEL)


def notices_of(session: Session, case_number: str) -> list[Notice]:
    """The ledger of a case in the order the notices were queued."""
    query = select(Notice).where(Notice.case_number == case_number)
    return list(session.exec(query.order_by(col(Notice.serial), col(Notice.channel))))


def claim_notice(session: Session, channel: Channel, *, at: datetime, lease: timedelta) -> Notice | None:
    """The next notice due on this channel, now ours to send until the lease lapses; None when there is none.

    The notices of a case leave in order: a later one waits while an earlier one is still to be sent. Only
    what cannot wait overtakes what can.
    """
    due = (
        select(Notice)
        .where(
            Notice.channel == channel,
            col(Notice.next_try_at) <= at,
            col(Notice.state).in_((NoticeState.QUEUED, NoticeState.FAILED)),
            col(Notice.serial) == _whose_turn_it_is(),
            *([_urgent(Notice)] if quiet_now(at) else []),  # it fell due by day, but nobody sent it then
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
            *([] if _cannot_wait(failed) else [not_(_urgent(Notice))]),
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
            or_(_urgent(other), not_(_urgent(Notice))),
        )
        .scalar_subquery()
    )


def _urgent(notice: type[Notice]) -> ColumnElement[bool]:
    """It leaves at any hour; `rules.quiet_hours.may_wait` says the same of one notice."""
    return or_(col(notice.statutory), col(notice.event).in_(sorted(ANSWERS)))


def _cannot_wait(notice: Notice) -> bool:
    return not may_wait(notice.event, statutory=notice.statutory)


def _travel_together(session: Session, new: Notice) -> None:
    """Decisions of one stage are one message: the earliest carries them, the conclusion all of them."""
    if new.event is Event.CONCLUDED:
        for waiting in _waiting_for_company(session, new):
            if lists(new.facts, waiting.facts):
                _merge(session, waiting, into=new)
    elif waits_for_company(new.event, statutory=new.statutory):
        for earliest in _waiting_for_company(session, new)[:1]:
            earliest.facts = together(earliest.facts, new.facts)
            _merge(session, new, into=earliest)


def _waiting_for_company(session: Session, new: Notice) -> list[Notice]:
    """Grants of the case that have not left on this way; locked, so that no sender takes them meanwhile."""
    waiting = select(Notice).where(
        Notice.case_number == new.case_number,
        Notice.channel == new.channel,
        Notice.address == new.address,
        Notice.event == Event.ITEM_DECIDED,
        not_(col(Notice.statutory)),
        col(Notice.state).in_((NoticeState.QUEUED, NoticeState.FAILED)),
        col(Notice.next_try_at).is_not(None),
    )
    locked = waiting.order_by(col(Notice.serial)).with_for_update()
    return list(session.exec(locked.execution_options(populate_existing=True)))


def _merge(session: Session, notice: Notice, *, into: Notice) -> None:
    notice.state, notice.next_try_at, notice.merged_into = NoticeState.MERGED, None, into.id
    carried = update(Notice).where(col(Notice.merged_into) == notice.id).values(merged_into=into.id)
    session.execute(carried)
