"""How does a state change? Here and nowhere else: the state, its audit entry and the case's revision in one breath."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.audit import append
from models.case import Case, Item
from models.database import CASE_CHANNEL, ring
from rules.errors import WrongState
from rules.moments import china_text
from rules.states import AFTER_ARCHIVING, Act, case_after, item_after

SYSTEM = "system"  # the actor of what follows by the rules, not by a person's hand
APPLICANT = "applicant"


def move_case(
    session: Session,
    case: Case,
    act: Act,
    *,
    by: str,
    at: datetime,
    reason: str = "",
    facts: dict[str, Any] | None = None,
) -> None:
    """Take the case to its next state. The caller holds the lock of the case."""
    before = case.state
    case.state = case_after(before, act)
    record(session, case, act, by=by, at=at, reason=reason, facts=facts, before=before, after=case.state)


def move_item(
    session: Session,
    case: Case,
    item: Item,
    act: Act,
    *,
    by: str,
    at: datetime,
    reason: str = "",
    facts: dict[str, Any] | None = None,
) -> None:
    """Take one item to its next state. The caller holds the lock of the case."""
    before = item.state
    item.state = item_after(before, act)
    record(
        session,
        case,
        act,
        by=by,
        at=at,
        item=item,
        reason=reason,
        facts=facts,
        before=before,
        after=item.state,
    )


def record(
    session: Session,
    case: Case,
    act: Act,
    *,
    by: str,
    at: datetime,
    item: Item | None = None,
    reason: str = "",
    facts: dict[str, Any] | None = None,
    before: str = "",
    after: str = "",
) -> None:
    """Write down an act, also one that changes no state, and let the listeners know there is news.

    Every act of a person ends here, so here a case that has been put away refuses them; only a review opens it.
    """
    if case.archived_at and by != SYSTEM and act not in AFTER_ARCHIVING | {Act.ARCHIVE}:
        raise WrongState(f"办件已于 {china_text(case.archived_at)} 归档，不能再{act.label}。")
    case.revision += 1
    append(
        session,
        case,
        act,
        item_number=item.number if item else None,
        actor=by,
        before=before,
        after=after,
        reason=reason,
        facts=facts or {},
        at=at,
    )
    ring(session, CASE_CHANNEL)


def note_view(
    session: Session, case: Case, *, by: str, at: datetime, reason: str, facts: dict[str, Any]
) -> None:
    """Write down that somebody looked: part of the file, but no news, and nothing has moved. The case is locked."""
    append(
        session,
        case,
        Act.VIEW,
        item_number=None,
        actor=by,
        before="",
        after="",
        reason=reason,
        facts=facts,
        at=at,
    )


def answer_no(case: Case) -> str:
    """What tells the notices of one joint answer from those of an earlier one: '' until the case is opened again."""
    return f"{case.reopened_at:%Y%m%d%H%M%S}" if case.reopened_at else ""
