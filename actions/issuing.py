"""制证: after the joint answer the results get their numbers and the applicant learns where to collect them."""

from datetime import datetime

from sqlmodel import Session

from actions.dating import start_delivery_clock, stop_clocks
from actions.delivering import all_arrived
from actions.moving import SYSTEM, answer_no, record
from actions.rating import invite
from config.catalogue import departments
from models.after import delivery_dates, lying_ready
from models.case import Case, Item, items_of, lock_case
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.bundle import Bundle, JoinPolicy
from rules.clock import ClockKind
from rules.identifiers import result_number
from rules.joining import may_issue
from rules.notices import Event
from rules.states import Act, CaseState, ItemState


def issue(session: Session, number: str, *, at: datetime) -> None:
    """Number the results of a concluded case and say they are ready. Running it again changes nothing."""
    case = lock_case(session, number)
    if case.state is not CaseState.CONCLUDED or case.issued_at or case.outcome is None:
        return  # not yet, or another pass did it before this one
    case.issued_at = at
    bundle = bundle_of_version(session, case.bundle_digest)
    items = items_of(session, number)
    results = _number_results(bundle, items) if may_issue(bundle.join, case.outcome) else []
    session.flush()
    case.delivered_at = all_arrived(session, case)  # opened again, there is more to hand over
    record(
        session,
        case,
        Act.ISSUE,
        by=SYSTEM,
        at=at,
        facts={"results": [result["number"] for result in results]},
    )
    if results:
        _make_due(session, case, at)
        _say_ready(session, bundle, case, results, at)
    else:  # nothing new to hand out, so nothing is due but what was issued before
        for item in (one for one in items if not one.result_number):
            stop_clocks(session, case, item, at=at, kind=ClockKind.DELIVERY)
        invite(session, case, at=at)


def issue_early(session: Session, case: Case, item: Item | None, at: datetime) -> bool:
    """统一出件 waits for the others only while the grant is inside its own ten days (domain R15).

    Whether it left alone: where all must be granted nothing leaves before the joint answer.
    """
    bundle = bundle_of_version(session, case.bundle_digest)
    if item is None or case.state is not CaseState.ACCEPTED or bundle.join is not JoinPolicy.BEST_EFFORT:
        return False
    results = _number_results(bundle, [item])
    if not results:
        return False
    reason = "其他事项尚未办结，证照先行颁发，以免超过十个工作日。"
    record(session, case, Act.ISSUE, by=SYSTEM, at=at, item=item, reason=reason)
    facts = {"results": results, "place": departments()[bundle.lead_department].place}
    queue_notice(session, case, Event.READY, about=f"{item.number}/{case.revision}", facts=facts, at=at)
    return True


def _number_results(bundle: Bundle, items: list[Item]) -> list[dict[str, str]]:
    results = []
    for item in items:
        name = bundle.item(item.code).result
        if item.state is ItemState.GRANTED and name and not item.result_number:  # else issued before
            item.result_number = result_number(item.number)
            results.append({"name": name, "number": item.result_number})
    return results


def _make_due(session: Session, case: Case, at: datetime) -> None:
    """What an earlier answer kept back is due from this one: its ten days had ended with that one (重新办理)."""
    due = delivery_dates(session, [case.number])
    for item in lying_ready(session, case.number):
        if item.number not in due:
            start_delivery_clock(session, case, item, at=at)


def _say_ready(
    session: Session, bundle: Bundle, case: Case, results: list[dict[str, str]], at: datetime
) -> None:
    place = departments()[bundle.lead_department].place
    facts = {"results": results, "place": place}
    queue_notice(session, case, Event.READY, about=answer_no(case), facts=facts, at=at)
