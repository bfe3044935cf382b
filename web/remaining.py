"""How much time is left, in the words of the hall? Working days; the date beside it, colour never alone."""

from dataclasses import dataclass
from datetime import date

from actions.dating import hall_calendar

NEAR = 2  # working days: from here on the desk is warned by colour and word


@dataclass(frozen=True)
class Remaining:
    """Words for people, a level for the colour."""

    words: str
    level: str  # late | near | fine


def remaining(due: date | None, today: date) -> Remaining | None:
    """What a list says of a date; nothing where no date runs."""
    if due is None:
        return None
    days = hall_calendar().working_days_between(today, due)
    if due < today:
        late = hall_calendar().working_days_between(due, today)
        return Remaining(f"已超期 {late} 个工作日" if late else "已超期", "late")
    if due == today:
        return Remaining("今天到期", "near")
    if days == 0:
        return Remaining("剩余不足 1 个工作日", "near")
    return Remaining(f"剩 {days} 个工作日", "near" if days <= NEAR else "fine")
