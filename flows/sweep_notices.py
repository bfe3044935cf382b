"""通知巡查: every five minutes, what time and silence make of notices; a sweep missed is made up for by the next."""

from datetime import UTC, datetime

from prefect import flow

from notifications.sweeping import sweep


@flow(name="通知巡查", persist_result=False)
def sweep_notices() -> int:
    """Settle what lapsed, match receipts, let go what is too old, and seek other ways; how many were settled."""
    return sweep(at=datetime.now(UTC))
