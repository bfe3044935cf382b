"""Two gateways for short messages: does work move away from trouble, back again, and never to and fro?"""

import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Engine

from models.database import transaction
from models.provider import providers
from notifications.channels import deliver, settings_faults
from notifications.providers import Book, book
from notifications.routes import routes_of
from notifications.verdict import Delivery, not_now, unknown
from notifications.wording import Words
from rules.notices import Channel, NoticeState
from rules.shares import MOVE_AT_MOST_EVERY, REST, REST_AFTER
from tests.gateway import Gateway, sms_gateway
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON
from tests.smtp import free_port

MOBILE = "13800000000"
HANDED_OVER, UNKNOWN, FAILED = NoticeState.HANDED_OVER, NoticeState.UNKNOWN, NoticeState.FAILED
TAKEN = Delivery(HANDED_OVER)
LATER = not_now("网关答复 503")


def send(text: str = "您好", reference: str = "") -> Delivery:
    return deliver(Channel.SMS, MOBILE, Words("", "", "", text), reference)


@pytest.fixture
def two(channels: Channels) -> Generator[tuple[Gateway, Gateway]]:
    """The main gateway and the other, everything first to the main one."""
    with sms_gateway() as main, sms_gateway() as backup:
        channels(sms_url=main.url, sms_backup_url=backup.url, sms_main_share="100")
        yield main, backup


def test_what_the_main_gateway_cannot_take_now_the_other_takes_at_once(two: tuple[Gateway, Gateway]) -> None:
    main, backup = two
    main.status = 503
    assert send().state is HANDED_OVER
    assert (len(main.messages), len(backup.messages)) == (1, 1)
    backup.status = 429
    delivery = send()
    assert (delivery.state, delivery.again) == (FAILED, True)


def test_what_may_have_left_is_never_sent_through_the_other(two: tuple[Gateway, Gateway]) -> None:
    main, backup = two
    for main.status in (None, 502, 504):
        delivery = send()
        assert (delivery.state, delivery.again) == (UNKNOWN, False)
    assert len(main.messages) == 3
    assert backup.messages == []


def test_a_refused_number_is_no_better_elsewhere(two: tuple[Gateway, Gateway]) -> None:
    main, backup = two
    main.status = 400
    assert send().state is NoticeState.REJECTED
    assert backup.messages == []


def test_a_message_goes_by_its_name_and_the_shares(channels: Channels) -> None:
    with sms_gateway() as main, sms_gateway() as backup:
        channels(sms_url=main.url, sms_backup_url=backup.url, sms_main_share="70")
        for nth in range(200):
            assert send(reference=f"{nth:032x}").state is HANDED_OVER
        first = list(main.messages)
        assert 100 < len(first) < 180
        assert len(first) + len(backup.messages) == 200
        send(reference=f"{0:032x}")
        send(reference=f"{0:032x}")
    assert len(main.messages) - len(first) in (0, 2), "the same message, the same gateway"


def test_a_gateway_that_hangs_rests_for_a_minute(two: tuple[Gateway, Gateway]) -> None:
    """Three people wait in doubt, not the whole queue."""
    main, backup = two
    main.status = None
    assert [send().state for _ in range(REST_AFTER)] == [UNKNOWN] * REST_AFTER
    began = time.monotonic()
    assert [send().state for _ in range(20)] == [HANDED_OVER] * 20
    assert time.monotonic() - began < 1, "nobody waits for it any more"
    assert (len(main.messages), len(backup.messages)) == (REST_AFTER, 20)


def test_with_one_gateway_the_channel_rests_and_says_how_long(channels: Channels) -> None:
    with sms_gateway(status=None) as only:
        channels(sms_url=only.url)
        for _ in range(REST_AFTER):
            send()
        assert 50 < book.resting(routes_of(Channel.SMS)) <= REST.total_seconds()
    channels(sms_url=f"json://127.0.0.1:{free_port()}/send?:mobile={{to}}")
    assert book.resting(routes_of(Channel.SMS)) == 0, "another address is another gateway"


