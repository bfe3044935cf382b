"""文书: the papers of a case. Numbered in the transaction that causes them, written out and signed right after."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, col, select

from models.case import Case
from models.columns import code, document, moment, one_of
from models.table import Table
from rules.documents import DocumentKind, document_kind
from rules.errors import NotFound
from rules.notices import Event

SECRET = frozenset({"query_code"})  # told to the applicant alone


class Document(Table, table=True):
    """One paper. What it says is fixed once it is written out; a revoked one stays, and says so."""

    __tablename__ = "document"
    __table_args__ = (
        one_of("kind", DocumentKind),
        # What the writer asks: which papers are still to be written out?
        Index("document_unwritten", "number", postgresql_where=text("digest = ''")),
    )

    number: str = Field(primary_key=True, max_length=60)  # <case>-SL1
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    item_number: str = Field(default="", max_length=54)
    kind: DocumentKind = Field(sa_column=code(DocumentKind))
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=document())  # what was so at that moment
    issued_at: datetime = Field(sa_column=moment(nullable=False))
    issuer: str = Field(default="", max_length=200)
    paragraphs: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    digest: str = Field(default="", max_length=64)  # of everything it says; '' until it is written out
    signature: str = Field(default="", max_length=100)  # Ed25519, base64url
    revoked_at: datetime | None = Field(default=None, sa_column=moment())
    revoked_because: str = Field(default="", max_length=2000)


def keep_document(
    session: Session, case: Case, event: Event, about: str, facts: dict[str, Any], *, at: datetime
) -> None:
    """Number the paper that comes with this event, if one does. The caller holds the lock of the case."""
    kind = document_kind(event, facts)
    if kind is None:
        return
    item, serial = about.split("/")[0], f"{case.number}-"
    session.add(
        Document(
            number=_number(case, kind, about),
            case_number=case.number,
            item_number=item if item.startswith(serial) and item.removeprefix(serial).isdigit() else "",
            kind=kind,
            facts={name: value for name, value in facts.items() if name not in SECRET},
            issued_at=at,
        )
    )


def _number(case: Case, kind: DocumentKind, about: str) -> str:
    """A notice that has a number of its own keeps it on paper (<case>-BZ3).

    Otherwise it carries the case's revision: that grows with every act, and nothing need be counted.
    """
    own = f"{case.number}-{kind.value}"
    return about if about.startswith(own) else f"{own}{case.revision}"


def revoke_documents(
    session: Session,
    case_number: str,
    item_number: str,
    kinds: Iterable[DocumentKind],
    *,
    because: str,
    at: datetime,
) -> None:
    """What they say stands no more: shown wherever they are looked up. '' is no item but the case as a whole."""
    standing = select(Document).where(
        Document.case_number == case_number,
        Document.item_number == item_number,
        col(Document.kind).in_(list(kinds)),
        col(Document.revoked_at).is_(None),
    )
    for one in session.exec(standing):
        one.revoked_at, one.revoked_because = at, because


def documents_of(session: Session, case_number: str) -> list[Document]:
    """The papers of a case, first to last."""
    query = select(Document).where(Document.case_number == case_number)
    return list(session.exec(query.order_by(col(Document.issued_at), col(Document.number))))


def standing_refusals(session: Session, case_number: str) -> list[Document]:
    """The decisions that refuse, and were not undone: they are handed over too (art. 38)."""
    papers = documents_of(session, case_number)
    return [one for one in papers if one.kind is DocumentKind.REFUSAL and not one.revoked_at]


def find_document(session: Session, number: str) -> Document:
    """The paper of this number."""
    found = session.get(Document, number)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的文书。")
    return found


def lock_document(session: Session, number: str) -> Document:
    """The paper, locked until the transaction ends: it is written out once."""
    query = select(Document).where(Document.number == number).with_for_update()
    found = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(f"没有编号为 {number} 的文书。")
    return found


def unwritten(session: Session, after: str, limit: int) -> list[str]:
    """Papers that are numbered and not yet written out, by their numbers, those that follow this one."""
    query = select(Document.number).where(Document.digest == "", col(Document.number) > after)
    return list(session.exec(query.order_by(col(Document.number)).limit(limit)))
