"""After the decision: what is handed over or posted, and what is checked later."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, SQLModel, col, select

from models.columns import moment


class Delivery(SQLModel, table=True):
    """送达: some results of a case on one way to the applicant: over the counter or by courier."""

    __tablename__ = "delivery"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    items: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))  # item numbers
    courier: str = Field(default="", max_length=50)  # '' over the counter
    tracking_number: str = Field(default="", max_length=50)
    recipient: str = Field(default="", max_length=100)  # who signed for it
    sent_by: str = Field(max_length=50)
    sent_at: datetime = Field(sa_column=moment(nullable=False))
    delivered_at: datetime | None = Field(default=None, sa_column=moment())
    returned_at: datetime | None = Field(default=None, sa_column=moment())
    return_reason: str = Field(default="", max_length=2000)


class PostCheck(SQLModel, table=True):
    """事后核查: what was granted on a commitment is checked within so many days; false, it is revoked."""

    __tablename__ = "post_check"
    __table_args__ = (
        # What a department's desk asks: what have we still to check, or found to be not as promised?
        Index("post_check_open", "department_code", postgresql_where=text("passed IS NOT TRUE")),
    )

    item_number: str = Field(foreign_key="item.number", primary_key=True, max_length=54)
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    department_code: str = Field(foreign_key="department.code", max_length=32)
    commitment: str = Field(default="", max_length=2000)
    passed: bool | None = None
    finding: str = Field(default="", max_length=2000)
    checked_by: str = Field(default="", max_length=50)
    checked_at: datetime | None = Field(default=None, sa_column=moment())


def deliveries_of(session: Session, case_number: str) -> list[Delivery]:
    """What has gone out to the applicant, first to last."""
    query = select(Delivery).where(Delivery.case_number == case_number)
    return list(session.exec(query.order_by(col(Delivery.sent_at), col(Delivery.id))))


def post_checks_of(session: Session, case_number: str) -> list[PostCheck]:
    """What is or was to be checked after the grant."""
    query = select(PostCheck).where(PostCheck.case_number == case_number)
    return list(session.exec(query.order_by(col(PostCheck.item_number))))
