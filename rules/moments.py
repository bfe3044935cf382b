"""Which day is it in the hall? Moments are UTC in the code; days are days in Asia/Shanghai."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


def china_day(at: datetime) -> date:
    """The calendar day in China at this moment."""
    return at.astimezone(CHINA).date()


def china_date(day: date) -> str:
    """The day as a paper states it, always with its year: 2026年3月6日."""
    return f"{day.year}年{day.month}月{day.day}日"


def china_text(at: datetime) -> str:
    """The moment as people read it: 2026-03-06 16:50 (Asia/Shanghai)."""
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"
