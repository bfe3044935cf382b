"""What does the record say of its cases to whoever holds it against Prefect, and how is a case brought up again?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, update
from sqlmodel import Session, col, select

from models.audit import AuditEntry
from models.case import Case, Item
from models.conducting import GIVE_UP_AFTER, out_of_step
from models.database import CASE_CHANNEL, ring
from rules.drifting import Drift, DriftKind
from rules.moments import china_text
from rules.states import CaseState

MOST = 500  # of a kind in one look; what is repaired makes room for the rest


@dataclass(frozen=True)
class Expecting:
    """An open case that has a run, with its items that were handed over: each should have a task run."""

    case: Case
    items: Sequence[Item]


def record_alone(session: Session, settled: datetime) -> list[Drift]:
    """What the record itself knows to be amiss since before `settled`, without asking Prefect."""
    waiting = (col(Case.look_at) < settled, _free(settled), or_(_never_asked(), col(Case.asked_at) < settled))
    lost = (
        col(Case.state) == CaseState.ACCEPTED,
        col(Case.flow_run_id).is_(None),
        col(Case.look_at).is_(None),
    )
    given_up = col(Case.failures) >= GIVE_UP_AFTER
    return [
        *_cases(session, DriftKind.LEASE_LAPSED, col(Case.lease_until) < settled),
        *_cases(session, DriftKind.WAITING, *waiting),
        *_cases(session, DriftKind.NO_RUN, *lost, ~given_up, col(Case.accepted_at) < settled),
        *_cases(session, DriftKind.FAILING, col(Case.failures) > 0, ~given_up),
        *_cases(session, DriftKind.GIVEN_UP, given_up),
        *_behind(session, settled),
    ]


def open_cases_after(session: Session, number: str, limit: int) -> list[Expecting]:
    """A page of open cases that have a run, in order of number."""
    asked = select(Case).where(
        Case.state == CaseState.ACCEPTED, col(Case.flow_run_id).is_not(None), col(Case.number) > number
    )
    cases = list(session.exec(asked.order_by(col(Case.number)).limit(limit)))
    items = select(Item).where(
        col(Item.case_number).in_([case.number for case in cases]), col(Item.handed_over_at).is_not(None)
    )
    found: dict[str, list[Item]] = {case.number: [] for case in cases}
    for item in session.exec(items.order_by(col(Item.number))):
        found[item.case_number].append(item)
    return [Expecting(case, found[case.number]) for case in cases]


def cases_named(session: Session, numbers: Iterable[str]) -> dict[str, Case]:
    """The cases of these numbers, as far as there are any."""
    query = select(Case).where(col(Case.number).in_(set(numbers)))
    return {case.number: case for case in session.exec(query)}


def moved_since(session: Session, numbers: Iterable[str], moment: datetime) -> set[str]:
    """Which of these cases has somebody acted on since then? What they show may still be under way."""
    latest = select(col(AuditEntry.case_number)).where(col(AuditEntry.case_number).in_(set(numbers)))
    return set(
        session.exec(
            latest.group_by(col(AuditEntry.case_number)).having(func.max(col(AuditEntry.at)) > moment)
        )
    )


def bring_up(session: Session, number: str, now: datetime) -> bool:
    """Ask the conductor for a pass of this case, open or not, unless somebody is at it."""
    free = or_(col(Case.lease_until).is_(None), col(Case.lease_until) < now)
    values = {"look_at": now, "asked_at": None}
    done = session.execute(
        update(Case).where(col(Case.number) == number, free).values(**values).returning(col(Case.number))
    )
    ring(session, CASE_CHANNEL)
    return done.scalar_one_or_none() is not None


def show_anew(session: Session, item_number: str, task_run: UUID) -> None:
    """Prefect shows something else than it was told: the conductor tells it again."""
    here = (col(Item.number) == item_number, col(Item.task_run_id) == task_run)
    session.execute(update(Item).where(*here).values(shown=None, told_at=None))
    ring(session, CASE_CHANNEL)


def try_again(session: Session, number: str, now: datetime) -> bool:
    """A person has looked at a case that was given up: its tries begin anew. False: it was not given up."""
    stuck = (col(Case.number) == number, col(Case.failures) > 0)
    values = {"failures": 0, "look_at": now, "asked_at": None}
    done = session.execute(update(Case).where(*stuck).values(**values).returning(col(Case.number)))
    ring(session, CASE_CHANNEL)
    return done.scalar_one_or_none() is not None


def cases_given_up(session: Session) -> list[Case]:
    """The cases whose passes have failed so often that nobody tries any more."""
    query = select(Case).where(col(Case.failures) >= GIVE_UP_AFTER).order_by(col(Case.number))
    return list(session.exec(query.limit(MOST)))


def _cases(session: Session, kind: DriftKind, *where: ColumnElement[bool] | bool) -> list[Drift]:
    query = select(Case).where(*where).order_by(col(Case.number)).limit(MOST)
    return [
        Drift(kind, case.number, _words(kind, case), str(case.flow_run_id or ""))
        for case in session.exec(query)
    ]


def _words(kind: DriftKind, case: Case) -> str:
    match kind:
        case DriftKind.LEASE_LAPSED if case.lease_until:
            return f"{china_text(case.lease_until)} 到期"
        case DriftKind.WAITING if case.look_at:
            return f"应于 {china_text(case.look_at)} 推进"
        case DriftKind.FAILING | DriftKind.GIVEN_UP:
            return f"{case.failures} 次：{case.failure}"
    return ""


def _behind(session: Session, settled: datetime) -> list[Drift]:
    stale = out_of_step(session, MOST)
    fresh = moved_since(session, [case.number for _, case in stale], settled)
    return [
        Drift(
            DriftKind.BAR_BEHIND,
            case.number,
            f"记录为“{item.state.label}”",
            str(case.flow_run_id or ""),
            item.number,
            str(item.task_run_id),
        )
        for item, case in stale
        if case.number not in fresh
    ]


def _free(moment: datetime) -> ColumnElement[bool]:
    return or_(col(Case.lease_until).is_(None), col(Case.lease_until) < moment)


def _never_asked() -> ColumnElement[bool]:
    return col(Case.asked_at).is_(None)
