"""What do conductor and worker ask of the record, and what do they write down of Prefect?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, cast, exists, false, func, or_, update
from sqlalchemy import case as when
from sqlmodel import Session, col
from sqlmodel import select as query

from models.account import short_names
from models.case import Case, Item, find_case, items_of
from models.database import CASE_CHANNEL, ring
from rules.moments import CHINA
from rules.states import CaseState, ItemState, Lane

WORK_CHANNEL = "yjs_work"  # news for the worker: a run was scheduled
UNTOLD: dict[str, Any] = {
    "task_run_id": None,
    "shown": None,
    "told_at": None,
}  # an item that Prefect knows nothing of
GIVE_UP_AFTER = 6  # failures in a row; then the case waits for a person, or for the next act on it


# Who was promised an answer for the day of the hand-over or the next (即办), or was granted by a rule (秒批).
SOON = or_(
    col(Item.lane) == Lane.RULE,
    col(Item.promised_due_on) <= cast(func.timezone(str(CHINA), col(Item.handed_over_at)), Date) + 1,
)
# What a pass has to show of it is waited for; or the whole case was promised so.
IMMEDIATE = or_(
    col(Case.promised_due_on) <= cast(func.timezone(str(CHINA), col(Case.accepted_at)), Date) + 1,
    exists().where(
        col(Item.case_number) == Case.number,
        col(Item.handed_over_at).is_not(None),
        col(Item.shown).is_distinct_from(col(Item.state)),
        SOON,
    ),
)


@dataclass(frozen=True)
class Conducted:
    """A case as a pass sees it, all at one moment."""

    case: Case
    items: list[Item]
    departments: dict[str, str]  # their short names by code


def conducted(session: Session, number: str) -> Conducted:
    """The case as it is now."""
    names = short_names(session)
    return Conducted(find_case(session, number), items_of(session, number), names)


def cases_to_ask_for(session: Session, now: datetime, again_after: timedelta, limit: int) -> list[Case]:
    """Which cases are due for a pass that nobody runs, and that were not asked for a moment ago?

    The one place where the order of passes is decided: what is immediate first, then what is due longest. What was
    asked for before and nobody ran comes after all of them: nobody may be there for its district.
    """
    found = (
        query(Case)
        .where(
            col(Case.look_at) <= now,
            _free(now),
            or_(col(Case.asked_at).is_(None), col(Case.asked_at) < now - again_after),
        )
        .order_by(
            col(Case.asked_at).is_not(None), func.coalesce(IMMEDIATE, false()).desc(), col(Case.look_at)
        )
        .limit(limit)
    )
    return list(session.exec(found))


def asked_for(session: Session, now: datetime, again_after: timedelta, limit: int) -> int:
    """How many passes wait in Prefect for a worker? Counted up to this limit."""
    waiting = (
        query(Case.number)
        .where(col(Case.look_at) <= now, _free(now), col(Case.asked_at) >= now - again_after)
        .limit(limit)
    )
    return session.exec(query(func.count()).select_from(waiting.subquery())).one()


def note_asked(session: Session, number: str, run: UUID, at: datetime) -> None:
    """Prefect was asked for a pass by this run, unless a run started by hand became the case's meanwhile."""
    own = or_(col(Case.flow_run_id) == run, col(Case.flow_run_id).is_(None))
    session.execute(update(Case).where(col(Case.number) == number, own).values(flow_run_id=run, asked_at=at))
    ring(session, WORK_CHANNEL)


def is_own_run(session: Session, number: str, run: UUID) -> bool:
    """Is this the case's run? One that the conductor made and had no time to note down is, too."""
    found = session.exec(query(Case.flow_run_id, Case.look_at).where(Case.number == number)).one_or_none()
    if found is None:
        return False
    own, look_at = found
    return own == run if own else look_at is not None


def run_and_bundle(session: Session, number: str) -> tuple[UUID | None, str] | None:
    """The case's own run and the code of its bundle; None: there is no such case."""
    return session.exec(query(Case.flow_run_id, Case.bundle_code).where(Case.number == number)).one_or_none()


