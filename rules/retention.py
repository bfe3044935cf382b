"""Until when is the personal data of a case kept? Years from the day it was put away (个人信息保护法 19, 47)."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Retention:
    """保存期限 of a bundle. No law fixes one for all case files; archive rules of the place may."""

    years: int = 10
    source: str = "assumption"


def kept_until(archived_on: date, retention: Retention) -> date:
    """The first day on which it may be erased; put away on 29 February, it is 1 March of a common year."""
    try:
        return archived_on.replace(year=archived_on.year + retention.years)
    except ValueError:
        return date(archived_on.year + retention.years, 3, 1)