def test_after_its_rest_a_gateway_is_tried_and_one_more_silence_is_enough(channels: Channels) -> None:
    channels(sms_url="json://127.0.0.1/?:mobile={to}")
    watch = Watch()
    mine = watch.book()
    routes = routes_of(Channel.SMS)
    silent = unknown("等待应答超时", silent=True)
    for _ in range(REST_AFTER):
        note(mine, silent)
    assert mine.resting(routes) == REST.total_seconds()
    watch.seconds += REST.total_seconds()
    assert mine.resting(routes) == 0
    with mine.noted(routes[0]) as say:
        assert mine.resting(routes) > 0, "one tries, the others wait for what becomes of it"
        say(silent)
    assert mine.resting(routes) == REST.total_seconds()
    watch.seconds += REST.total_seconds()
    note(mine, TAKEN)
    assert mine.resting(routes) == 0
    note(mine, silent)
    assert mine.resting(routes) == 0, "it has answered in between"


def test_the_pace_agreed_with_a_carrier_is_kept(channels: Channels) -> None:
    with sms_gateway() as gateway:
        channels(sms_url=gateway.url, sms_per_second="20")
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            states = list(pool.map(lambda _: send().state, range(21)))
        assert time.monotonic() - began >= 1.0
    assert states == [HANDED_OVER] * 21
    assert len(gateway.messages) == 21


def test_a_backup_without_a_main_gateway_is_named(channels: Channels) -> None:
    channels(sms_backup_url="json://127.0.0.1/?:mobile={to}")
    assert settings_faults() == ["设置 sms_backup_url：有备用而没有主用，请先设置 sms_url。"]


