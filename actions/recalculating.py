"""期限重算: a new holiday table has arrived; the open clocks it touches are dated anew (R16)."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from actions.dating import redate
from actions.deferring import move_promised
from actions.moving import record
from models.case import Case, Item, items_of, lock_case
from models.clock import ClockRow, clocks_in_play
from models.notice import queue_notice
from rules.clock import APPLICANTS, ClockKind
from rules.notices import Event
from rules.states import Act

TOLD = frozenset({ClockKind.PROMISED, ClockKind.STATUTORY})  # of the case, with its acceptance


def recalculate(session: Session, number: str, *, by: str, at: datetime) -> int:
    """Date the case's running clocks anew; say how many moved. Old and new dates are on the file."""
    case = lock_case(session, number)
    items = {item.number: item for item in items_of(session, number)}
    before = {row.id: (row.due_on, row.provisional) for row in clocks_in_play(session, number)}
    return sum(
        _moved(session, case, items.get(row.item_number), row, before, by, at)
        for row in redate(session, case, items.values())
    )


def _moved(
    session: Session,
    case: Case,
    item: Item | None,
    row: ClockRow,
    before: dict[UUID, tuple[date | None, bool]],
    by: str,
    at: datetime,
) -> bool:
    old, was_provisional = before[row.id]
    if (row.due_on, row.provisional) == (old, was_provisional):
        return False
    facts = {
        "clock": row.kind.label,
        "old": old.isoformat() if old else None,
        "new": row.due_on.isoformat() if row.due_on else None,
        "provisional": row.provisional,
    }
    record(session, case, Act.RECALCULATE, by=by, at=at, item=item, facts=facts)
    if row.due_on == old:
        return False
    if row.kind is ClockKind.DEFERRAL:
        move_promised(session, case, row)
    if _was_told(item, row):
        about = f"{row.kind.value}/{case.revision}"  # a date may move to and fro: each move is told
        whose = {"item": item.name if item else None, "yours": row.kind in APPLICANTS}
        queue_notice(session, case, Event.DATE_MOVED, about=about, facts=facts | whose, at=at)
    return True


def _was_told(item: Item | None, row: ClockRow) -> bool:
    """Does the applicant know the day: of the case, of what they owe themselves, of an item that was extended?"""
    if row.kind in APPLICANTS:
        return True
    return row.kind in TOLD if item is None else row.kind is ClockKind.STATUTORY and row.extended_n > 0
