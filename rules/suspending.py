"""Which days does a special procedure take out of a limit, and of which limits?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from rules.errors import Refused

# 行政许可法 art. 45: only the time these need is left out of a limit set by law (domain R7).
ARTICLE_45 = frozenset({"听证", "招标", "拍卖", "检验", "检测", "检验检测", "检疫", "鉴定", "专家评审"})

Pause = tuple[date, date | None]  # after the first day, up to and including the second; None: not ended yet


@dataclass(frozen=True)
class Suspension:
    """特别程序. The day it starts still counts; the days after it, up to its end, do not (domain R6).

    `rounded_up`: the day it starts is left out too, as offices have it that round the part of a day up (assumption).
    """

    start: date
    end: date | None  # None: still going on
    kind: str = "特别程序"
    approver: str = ""
    stops_statutory: bool = True
    stops_promised: bool = True
    rounded_up: bool = False

    def __post_init__(self) -> None:
        if self.end and self.end < self.start:
            raise Refused(f"{self.kind}的结束日期 {self.end} 早于开始日期 {self.start}，请核对。")

    @property
    def after(self) -> date:
        """The last day before it that counts."""
        return self.start - timedelta(days=1) if self.rounded_up else self.start

    def leaves_out(self, day: date) -> bool:
        return self.after < day and (self.end is None or day <= self.end)


def pauses(stops: Iterable[Suspension]) -> list[Pause]:
    """The union of the special procedures, in order: a day is left out once, however many cover it."""
    merged: list[Pause] = []
    for stop in sorted(stops, key=lambda stop: stop.after):
        begin, end = merged[-1] if merged else (stop.after, stop.after)
        if merged and (end is None or stop.after <= end):
            merged[-1] = (begin, None if end is None or stop.end is None else max(end, stop.end))
        else:
            merged.append((stop.after, stop.end))
    return merged