def claim_pass(
    session: Session, number: str, run: UUID, holder: str, now: datetime, lease: timedelta
) -> bool:
    """Take the lease on a case's pass; False: another worker has it, or this is not the case's run."""
    taken = session.execute(
        update(Case)
        .where(
            col(Case.number) == number,
            or_(col(Case.flow_run_id) == run, col(Case.flow_run_id).is_(None)),
            _free(now),
        )
        .values(lease_holder=holder, lease_until=now + lease, flow_run_id=run)
        .returning(col(Case.number))
    )
    return taken.scalar_one_or_none() is not None


def renew_leases(session: Session, holder: str, numbers: Iterable[str], until: datetime) -> None:
    """The passes are still running."""
    mine = col(Case.number).in_(list(numbers))
    session.execute(update(Case).where(mine, col(Case.lease_holder) == holder).values(lease_until=until))


def end_pass(session: Session, number: str, holder: str) -> None:
    """The pass ended well; the lease is free and earlier failures are forgotten."""
    _release(session, number, holder, {"failures": 0, "failure": "", "asked_at": None})
    ring(session, CASE_CHANNEL)  # for news that came while the pass was falling asleep


def take_back_lapsed(session: Session, now: datetime) -> list[str]:
    """Passes whose worker is gone: whatever they still had to say to Prefect, another pass must say."""
    lapsed = (col(Case.lease_until) < now, col(Case.lease_holder).is_not(None))
    taken = session.execute(
        update(Case)
        .where(*lapsed)
        .values(lease_holder=None, lease_until=None, asked_at=None, look_at=now)
        .returning(col(Case.number))
    )
    return [row[0] for row in taken]


def put_off(session: Session, number: str, why: str, look_at: datetime) -> bool:
    """The case cannot be conducted as things are; the others must not wait for it. True: it is given up."""
    mine = col(Case.number) == number
    tried = update(Case).where(mine).values(**_failed(why, look_at)).returning(col(Case.failures))
    return session.execute(tried).scalar_one_or_none() == GIVE_UP_AFTER


def fail_pass(session: Session, number: str, holder: str, why: str, look_at: datetime) -> bool:
    """The pass failed: try again later, and let the manager read why. True: the case is given up."""
    mine = (col(Case.number) == number, col(Case.lease_holder) == holder)
    values = {**_failed(why, look_at), "lease_holder": None, "lease_until": None}
    tried = update(Case).where(*mine).values(**values).returning(col(Case.failures))
    return session.execute(tried).scalar_one_or_none() == GIVE_UP_AFTER


def hand_back_leases(session: Session, holder: str) -> None:
    """The worker goes; what it had begun may be taken up at once."""
    session.execute(
        update(Case)
        .where(col(Case.lease_holder) == holder)
        .values(lease_holder=None, lease_until=None, asked_at=None)
    )


def nothing_to_do(session: Session, seen: Case) -> bool:
    """The pass has seen everything there is of the case as it was read; False: there is news, look again.

    News is an act, or what the conductor missed in Prefect: it wishes for a look, or takes the run from the case.
    """
    as_seen = (
        col(Case.revision) == seen.revision,
        col(Case.look_at).is_not_distinct_from(seen.look_at),
        col(Case.flow_run_id) == seen.flow_run_id,
    )
    done = session.execute(
        update(Case)
        .where(col(Case.number) == seen.number, *as_seen)
        .values(look_at=None)
        .returning(col(Case.number))
    )
    return done.scalar_one_or_none() is not None


def note_told(session: Session, item_number: str, task_run: UUID, state: ItemState, at: datetime) -> None:
    """Prefect was told of the item as this task run, and in this state; it has still to be seen there."""
    told = update(Item).where(col(Item.number) == item_number)
    session.execute(told.values(task_run_id=task_run, shown=state, told_at=at))


