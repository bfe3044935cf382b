"""What happened to a case? Entries are added and never changed."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlmodel import Field, Session, SQLModel, col, select

from models.columns import code, document, moment, one_of
from rules.states import Act


class AuditEntry(SQLModel, table=True):
    """办理记录: one act on a case or on one of its items."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        one_of("act", Act),
        # What a department asks: what have we handed on to others?
        Index("audit_reassigned", "id", postgresql_where=text("act = 'reassign'")),
        # What the figures and the manager's list ask: which cases came to their end on this day?
        Index(
            "audit_case_ended",
            "at",
            "case_number",
            postgresql_where=text(
                "item_number IS NULL AND act IN ('conclude', 'decline', 'withdraw', 'void')"
            ),
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    item_number: str | None = Field(default=None, max_length=54)
    act: Act = Field(sa_column=code(Act))
    actor: str = Field(max_length=50)  # account, 'applicant' or 'system'
    before: str = Field(default="", max_length=32)
    after: str = Field(default="", max_length=32)
    reason: str = Field(default="", max_length=2000)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    at: datetime = Field(sa_column=moment(nullable=False))


def timeline(session: Session, case_number: str) -> list[AuditEntry]:
    """Everything that happened to a case, first to last."""
    query = select(AuditEntry).where(AuditEntry.case_number == case_number).order_by(col(AuditEntry.id))
    return list(session.exec(query))


def latest_entry(
    session: Session,
    case_number: str,
    item_number: str | None,
    acts: Collection[Act],
    besides: Collection[str] = (),
) -> AuditEntry | None:
    """The latest of these acts on the item, or on the case as a whole; `besides` are those whose do not count."""
    query = select(AuditEntry).where(
        AuditEntry.case_number == case_number,
        col(AuditEntry.item_number) == item_number if item_number else col(AuditEntry.item_number).is_(None),
        col(AuditEntry.act).in_(acts),
        col(AuditEntry.actor).not_in(besides),
    )
    return session.exec(query.order_by(col(AuditEntry.id).desc()).limit(1)).one_or_none()


def handed_on_by(session: Session, item_number: str, department: str) -> AuditEntry | None:
    """The latest time this department handed the item on to another (转办)."""
    query = select(AuditEntry).where(
        AuditEntry.item_number == item_number,
        AuditEntry.act == Act.REASSIGN,
        col(AuditEntry.facts)["from"].astext == department,
    )
    return session.exec(query.order_by(col(AuditEntry.id).desc()).limit(1)).one_or_none()


def handed_on(session: Session, department: str, limit: int = 50) -> list[AuditEntry]:
    """What this department has handed on to others, the latest first."""
    query = select(AuditEntry).where(
        AuditEntry.act == Act.REASSIGN, col(AuditEntry.facts)["from"].astext == department
    )
    return list(session.exec(query.order_by(col(AuditEntry.id).desc()).limit(limit)))
