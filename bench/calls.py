"""How much do an act and a page ask of Python and of PostgreSQL? Counted in calls and statements, not in seconds.

A busy machine changes no count: what a change gains, or costs, is seen at once. `make bench-calls` prints it.
"""

import asyncio
import logging
import os
import sys
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from sqlalchemy import Engine, event

from bench.stored import ACTS, migrated
from bench.where import machine
from config.settings import settings
from models.database import engine, transaction
from tests.clusters import running_postgres
from tests.people import CLERK, MANAGER, a_city, full_answers
from tests.web.hall import a_case_today, at_desk, the_app

CASES = 12
WARM = 2  # of them before anything is counted: templates are read, statements put together
PAGES = ((CLERK, "/window"), (CLERK, "/cases/{case}"), ("fire", "/desk"), (MANAGER, "/manage"))
OURS = ("web", "actions", "models", "rules", "config", "documents", "notifications")


@dataclass
class Count:
    """What happened while somebody was counting."""

    times: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)  # what -> calls of Python, and from Python to C
    ours: Counter[str] = field(default_factory=Counter)  # those of them that our own functions are
    statements: Counter[str] = field(default_factory=Counter)
    what: str = ""

    def called(self, frame: FrameType, kind: str, _: object) -> None:
        """As sys.setprofile wants it."""
        if self.what and kind in ("call", "c_call"):
            self.calls[self.what] += 1
            if kind == "call" and str(frame.f_globals.get("__name__", "")).partition(".")[0] in OURS:
                self.ours[self.what] += 1

    def asked(self, *_: object) -> None:
        """As SQLAlchemy wants it."""
        if self.what:
            self.statements[self.what] += 1

    @contextmanager
    def of(self, what: str) -> Generator[None]:
        self.times[what] += 1
        self.what = what
        yield
        self.what = ""


@dataclass(frozen=True)
class Desk:
    """Somebody signed in, as a request says it."""

    cookie: str
    csrf: str

    async def ask(self, method: str, path: str) -> int:
        """The status of the answer; the application is called as a web server calls it."""
        body = f"csrf={self.csrf}".encode() if method == "POST" else b""
        said = {"host": "testserver", "cookie": self.cookie, "content-length": str(len(body))}
        said |= {"content-type": "application/x-www-form-urlencoded"} if body else {}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "state": {},
            "headers": [(name.encode(), value.encode()) for name, value in said.items()],
        }
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)

        await the_app()(scope, receive, send)
        return status


def main() -> int:
    """A small hall, some cases, the pages; then the table."""
    print(machine(), flush=True)
    logging.disable(logging.INFO)
    with running_postgres() as cluster:
        os.environ |= {"YJS_DSN": migrated(cluster, 1), "YJS_REQUESTS_PER_MINUTE": "1000000"}
        settings.cache_clear()
        with transaction() as session:
            a_city(session)
        desks = {name: _desk(name) for name in {*dict(ACTS), *dict(PAGES)}}
        count = Count()
        threading.setprofile(count.called)  # the threads that answer begin after this
        event.listen(Engine, "before_cursor_execute", count.asked)
        asyncio.run(_day(desks, count))
        engine().dispose()
    print(f"{'':16}{'calls':>9}{'of them ours':>14}{'statements':>12}")
    for what, times in count.times.items():
        calls, ours, asked = (each[what] / times for each in (count.calls, count.ours, count.statements))
        print(f"{what:16}{calls:>9.0f}{ours:>14.0f}{asked:>12.1f}")
    return 0


def _desk(name: str) -> Desk:
    browser = at_desk(name)
    cookies = browser.client.cookies.items()
    return Desk("; ".join(f"{key}={value}" for key, value in cookies), browser.csrf())


async def _day(desks: dict[str, Desk], count: Count) -> None:
    sys.setprofile(count.called)
    numbers = [
        a_case_today(accepted=False, answers=full_answers() | {"Q5": False}).number for _ in range(CASES)
    ]
    unseen = Count()
    for nth, number in enumerate(numbers):
        for name, act in ACTS:
            with (unseen if nth < WARM else count).of("accept" if act == "accept" else "grant"):
                status = await desks[name].ask("POST", f"/cases/{number}/{act}")
            if status != 303:
                raise SystemExit(f"{act}: {status}")
    for name, page in PAGES:
        for nth in range(WARM + 5):
            with (unseen if nth < WARM else count).of(page):
                status = await desks[name].ask("GET", page.format(case=numbers[-1]))
            if status != 200:
                raise SystemExit(f"{page}: {status}")
    sys.setprofile(None)


if __name__ == "__main__":
    sys.exit(main())
