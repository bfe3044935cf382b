"""What would this act lead to? It is taken inside a savepoint, looked at, and taken back: the preview cannot err."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from models.case import find_case, items_of
from rules.states import CaseState, ItemState, Outcome


@dataclass(frozen=True)
class Change:
    """What would become of one item."""

    code: str
    name: str
    department: str
    before: ItemState
    after: ItemState
    reason: str


@dataclass(frozen=True)
class Foreseen:
    """What the act would change, in the order of the bundle; `others` it would leave as they are."""

    changes: tuple[Change, ...]
    others: tuple[Change, ...]
    state: CaseState
    outcome: Outcome | None

    def stopped(self, but: str) -> tuple[Change, ...]:
        """Those that would end although nobody decided them."""
        return tuple(one for one in self.changes if one.after is ItemState.NOT_NEEDED and one.code != but)

    def described(self) -> dict[str, Any]:
        """As scripts read it."""
        return {
            "changes": [
                {
                    "item": one.code,
                    "name": one.name,
                    "department": one.department,
                    "from": one.before.value,
                    "to": one.after.value,
                    "reason": one.reason,
                }
                for one in self.changes
            ],
            "unchanged": [one.code for one in self.others],
            "state": self.state.value,
            "outcome": self.outcome.value if self.outcome else None,
        }


class _TakenBack(Exception):
    """Undoes the savepoint."""


def foresee(session: Session, number: str, take: Callable[[], object]) -> Foreseen:
    """What taking this act on the case would lead to; refused as the act itself is. Nothing changes, nobody is told."""
    session.flush()
    before = {item.number: item.state for item in items_of(session, number)}
    found: list[Foreseen] = []
    try:
        with session.begin_nested():
            take()
            session.flush()
            found.append(_look(session, number, before))
            raise _TakenBack
    except _TakenBack:
        session.expire_all()
    return found[0]


def _look(session: Session, number: str, before: dict[str, ItemState]) -> Foreseen:
    case = find_case(session, number)
    items = [
        Change(
            item.code,
            item.name,
            item.department_code,
            before.get(item.number, ItemState.PENDING),
            item.state,
            item.reason,
        )
        for item in items_of(session, number)
    ]
    return Foreseen(
        tuple(item for item in items if item.after is not item.before),
        tuple(item for item in items if item.after is item.before),
        case.state,
        case.outcome,
    )
