"""Does an act, or a desk's page, get slower as the record grows? The same on a small and a large record in turn.

What lies open is the same in all of them: beyond the smallest, only what is done with is added.
`STORED=10000,1000000 make bench-stored` takes other sizes; a million takes half an hour to fill and 50 GB.
"""

import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

import pytest
from httpx import Response
from sqlalchemy import text
from sqlalchemy.engine import make_url

from actions.applying import submit
from bench.filled import fill
from bench.where import machine
from config.settings import Settings, settings
from hosting import migrating
from models.database import engine, transaction
from models.server import connected
from tests.clusters import running_postgres
from tests.people import CLERK, account, an_application, full_answers
from tests.web.hall import at_desk

SIZES = [int(size) for size in os.environ.get("STORED", "10000,100000").split(",")]
ROUNDS = 40
ACTS = (
    (CLERK, "accept"),
    ("market", "items/B1-1/grant"),
    ("urban", "items/B1-3/grant"),
    ("health", "items/B1-5/grant"),
    ("fire", "items/B1-4/grant"),
    ("market", "items/B1-2/grant"),
)
LOOKS = ((CLERK, "/window"), ("fire", "/desk"))


class Hall:
    """A record of one size."""

    def __init__(self, url: str, size: int) -> None:
        self.url = url
        self.took: dict[str, list[float]] = defaultdict(list)  # what -> ms
        with self.open():
            fill(size, mixed=SIZES[0])
            with connected(url) as connection:
                connection.execute(text("VACUUM ANALYZE"))
                self.stored = connection.execute(text("SELECT count(*) FROM case_file")).scalar_one()

    def sign_in(self) -> None:
        """Everybody, once all records are filled: whoever signed in before would be signed out by then."""
        with self.open():
            self.people = {name: at_desk(name) for name in dict(ACTS) | dict(LOOKS)}
            self.csrf = {name: browser.csrf() for name, browser in self.people.items()}

    @contextmanager
    def open(self) -> Iterator[None]:
        """Within the block this process works on this record."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("YJS_DSN", self.url)
            settings.cache_clear()
            yield
        settings.cache_clear()

    def day(self) -> None:
        """One case from its acceptance to its joint answer, and a look at each desk."""
        with self.open():
            with transaction() as session:
                answers = full_answers() | {"Q5": False}  # five items
                clerk = account(session, CLERK)
                given = an_application(answers=answers)
                number = submit(session, given, by=clerk, region="000000", at=datetime.now(UTC)).number
            for name, act in ACTS:
                what = "accept" if act == "accept" else "grant"
                self._timed(what, 303, partial(self._press, name, f"/cases/{number}/{act}"))
            for name, path in LOOKS:
                self._timed(path, 200, partial(self.people[name].get, path))

    def gone(self) -> None:
        """Close what the pages kept open."""
        with self.open():
            engine().dispose()

    def _press(self, name: str, path: str) -> Response:
        return self.people[name].client.post(path, data={"csrf": self.csrf[name]})

    def _timed(self, what: str, wanted: int, ask: Callable[[], Response]) -> None:
        began = time.perf_counter()
        answer = ask()
        self.took[what].append(1000 * (time.perf_counter() - began))
        if answer.status_code != wanted or "/sign-in" in answer.headers.get("location", ""):
            raise SystemExit(f"{what}: {answer.status_code}")


def main() -> int:
    """Fill each, let them take turns, print the table."""
    print(machine(), flush=True)
    with running_postgres() as cluster:
        halls = [Hall(migrated(cluster, size), size) for size in SIZES]
        for hall in halls:
            hall.sign_in()
            hall.day()  # the first one fills the caches
            hall.took.clear()
        for _ in range(ROUNDS):
            for hall in halls:
                hall.day()
        print(f"{'median ms':12}" + "".join(f"{hall.stored:>12,}" for hall in halls) + f"{'ratio':>9}")
        for what in halls[0].took:
            medians = [statistics.median(hall.took[what]) for hall in halls]
            ratios = "".join(f"{large / small:>9.2f}" for small, large in pairwise(medians))
            print(f"{what:12}" + "".join(f"{one:>12.1f}" for one in medians) + ratios)
        for hall in halls:
            hall.gone()
    return 0


def migrated(cluster: Settings, size: int) -> str:
    name = f"stored_{size}"
    with connected(cluster.owner_url) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(cluster.owner_url).set(database=name).render_as_string(hide_password=False)
    migrating.upgrade(url)
    return url


if __name__ == "__main__":
    sys.exit(main())
