"""How often did somebody try of late? Counted in the record: for all web processes together, on whatever machine."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Identity, Index, delete, func, text
from sqlmodel import Field, Session, col, select

from models.columns import moment
from models.sealing import lookup
from models.table import Table


class Attempt(Table, table=True):
    """One try: a wrong guess, or whatever else one may do only so often."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index("attempt_of_late", "purpose", "who", "at"),
        Index("attempt_long_past", "purpose", "at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    purpose: str = Field(max_length=40)
    who: str = Field(max_length=64)  # keyed hash of the address or account
    at: datetime = Field(sa_column=moment(nullable=False))


def attempts(session: Session, purpose: str, who: str, since: datetime) -> int:
    """How many there were after this moment."""
    mine = (Attempt.purpose == purpose, Attempt.who == _hash(who), col(Attempt.at) > since)
    return session.exec(select(func.count()).select_from(Attempt).where(*mine)).one()


def note_attempt(session: Session, purpose: str, who: str, at: datetime) -> None:
    """One more."""
    session.add(Attempt(purpose=purpose, who=_hash(who), at=at))


def forget_attempts(session: Session, purpose: str, before: datetime) -> None:
    """Those of anybody that count no longer."""
    session.execute(delete(Attempt).where(col(Attempt.purpose) == purpose, col(Attempt.at) <= before))


def one_at_a_time(session: Session, purpose: str, who: str) -> None:
    """Whoever tries the same at the same moment waits until this transaction ends."""
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
    session.execute(lock, {"key": f"attempt {purpose} {_hash(who)}"})


def _hash(who: str) -> str:
    return lookup("attempt", who)
