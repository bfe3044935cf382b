"""What must be said beside a line on a department's desk: at once, just come, a promised paper that never came."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session

from config.calendars import calendar_for
from config.settings import settings
from models.version import bundle_of_version
from models.worklists import AtDesk, papers_overdue
from rules.bundle import Unit
from rules.moments import china_day
from rules.selecting import promise_of

Mark = tuple[str, str]  # the word, and how it looks


def marks_of(db: Session, rows: Sequence[AtDesk], *, at: datetime) -> dict[str, list[Mark]]:
    """The marks of a page of the desk, by item number."""
    overdue = papers_overdue(db, {row.case.number for row in rows}, china_day(at))
    since = _last_working_day(china_day(at))
    found: dict[str, list[Mark]] = {}
    for row in rows:
        spec = bundle_of_version(db, row.case.bundle_digest).item(row.item.code)
        said = {
            ("即办", "warn"): promise_of(spec, row.case.answers).unit is Unit.IMMEDIATE,
            ("新到", "info"): _is_new(row, since),
            ("容缺材料逾期未补，请决定", "bad"): bool(
                overdue.get(row.case.number, set()) & set(spec.materials)
            ),
        }
        found[row.item.number] = [mark for mark, holds in said.items() if holds]
    return found


def _is_new(row: AtDesk, since: date) -> bool:
    """Came today or on the working day before, and nobody has taken it up.

    Nobody signs for having read a line, so the desk does not guess who has: what came on Friday evening is still
    new on Monday, and what a colleague has claimed is not.
    """
    came = row.item.handed_over_at
    return came is not None and china_day(came) >= since and not row.item.assignee


def _last_working_day(today: date) -> date:
    calendar = calendar_for(settings().region)
    day = today - timedelta(days=1)
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return day
