"""Which limits does the law set beside the item's own, and from when do they run (R4, R5, R11, R12, R15)?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from rules.bundle import Bundle, ItemSpec, Limit, Unit
from rules.calendar import WorkCalendar, due_date
from rules.clock import Clock, ClockKind, Due, due_of
from rules.moments import china_day

LICENCE = "01"  # GB/T 39046-2020 A.1: 行政许可

NOTICE = Limit(5, Unit.WORKING_DAY, "行政许可法 32(1)(4)", "C")
DELIVERY = Limit(10, Unit.WORKING_DAY, "行政许可法 44", "C")
JOINT = Limit(45, Unit.WORKING_DAY, "行政许可法 42 ¶2", "C", extend=15)


@dataclass(frozen=True)
class Deemed:
    """视为受理: nobody said in time what was missing, so the case was accepted when it came in."""

    at: datetime  # when the law accepts it: close of business on the last day for the notice
    accepted_on: date  # back-dated to the day of receipt


def received_at(at: datetime, calendar: WorkCalendar, *, strict: bool = True) -> datetime:
    """收件. Strictly when it arrives (电子签名法 art. 11), Saturdays too; else when the next working day opens."""
    day = china_day(at)
    if strict or calendar.is_working(day):
        return at
    return calendar.hours.opens(due_date(1, day, calendar))


def notice_clock(received: datetime) -> Clock:
    """From receipt, while the clerk may still tell the applicant what is missing."""
    return Clock(NOTICE, received, kind=ClockKind.NOTICE)


def delivery_clock(granted: datetime) -> Clock:
    """From each grant, whatever its siblings still wait for."""
    return Clock(DELIVERY, granted, kind=ClockKind.DELIVERY)


def notice_due(received: date, calendar: WorkCalendar) -> date:
    return due_date(NOTICE.n, received, calendar)


def delivery_due(granted: date, calendar: WorkCalendar) -> date:
    return due_date(DELIVERY.n, granted, calendar)


def deemed_acceptance(received: date, calendar: WorkCalendar) -> Deemed:
    """What happens by itself if no notice goes out (domain R5)."""
    return Deemed(calendar.hours.closes(notice_due(received, calendar)), accepted_on=received)


def statutory_start(accepted: datetime, complete: datetime | None) -> datetime:
    """A clerk gains no days by sitting on a complete file: the earlier of the two (domain R4)."""
    return min(accepted, complete) if complete else accepted


def works_to(promised: Due, statutory: Due | None) -> Due:
    """The date the desk works to: the earlier of promise and law (domain R11). Standing still, neither."""
    running = [due for due in (promised, statutory) if due and due.day]
    return min(running, key=lambda due: due.day or date.max, default=promised)


def bundle_limit(
    bundle: Bundle, items: Iterable[ItemSpec], *, start: datetime, calendar: WorkCalendar
) -> Limit | None:
    """45 working days where two departments' licences are handled jointly, else the longest of the items.

    `items` are those the case still calls for: with one licence left the joint limit is gone (domain R12).
    """
    called_for = tuple(items)
    licensing = {item.department for item in called_for if item.item_type == LICENCE}
    if bundle.joint_licence and len(licensing) >= 2:
        return bundle.legal or JOINT
    own = [item.legal for item in called_for if item.legal]
    return max(own, key=lambda limit: _length(limit, start, calendar), default=None)


def _length(limit: Limit, start: datetime, calendar: WorkCalendar) -> float:
    """Limits of different units compare by when they would run out."""
    at = due_of(Clock(limit, start), calendar).at
    return at.timestamp() if at else 0.0
