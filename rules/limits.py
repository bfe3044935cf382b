"""Which limits does the law set beside the item's own, and from when do they run (R4, R5, R11, R12, R15)?"""

from collections.abc import Iterable
from datetime import date, datetime

from rules.bundle import Bundle, ItemSpec, Limit, Unit
from rules.calendar import WorkCalendar, due_date
from rules.clock import Clock, Due, due_of
from rules.moments import china_day

LICENCE = "01"  # GB/T 39046-2020 A.1: 行政许可
PUBLIC_SERVICE = "20"  # the same: 公共服务, no administrative act

NOTICE = Limit(5, Unit.WORKING_DAY, "行政许可法第三十二条第一款第（四）项", "[C]")
DELIVERY = Limit(10, Unit.WORKING_DAY, "行政许可法第四十四条", "[C]")
JOINT = Limit(45, Unit.WORKING_DAY, "行政许可法第四十二条第二款", "[C]", extend=15)


def received_at(at: datetime, calendar: WorkCalendar, *, strict: bool = True) -> datetime:
    """收件. Strictly when it arrives (电子签名法 art. 11), Saturdays too; else when the next working day opens."""
    day = china_day(at)
    if strict or calendar.is_working(day):
        return at
    return calendar.hours.opens(due_date(1, day, calendar))


def notice_due(received: date, calendar: WorkCalendar) -> date:
    return due_date(NOTICE.n, received, calendar)


def deemed_acceptance(received: date, calendar: WorkCalendar) -> datetime:
    """视为受理: nobody said in time what was missing, so at this moment it counts as accepted on `received` (R5)."""
    return calendar.hours.closes(notice_due(received, calendar))


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
    if is_joint(bundle, called_for):
        return bundle.legal or JOINT
    own = [item.legal for item in called_for if item.legal]
    return max(own, key=lambda limit: _length(limit, start, calendar), default=None)


def is_joint(bundle: Bundle, items: Iterable[ItemSpec]) -> bool:
    """Are licences of two or more departments handled jointly (art. 26), so that the law's joint limit holds?"""
    licensing = {item.department for item in items if item.item_type == LICENCE}
    return bundle.joint_licence and len(licensing) >= 2


def _length(limit: Limit, start: datetime, calendar: WorkCalendar) -> float:
    """Limits of different units compare by when they would run out."""
    at = due_of(Clock(limit, start), calendar).at
    return at.timestamp() if at else 0.0
