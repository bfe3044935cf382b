"""How does an item, or a whole case, end without a decision? What was going on in it ends too; the file says why."""

from datetime import datetime

from sqlmodel import Session

from actions.dating import redate, stop_clocks
from actions.gatherings import close_gatherings
from actions.moving import move_case, move_item
from actions.relimiting import move_the_whole
from models.case import Case, Item, items_of
from models.clock import open_procedure
from models.supplement import supplement_notices_of
from models.together import open_opinions, open_rectification
from rules.moments import china_day
from rules.states import ITEM_OPEN_AT_DESK, Act


def end_item(
    session: Session, case: Case, item: Item, act: Act, *, by: str, at: datetime, reason: str
) -> None:
    """无需办理、撤回或减除, with the reason where everybody reads it. The caller holds the lock and then follows."""
    at_desk = item.state in ITEM_OPEN_AT_DESK
    item.reason = reason
    move_item(session, case, item, act, by=by, at=at, reason=reason)
    stop_clocks(session, case, item, at=at)
    if at_desk:
        close_what_is_open(session, case, item, by=by, at=at, reason=reason)


def close_what_is_open(
    session: Session, case: Case, item: Item, *, by: str, at: datetime, reason: str
) -> None:
    """A special procedure, a rectification and the opinions asked for do not outlive their item.

    The clock of the case stood still with the procedure: its dates are derived anew.
    """
    if rectification := open_rectification(session, item.number):
        rectification.ended_at, rectification.ended_by, rectification.finding = at, by, reason
    for opinion in open_opinions(session, item.number):
        opinion.cancelled_at = at
    if procedure := open_procedure(session, item.number):
        procedure.ended_on = max(china_day(at), procedure.started_on)
        procedure.result, procedure.ended_by = reason, by
        session.flush()
        items = items_of(session, case.number)
        move_the_whole(session, case, items, redate(session, case, items), at)


def end_case(session: Session, case: Case, act: Act, *, by: str, at: datetime, reason: str) -> None:
    """撤回或作废 of the whole case: nothing runs any more, and nothing is asked of the applicant any more.

    The caller holds the lock and has ended the items.
    """
    case.end_reason = reason
    stop_clocks(session, case, None, at=at)
    for notice in supplement_notices_of(session, case.number):
        notice.closed_at = notice.closed_at or at
    close_gatherings(session, case, at=at, reason=reason)
    if case.accepted_at:  # before that Prefect has never heard of the case
        case.look_at = at
    move_case(session, case, act, by=by, at=at, reason=reason)
