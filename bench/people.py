"""Who presses the buttons of a bench? People with real sign-ins, in a rush or at a hall's pace."""

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from actions.applying import submit
from bench.stock import ITEMS
from config.settings import DEMO_PASSWORD
from models.account import account_named
from models.database import engine, transaction
from tests.clusters import Platform
from tests.people import an_application, full_answers

DESKS = {"B1-1": "market", "B1-2": "market", "B1-3": "urban", "B1-4": "fire", "B1-5": "health"}
WINDOW = "chuangkou"
PACE = 3.0  # decisions a second at a hall's pace; and one look at the desk's page
AT_ONCE = 8  # of them under way, so that one late answer holds up none of the others

Act = tuple[str, str]  # who presses, and where


class Person:
    """Somebody at a desk, signed in over HTTP."""

    def __init__(self, url: str, username: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60)
        page = self.http.get("/sign-in").text
        fields = {"csrf": _csrf(page), "username": username, "password": DEMO_PASSWORD}
        if self.http.post("/sign-in", data=fields).status_code != 303:
            raise SystemExit(f"{username} cannot sign in")
        self.csrf = _csrf(self.http.get("/track").text)

    def press(self, path: str) -> float:
        """Send a form of one button; how long the answer took."""
        began = time.perf_counter()
        answer = self.http.post(path, data={"csrf": self.csrf})
        if answer.status_code != 303:
            raise SystemExit(f"{path}: {answer.status_code}")
        return time.perf_counter() - began

    def look(self) -> float:
        """Open the desk's page; how long it took."""
        began = time.perf_counter()
        self.http.get("/desk").raise_for_status()
        return time.perf_counter() - began


People = dict[str, Person]


@dataclass
class Answers:
    """How long people waited, in seconds."""

    decisions: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)


def applied(platform: Platform, count: int) -> list[str]:
    """So many applications at the window, not accepted yet; the numbers of the cases."""
    answers = full_answers() | {"Q5": False}  # no tobacco: five items
    with platform.at_hand():
        with transaction() as session:
            clerk = account_named(session, WINDOW)
            at = datetime.now(UTC)
            cases = [
                submit(session, an_application(answers=answers), by=clerk, region="000000", at=at)
                for _ in range(count)
            ]
            numbers = [case.number for case in cases]
        engine_gone()
    return numbers


def engine_gone() -> None:
    """The next platform is another database."""
    with suppress(Exception):
        engine().dispose()


def everybody(url: str) -> People:
    """Those whom the cases need."""
    return {name: Person(url, name) for name in {WINDOW, *DESKS.values()}}


def opened(numbers: list[str]) -> Iterator[list[Act]]:
    """Accept all, then the licence checks: the other departments may begin."""
    yield [(WINDOW, f"/cases/{number}/accept") for number in numbers]
    yield [(DESKS["B1-1"], f"/cases/{number}/items/B1-1/grant") for number in numbers]


def decided(numbers: list[str]) -> Iterator[list[Act]]:
    """The other decisions, in an order nobody planned."""
    chance = random.Random(1)  # noqa: S311  the same order every time
    rest = [(DESKS[item], f"/cases/{number}/items/{item}/grant") for number in numbers for item in ITEMS[1:]]
    # The health check first: the food licence waits for its result.
    rest.sort(key=lambda act: (act[1].endswith("B1-2/grant"), chance.random()))
    yield rest[: len(numbers) * 3]
    yield rest[len(numbers) * 3 :]


@contextmanager
def looking(person: Person) -> Iterator[list[float]]:
    """Somebody who opens the desk's page all the while."""
    looks: list[float] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.2):
            looks.append(person.look())

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    yield looks
    stop.set()
    watcher.join(10)


def at_a_halls_pace(people: People, acts: list[Act]) -> Answers:
    """Decide at this pace whether or not the earlier answers have come: whoever waits does not slow the others."""
    given: list[tuple[bool, Future[float]]] = []
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as hands:
        for turn, (who, path) in enumerate(acts):
            due = began + turn / PACE
            time.sleep(max(0.0, due - time.perf_counter()))
            given.append(
                (True, hands.submit(_since, due, lambda who=who, path=path: people[who].press(path)))
            )  # type: ignore[misc]
            if turn % PACE == 0:
                given.append((False, hands.submit(_since, due, people[who].look)))
    found = Answers()
    for decision, answer in given:
        (found.decisions if decision else found.pages).append(answer.result())
    return found


def _since(due: float, act: Callable[[], float]) -> float:
    """From the moment at which it should have begun, so that waiting for a free hand counts."""
    act()
    return time.perf_counter() - due


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page)
    if not found:
        raise SystemExit("no form on the page")
    return found[1]
