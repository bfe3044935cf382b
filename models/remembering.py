"""Who asks the record the same again on one page? Nobody: what was answered once is remembered until something changes.

A page puts many questions through many hands: each act asks for itself whether it is open. Within the block every
question is put to PostgreSQL once; a page is read in one go, so nobody sees two moments of the record on it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import FrozenResult, Result, event
from sqlalchemy.orm import ORMExecuteState, UOWTransaction
from sqlalchemy.sql.cache_key import HasCacheKey
from sqlmodel import Session

_REMEMBERED = "remembered"  # in session.info: question -> answer


@contextmanager
def remembering(session: Session) -> Generator[None]:
    """For a page that only reads. Inside another such block it changes nothing."""
    outer = session.info.get(_REMEMBERED)
    if outer is None:
        session.info[_REMEMBERED] = {}
    try:
        yield
    finally:
        if outer is None:
            del session.info[_REMEMBERED]


@event.listens_for(Session, "do_orm_execute")
def _asked(state: ORMExecuteState) -> Result[Any] | None:
    known: dict[Any, FrozenResult[Any]] | None = state.session.info.get(_REMEMBERED)
    if known is None or not isinstance(state.statement, HasCacheKey):
        return None
    if not state.is_select:
        known.clear()
        return None
    if getattr(state.statement, "_for_update_arg", None) is not None:
        return None  # who locks wants to know how it is now
    key = state.statement._generate_cache_key()  # by which SQLAlchemy itself knows a statement again
    if key is None:
        return None
    values = [one.effective_value for one in key.bindparams]
    question = (key.key, repr(values), repr(state.parameters))
    if question not in known:
        known[question] = state.invoke_statement().freeze()
    return known[question]()


@event.listens_for(Session, "after_flush")
def _changed(session: Session, _: UOWTransaction) -> None:
    if _REMEMBERED in session.info:
        session.info[_REMEMBERED].clear()
