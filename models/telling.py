"""Who could be told, and what do the carriers say? Receipts, providers, the counter's call list."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from uuid import UUID, uuid4

from sqlalchemy import Index, bindparam, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from models.case import Case
from models.columns import code, moment, one_of
from models.notice import Notice
from models.table import Table
from rules.errors import NotFound
from rules.notices import Channel, NoticeState


class Receipt(Table, table=True):
    """回执: what a carrier said of a message; kept also when the message is not known yet, and matched later."""

    __tablename__ = "receipt"
    __table_args__ = (
        one_of("says", NoticeState),
        # What the sweep asks: which have found no notice yet?
        Index("receipt_unmatched", "reference", postgresql_where=text("notice_id IS NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    digest: str = Field(unique=True, max_length=64)  # of what arrived: the same receipt twice is one
    provider: str = Field(max_length=50)
    reference: str = Field(max_length=100)
    says: NoticeState = Field(sa_column=code(NoticeState))
    detail: str = Field(default="", max_length=500)
    received_at: datetime = Field(sa_column=moment(nullable=False))
    notice_id: UUID | None = Field(default=None, foreign_key="notice.id")
    matched_at: datetime | None = Field(default=None, sa_column=moment())


class Provider(Table, table=True):
    """通道: one gateway of a channel. Its share of the work falls in trouble and comes back with time."""

    __tablename__ = "provider"
    __table_args__ = (one_of("channel", Channel),)

    name: str = Field(primary_key=True, max_length=50)  # sms, sms-backup, mail
    channel: Channel = Field(sa_column=code(Channel))
    priority: int = 50  # 0 to 100, both of a channel add up to 100
    changed_at: datetime = Field(sa_column=moment(nullable=False))
    reason: str = Field(default="", max_length=200)


class Call(Table, table=True):
    """电话联系: somebody whom no message reached; the counter calls, and notes how it went."""

    __tablename__ = "call"
    __table_args__ = (
        # What the counter asks: whom have we still to call?
        Index("call_open", "opened_at", postgresql_where=text("closed_at IS NULL")),
    )

    notice_id: UUID = Field(foreign_key="notice.id", primary_key=True)  # the last that failed
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    opened_at: datetime = Field(sa_column=moment(nullable=False))
    note: str = Field(default="", max_length=2000)  # every attempt adds a line
    attempts: int = 0
    reached: bool = False
    closed_by: str = Field(default="", max_length=50)
    closed_at: datetime | None = Field(default=None, sa_column=moment())


def keep_receipt(session: Session, receipt: Receipt) -> bool:
    """Keep it; False when the very same has come before."""
    row = insert(Receipt).values(receipt.model_dump()).on_conflict_do_nothing().returning(col(Receipt.id))
    return session.execute(row).first() is not None


def lock_receipts(session: Session, references: Collection[str]) -> Sequence[Receipt]:
    """Those under these references that have found no notice yet, in the order they came; locked."""
    return session.exec(_waiting(), params={"references": sorted(references)}).all()


@cache  # asked after every message
def _waiting() -> SelectOfScalar[Receipt]:
    named = col(Receipt.reference).in_(bindparam("references", expanding=True))
    waiting = select(Receipt).where(col(Receipt.notice_id).is_(None), named)
    return waiting.order_by(col(Receipt.received_at)).with_for_update()


def waiting_references(session: Session, *, since: datetime) -> list[str]:
    """Under which references have receipts come of late that have found no notice?"""
    query = select(Receipt.reference).where(col(Receipt.notice_id).is_(None), Receipt.received_at >= since)
    return list(session.exec(query.distinct()))


def notice_referred_to(session: Session, reference: str) -> Notice | None:
    """The notice a carrier speaks of, locked: by the carrier's name for it, or by ours."""
    query = select(Notice).where(Notice.reference == reference)
    latest = query.order_by(col(Notice.created_at).desc()).limit(1).with_for_update()
    return session.exec(latest).one_or_none() or _by_our_name(session, reference)


def release_digests(session: Session, notice_id: UUID, attempts: int) -> None:
    """The message is sent again: what its carrier says of it now is news, even in the same words."""
    for receipt in receipts_of(session, notice_id):
        receipt.digest = hashlib.sha256(f"{receipt.digest} {attempts}".encode()).hexdigest()


def receipts_of(session: Session, notice_id: UUID) -> Sequence[Receipt]:
    """What the carriers have said of a notice, the earliest first."""
    query = select(Receipt).where(Receipt.notice_id == notice_id)
    return session.exec(query.order_by(col(Receipt.received_at), col(Receipt.id))).all()


def find_call(session: Session, notice_id: UUID) -> Call:
    """The call, not locked."""
    call = session.get(Call, notice_id)
    if call is None:
        raise NotFound("没有这条电话联系。")
    return call


def lock_call(session: Session, notice_id: UUID) -> Call:
    """The call, locked until the transaction ends; the case must be locked."""
    find_call(session, notice_id)
    query = select(Call).where(Call.notice_id == notice_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def ask_to_call(session: Session, notice: Notice, *, at: datetime) -> None:
    """Somebody has to call about this notice: once more where a call about it is over, which stays noted.

    The case must be locked.
    """
    query = select(Call).where(Call.notice_id == notice.id).with_for_update()
    call = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if call is None:
        session.add(Call(notice_id=notice.id, case_number=notice.case_number, opened_at=at))
    else:
        call.opened_at, call.closed_at, call.closed_by, call.reached = at, None, "", False


def open_call_about(session: Session, notice: Notice) -> Call | None:
    """The open call that tells the same of the case, locked."""
    query = select(Call).join(Notice, col(Notice.id) == Call.notice_id)
    alike = query.where(
        Call.case_number == notice.case_number,
        Notice.event == notice.event,
        Notice.about == notice.about,
        col(Call.closed_at).is_(None),
    )
    return session.exec(alike.limit(1).with_for_update(of=Call)).one_or_none()


def open_calls(session: Session, limit: int = 200) -> list[tuple[Call, Notice, Case]]:
    """Whom the counter has still to call, who waits longest first."""
    query = (
        select(Call, Notice, Case)
        .join(Notice, col(Notice.id) == Call.notice_id)
        .join(Case, col(Case.number) == Call.case_number)
        .where(col(Call.closed_at).is_(None))
        .order_by(col(Call.opened_at), col(Call.notice_id))
        .limit(limit)
    )
    return [(call, notice, case) for call, notice, case in session.exec(query)]


def calls_of(session: Session, case_number: str) -> Sequence[Call]:
    """Every call about a case, open or not."""
    return session.exec(
        select(Call).where(Call.case_number == case_number).order_by(col(Call.opened_at))
    ).all()


def _by_our_name(session: Session, reference: str) -> Notice | None:
    try:
        own = UUID(hex=reference)
    except ValueError:
        return None
    return session.exec(select(Notice).where(Notice.id == own).with_for_update()).one_or_none()
