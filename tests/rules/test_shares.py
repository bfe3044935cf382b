"""When does work move from one gateway to the other, and when does it stay?"""

from datetime import UTC, datetime, timedelta

import pytest

from rules.courtesy import put_off_until
from rules.shares import DRIFT_EVERY, MOVE_AT_MOST_EVERY, Seen, moved, takes_it

WELL, ILL, FEW, QUIET = Seen(20, 2), Seen(20, 6), Seen(4, 4), Seen()
MINUTE = MOVE_AT_MOST_EVERY


@pytest.mark.parametrize(
    ("share", "main", "backup", "since", "after"),
    [
        (80, ILL, WELL, MINUTE, 70),
        (80, ILL, QUIET, MINUTE, 70),
        (80, ILL, WELL, MINUTE - timedelta(seconds=1), 80),  # at most once a minute
        (80, FEW, WELL, MINUTE, 80),  # four may be chance
        (80, ILL, ILL, timedelta(hours=1), 80),  # nowhere is better: stay, do not flap
        (80, WELL, ILL, MINUTE, 90),
        (95, WELL, ILL, MINUTE, 100),
        (5, ILL, WELL, MINUTE, 0),
        (0, ILL, WELL, MINUTE, 0),
        (20, WELL, WELL, DRIFT_EVERY, 30),  # back to where it rests
        (20, QUIET, WELL, DRIFT_EVERY, 30),
        (20, WELL, WELL, DRIFT_EVERY / 2, 20),
        (75, WELL, WELL, DRIFT_EVERY, 80),
        (100, WELL, WELL, DRIFT_EVERY, 90),
        (80, WELL, WELL, timedelta(days=1), 80),
    ],
)
def test_the_share_of_the_main_gateway(
    share: int, main: Seen, backup: Seen, since: timedelta, after: int
) -> None:
    assert moved(share, 80, main, backup, since)[0] == after


def test_a_share_of_a_hundred_numbers() -> None:
    for share in (0, 10, 80, 100):
        assert sum(takes_it(share, draw) for draw in range(100)) == share


def test_more_than_enough_for_a_day_waits_for_the_next() -> None:
    at = datetime(2026, 3, 6, 15, 59, tzinfo=UTC)  # 23:59 in the hall
    assert put_off_until(9, 10, at) is None
    assert put_off_until(10, 10, at) == datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
