"""Which share of a channel's messages does each of two gateways have? Moved by one sender at a time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from models.telling import Provider
from rules.notices import Channel


def lock_providers(
    session: Session, channel: Channel, main: str, backup: str, *, resting: int, at: datetime
) -> tuple[Provider, Provider]:
    """The rows of the two, locked until the transaction ends; made on first sight, at rest."""
    fresh = [
        {"name": name, "channel": channel, "priority": share, "changed_at": at, "reason": ""}
        for name, share in ((main, resting), (backup, 100 - resting))
    ]
    session.execute(insert(Provider).values(fresh).on_conflict_do_nothing())
    query = select(Provider).where(col(Provider.name).in_((main, backup))).order_by(col(Provider.name))
    rows = {
        row.name: row
        for row in session.exec(query.with_for_update().execution_options(populate_existing=True))
    }
    return rows[main], rows[backup]


def providers(session: Session) -> Sequence[Provider]:
    """Both gateways of every channel that has two, as the managers see them."""
    return session.exec(select(Provider).order_by(col(Provider.channel), col(Provider.name))).all()
