"""受理或不予受理: the window of the lead department decides whether the case begins (行政许可法 art. 32)."""

from datetime import datetime

from sqlmodel import Session

from actions.acting import REASON, Asked, Doing, Scene, text, worded
from actions.dating import hall_calendar, start_case_clocks, stop_clocks
from actions.deferring import promise_papers
from actions.following import follow
from actions.moving import SYSTEM, move_case, move_item
from actions.permitting import must_be_allowed
from models.account import Account, short_names
from models.case import Case, Item, items_of, lock_case
from models.clock import running_clocks
from models.notice import queue_notice
from models.supplement import open_notice, untold_gaps
from models.version import bundle_of_version
from rules.clock import ClockKind
from rules.errors import WrongState
from rules.limits import deemed_acceptance
from rules.moments import china_day
from rules.notices import Event
from rules.states import CASE_TRANSITIONS, ITEM_OPEN, Act, CaseState, case_after

DEEMED = "收件后五个工作日内未告知补正，自收到申请材料之日起即为受理（行政许可法第三十二条）。"
REASON_LIMIT = 2000  # signs; the column's width


def accept(session: Session, number: str, *, by: Account, at: datetime) -> Case:
    """受理: the clocks start, every department whose gates are open has the case at once."""
    must_be_allowed(by, Act.ACCEPT)
    case = lock_case(session, number)
    if silent_too_long(session, case, at=at):
        deem_accepted(session, case, at=at)  # it is accepted already; a late click cannot say otherwise
        return case
    case_after(case.state, Act.ACCEPT)  # raises before anything is written
    if untold_gaps(session, number):
        raise WrongState("部门提出的缺件还没有处理：请发出补正告知，或者逐项撤销并写明理由，再受理。")
    take_in(session, case, by=by, at=at)
    return case


def take_in(session: Session, case: Case, *, by: Account, at: datetime) -> None:
    """The window accepts. The case is locked."""
    items = _nothing_missing(session, case, at=at)
    case.accepted_at = at
    case.window_clerk = case.window_clerk or by.username  # what came online is theirs who took it in
    move_case(session, case, Act.ACCEPT, by=by.username, at=at)
    _begin(session, case, items, accepted_at=at, at=at)


def received_at(session: Session, case: Case) -> datetime:
    """When what is looked through came in: the application, or the last of what was supplied after a notice."""
    running = running_clocks(session, case.number)
    return next((row.started_at for row in running if row.kind is ClockKind.NOTICE), case.submitted_at)


def silent_too_long(session: Session, case: Case, *, at: datetime) -> bool:
    """Have five working days gone by in which nobody said what was missing (art. 32)?"""
    if case.state is not CaseState.SUBMITTED:
        return False
    return deemed_acceptance(china_day(received_at(session, case)), hall_calendar()) < at


def deem_accepted(session: Session, case: Case, *, at: datetime) -> None:
    """视为受理: the case was accepted the day its papers were received (domain R5). The case is locked."""
    received = received_at(session, case)
    items = _nothing_missing(session, case, at=at)
    case.accepted_at = received
    move_case(session, case, Act.DEEM_ACCEPTED, by=SYSTEM, at=at, reason=DEEMED)
    _begin(session, case, items, accepted_at=received, at=at)


def _nothing_missing(session: Session, case: Case, *, at: datetime) -> list[Item]:
    """Nobody need say any more what is missing: that clock stops. All items, read before anything is written."""
    stop_clocks(session, case, None, at=at)
    return items_of(session, case.number)


def _begin(session: Session, case: Case, every: list[Item], *, accepted_at: datetime, at: datetime) -> None:
    """What an acceptance sets going: dates, the notice, the departments. The case is locked and accepted."""
    items = [item for item in every if item.state in ITEM_OPEN]
    start_case_clocks(session, case, bundle_of_version(session, case.bundle_digest), items, at=accepted_at)
    names = short_names(session)
    owed = promise_papers(session, case, at=at)  # from today, also where the law dates the acceptance back
    days = [paper.promised_on for paper in owed if paper.promised_on]
    facts = {
        "departments": list(dict.fromkeys(names[item.department_code] for item in items)),
        "promised_due_on": case.promised_due_on.isoformat() if case.promised_due_on else None,
        "legal_due_on": case.legal_due_on.isoformat() if case.legal_due_on else None,
        "provisional": case.due_provisional,
        "owed": [paper.name for paper in owed],
        "owed_due_on": min(days).isoformat() if days else None,
        "deemed_on": china_day(accepted_at).isoformat() if accepted_at < at else None,
    }
    queue_notice(session, case, Event.ACCEPTED, facts=facts, at=at)
    follow(session, case, every, at=at)


def decline(session: Session, number: str, reason: str, *, by: Account, at: datetime) -> Case:
    """不予受理: in writing, with the reason (art. 32). The items are not needed any more."""
    must_be_allowed(by, Act.DECLINE)
    reason = stated(reason, "不予受理必须写明理由（行政许可法第三十二条）。")
    case = lock_case(session, number)
    if silent_too_long(session, case, at=at):
        raise WrongState(f"{DEEMED}不能再不予受理，请点“受理”转入办理。")
    if (notice := open_notice(session, number)) and not notice.lapsed:
        raise WrongState(f"补正告知 {notice.number} 的期限还没有届满，不能不予受理。")
    not_accept(session, case, reason, by=by.username, at=at)
    return case


def not_accept(session: Session, case: Case, reason: str, *, by: str, at: datetime) -> None:
    """不予受理, by the window or by what the bundle says of silence. The case is locked."""
    move_case(session, case, Act.DECLINE, by=by, at=at, reason=reason)
    case.decline_reason = reason
    if notice := open_notice(session, case.number):
        notice.closed_at = at
    stop_clocks(session, case, None, at=at)
    for item in items_of(session, case.number):
        if item.state in ITEM_OPEN:  # what was withdrawn stays so
            item.reason = "办件不予受理。"
            move_item(session, case, item, Act.STOP, by=SYSTEM, at=at, reason=item.reason)
    queue_notice(session, case, Event.NOT_ACCEPTED, facts={"reason": reason}, at=at)


def stated(words: str, why: str, field: str = "reason", called: str = "理由") -> str:
    """The reason, or what the field is for, trimmed; Faulty when there is none, it cannot be kept or is too long."""
    return worded(words, field, why, REASON_LIMIT, called)


def _accept(asked: Asked) -> object:
    return accept(asked.session, asked.number, by=asked.by, at=asked.at)


def _decline(asked: Asked) -> object:
    return decline(asked.session, asked.number, text(asked, "reason"), by=asked.by, at=asked.at)


def _may_decline(scene: Scene) -> bool:
    """Before a notice, or once its time is over."""
    if (scene.case.state, Act.DECLINE) not in CASE_TRANSITIONS:
        return False
    notice = open_notice(scene.session, scene.case.number)
    return notice is None or notice.lapsed


DOINGS = (
    Doing("accept", Act.ACCEPT, False, (), _accept),
    Doing("decline", Act.DECLINE, False, (REASON,), _decline, _may_decline, confirm=True),
)
