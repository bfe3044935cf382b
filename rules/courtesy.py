"""How many messages that no law asks for may one person get in a day?"""

from datetime import datetime, time, timedelta

from rules.moments import CHINA, china_day


def day_begins(at: datetime) -> datetime:
    """Midnight in the hall before this moment."""
    return datetime.combine(china_day(at), time(), CHINA)


def put_off_until(sent_today: int, most: int, at: datetime) -> datetime | None:
    """When a courtesy may leave instead of now: the day after; None: now."""
    return None if sent_today < most else day_begins(at) + timedelta(days=1)
