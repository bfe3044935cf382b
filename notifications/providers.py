"""Which of two gateways takes a message, which one rests, how fast may they go? What this process has seen of them."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from config.settings import settings
from models.database import transaction
from models.provider import lock_providers
from notifications.routes import Route, routes_of
from notifications.verdict import Delivery
from rules.notices import Channel
from rules.shares import REST, REST_AFTER, SLOW, WINDOW, Seen, moved, takes_it

logger = logging.getLogger(__name__)


@dataclass
class _Known:
    """What is known of one gateway. A new address is a new gateway."""

    attempts: deque[tuple[float, bool]] = field(default_factory=deque)  # (when it ended, was it trouble?)
    silences: int = 0  # time-outs in a row
    rests_until: float = 0.0
    free_at: float = 0.0  # when the next message may go, at the pace agreed with the carrier


class Book:
    """Kept by every sender for itself; only the shares are common to all, in the record.

    `tick` is a clock that only goes forward; `sleep` waits that many seconds.
    """

    def __init__(
        self, tick: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._tick, self._sleep = tick, sleep
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], _Known] = {}
        self._shares: dict[Channel, int] = {}

    def order(self, routes: tuple[Route, ...], draw: int) -> tuple[Route, ...]:
        """Whom to ask first, and whom if that one cannot take it now; who rests comes last."""
        if len(routes) > 1 and not takes_it(self.share(routes[0].channel), draw):
            routes = routes[::-1]
        return tuple(sorted(routes, key=lambda route: self._rest_left(route) > 0))

    def share(self, channel: Channel) -> int:
        """The main gateway's, as last read in the record."""
        return self._shares.get(channel, settings().sms_main_share)

    def resting(self, routes: tuple[Route, ...]) -> float:
        """Seconds until one of them takes messages again; 0: now."""
        return min((self._rest_left(route) for route in routes), default=0.0)

    @contextmanager
    def noted(self, route: Route) -> Iterator[Callable[[Delivery], None]]:
        """Wait for the pace, then tell how the attempt went: `with book.noted(route) as say: say(delivery)`."""
        self._let_one_try(route)
        self._wait_for_pace(route)
        began = self._tick()
        yield lambda delivery: self._note(route, delivery, self._tick() - began)

    def balance(self, channel: Channel, *, at: datetime) -> None:
        """Move work between two gateways if the last minutes call for it; learn what other senders moved."""
        routes = routes_of(channel)
        if len(routes) < 2:
            return
        main, backup = (self._seen(route) for route in routes)
        resting = settings().sms_main_share
        with transaction() as session:
            first, second = lock_providers(
                session, channel, routes[0].name, routes[1].name, resting=resting, at=at
            )
            share, why = moved(first.priority, resting, main, backup, at - first.changed_at)
            if share != first.priority:
                logger.warning("%s: the share of the main gateway is now %s", channel.value, share)
                for row, part in ((first, share), (second, 100 - share)):
                    row.priority, row.changed_at, row.reason = part, at, why
        if self._shares.get(channel, share) != share:  # whoever moved it: what was seen before is settled
            for route in routes:
                self._of(route).attempts.clear()
        self._shares[channel] = share

    def _note(self, route: Route, delivery: Delivery, seconds: float) -> None:
        trouble = not delivery.final or seconds > SLOW.total_seconds()
        with self._lock:
            known, now = self._of(route), self._tick()
            known.attempts.append((now, trouble))
            known.silences = known.silences + 1 if delivery.silent else 0
            known.rests_until = known.rests_until if delivery.silent else 0.0
            if known.silences >= REST_AFTER:
                known.rests_until = now + REST.total_seconds()
                logger.warning("%s does not answer and rests for %s", route.name, REST)

    def _seen(self, route: Route) -> Seen:
        with self._lock:
            attempts, since = self._of(route).attempts, self._tick() - WINDOW.total_seconds()
            while attempts and attempts[0][0] < since:
                attempts.popleft()
            return Seen(len(attempts), sum(trouble for _, trouble in attempts))

    def _rest_left(self, route: Route) -> float:
        return max(self._of(route).rests_until - self._tick(), 0.0)

    def _let_one_try(self, route: Route) -> None:
        """After a rest one message shows whether the gateway is back; the others wait for what becomes of it."""
        with self._lock:
            known = self._of(route)
            if known.silences >= REST_AFTER:
                known.rests_until = self._tick() + REST.total_seconds()

    def _wait_for_pace(self, route: Route) -> None:
        pace = settings().sms_per_second if route.channel is Channel.SMS else None
        if pace is None:
            return
        with self._lock:
            known, now = self._of(route), self._tick()
            start = max(known.free_at, now)
            known.free_at = start + 1 / pace
        if start > now:
            self._sleep(start - now)

    def _of(self, route: Route) -> _Known:
        return self._known.setdefault((route.name, route.url), _Known())


book = Book()


def balance(*, at: datetime) -> None:
    """What a sender does every half minute: see that no gateway in trouble has more than its share."""
    for channel in Channel:
        book.balance(channel, at=at)


def resting(channel: Channel) -> float:
    """Seconds during which no gateway of this channel takes anything; 0: go on."""
    return book.resting(routes_of(channel))
