"""What an application online leaves beside its case: codes that prove a contact, and how the results are wanted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import Index, delete, func
from sqlalchemy.orm import defer
from sqlmodel import Field, Session, col, select

from models.columns import code, moment, one_of, sealed
from models.sealing import lookup
from models.table import Table
from rules.notices import Channel
from rules.people import ResultWay


class ContactCode(Table, table=True):
    """验证码: sent to a phone or mailbox for one form. Neither the code nor the name of the form is kept."""

    __tablename__ = "contact_code"
    __table_args__ = (
        one_of("channel", Channel),
        # What is asked before another one is sent: how many has this phone had?
        Index("contact_code_of_address", "address_hash", "made_at"),
        Index("contact_code_of_form", "form_hash", "made_at"),
        # What is asked when one is made: which are too old to be kept?
        Index("contact_code_made", "made_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    form_hash: str = Field(max_length=64)
    channel: Channel = Field(sa_column=code(Channel))
    address_hash: str = Field(
        max_length=64
    )  # the number itself is not needed any more once it has been sent to
    code_hash: str = Field(max_length=64)  # under the name of the form, which only the applicant has
    made_at: datetime = Field(sa_column=moment(nullable=False))
    expires_at: datetime = Field(sa_column=moment(nullable=False))
    wrong: int = 0  # tries
    proven_at: datetime | None = Field(default=None, sa_column=moment())
    via: str = Field(default="", max_length=50)  # the kind of gateway that took it; '' none did
    body: str = Field(default="", max_length=500)  # of the demo's local inbox only


class ResultWish(Table, table=True):
    """领取方式: what the applicant chose; without a row results are collected at the window."""

    __tablename__ = "result_wish"
    __table_args__ = (one_of("way", ResultWay),)

    case_number: str = Field(foreign_key="case_file.number", primary_key=True, max_length=50)
    way: ResultWay = Field(sa_column=code(ResultWay))
    recipient: str = Field(default="", max_length=100)
    phone: str = Field(default="", sa_column=sealed("result_wish.phone"))
    address: str = Field(default="", sa_column=sealed("result_wish.address"))
    chosen_at: datetime = Field(sa_column=moment(nullable=False))


def hash_of_address(address: str) -> str:
    """What finds a phone or mailbox again without telling it."""
    return lookup("address", address)


def codes_sent(session: Session, address: str, since: datetime) -> list[datetime]:
    """When codes were made for this phone or mailbox of late, the latest first."""
    query = select(ContactCode.made_at).where(ContactCode.address_hash == hash_of_address(address))
    latest_first = query.where(col(ContactCode.made_at) > since).order_by(col(ContactCode.made_at).desc())
    return list(session.exec(latest_first))


def latest_code(session: Session, form_hash: str) -> ContactCode | None:
    """The code that counts for this form, locked until the transaction ends."""
    query = select(ContactCode).where(ContactCode.form_hash == form_hash)
    latest = query.order_by(col(ContactCode.made_at).desc()).limit(1).with_for_update()
    return session.exec(latest.execution_options(populate_existing=True)).one_or_none()


def code_of_form(session: Session, form_hash: str) -> ContactCode | None:
    """The same, not locked, for pages."""
    query = select(ContactCode).where(ContactCode.form_hash == form_hash)
    return session.exec(query.order_by(col(ContactCode.made_at).desc()).limit(1)).one_or_none()


def find_code(session: Session, code_id: UUID) -> ContactCode:
    """The row of a code."""
    return session.get_one(ContactCode, code_id)


def forget_codes(session: Session, before: datetime) -> None:
    """A phone number is kept no longer than it is counted."""
    session.execute(delete(ContactCode).where(col(ContactCode.made_at) < before))


def codes_in_inbox(session: Session, limit: int = 10) -> list[ContactCode]:
    """What fell into the local inbox, the latest first."""
    query = select(ContactCode).where(ContactCode.body != "")
    return list(session.exec(query.order_by(col(ContactCode.made_at).desc()).limit(limit)))


def wish_of(session: Session, case_number: str) -> ResultWish | None:
    """How the results of this case are wanted."""
    return session.get(ResultWish, case_number)


def wishes_of(session: Session, case_numbers: Iterable[str]) -> dict[str, ResultWish]:
    """The same for a page of cases; phone and address stay sealed until somebody writes the parcel."""
    sealed_ones = (defer(cast(Any, ResultWish.phone)), defer(cast(Any, ResultWish.address)))
    query = (
        select(ResultWish).options(*sealed_ones).where(col(ResultWish.case_number).in_(list(case_numbers)))
    )
    return {wish.case_number: wish for wish in session.exec(query)}


def lock_address(session: Session, address: str) -> None:
    """Let two requests for one phone come one after the other."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"code {address}", 0))))
