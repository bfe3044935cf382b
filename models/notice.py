"""通知: who was told what, when, on which channel. A row first; sending comes after the commit."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Index, UniqueConstraint, not_, or_, text, update
from sqlmodel import Field, Session, col, select

from config.leaving import leaves_at, merges, waking
from models.case import Case
from models.columns import code, document, hashed, moment, one_of, sealed
from models.database import NOTICE_CHANNEL, ring
from models.document import keep_document
from models.sealing import lookup
from models.table import Table
from rules.errors import NotFound, WrongState
from rules.ladder import Way, first_ways
from rules.merging import has_room, lists, together, waits_for_company
from rules.notices import ANSWERS, STATUTORY, Channel, Event, NoticeState, may_become, state_said
from rules.quiet_hours import may_wait

TO_FOLLOW_UP = "state IN ('rejected', 'expired') AND followed_up_at IS NULL"


class Notice(Table, table=True):
    """One event, one recipient, one channel: once."""

    __tablename__ = "notice"
    __table_args__ = (
        one_of("event", Event),
        one_of("channel", Channel),
        one_of("state", NoticeState),
        # A step that runs twice tells nobody twice.
        UniqueConstraint("case_number", "event", "about", "channel", "address_hash", name="notice_once"),
        # What the sender asks: what is due to be sent?
        Index(
            "notice_due", "channel", "next_try_at", "serial", postgresql_where=text("next_try_at IS NOT NULL")
        ),
        # What a receipt asks: which notice does the carrier speak of?
        Index("notice_reference", "reference", postgresql_where=text("reference <> ''")),
        # What inbox and ledger ask: the latest first; and how fared those of these days?
        Index(
            "notice_newest",
            text("created_at DESC"),
            "case_number",
            text("serial DESC"),
            postgresql_include=["channel", "via", "state", "segments", "sent_at"],
        ),
        # What the same ask, of one kind of event.
        Index("notice_of_event", "event", text("created_at DESC"), "case_number", text("serial DESC")),
        # What the ledger page and the daily digest ask: how fared the notices of these days?
        Index("notice_by_state", "state", "created_at"),
        # What courtesy asks: how much has this person been told today?
        Index("notice_of_person", "address_hash", "sent_at"),
        # What the sweep asks: which have failed, and nobody has thought of another way?
        Index("notice_to_follow_up", "created_at", postgresql_where=text(TO_FOLLOW_UP)),
        # What the sender asks: how many short messages has this person had today?
        Index("notice_told_today", "address_hash", "sent_at", postgresql_where=text("channel = 'sms'")),
        # What the sender asks: which is the first of the case that has still to leave?
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
    address: str = Field(sa_column=sealed("notice.address", "address_hash", "address"))  # phone or e-mail
    address_hash: str = Field(default="", sa_column=hashed())
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
    followed_up_at: datetime | None = Field(
        default=None, sa_column=moment()
    )  # it failed: another way was sought

    @property
    def said(self) -> str:
        """Its state in words, wherever people read it."""
        return state_said(self.channel, self.state, self.via)

    def become(self, state: NoticeState, *, until: datetime | None = None, why: str = "") -> None:
        """The one place where a notice's state changes; what the table does not allow raises.

        `until`: when to try (again), or until when the sender has it. The caller has locked the row.
        """
        if not may_become(self.state, state):
            raise WrongState(
                f"通知“{self.event.label}”的去向是“{self.state.label}”，不能改为“{state.label}”。"
            )
        self.state, self.next_try_at, self.error = state, until, why[:500]
        if state is NoticeState.QUEUED:
            self.followed_up_at = None


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
    statutory = statutory or event in STATUTORY
    ways = first_ways(case.told_by, addresses_of(case), statutory=statutory) if to is None else to.items()
    for channel, address in ways:
        if address:
            notice = _next_in_case(
                case,
                event=event,
                about=about,
                channel=channel,
                address=address,
                facts=facts or {},
                statutory=statutory,
                next_try_at=leaves_at(event, statutory=statutory, at=at),
                created_at=at,
            )
            if merges():
                _travel_together(session, notice)
            session.add(notice)
    keep_document(session, case, event, about, facts or {}, at=at)
    ring(session, NOTICE_CHANNEL)


def queue_elsewhere(session: Session, case: Case, failed: Notice, way: Way, *, at: datetime) -> Notice:
    """Tell the same on another way; the case must be locked."""
    channel, address = way
    notice = _next_in_case(
        case,
        event=failed.event,
        about=failed.about,
        channel=channel,
        address=address,
        facts=failed.facts,
        statutory=failed.statutory,
        next_try_at=waking(at) if may_wait(failed.event, statutory=failed.statutory) else at,
        created_at=at,
    )
    session.add(notice)
    ring(session, NOTICE_CHANNEL)
    return notice


def addresses_of(case: Case) -> dict[Channel, str]:
    """Where the applicant can be told; empty where they gave nothing."""
    return {Channel.SMS: case.phone, Channel.EMAIL: case.email}


def notices_of(session: Session, case_number: str) -> list[Notice]:
    """The ledger of a case in the order the notices were queued."""
    query = select(Notice).where(Notice.case_number == case_number)
    return list(session.exec(query.order_by(col(Notice.serial), col(Notice.channel))))


def is_told(session: Session, case_number: str, event: Event, about: str) -> bool:
    """Has this very thing been told, or is it queued?"""
    query = select(Notice.id).where(
        Notice.case_number == case_number, Notice.event == event, Notice.about == about
    )
    return session.exec(query.limit(1)).first() is not None


def find_notice(session: Session, notice_id: UUID) -> Notice:
    """The notice, not locked."""
    notice = session.get(Notice, notice_id)
    if notice is None:
        raise NotFound("没有这条通知。")
    return notice


def told_alike(session: Session, notice: Notice) -> list[Notice]:
    """Every notice that tells the same of the case, this one among them, on whatever way; locked."""
    alike = select(Notice).where(
        Notice.case_number == notice.case_number,
        Notice.event == notice.event,
        Notice.about == notice.about,
    )
    locked = alike.order_by(col(Notice.serial)).with_for_update()
    return list(session.exec(locked.execution_options(populate_existing=True)))


def notice_of_serial(session: Session, case_number: str, serial: int) -> Notice:
    """The notice with this number in the case, locked until the transaction ends; the case must be locked."""
    query = select(Notice).where(Notice.case_number == case_number, Notice.serial == serial)
    found = session.exec(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(f"办件 {case_number} 没有第 {serial} 条通知。")
    return found


def move_all(
    session: Session,
    before: Collection[NoticeState],
    after: NoticeState,
    *where: ColumnElement[bool],
    why: str = "",
) -> int:
    """Every notice in one of these states to which this applies has nothing more before it; how many."""
    if illegal := [state for state in before if not may_become(state, after)]:
        raise WrongState(f"通知的去向不能从“{illegal[0].label}”改为“{after.label}”。")
    moved = (
        update(Notice)
        .where(col(Notice.state).in_(before), *where)
        .values(state=after, next_try_at=None, error=why)
        .returning(col(Notice.id))
    )
    return len(session.execute(moved).all())


def urgent(notice: type[Notice]) -> ColumnElement[bool]:
    """It leaves at any hour; `rules.quiet_hours.may_wait` says the same of one notice."""
    return or_(col(notice.statutory), col(notice.event).in_(sorted(ANSWERS)))


def cannot_wait(notice: Notice) -> bool:
    """The same, of a row that is at hand."""
    return not may_wait(notice.event, statutory=notice.statutory)


def _next_in_case(case: Case, **given: Any) -> Notice:
    case.notice_count += 1
    return Notice(serial=case.notice_count, case_number=case.number, **given)


def _travel_together(session: Session, new: Notice) -> None:
    """Decisions of one stage are one message: the first that waits carries them, the conclusion all of them."""
    if new.event is Event.CONCLUDED:
        for waiting in _waiting_for_company(session, new):
            if lists(new.facts, waiting.facts):
                _merge(session, waiting, into=new)
    elif waits_for_company(new.event, statutory=new.statutory):
        for latest in _waiting_for_company(session, new)[-1:]:
            if has_room(latest.facts):
                latest.facts = together(latest.facts, new.facts)
                _merge(session, new, into=latest)


def _waiting_for_company(session: Session, new: Notice) -> list[Notice]:
    """Grants of the case that have not left on this way; locked, so that no sender takes them meanwhile."""
    waiting = select(Notice).where(
        Notice.case_number == new.case_number,
        Notice.channel == new.channel,
        Notice.address_hash == lookup("address", new.address),
        Notice.event == Event.ITEM_DECIDED,
        not_(col(Notice.statutory)),
        col(Notice.state).in_((NoticeState.QUEUED, NoticeState.FAILED)),
        col(Notice.next_try_at).is_not(None),
    )
    locked = waiting.order_by(col(Notice.serial)).with_for_update()
    return list(session.exec(locked.execution_options(populate_existing=True)))


def _merge(session: Session, notice: Notice, *, into: Notice) -> None:
    notice.become(NoticeState.MERGED)
    notice.merged_into = into.id
    carried = update(Notice).where(col(Notice.merged_into) == notice.id).values(merged_into=into.id)
    session.execute(carried)
