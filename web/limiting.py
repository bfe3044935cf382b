"""Who tries too often? Counted by address or account in the record, for all web processes together."""

from datetime import datetime, timedelta

from models.attempt import attempts, forget_attempts, note_attempt, one_at_a_time
from models.database import transaction
from rules.errors import Refused

FAILURES, WITHIN = 10, timedelta(minutes=10)


class TooOften(Refused):
    """查询失败次数过多，请 10 分钟后再试，或到窗口查询。"""


class TooMany(TooOften):
    """提交得太频繁，请 10 分钟后再试，或到窗口当面反映。"""


class Guesses:
    """Wrong guesses of late, by address; or whatever else one may do only so often.

    Each in a transaction of its own: that of the page is undone when it says no.
    """

    def __init__(self, purpose: str, refusal: type[TooOften] = TooOften) -> None:
        self._purpose, self._refusal = purpose, refusal

    def must_be_few(self, address: str, at: datetime) -> None:
        """Raise TooOften after too many wrong guesses."""
        with transaction() as session:
            made = attempts(session, self._purpose, address, at - WITHIN)
        if made >= FAILURES:
            raise self._refusal

    def count(self, address: str, at: datetime) -> None:
        """One more wrong guess; those long past are forgotten."""
        with transaction() as session:
            forget_attempts(session, self._purpose, at - WITHIN)
            note_attempt(session, self._purpose, address, at)


class Rate:
    """So many acts of one kind within a time, by address; whoever does more waits."""

    def __init__(self, purpose: str, most: int, within: timedelta, sentence: str) -> None:
        self._purpose, self._most, self._within, self._sentence = purpose, most, within, sentence

    def take(self, address: str, at: datetime) -> None:
        """Count one more, or raise TooOften."""
        with transaction() as session:
            one_at_a_time(session, self._purpose, address)
            forget_attempts(session, self._purpose, at - self._within)
            if attempts(session, self._purpose, address, at - self._within) >= self._most:
                raise TooOften(self._sentence)
            note_attempt(session, self._purpose, address, at)
