"""Which processes are at work, on whatever machine, and does their work go on? They say so themselves."""

import json
import logging
import os
import socket
import threading
import time
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Field, Session

from models.columns import document, moment
from models.database import transaction
from models.table import Table

EVERY = 5.0  # seconds
GONE_AFTER = 20  # seconds without a word: it is gone, or cannot reach the record
FORGOTTEN_AFTER = 3600  # seconds
logger = logging.getLogger("yijianshi.heartbeat")

# By the server's clock: those of several machines differ.
BEAT = """
INSERT INTO heartbeat (name, kind, host, pid, started_at, seen_at, turned_at, counts)
VALUES (:name, :kind, :host, :pid, now(), now(), now() - make_interval(secs => :idle), CAST(:counts AS jsonb))
ON CONFLICT (name) DO UPDATE
   SET seen_at = now(), turned_at = now() - make_interval(secs => :idle), counts = EXCLUDED.counts
"""
FORGET = "DELETE FROM heartbeat WHERE name = :name OR seen_at < now() - make_interval(secs => :after)"
SEEN = """
SELECT kind, name, extract(epoch FROM now() - seen_at), extract(epoch FROM now() - turned_at),
       extract(epoch FROM now() - started_at), counts
  FROM heartbeat ORDER BY kind, name
"""


class Heartbeat(Table, table=True):
    """One process that conducts, works, sends or serves pages."""

    __tablename__ = "heartbeat"

    name: str = Field(primary_key=True, max_length=150)  # kind, host and process number
    kind: str = Field(max_length=20)
    host: str = Field(max_length=100)
    pid: int
    started_at: datetime = Field(sa_column=moment(nullable=False))
    seen_at: datetime = Field(sa_column=moment(nullable=False))
    turned_at: datetime = Field(sa_column=moment(nullable=False))  # when its work went round the last time
    counts: dict[str, Any] = Field(default_factory=dict, sa_column=document())  # since it started


class Pulse:
    """Of one process. A thread says that it is there; only its work says that it goes on."""

    def __init__(self, kind: str, *, answers: bool = False) -> None:
        """`answers`: its work is to answer, and has no rounds; being there is enough."""
        self.answers = answers
        self.kind, self.host, self.pid = kind, socket.gethostname()[:100], os.getpid()
        self.name = f"{kind}-{self.host}-{self.pid}"
        self.counts: dict[str, int] = {}
        self.turned = time.monotonic()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True, name=f"pulse-{kind}")

    def start(self) -> "Pulse":
        """Say it from now on."""
        self._thread.start()
        return self

    def turn(self, **counted: int) -> None:
        """The work has gone round; so much of each was done."""
        with self._lock:
            self.turned = time.monotonic()
            for name, more in counted.items():
                self.counts[name] = self.counts.get(name, 0) + more

    def leave(self) -> None:
        """It goes in good order, and nobody need miss it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(EVERY)
        self._guarded(lambda session: forget(session, self.name))

    def _keep(self) -> None:
        while True:
            self._guarded(lambda session: beat(session, self))
            if self._stop.wait(EVERY):
                return

    def _guarded(self, step: Any) -> None:
        try:
            with transaction() as session:
                step(session)
        except Exception as error:  # the record is away: whoever looks sees that nothing was heard
            logger.warning("没有报上平安（%s），稍后再报", type(error).__name__)


def beat(session: Session, pulse: Pulse) -> None:
    """Write down that it is there."""
    connection = session.connection()
    given = {"name": pulse.name, "kind": pulse.kind, "host": pulse.host, "pid": pulse.pid}
    idle = 0.0 if pulse.answers else time.monotonic() - pulse.turned
    connection.execute(text(BEAT), given | {"idle": idle, "counts": json.dumps(pulse.counts)})


def forget(session: Session, name: str) -> None:
    """Those that left, and those of which nothing was heard for an hour."""
    session.connection().execute(text(FORGET), {"name": name, "after": FORGOTTEN_AFTER})


def seen(session: Session) -> list[Any]:
    """Kind, name, and seconds since: last word, last turn, start; then what it counted."""
    return list(session.connection().execute(text(SEEN)))


def present(session: Session, kind: str) -> int:
    """How many of this kind are there?"""
    return sum(of == kind and silent <= GONE_AFTER for of, _, silent, *_ in seen(session))
