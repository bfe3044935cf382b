"""What would this act lead to? It is taken inside a savepoint, looked at, and taken back: the preview cannot err."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session

from models.case import find_case, items_of
from rules.states import CaseState, ItemState, Outcome

WHOLE = "联合办理"


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
class Redated:
    """A date that would move: of an item, or of the whole case."""

    name: str
    what: str  # 承诺期限 or 法定期限
    before: date | None
    after: date | None


@dataclass(frozen=True)
class Foreseen:
    """What the act would change, in the order of the bundle; `others` it would leave as they are."""

    changes: tuple[Change, ...]
    others: tuple[Change, ...]
    state: CaseState
    outcome: Outcome | None
    dates: tuple[Redated, ...] = ()

    def stopped(self, but: str) -> tuple[Change, ...]:
        """Those that would end although nobody decided them."""
        return tuple(one for one in self.changes if one.after is ItemState.NOT_NEEDED and one.code != but)

    @property
    def untouched(self) -> tuple[Change, ...]:
        """Those of which neither the state nor a date would change."""
        redated = {one.name for one in self.dates}
        return tuple(one for one in self.others if one.name not in redated)

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
    dates = _dates(session, number)
    found: list[Foreseen] = []
    try:
        with session.begin_nested():
            take()
            session.flush()
            found.append(_look(session, number, before, dates))
            raise _TakenBack
    except _TakenBack:
        session.expire_all()
    return found[0]


def _dates(session: Session, number: str) -> dict[tuple[str, str], date | None]:
    """Every date by which something is due, by what it is of."""
    case = find_case(session, number)
    found = {(WHOLE, "承诺期限"): case.promised_due_on, (WHOLE, "法定期限"): case.legal_due_on}
    for item in items_of(session, number):
        found |= {(item.name, "承诺期限"): item.promised_due_on, (item.name, "法定期限"): item.legal_due_on}
    return found


def _look(
    session: Session, number: str, before: dict[str, ItemState], dates: dict[tuple[str, str], date | None]
) -> Foreseen:
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
        tuple(
            Redated(*key, dates.get(key), after)
            for key, after in _dates(session, number).items()
            if after and after != dates.get(key)
        ),
    )
