"""How does anything reach PostgreSQL? Through transaction(), the one door."""

import json
import select
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DisconnectionError
from sqlmodel import Session

from config.settings import settings
from models.districts import confine

CASE_CHANNEL = "yjs_case"  # news for the conductor
NOTICE_CHANNEL = "yjs_notice"  # news for the sender
_BELLS = "bells"  # in session.info: whom the end of the transaction rings for
_NOTIFY = text("SELECT pg_notify(channel, '') FROM unnest(CAST(:channels AS text[])) AS channel")


# A database whose machine or cable is gone says no farewell: without these a statement waits for it a quarter of an
# hour (libpq's names; seconds, the last in milliseconds; a socket of this machine needs none of them).
GIVE_UP = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=4)
def _engine(url: str) -> Engine:
    made = create_engine(
        url,
        pool_size=10,
        max_overflow=30,
        json_serializer=_json,
        hide_parameters=True,  # what people told us is not repeated in logs
        connect_args={"application_name": "yijianshi", "connect_timeout": 5, **GIVE_UP},
    )
    event.listen(made, "checkout", _must_be_open)
    return made


@lru_cache(maxsize=4)
def _reader(url: str) -> Engine:
    """The same connections, on which each statement is by itself."""
    return _engine(url).execution_options(isolation_level="AUTOCOMMIT")


def _must_be_open(connection: Any, *_: object) -> None:
    """PostgreSQL may have been restarted since: what can be read of an idle connection is its farewell.

    Asking it (`pool_pre_ping`) would be one more question in every transaction.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError("the server has ended the connection")


def engine() -> Engine:
    """The engine of the installation that the settings name."""
    return _engine(settings().database_url)


@contextmanager
def transaction(district: str = "") -> Generator[Session]:
    """Everything inside happens, or nothing does; and it sees this district only, '' the whole installation."""
    with Session(engine(), expire_on_commit=False) as session:
        confine(session, district)
        yield session
        session.commit()  # not reached by what was raised inside: closing the session takes it all back


@contextmanager
def glance() -> Generator[Session]:
    """For a look at one row: nothing begins, so nothing has to be ended. What is changed is kept at the end."""
    with Session(_reader(settings().database_url), expire_on_commit=False) as session:
        yield session
        session.commit()


def take_back(session: Session) -> None:
    """Nothing of it has happened so far; what comes after this happens, or does not, by itself."""
    session.rollback()
    session.info.pop(_BELLS, None)


@contextmanager
def owner_transaction() -> Generator[Session]:
    """The same as the owner of the tables, who alone may take words out of the audit (models/erasing.py)."""
    with Session(_engine(settings().owner_url), expire_on_commit=False) as session, session.begin():
        yield session


def ring(session: Session, channel: str) -> None:
    """Tell the listeners that there is news; they hear it when the transaction commits. Once is enough."""
    session.info.setdefault(_BELLS, set()).add(channel)


@event.listens_for(Session, "before_commit")
def _ring(session: Session) -> None:
    """One statement for all of them, at the very end; a savepoint rings nothing."""
    if not session.in_nested_transaction() and (channels := session.info.pop(_BELLS, None)):
        session.connection().execute(_NOTIFY, {"channels": sorted(channels)})
