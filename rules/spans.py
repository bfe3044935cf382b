"""From which day to which? Both ends count; days are days in China."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from rules.moments import CHINA


@dataclass(frozen=True)
class Span:
    """Days, both ends counted in."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """From the first midnight up to, not including, the last."""
        return (
            datetime.combine(self.first, time(), CHINA),
            datetime.combine(self.last + timedelta(days=1), time(), CHINA),
        )