def told_before(session: Session, moment: datetime, limit: int) -> list[tuple[Item, UUID]]:
    """What Prefect was told before this moment and was not seen there, each with its case's run."""
    found = (
        query(Item, Case.flow_run_id)
        .join(Case, col(Case.number) == Item.case_number)
        .where(col(Item.told_at) < moment, col(Case.flow_run_id).is_not(None))
        .order_by(col(Item.told_at))
        .limit(limit)
    )
    return [(item, run) for item, run in session.exec(found) if run]


def note_seen(session: Session, item: Item, task_run: UUID) -> None:
    """Prefect shows the item as it was told then, as this task run; what it was told since has still to be seen."""
    as_told = (col(Item.number) == item.number, col(Item.told_at) == item.told_at)
    session.execute(update(Item).where(*as_told).values(task_run_id=task_run, told_at=None))


def note_lost(session: Session, item_number: str, task_run: UUID, now: datetime) -> None:
    """Prefect does not know this task run any more: a pass must open it again."""
    here = (col(Item.number) == item_number, col(Item.task_run_id) == task_run)
    lost = session.execute(
        update(Item).where(*here).values(**UNTOLD).returning(col(Item.case_number))
    ).scalar_one_or_none()
    if lost:
        session.execute(update(Case).where(col(Case.number) == lost).values(look_at=now, asked_at=None))


def out_of_step(session: Session, limit: int) -> list[tuple[Item, Case]]:
    """Where does Prefect show something else than the record says? The items, each with its case."""
    found = (
        query(Item, Case)
        .join(Case, col(Case.number) == Item.case_number)
        .where(col(Item.task_run_id).is_not(None), col(Item.shown).is_distinct_from(col(Item.state)))
        .order_by(col(Item.number))
        .limit(limit)
    )
    return [(item, case) for item, case in session.exec(found)]


def look_again(session: Session, runs: Iterable[UUID], now: datetime) -> int:
    """These runs are not as their cases' should be: a pass must look, unless the case was given up.

    Runs of no case are nobody's concern.
    """
    mine = (col(Case.flow_run_id).in_(list(runs)), col(Case.failures) < GIVE_UP_AFTER)
    found = session.execute(
        update(Case)
        .where(*mine, _free(now), col(Case.look_at).is_(None))
        .values(look_at=now, asked_at=None)
        .returning(col(Case.number))
    )
    return len(found.all())


def open_runs_after(session: Session, number: str, limit: int) -> list[tuple[str, UUID]]:
    """A page of open cases with their runs, in order of number: to see whether Prefect still knows them."""
    found = (
        query(Case.number, Case.flow_run_id)
        .where(
            Case.state == CaseState.ACCEPTED, col(Case.flow_run_id).is_not(None), col(Case.number) > number
        )
        .order_by(col(Case.number))
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.exec(found) if row[1]]


def forget_run(session: Session, number: str, run: UUID, now: datetime) -> None:
    """Prefect does not know this run any more: neither its task runs. A new one is to be made."""
    gone = update(Case).where(col(Case.number) == number, col(Case.flow_run_id) == run)
    done = session.execute(
        gone.values(flow_run_id=None, look_at=now, asked_at=None).returning(col(Case.number))
    ).scalar_one_or_none()
    if done:
        fresh = update(Item).where(col(Item.case_number) == number)
        session.execute(fresh.values(**UNTOLD))


def _free(now: datetime) -> ColumnElement[bool]:
    """Nobody runs a pass of the case."""
    return or_(col(Case.lease_until).is_(None), col(Case.lease_until) < now)


def _failed(why: str, look_at: datetime) -> dict[str, Any]:
    """One failure more. After the last try only a person, or an act on the case, has it tried again."""
    last = col(Case.failures) + 1 >= GIVE_UP_AFTER
    return {
        "failures": col(Case.failures) + 1,
        "failure": why[:1000],
        "look_at": when((last, None), else_=look_at),
        "asked_at": None,
    }


def _release(session: Session, number: str, holder: str, values: dict[str, object]) -> None:
    mine = (col(Case.number) == number, col(Case.lease_holder) == holder)
    session.execute(update(Case).where(*mine).values(lease_holder=None, lease_until=None, **values))