@dataclass
class Watch:
    """A clock that the test turns."""

    seconds: float = 0.0

    def book(self) -> Book:
        return Book(lambda: self.seconds, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def note(mine: Book, delivery: Delivery, nth: int = 0, took: float = 0.0, watch: Watch | None = None) -> None:
    with mine.noted(routes_of(Channel.SMS)[nth]) as say:
        if watch is not None:
            watch.seconds += took
        say(delivery)


@dataclass
class Hall:
    """One message a second, a look at the shares every half minute; `ill` tells which gateways are down when."""

    ill: Callable[[str, float], bool]
    slow: Callable[[str, float], bool] = lambda name, minute: False
    senders: int = 1
    watch: Watch = field(default_factory=Watch)
    shares: list[tuple[float, int]] = field(default_factory=list)  # (minute, share) whenever it changed
    lost: int = 0  # messages that no gateway took at once
    spared: int = 0  # messages that met a gateway in trouble

    def day(self, minutes: int) -> None:
        books = [self.watch.book() for _ in range(self.senders)]
        while self.watch.seconds < minutes * 60:
            second = int(self.watch.seconds)
            for nth, mine in enumerate(books):
                if second % 30 == nth:
                    mine.balance(Channel.SMS, at=NOON + timedelta(seconds=second))
                    self._keep(second / 60)
            self._message(books[second % self.senders], second)
            self.watch.seconds = max(self.watch.seconds, second + 1)

    def _message(self, mine: Book, second: int) -> None:
        for place, route in enumerate(mine.order(routes_of(Channel.SMS), second * 37)):
            bad = self.ill(route.name, second / 60)
            with mine.noted(route) as say:
                self.watch.seconds += 6 if self.slow(route.name, second / 60) else 0
                say(LATER if bad else TAKEN)
            self.spared += bad and place == 0
            if not bad:
                return
        self.lost += 1

    def _keep(self, minute: float) -> None:
        with transaction() as session:
            main, backup = providers(session)
        assert main.priority + backup.priority == 100
        if not self.shares or self.shares[-1][1] != main.priority:
            self.shares.append((minute, main.priority))

    def share_at(self, minute: float) -> int:
        return [share for when, share in self.shares if when <= minute][-1]


@pytest.fixture
def shared(fresh_database: Engine, channels: Channels) -> None:
    """Both gateways on loopback ports where nothing is asked: the hall above says what they answer."""
    channels(
        sms_url="json://127.0.0.1:9/main?:mobile={to}", sms_backup_url="json://127.0.0.1:9/b?:mobile={to}"
    )


@pytest.mark.usefixtures("shared")
def test_a_day_without_trouble_moves_nothing() -> None:
    hall = Hall(ill=lambda name, minute: False)
    hall.day(60)
    assert hall.shares == [(0, 80)]


@pytest.mark.usefixtures("shared")
def test_work_leaves_a_dead_gateway_step_by_step_and_comes_back_without_flapping() -> None:
    """The main gateway is down from minute 10 to minute 130."""
    hall = Hall(ill=lambda name, minute: name == "sms" and 10 <= minute < 130)
    hall.day(300)
    assert hall.lost == 0, "the other gateway takes at once what the main one cannot"
    for (before, old), (after, new) in pairwise(hall.shares):
        assert abs(new - old) <= 10
        assert (after - before) * 60 >= MOVE_AT_MOST_EVERY.total_seconds()
    assert hall.share_at(22) == 0
    during = [share for minute, share in hall.shares if 22 <= minute < 131]
    assert max(during) <= 10, "while it is dead, one message in ten looks whether it has come back"
    assert len(during) <= 2 * (130 - 22) / 10, "and that seldom"
    coming_back = [share for minute, share in hall.shares if minute >= 133]
    assert coming_back == sorted(coming_back), "never back and forth"
    assert hall.share_at(299) == 80


@pytest.mark.usefixtures("shared")
def test_when_both_are_in_trouble_nothing_moves() -> None:
    """The flapping of others: each looks worse in turn, and work is thrown to and fro."""
    hall = Hall(ill=lambda name, minute: minute >= 5 and int(minute * 60) % 3 != 0)
    hall.day(60)
    assert len(hall.shares) <= 2
    assert min(share for _, share in hall.shares) >= 70


@pytest.mark.usefixtures("shared")
def test_a_gateway_that_fails_now_and_then_keeps_its_work() -> None:
    hall = Hall(ill=lambda name, minute: name == "sms" and int(minute * 60) % 5 == 0)
    hall.day(60)
    assert hall.shares == [(0, 80)]


@pytest.mark.usefixtures("shared")
def test_a_slow_gateway_loses_work_too() -> None:
    hall = Hall(ill=lambda name, minute: False, slow=lambda name, minute: name == "sms" and 10 <= minute < 40)
    hall.day(40)
    assert hall.share_at(40) <= 20


@pytest.mark.usefixtures("shared")
def test_several_senders_move_it_no_faster_than_one() -> None:
    hall = Hall(ill=lambda name, minute: name == "sms" and minute >= 10, senders=4)
    hall.day(60)
    for (before, old), (after, new) in pairwise(hall.shares):
        assert abs(new - old) <= 10
        assert (after - before) * 60 >= MOVE_AT_MOST_EVERY.total_seconds()
    assert hall.share_at(30) <= 10
    with transaction() as session:
        [main, backup] = providers(session)
    assert (main.name, backup.name) == ("sms", "sms-backup")
    assert "失败" in main.reason or "恢复" in main.reason


@pytest.mark.usefixtures("shared")
def test_two_senders_at_the_same_moment_move_it_once() -> None:
    """On real connections: the second waits for the first, and sees that a minute has not passed."""
    watch = Watch()
    books = [watch.book() for _ in range(4)]
    for mine in books:
        mine.balance(Channel.SMS, at=NOON)
        for _ in range(20):
            note(mine, LATER)
            note(mine, TAKEN, nth=1)
    at = NOON + timedelta(minutes=2)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda mine: mine.balance(Channel.SMS, at=at), books))
    with transaction() as session:
        assert [row.priority for row in providers(session)] == [70, 30]
    assert [mine.share(Channel.SMS) for mine in books] == [70] * 4
