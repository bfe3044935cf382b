"""How do clocks stop? In one statement, whichever of them run."""

from datetime import datetime

from sqlalchemy import bindparam, case, null, update
from sqlmodel import Session

from models.clock import ClockRow
from rules.clock import ClockKind

# Every decision asks it: put together once, and of the table. Of the class, SQLAlchemy would look through whatever was
# read before, which costs as much as five questions.
_CLOCKS = ClockRow.__table__  # type: ignore[attr-defined]
_STOP = (
    update(_CLOCKS)
    .where(
        _CLOCKS.c.case_number == bindparam("of_case"),
        _CLOCKS.c.item_number == bindparam("of_item"),
        _CLOCKS.c.stopped_at.is_(None),
    )
    .values(
        stopped_at=bindparam("at"),
        next_rung_at=case((_CLOCKS.c.next_rung_at <= bindparam("at"), _CLOCKS.c.next_rung_at), else_=null()),
    )
)
_STOP_KIND = _STOP.where(_CLOCKS.c.kind == bindparam("of_kind"))


def stop_running(
    session: Session, case_number: str, item_number: str, kind: ClockKind | None, *, at: datetime
) -> None:
    """Stop the clocks of the case or of one item; a rung reached before this moment is still to be fired."""
    if any(isinstance(row, ClockRow) for row in (*session.new, *session.dirty)):
        session.flush()  # one that was started a moment ago stops too
    which = {"of_case": case_number, "of_item": item_number, "at": at}
    session.execute(_STOP_KIND if kind else _STOP, which | ({"of_kind": kind} if kind else {}))
    for row in session.identity_map.values():
        if isinstance(row, ClockRow):
            session.expire(row)  # whoever holds one reads it anew
