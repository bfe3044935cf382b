"""批量准予: which items somebody granted together, and what became of each; kept as it goes on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, col, select

from models.columns import moment
from models.table import Table


class Batch(Table, table=True):
    """One batch: its id comes from the form, so that the same form sent twice is one batch."""

    __tablename__ = "desk_batch"

    id: UUID = Field(primary_key=True)
    department_code: str = Field(foreign_key="department.code", max_length=32)
    username: str = Field(foreign_key="account.username", max_length=50)
    item_code: str = Field(max_length=16)
    opinion: str = Field(default="", max_length=2000)
    begun_at: datetime = Field(sa_column=moment(nullable=False))


class BatchItem(Table, table=True):
    """One item of a batch; it is written in the transaction that grants it."""

    __tablename__ = "desk_batch_item"

    batch_id: UUID = Field(foreign_key="desk_batch.id", primary_key=True)
    item_number: str = Field(foreign_key="item.number", primary_key=True, max_length=54)
    case_number: str = Field(max_length=50)
    revision: int  # of the case, as it was shown before it was confirmed
    granted: bool | None = None  # None: not its turn yet
    said: str = Field(default="", max_length=1000)  # why not


def keep_batch(session: Session, batch: Batch) -> bool:
    """Keep it unless this very form has begun one; the second of two clicks waits here for the first."""
    row = batch.model_dump()
    taken = insert(Batch).values(row).on_conflict_do_nothing().returning(col(Batch.id))
    return session.execute(taken).first() is not None


def batch_items(session: Session, batch_id: UUID) -> list[BatchItem]:
    """The items of a batch, by number."""
    query = select(BatchItem).where(BatchItem.batch_id == batch_id).order_by(col(BatchItem.item_number))
    return list(session.exec(query))


def lock_next(session: Session, batch_id: UUID) -> BatchItem | None:
    """The next item whose turn has not come, locked; None once there is none that nobody else has in hand."""
    query = select(BatchItem).where(BatchItem.batch_id == batch_id, col(BatchItem.granted).is_(None))
    query = query.order_by(col(BatchItem.item_number)).limit(1).with_for_update(skip_locked=True)
    return session.exec(query).one_or_none()
