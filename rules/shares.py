"""Two gateways for one channel: which takes a message, and when does work move from one to the other?

The share of the main gateway runs from 0 to 100, the other has the rest. In trouble it falls by a step at most once
a minute; in quiet times it drifts back to where it rests. Two things keep it from flapping: what was seen before the
last step no longer counts, and work never moves towards a gateway that is in trouble itself.
"""

from dataclasses import dataclass
from datetime import timedelta

STEP = 10
WINDOW = timedelta(minutes=5)  # what happened before says nothing of now
MOVE_AT_MOST_EVERY = timedelta(minutes=1)
DRIFT_EVERY = timedelta(minutes=10)
ENOUGH = 5  # attempts; fewer may be chance
TROUBLE = 0.3  # of the attempts failed for now, timed out or were slow
SLOW = timedelta(seconds=5)

REST_AFTER = 3  # time-outs in a row
REST = timedelta(minutes=1)


@dataclass(frozen=True)
class Seen:
    """What became of the attempts on one gateway since its share was last moved, and lately."""

    attempts: int = 0
    troubled: int = 0

    @property
    def in_trouble(self) -> bool:
        """Enough to say so?"""
        return self.attempts >= ENOUGH and self.troubled >= TROUBLE * self.attempts


def moved(share: int, resting: int, main: Seen, backup: Seen, since: timedelta) -> tuple[int, str]:
    """The main gateway's share from now on, and why it moved; the same share when it stays."""
    if since >= MOVE_AT_MOST_EVERY and main.in_trouble != backup.in_trouble:
        ill = main if main.in_trouble else backup
        better = max(share - STEP, 0) if main.in_trouble else min(share + STEP, 100)
        return better, f"{ill.attempts} 次中 {ill.troubled} 次失败、超时或缓慢"
    if since >= DRIFT_EVERY and not main.in_trouble and not backup.in_trouble:
        return share + max(-STEP, min(STEP, resting - share)), "逐步恢复"
    return share, ""


def takes_it(share: int, draw: int) -> bool:
    """Does the main gateway take the message that drew this number?"""
    return draw % 100 < share
