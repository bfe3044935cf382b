"""Who could be told, and what do the carriers say? Receipts, providers, the counter's call list."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from models.columns import code, moment, one_of
from rules.notices import Channel, NoticeState


class Receipt(SQLModel, table=True):
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


class Provider(SQLModel, table=True):
    """通道: one gateway of a channel. Its share of the work falls in trouble and comes back with time."""

    __tablename__ = "provider"
    __table_args__ = (one_of("channel", Channel),)

    name: str = Field(primary_key=True, max_length=50)  # sms, sms-backup, mail
    channel: Channel = Field(sa_column=code(Channel))
    priority: int = 50  # 0 to 100, both of a channel add up to 100
    changed_at: datetime = Field(sa_column=moment(nullable=False))
    reason: str = Field(default="", max_length=200)


class Call(SQLModel, table=True):
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
