"""受理或不予受理: the window of the lead department decides whether the case begins (行政许可法 art. 32)."""

from datetime import datetime

from sqlmodel import Session

from actions.acting import REASON, Asked, Doing, text
from actions.dating import hall_calendar, start_case_clocks, stop_clocks
from actions.deferring import promise_papers
from actions.following import follow
from actions.moving import SYSTEM, move_case, move_item
from actions.permitting import must_be_allowed
from models.account import Account, departments_by_code
from models.case import Case, items_of, lock_case
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.answering import UNSTORABLE
from rules.errors import Faulty, WrongState
from rules.limits import deemed_acceptance
from rules.moments import china_day
from rules.notices import Event
from rules.states import ITEM_OPEN, Act, CaseState

DEEMED = "收件后五个工作日内未告知补正，自收到申请材料之日起即为受理（行政许可法第三十二条）。"
REASON_LIMIT = 2000  # signs; the column's width


def accept(session: Session, number: str, *, by: Account, at: datetime) -> Case:
    """受理: the clocks start, every department whose gates are open has the case at once."""
    must_be_allowed(by, Act.ACCEPT)
    case = lock_case(session, number)
    if silent_too_long(case, at=at):
        deem_accepted(session, case, at=at)  # it is accepted already; a late click cannot say otherwise
        return case
    case.accepted_at = at
    move_case(session, case, Act.ACCEPT, by=by.username, at=at)
    begin(session, case, accepted_at=at, at=at)
    return case


def silent_too_long(case: Case, *, at: datetime) -> bool:
    """Have five working days gone by in which nobody said what was missing (art. 32)?"""
    deemed = deemed_acceptance(china_day(case.submitted_at), hall_calendar())
    return case.state is CaseState.SUBMITTED and deemed.at < at


def deem_accepted(session: Session, case: Case, *, at: datetime) -> None:
    """视为受理: the case was accepted the day its papers were received (domain R5). The case is locked."""
    case.accepted_at = case.submitted_at
    move_case(session, case, Act.DEEM_ACCEPTED, by=SYSTEM, at=at, reason=DEEMED)
    begin(session, case, accepted_at=case.submitted_at, at=at)


def begin(session: Session, case: Case, *, accepted_at: datetime, at: datetime) -> None:
    """What an acceptance sets going: dates, the notice, the departments. The case is locked and accepted."""
    items = [item for item in items_of(session, case.number) if item.state in ITEM_OPEN]
    stop_clocks(session, case, None, at=at)  # nobody need say any more what is missing
    start_case_clocks(session, case, bundle_of_version(session, case.bundle_digest), items, at=accepted_at)
    names = departments_by_code(session)
    facts = {
        "departments": list(dict.fromkeys(names[item.department_code].short_name for item in items)),
        "promised_due_on": case.promised_due_on.isoformat() if case.promised_due_on else None,
        "legal_due_on": case.legal_due_on.isoformat() if case.legal_due_on else None,
        "provisional": case.due_provisional,
    }
    promise_papers(session, case, at=at)  # from today, also where the law dates the acceptance back
    queue_notice(session, case, Event.ACCEPTED, facts=facts, at=at)
    follow(session, case, at=at)


def decline(session: Session, number: str, reason: str, *, by: Account, at: datetime) -> Case:
    """不予受理: in writing, with the reason (art. 32). The items are not needed any more."""
    must_be_allowed(by, Act.DECLINE)
    reason = stated(reason, "不予受理必须写明理由（行政许可法第三十二条）。")
    case = lock_case(session, number)
    if silent_too_long(case, at=at):
        raise WrongState(f"{DEEMED}不能再不予受理，请点“受理”转入办理。")
    move_case(session, case, Act.DECLINE, by=by.username, at=at, reason=reason)
    case.decline_reason = reason
    stop_clocks(session, case, None, at=at)
    for item in items_of(session, number):
        if item.state in ITEM_OPEN:  # what was withdrawn stays so
            item.reason = "办件不予受理。"
            move_item(session, case, item, Act.STOP, by=SYSTEM, at=at, reason=item.reason)
    queue_notice(session, case, Event.NOT_ACCEPTED, facts={"reason": reason}, at=at)
    return case


def stated(reason: str, why: str) -> str:
    """The reason, trimmed; Faulty when there is none, it cannot be kept or is longer than a page."""
    reason = reason.strip()
    if not reason:
        raise Faulty({"reason": why})
    if UNSTORABLE.search(reason):
        raise Faulty({"reason": "文字里有控制字符，请删去。"})
    if len(reason) > REASON_LIMIT:
        raise Faulty({"reason": f"理由请不超过 {REASON_LIMIT} 字。"})
    return reason


def _accept(asked: Asked) -> object:
    return accept(asked.session, asked.number, by=asked.by, at=asked.at)


def _decline(asked: Asked) -> object:
    return decline(asked.session, asked.number, text(asked, "reason"), by=asked.by, at=asked.at)


DOINGS = (
    Doing("accept", Act.ACCEPT, False, (), _accept),
    Doing("decline", Act.DECLINE, False, (REASON,), _decline),
)
