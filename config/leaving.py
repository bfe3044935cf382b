"""When may a notice leave this installation? At once, after waiting for company, or when people are up."""

from datetime import datetime, timedelta

from config.calendars import calendar_for
from config.settings import settings
from rules.merging import waits_for_company
from rules.notices import Event
from rules.quiet_hours import is_quiet, last_waking, may_wait, next_waking


def leaves_at(event: Event, *, statutory: bool, at: datetime) -> datetime:
    """When a notice queued now may leave first."""
    if not may_wait(event, statutory=statutory):
        return at
    window = settings().merge_minutes if waits_for_company(event, statutory=statutory) else 0
    return waking(at + timedelta(minutes=window))


def could_leave_by(at: datetime) -> datetime:
    """Until when was a courtesy queued that could leave by `at`? The mirror of `leaves_at`."""
    up = last_waking(at, calendar_for(settings().region)) if settings().quiet_hours else at
    return up - timedelta(minutes=settings().merge_minutes)


def tries_again_at(event: Event, *, statutory: bool, when: datetime) -> datetime:
    """When a notice that failed is tried again, if `when` would be its turn: nobody is woken by a second try."""
    return waking(when) if may_wait(event, statutory=statutory) else when


def merges() -> bool:
    """Do decisions of one stage travel together here?"""
    return settings().merge_minutes > 0


def quiet_now(at: datetime) -> bool:
    """Does what can wait have to wait at this moment?"""
    return settings().quiet_hours and is_quiet(at, calendar_for(settings().region))


def waking(at: datetime) -> datetime:
    """This moment, or the next at which a courtesy may reach people."""
    return next_waking(at, calendar_for(settings().region)) if settings().quiet_hours else at
