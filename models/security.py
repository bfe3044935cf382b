"""What happened at the door and to accounts? Added, never changed; read by the audit administrator."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Identity, Index, delete, or_
from sqlmodel import Field, Session, col, select

from models.columns import code, moment, one_of
from models.leaf import Leaf, leaf_of
from models.table import Table
from rules.security import SecurityKind

DETAIL = 500  # signs
AT_ONCE = 500  # rows fetched at a time


class SecurityEvent(Table, table=True):
    """安全事件."""

    __tablename__ = "security_event"
    __table_args__ = (
        one_of("kind", SecurityKind),
        Index("security_event_by_time", "at", "id"),
        Index("security_event_by_person", "username", "at"),
        Index("security_event_by_actor", "actor", "at"),
        Index("security_event_by_kind", "kind", "at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    at: datetime = Field(sa_column=moment(nullable=False))
    kind: SecurityKind = Field(sa_column=code(SecurityKind))
    username: str = Field(max_length=50)  # whose account; '' where the name is none: it may be a password
    actor: str = Field(max_length=50)  # who did it; '' before anybody is known
    address: str = Field(default="", max_length=64)
    detail: str = Field(default="", max_length=DETAIL)


class ProviderVisit(Table, table=True):
    """Somebody was sent to the city's identity service; taken away when he comes back, so nobody comes back twice."""

    __tablename__ = "provider_visit"

    state_hash: str = Field(primary_key=True, max_length=64)
    browser_hash: str = Field(max_length=64)  # comes back in the browser that left
    nonce: str = Field(max_length=64)
    verifier: str = Field(max_length=128)  # PKCE
    back_to: str = Field(max_length=2000)
    at: datetime = Field(sa_column=moment(nullable=False, index=True))


@dataclass(frozen=True)
class WantedEvents:
    """What the list is narrowed to; empty means all."""

    kind: SecurityKind | None = None
    username: str = ""
    since: datetime | None = None
    until: datetime | None = None
    page: int = 1


def keep_event(
    session: Session,
    kind: SecurityKind,
    username: str,
    *,
    at: datetime,
    by: str = "",
    address: str = "",
    detail: str = "",
) -> None:
    """Write down what happened."""
    session.add(
        SecurityEvent(
            kind=kind,
            username=username[:50],
            actor=by[:50],
            address=address[:64],
            detail=detail[:DETAIL],
            at=at,
        )
    )


def security_events(session: Session, wanted: WantedEvents) -> Leaf[SecurityEvent]:
    """The events asked for, the latest first, one page of them."""
    return leaf_of(session, _latest_first(_narrowed(wanted)), wanted.page)


def security_events_taken_out(session: Session, wanted: WantedEvents) -> Iterator[SecurityEvent]:
    """All the events asked for, read a part at a time."""
    query = _latest_first(_narrowed(wanted)).execution_options(yield_per=AT_ONCE)
    yield from session.execute(query).scalars()


def take_visit(session: Session, state_hash: str) -> ProviderVisit | None:
    """The visit of this state, which is no more from now on: of two at once only one gets it."""
    taken = delete(ProviderVisit).where(col(ProviderVisit.state_hash) == state_hash).returning(ProviderVisit)
    return session.execute(taken).scalars().one_or_none()


def forget_visits(session: Session, *, before: datetime) -> None:
    """Those who never came back."""
    session.execute(delete(ProviderVisit).where(col(ProviderVisit.at) < before))


def _latest_first(where: list[ColumnElement[bool]]) -> Any:
    order = (col(SecurityEvent.at).desc(), col(SecurityEvent.id).desc())
    return select(SecurityEvent).where(*where).order_by(*order)


def _narrowed(wanted: WantedEvents) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.kind:
        where.append(col(SecurityEvent.kind) == wanted.kind)
    if wanted.username:
        name = wanted.username
        where.append(or_(col(SecurityEvent.username) == name, col(SecurityEvent.actor) == name))
    if wanted.since:
        where.append(col(SecurityEvent.at) >= wanted.since)
    if wanted.until:
        where.append(col(SecurityEvent.at) < wanted.until)
    return where
