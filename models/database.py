"""How does anything reach PostgreSQL? Through transaction(), the one door."""

import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from config.settings import settings
from models.districts import confine

CASE_CHANNEL = "yjs_case"  # news for the conductor
NOTICE_CHANNEL = "yjs_notice"  # news for the sender
LAIN_FOR = 1.0  # seconds in the pool after which a connection is asked whether it is still there
_PUT_BACK = "put back"  # in the pool's entry: when
_BELLS = "bells"  # in session.info: whom the end of the transaction rings for
_NOTIFY = text("SELECT pg_notify(channel, '') FROM unnest(CAST(:channels AS text[])) AS channel")


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
        connect_args={"application_name": "yijianshi", "connect_timeout": 5},
    )
    event.listen(made, "checkout", _still_there)
    event.listen(made, "checkin", _put_back)
    return made


def _still_there(connection: Any, record: ConnectionPoolEntry, _: object) -> None:
    """PostgreSQL may have been restarted since: one that has lain for a while is asked before it is used."""
    if time.monotonic() - record.info.get(_PUT_BACK, 0.0) < LAIN_FOR:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except connection.Error as gone:
        raise InvalidatePoolError from gone  # then the others are gone too; the pool makes a new one


def _put_back(_: object, record: ConnectionPoolEntry) -> None:
    record.info[_PUT_BACK] = time.monotonic()


def engine() -> Engine:
    """The engine of the installation that the settings name."""
    return _engine(settings().database_url)


@contextmanager
def transaction(district: str = "") -> Generator[Session]:
    """Everything inside happens, or nothing does; and it sees this district only, '' the whole installation.

    Who rolls back inside begins anew: what comes after that happens, or does not, by itself.
    """
    with Session(engine(), expire_on_commit=False) as session:
        confine(session, district)
        yield session
        session.commit()  # not reached by what was raised inside: closing the session takes it all back


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
