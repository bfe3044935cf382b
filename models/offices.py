"""By which office's hours does a clock run? By those of the department that has the item; else by the hall's."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from config.calendars import calendar_for
from config.catalogue import departments
from config.settings import settings
from models.case import Item
from rules.calendar import WorkCalendar
from rules.office_hours import OfficeHours


def office_calendar(department_code: str) -> WorkCalendar:
    """The calendar of this installation's region with the hours of the department."""
    return calendar_for(settings().region, hours=departments()[department_code].office_hours)


def office_calendars(session: Session, case_numbers: Iterable[str]) -> dict[str, WorkCalendar]:
    """Item number -> calendar, for the items that lie with a department of other hours than the hall's."""
    others = [code for code, spec in departments().items() if spec.office_hours != OfficeHours()]
    if not others:
        return {}
    query = select(Item.number, Item.department_code).where(
        col(Item.case_number).in_(list(case_numbers)), col(Item.department_code).in_(others)
    )
    return {number: office_calendar(code) for number, code in session.exec(query)}
