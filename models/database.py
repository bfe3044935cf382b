"""How does anything reach PostgreSQL? Through transaction(), the one door."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlmodel import Session

from config.settings import settings
from models.districts import confine

CASE_CHANNEL = "yjs_case"  # news for the conductor
NOTICE_CHANNEL = "yjs_notice"  # news for the sender
_BELLS = "bells"  # in session.info: whom the end of the transaction rings for
_NOTIFY = text("SELECT pg_notify(channel, '') FROM unnest(CAST(:channels AS text[])) AS channel")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=4)
def _engine(url: str) -> Engine:
    return create_engine(
        url,
        pool_size=10,
        max_overflow=30,
        pool_pre_ping=True,  # PostgreSQL may have been restarted since
        json_serializer=_json,
        hide_parameters=True,  # what people told us is not repeated in logs
        connect_args={"application_name": "yijianshi", "connect_timeout": 5},
    )


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
