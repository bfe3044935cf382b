"""Which heads did the files have on which day? Anchored and signed once a day, so that no last row goes unseen."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, select

from models.columns import moment
from models.table import Table
from rules.chaining import stamp

ONE_AT_A_TIME = 7_301_002  # advisory lock: two patrols anchor one after the other

# Cases whose file has grown since it was anchored last.
GROWN = """
SELECT c.number, c.audit_count, c.audit_head
  FROM case_file c
 WHERE c.audit_count > coalesce(
       (SELECT l.serial FROM audit_leaf l WHERE l.case_number = c.number ORDER BY l.serial DESC LIMIT 1), 0)
 ORDER BY c.number
"""
# Anchored entries that are no more, or that have another hash now.
TORN = """
SELECT l.anchor, l.case_number, l.serial
  FROM audit_leaf l
  LEFT JOIN audit_entry e ON e.case_number = l.case_number AND e.serial = l.serial
 WHERE e.hash IS DISTINCT FROM l.hash AND (:case = '' OR l.case_number = :case)
 ORDER BY l.case_number, l.serial
 LIMIT 1000
"""


class Anchor(Table, table=True):
    """锚点: one for all files that have grown since the last, tied to the anchor before, signed."""

    __tablename__ = "audit_anchor"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    made_at: datetime = Field(sa_column=moment(nullable=False))
    algorithm: str = Field(max_length=16)
    count: int
    root: str = Field(max_length=64)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)
    signature: str = Field(max_length=100)  # Ed25519 over the hash, base64url

    @property
    def said(self) -> dict[str, Any]:
        """What its hash is made over, and the hash and signature."""
        return self.model_dump() | {"made_at": stamp(self.made_at)}


class AnchorLeaf(Table, table=True):
    """One file in an anchor: so many entries, the last with this hash."""

    __tablename__ = "audit_leaf"
    __table_args__ = (Index("audit_leaf_of_anchor", "anchor", "case_number"),)

    case_number: str = Field(primary_key=True, max_length=50)
    serial: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    hash: str = Field(max_length=64)
    anchor: int = Field(foreign_key="audit_anchor.number")


def lock_anchors(session: Session) -> None:
    """One after the other."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})


def latest_anchor(session: Session) -> Anchor | None:
    """The last one made."""
    return session.exec(select(Anchor).order_by(col(Anchor.number).desc()).limit(1)).one_or_none()


def grown(session: Session) -> list[tuple[str, int, str]]:
    """Number, entries and head of every case that has grown since it was anchored; by number."""
    return [(row[0], row[1], row[2]) for row in session.execute(text(GROWN))]


def keep_anchor(session: Session, anchor: Anchor, leaves: list[tuple[str, int, str]]) -> None:
    """Write it down with its leaves."""
    session.add(anchor)
    session.flush()
    rows = [
        {"case_number": number, "serial": serial, "hash": head, "anchor": anchor.number}
        for number, serial, head in leaves
    ]
    if rows:
        session.execute(AnchorLeaf.__table__.insert(), rows)  # type: ignore[attr-defined]


def anchors(session: Session) -> Iterator[tuple[Anchor, list[tuple[str, int, str]]]]:
    """Every anchor with its leaves, first to last."""
    for anchor in session.exec(select(Anchor).order_by(col(Anchor.number))).all():
        yield anchor, leaves_of(session, anchor.number)


def leaves_of(session: Session, number: int) -> list[tuple[str, int, str]]:
    """The leaves of one anchor, in the order of its root."""
    query = select(AnchorLeaf.case_number, AnchorLeaf.serial, AnchorLeaf.hash).where(
        AnchorLeaf.anchor == number
    )
    return [(row[0], row[1], row[2]) for row in session.exec(query.order_by(col(AnchorLeaf.case_number)))]


def anchors_of_case(session: Session, case_number: str) -> list[int]:
    """In which anchors the case is, first to last."""
    query = (
        select(AnchorLeaf.anchor)
        .where(AnchorLeaf.case_number == case_number)
        .order_by(col(AnchorLeaf.serial))
    )
    return list(session.exec(query))


def torn(session: Session, case_number: str = "") -> list[tuple[int, str, int]]:
    """Anchor, case and entry where the record no longer is what was anchored."""
    return [(row[0], row[1], row[2]) for row in session.execute(text(TORN), {"case": case_number})]


def anchor_numbered(session: Session, number: int) -> Anchor:
    """The anchor of this number."""
    return session.get_one(Anchor, number)
