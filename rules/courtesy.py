"""How many messages that no law asks for may one person get in a day?"""

from datetime import datetime, time, timedelta

from rules.moments import CHINA, china_day

MOST_A_DAY = 10  # source: assumption
MORNING = time(8, 0)  # the quiet hours end


def put_off_until(sent_today: int, statutory: bool, most: int, at: datetime) -> datetime | None:
    """When a message may leave instead of now; None: now. What the law wants told never waits."""
    if statutory or sent_today < most:
        return None
    return datetime.combine(china_day(at) + timedelta(days=1), MORNING, CHINA)
