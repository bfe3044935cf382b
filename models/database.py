"""How does anything reach PostgreSQL? Through transaction(), the one door."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlmodel import Session

from config.settings import settings
from models.districts import confine

CASE_CHANNEL = "yjs_case"  # news for the conductor
NOTICE_CHANNEL = "yjs_notice"  # news for the sender


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
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        confine(session, district)
        yield session


@contextmanager
def owner_transaction() -> Generator[Session]:
    """The same as the owner of the tables, who alone may take words out of the audit (models/erasing.py)."""
    with Session(_engine(settings().owner_url), expire_on_commit=False) as session, session.begin():
        yield session


def ring(session: Session, channel: str) -> None:
    """Tell the listeners that there is news; they hear it when the transaction commits. Once is enough."""
    inside = session.get_nested_transaction() or session.get_transaction()
    known, rung = session.info.get("rung", (None, set()))
    if known is not inside or inside is None:
        known, rung = inside, set()
        session.info["rung"] = (known, rung)
    if channel not in rung:
        rung.add(channel)
        # On the connection: the session would first write everything that is pending.
        session.connection().execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})
