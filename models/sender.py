"""Which notice leaves next, and what does the sender write down before and after? Rows locked, never for long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import ScalarSelect, bindparam, func, not_, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from config.leaving import quiet_now
from models.case import Case, find_case
from models.courtesy import put_off
from models.notice import Notice, cannot_wait, move_all, urgent
from rules.ladder import still_told
from rules.notices import Channel, NoticeState

CLOSED = "办件已经结束，不再发送"


@dataclass(frozen=True)
class Claim:
    """A notice that a sender has in hand, the case it is about, and by which attempt it is known again."""

    notice: Notice
    case: Case
    id: UUID
    attempt: int


def claim_notice(session: Session, channel: Channel, *, at: datetime, lease: timedelta) -> Claim | None:
    """The next notice due on this channel, now ours to send until the lease lapses; None when there is none.

    The notices of a case leave in order: a later one waits while an earlier one is still to be sent. Only
    what cannot wait overtakes what can. What is told no more, because its case has ended, is withheld.
    """
    while (notice := _next_due(session, channel, at)) is not None:
        case = find_case(session, notice.case_number)
        if not still_told(notice.event, statutory=notice.statutory, state=case.state):
            notice.become(NoticeState.WITHHELD, why=CLOSED)
        elif until := put_off(session, notice, at=at):  # this person has had enough for one day
            notice.next_try_at = until
            hold_back(session, notice)
        else:
            notice.become(NoticeState.SENDING, until=at + lease)
            notice.attempts += 1
            notice.reference = notice.id.hex  # until the carrier gives its own
            return Claim(notice, case, notice.id, notice.attempts)
        session.flush()
    return None


_FATE = select(Notice.state, Notice.attempts).where(Notice.id == bindparam("claimed")).with_for_update()


def still_in_hand(session: Session, claim: Claim) -> bool:
    """Lock the notice that was claimed. False: a person has settled it meanwhile, or it was claimed again.

    The rest of it is read again only where it is another: the claim has lapsed, or this is a second try to write it.
    """
    state, attempts = session.exec(_FATE, params={"claimed": claim.id}).one()
    if attempts != claim.attempt or state not in (NoticeState.SENDING, NoticeState.UNKNOWN):
        return False
    session.add(claim.notice)
    if state is not claim.notice.state:
        session.refresh(claim.notice)
    return True


def give_up_lapsed(session: Session, *, at: datetime, why: str) -> int:
    """Nobody can say whether what a dead sender had in hand has left: make it UNKNOWN, and say how many."""
    lapsed = col(Notice.next_try_at) <= at
    return move_all(session, [NoticeState.SENDING], NoticeState.UNKNOWN, lapsed, why=why)


def hold_back(session: Session, failed: Notice) -> None:
    """What comes after it in the case need not be looked at before it is tried again."""
    after = (
        update(Notice)
        .where(
            col(Notice.case_number) == failed.case_number,
            col(Notice.channel) == failed.channel,
            col(Notice.serial) > failed.serial,
            col(Notice.next_try_at) < failed.next_try_at,
            *([] if cannot_wait(failed) else [not_(urgent(Notice))]),
        )
        .values(next_try_at=failed.next_try_at)
    )
    session.execute(after)


def _next_due(session: Session, channel: Channel, at: datetime) -> Notice | None:
    return session.exec(_due(quiet_now(at)), params={"channel": channel, "at": at}).one_or_none()


@cache  # building the question costs more than asking it
def _due(quiet: bool) -> SelectOfScalar[Notice]:
    return (
        select(Notice)
        .where(
            col(Notice.channel) == bindparam("channel"),
            col(Notice.next_try_at) <= bindparam("at"),
            col(Notice.state).in_((NoticeState.QUEUED, NoticeState.FAILED)),
            col(Notice.serial) == _whose_turn_it_is(),
            *([urgent(Notice)] if quiet else []),  # it fell due by day, but nobody sent it then
        )
        .order_by(col(Notice.next_try_at), col(Notice.serial))
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _whose_turn_it_is() -> ScalarSelect[int]:
    """The first of the case on this channel that has still to leave: one look-up in notice_turn."""
    other = aliased(Notice)
    return (
        select(func.min(other.serial))
        .where(
            col(other.case_number) == col(Notice.case_number),
            col(other.channel) == col(Notice.channel),
            col(other.next_try_at).is_not(None),
            or_(urgent(other), not_(urgent(Notice))),
        )
        .scalar_subquery()
    )
