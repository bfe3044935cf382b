"""Who guesses too often? Failures by address, kept by this process and lost with it, which harms nobody."""

from datetime import datetime, timedelta
from threading import Lock

from rules.errors import Refused

FAILURES, WITHIN = 10, timedelta(minutes=10)
MOST_ADDRESSES = 1000  # remembered before those long past are forgotten


class TooOften(Refused):
    """查询失败次数过多，请 10 分钟后再试，或到窗口查询。"""


class TooMany(TooOften):
    """提交得太频繁，请 10 分钟后再试，或到窗口当面反映。"""


class Guesses:
    """Wrong guesses of late, by address; or whatever else one may do only so often."""

    def __init__(self, refusal: type[TooOften] = TooOften) -> None:
        self._refusal = refusal
        self._moments: dict[str, list[datetime]] = {}
        self._lock = Lock()

    def must_be_few(self, address: str, at: datetime) -> None:
        """Raise TooOften after too many wrong guesses."""
        with self._lock:
            recent = [moment for moment in self._moments.get(address, ()) if moment > at - WITHIN]
        if len(recent) >= FAILURES:
            raise self._refusal

    def count(self, address: str, at: datetime) -> None:
        """One more wrong guess; those long past are forgotten."""
        with self._lock:
            recent = {
                who: kept
                for who, moments in self._moments.items()
                if (kept := [moment for moment in moments if moment > at - WITHIN])
            }
            recent.setdefault(address, []).append(at)
            self._moments = recent


class Rate:
    """So many acts of one kind within a time, by address; whoever does more waits."""

    def __init__(self, most: int, within: timedelta, sentence: str) -> None:
        self._most, self._within, self._sentence = most, within, sentence
        self._moments: dict[str, list[datetime]] = {}
        self._lock = Lock()

    def take(self, address: str, at: datetime) -> None:
        """Count one more, or raise TooOften."""
        with self._lock:
            if len(self._moments) > MOST_ADDRESSES:
                self._moments = {
                    who: kept for who, kept in self._moments.items() if kept[-1] > at - self._within
                }
            recent = [moment for moment in self._moments.get(address, ()) if moment > at - self._within]
            if len(recent) >= self._most:
                raise TooOften(self._sentence)
            self._moments[address] = [*recent, at]
