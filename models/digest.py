"""监察日报: what a person is told of supervision once a day, however many cards there were."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, col, select

from models.columns import moment
from models.table import Table


class Digest(Table, table=True):
    """One person, one day: once."""

    __tablename__ = "digest"
    __table_args__ = (
        # What the patrol asks: which digests have still to leave?
        Index("digest_due", "next_try_at", postgresql_where=text("next_try_at IS NOT NULL")),
    )

    day: date = Field(primary_key=True)
    username: str = Field(foreign_key="account.username", primary_key=True, max_length=50)
    subject: str = Field(max_length=200)
    body: str
    address: str = Field(default="", max_length=200)  # empty: it is read at the desk only
    composed_at: datetime = Field(sa_column=moment(nullable=False))
    # When to try (again); while it is being sent: until when the sender has it. NULL: nothing more to do.
    next_try_at: datetime | None = Field(default=None, sa_column=moment())
    attempts: int = 0
    sent_at: datetime | None = Field(default=None, sa_column=moment())
    error: str = Field(default="", max_length=500)


def digests_composed(session: Session, day: date) -> bool:
    """Have the digests of this day been written?"""
    return session.exec(select(Digest.username).where(Digest.day == day).limit(1)).first() is not None


def keep_digests(session: Session, digests: Iterable[Digest]) -> int:
    """Keep those that are not there yet: two patrols at once write each once. Says how many are new."""
    kept = 0
    for digest in digests:
        row = insert(Digest).values(digest.model_dump()).on_conflict_do_nothing().returning(col(Digest.day))
        kept += session.execute(row).first() is not None
    return kept


def claim_digest(session: Session, *, at: datetime, lease: timedelta) -> Digest | None:
    """The next digest that has to leave, now ours to send until the lease lapses; None when there is none."""
    due = (
        select(Digest)
        .where(col(Digest.next_try_at) <= at)
        .order_by(col(Digest.next_try_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    digest = session.exec(due).one_or_none()
    if digest is not None:
        digest.attempts += 1
        digest.next_try_at = at + lease
    return digest


def lock_digest(session: Session, day: date, username: str) -> Digest:
    """The digest, locked until the transaction ends."""
    query = select(Digest).where(Digest.day == day, Digest.username == username).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def latest_digest(session: Session, username: str) -> Digest | None:
    """What this person was told last."""
    query = select(Digest).where(Digest.username == username).order_by(col(Digest.day).desc()).limit(1)
    return session.exec(query).one_or_none()
