"""What happened to a case? Entries are added and never changed, each tied to the one before (docs/audit.md)."""

import json
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, select

from models.case import Case, Item
from models.columns import code, document, moment, one_of
from models.sealing import seal, unseal
from models.table import Table
from rules.chaining import PREFERRED, Link, canonical, content_hash, entry_hash
from rules.states import Act

SALT = 16  # bytes
FACTS = "audit_entry.facts"


class AuditEntry(Table, table=True):
    """办理记录: one act on a case or on one of its items. The application may add, never change or take away."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        one_of("act", Act),
        # What a department asks: what have we handed on to others?
        Index("audit_reassigned", "at", postgresql_where=text("act = 'reassign'")),
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

    case_number: str = Field(primary_key=True, foreign_key="case_file.number", max_length=50)
    serial: int = Field(primary_key=True)  # within the case, from 1, without a gap
    item_number: str | None = Field(default=None, max_length=54)
    act: Act = Field(sa_column=code(Act))
    actor: str = Field(max_length=50)  # account, 'applicant' or 'system'
    before: str = Field(default="", max_length=32)
    after: str = Field(default="", max_length=32)
    reason: str = Field(default="", max_length=2000)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    at: datetime = Field(sa_column=moment(nullable=False))
    algorithm: str = Field(max_length=16)
    salt: str = Field(max_length=32)
    content: str = Field(max_length=64)  # hash over reason and facts
    previous: str = Field(max_length=64)  # hash of the entry before; '' of the first
    hash: str = Field(max_length=64)

    @property
    def link(self) -> Link:
        """What the hashes are made over."""
        return Link(
            case=self.case_number,
            serial=self.serial,
            item=self.item_number,
            act=Act(self.act).value,
            actor=self.actor,
            before=str(self.before),
            after=str(self.after),
            reason=self.reason,
            facts=self.facts,
            at=self.at,
            algorithm=self.algorithm,
            salt=self.salt,
            content=self.content,
            previous=self.previous,
            hash=self.hash,
        )


def append(session: Session, case: Case, act: Act, **said: Any) -> None:
    """Add an entry to the file, tied to the one before; the caller holds the lock of the case."""
    said["facts"] = json.loads(canonical(said["facts"]))  # as it will be read again, whatever the caller does
    entry = AuditEntry(
        case_number=case.number,
        serial=case.audit_count + 1,
        act=act,
        algorithm=PREFERRED,
        salt=secrets.token_hex(SALT),
        content="",
        previous=case.audit_head,
        hash="",
        **said,
    )
    entry.content = content_hash(entry.algorithm, entry.salt, entry.reason, entry.facts)
    entry.hash = entry_hash(entry.link)
    case.audit_count, case.audit_head = entry.serial, entry.hash
    session.add(entry)


def sealed_pair(before: str, after: str) -> list[str]:
    """Personal data among the facts of an entry: sealed, and hashed as it is sealed."""
    return [seal(before, FACTS), seal(after, FACTS)]


def opened(words: str) -> str:
    """What was sealed among the facts."""
    return unseal(words, FACTS)


def timeline(session: Session, case_number: str) -> list[AuditEntry]:
    """Everything that happened to a case, first to last; who looked at it is kept beside (`viewings`)."""
    query = select(AuditEntry).where(AuditEntry.case_number == case_number, AuditEntry.act != Act.VIEW)
    return list(session.exec(query.order_by(col(AuditEntry.serial))))


def viewings(session: Session, case_number: str, limit: int = 50) -> list[AuditEntry]:
    """Who has looked at the personal data of the case, and why; the latest first."""
    query = select(AuditEntry).where(AuditEntry.case_number == case_number, AuditEntry.act == Act.VIEW)
    return list(session.exec(query.order_by(col(AuditEntry.serial).desc()).limit(limit)))


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
    return session.exec(query.order_by(col(AuditEntry.serial).desc()).limit(1)).one_or_none()


def handed_on_by(session: Session, item_number: str, department: str) -> AuditEntry | None:
    """The latest time this department handed the item on to another (转办)."""
    query = select(AuditEntry).where(
        AuditEntry.item_number == item_number,
        AuditEntry.act == Act.REASSIGN,
        col(AuditEntry.facts)["from"].astext == department,
    )
    return session.exec(query.order_by(col(AuditEntry.at).desc()).limit(1)).one_or_none()


def handed_on(session: Session, department: str, limit: int = 50) -> list[AuditEntry]:
    """What this department has handed on to others, the latest first."""
    query = select(AuditEntry).where(
        AuditEntry.act == Act.REASSIGN, col(AuditEntry.facts)["from"].astext == department
    )
    return list(session.exec(query.order_by(col(AuditEntry.at).desc()).limit(limit)))


def latest_urging(session: Session, items: Iterable[Item]) -> dict[str, AuditEntry]:
    """The manager's last word on each of these items that was urged (督办), by item number."""
    urged = [item for item in items if item.urged_at]
    if not urged:
        return {}
    query = select(AuditEntry).where(
        col(AuditEntry.case_number).in_({item.case_number for item in urged}),  # as the index has it
        col(AuditEntry.item_number).in_([item.number for item in urged]),
        AuditEntry.act == Act.URGE,
    )
    entries = session.exec(query.order_by(col(AuditEntry.serial)))
    return {entry.item_number: entry for entry in entries if entry.item_number}
