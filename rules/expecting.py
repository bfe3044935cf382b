"""When will it be done, going by what the last cases took? Said only when there are enough to say it of."""

from collections.abc import Sequence
from dataclasses import dataclass

FEWEST = 20  # concluded cases; of fewer nothing honest can be said


@dataclass(frozen=True)
class Expectation:
    """Working days from acceptance: half of the cases took no longer than the one, four of five than the other."""

    cases: int
    half: int
    most: int


def expectation(days: Sequence[int]) -> Expectation | None:
    """From the working days the last cases took."""
    if len(days) < FEWEST:
        return None
    ordered = sorted(days)
    return Expectation(len(ordered), _share(ordered, 50), _share(ordered, 80))


def _share(ordered: Sequence[int], percent: int) -> int:
    """The smallest number of days within which at least so many per cent were done."""
    return ordered[-(-len(ordered) * percent // 100) - 1]
