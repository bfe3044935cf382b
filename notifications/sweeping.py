"""What does a sweep over the ledger do? Every step by itself: one that fails holds up none of the others."""

import logging
from collections.abc import Callable
from datetime import datetime

from notifications.ladder import climb_all, retire
from notifications.receiving import match_all
from notifications.sending import settle_lapsed

logger = logging.getLogger(__name__)

# In this order: a receipt may still say that it arrived, before it is given up and another way is sought.
STEPS: tuple[Callable[[datetime], int], ...] = (
    settle_lapsed,
    lambda at: match_all(at=at),
    lambda at: retire(at=at),
    lambda at: climb_all(at=at),
)


def sweep(*, at: datetime) -> int:
    """Do what is due; how many notices were settled. Done again at once it does nothing."""
    return sum(_tried(step, at) for step in STEPS)


def _tried(step: Callable[[datetime], int], at: datetime) -> int:
    try:
        return step(at)
    except Exception:
        logger.exception("a step of the sweep failed, the next sweep tries again")
        return 0
