"""群通报: what the groups of the staff are told once a day; numbers only, nobody's name."""

from datetime import date, datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, col, select

from models.columns import moment
from models.table import Table


class Bulletin(Table, table=True):
    """One day: once."""

    __tablename__ = "bulletin"

    day: date = Field(primary_key=True)
    subject: str = Field(max_length=200)
    body: str
    # When to try (again); while it is being sent: until when the sender has it. NULL: nothing more to do.
    next_try_at: datetime | None = Field(default=None, sa_column=moment())
    attempts: int = 0
    sent_at: datetime | None = Field(default=None, sa_column=moment())
    error: str = Field(default="", max_length=500)


def has_bulletin(session: Session, day: date) -> bool:
    """Has it been written for this day?"""
    return session.get(Bulletin, day) is not None


def keep_bulletin(session: Session, bulletin: Bulletin) -> bool:
    """Keep it unless there is one for the day already: two patrols at once write one."""
    row = insert(Bulletin).values(bulletin.model_dump()).on_conflict_do_nothing().returning(col(Bulletin.day))
    return session.execute(row).first() is not None


def claim_bulletin(session: Session, *, at: datetime, lease: timedelta) -> Bulletin | None:
    """One that has to leave, now ours to send until the lease lapses; None when there is none."""
    due = (
        select(Bulletin)
        .where(col(Bulletin.next_try_at) <= at)
        .order_by(col(Bulletin.day))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    bulletin = session.exec(due).one_or_none()
    if bulletin is not None:
        bulletin.attempts += 1
        bulletin.next_try_at = at + lease
    return bulletin


def lock_bulletin(session: Session, day: date) -> Bulletin:
    """The bulletin, locked until the transaction ends."""
    query = select(Bulletin).where(Bulletin.day == day).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()
