"""导出记录: who took which list out of the platform, and when?"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Identity
from sqlmodel import Field, Session, col, select

from models.columns import moment
from models.leaf import Leaf, leaf_of
from models.table import Table


class ListExport(Table, table=True):
    """One list taken out as a table."""

    __tablename__ = "list_export"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    username: str = Field(foreign_key="account.username", max_length=50)
    list_name: str = Field(max_length=100)
    narrowed: str = Field(default="", max_length=1000)  # the filters, as in the address
    at: datetime = Field(sa_column=moment(nullable=False))


def keep_export(session: Session, username: str, list_name: str, narrowed: str, *, at: datetime) -> None:
    """Write down that this person takes this list out."""
    session.add(ListExport(username=username, list_name=list_name, narrowed=narrowed[:1000], at=at))


def exports(session: Session, page: int = 1) -> Leaf[ListExport]:
    """What was taken out, the latest first."""
    query = select(ListExport).order_by(col(ListExport.id).desc())
    return leaf_of(session, query, page)
