"""`make faults [SEED=…] [FAULTS=…]`: a busy day on a real platform, and everything that can die dies at random.

The seed is printed: the same seed draws the same faults after the same pauses. What they meet depends on the machine.
"""

import os
import random
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import text

from bench.fault_account import Line, account
from bench.fault_day import Day, Told
from bench.fault_kinds import Faults
from models.server import connected
from notifications.sending import LEASE, settle_lapsed
from rules.errors import Refused
from tests.clusters import Platform, running_platform
from tests.gateway import sms_gateway
from tests.smtp import mail_server

PAUSES = (1.0, 4.0)  # seconds between two faults
CASES_A_FAULT = 1.5
QUIET = 420.0  # seconds in which everything must be in step again
OPEN = """
SELECT (SELECT count(*) FROM case_file WHERE look_at IS NOT NULL OR lease_until IS NOT NULL OR concluded_at IS NULL)
     + (SELECT count(*) FROM item WHERE told_at IS NOT NULL
          OR task_run_id IS NOT NULL AND shown IS DISTINCT FROM state)
     + (SELECT count(*) FROM notice WHERE next_try_at IS NOT NULL)
     + (SELECT count(*) FROM document WHERE digest = '')
"""


@dataclass
class Run:
    """One bad day."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    healed: float = 0.0  # seconds from the last fault until all was in step
    filling: str = ""
    told: Told = field(default_factory=Told)
    lines: list[Line] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Everything that is not as it should be."""
        return [f"{line.what}: {what}" for line in self.lines for what in line.wrong]


def bad_day(seed: int, count: int, say: Callable[[str], None]) -> Run:
    """Start a platform, let it suffer, and compare."""
    run = Run(seed)
    with ExitStack() as held:
        sms = held.enter_context(sms_gateway())
        mail = held.enter_context(mail_server())
        url = f"{sms.url}&:id={{id}}"
        platform = held.enter_context(
            running_platform(sms_url=url, mail_url=mail.url, sms_daily_limit="1000")
        )
        faults = Faults(platform)
        held.enter_context(faults.prepared())
        day, began = Day(platform, seed), time.monotonic()
        _suffer(run, faults, day, random.Random(seed), count, say)  # noqa: S311  not a secret
        last = time.monotonic()
        day.finish()
        say("everybody was served; waiting until all is in step")
        wait_until_in_step(platform, say)
        run.seconds, run.healed = time.monotonic() - began, time.monotonic() - last
        run.filling, run.told = faults.filling, day.told
        run.lines = account(platform, day.told, sms, mail, faults.dropped_at)
    return run


def _suffer(
    run: Run, faults: Faults, day: Day, drawn: random.Random, count: int, say: Callable[[str], None]
) -> None:
    """Every kind at least once, in an order that the seed draws; people keep coming meanwhile."""
    kinds = list(faults.kinds)
    order = [kinds[place % len(kinds)] for place in range(count)]
    drawn.shuffle(order)
    come = 0
    for place, kind in enumerate(order, start=1):
        while come < place * CASES_A_FAULT:
            day.take(come)
            come += 1
        time.sleep(drawn.uniform(*PAUSES))
        say(f"{place:4}/{count}  {kind}")
        faults.kinds[kind]()
        run.faults[kind] += 1


def wait_until_in_step(platform: Platform, say: Callable[[str], None]) -> None:
    """A message that was in a dead sender's hand is given up after five minutes: the clock is put forward once."""
    deadline, put_forward = time.monotonic() + QUIET, time.monotonic() + 15
    while time.monotonic() < deadline:
        time.sleep(1)
        try:
            with connected(platform.settings.database_url) as connection:
                if not connection.execute(text(OPEN)).scalar_one():
                    return
            if time.monotonic() > put_forward:
                put_forward = time.monotonic() + 15
                with platform.at_hand():
                    settle_lapsed(datetime.now(UTC) + LEASE)
        except Refused:
            continue
    say("not everything is in step")


def table(run: Run) -> str:
    """For people."""
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(run.faults.items()))
    rows = [
        f"seed {run.seed}: {run.faults.total()} faults in {run.seconds:.0f} s ({kinds})",
        f"uploads filled by: {run.filling}",
        f"presses without an answer {run.told.silence}, answered with no {run.told.refusals}; all pressed again",
        f"in step {run.healed:.0f} s after the last fault",
        "",
        f"{'compared':38}{'counted':58}wrong",
        *(f"{line.what:38}{line.counted:58}{len(line.wrong)}" for line in run.lines),
        *(f"  WRONG {what}" for what in run.wrong[:20]),
    ]
    return "\n".join(rows)


def main() -> int:
    """Exit 1 when anything was lost, happened twice, or is out of step."""
    # The platform and its small disk must not stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    count = int(os.environ.get("FAULTS") or 200)
    print(f"seed {seed}, {count} faults", flush=True)
    run = bad_day(seed, count, lambda sentence: print(sentence, file=sys.stderr, flush=True))
    print(table(run))
    return 1 if run.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
