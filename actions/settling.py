"""How is a decision written down, whoever took it: a person, a rule or the clock? What follows is for the caller."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from actions.dating import start_clock, start_delivery_clock, stop_clocks
from actions.moving import move_item
from actions.needing import block_all, needs_of
from models.account import short_names
from models.after import PostCheck
from models.case import Case, Item, materials_of
from models.document import revoke_documents
from models.notice import queue_notice
from models.together import open_opinions
from models.version import bundle_of_version
from rules.bundle import Bundle, ItemSpec, Limit, Unit
from rules.clock import ClockKind
from rules.documents import DECISIONS
from rules.identifiers import result_number
from rules.joining import consequences
from rules.material import MaterialState
from rules.notices import Event
from rules.selecting import is_commitment
from rules.states import ITEM_FINAL, Act, ItemState, Lane

FILE_NAME = 255  # signs; the column's width


@dataclass(frozen=True)
class Decision:
    """准予、不予或转报, how it came about, and with which reasons."""

    act: Act
    lane: Lane | None  # None: a refusal that follows from the applicant's silence
    reason: str = ""
    conditions: str = ""  # 附条件准予
    conditions_until: date | None = None
    transferred_to: str = ""
    facts: dict[str, Any] = field(default_factory=dict)  # what it rests on, for the record


def settle(
    session: Session, case: Case, item: Item, items: list[Item], decision: Decision, *, by: str, at: datetime
) -> None:
    """Write the decision with its entry, clocks, results and notice. The caller holds the lock and then follows."""
    stop_clocks(session, case, item, at=at)  # first: it would write what waits, which goes in one at the end
    item.decided_at, item.decided_by = at, by  # before the move: the table wants both together
    item.lane, item.reason = decision.lane, decision.reason
    item.conditions, item.conditions_until = decision.conditions, decision.conditions_until
    item.transferred_to = decision.transferred_to
    facts = decision.facts | _told_in_the_record(decision)
    move_item(session, case, item, decision.act, by=by, at=at, reason=decision.reason, facts=facts)
    bundle = bundle_of_version(session, case.bundle_digest)
    if decision.act is Act.GRANT:
        _hand_on_result(session, bundle, case, item, at)
        _expect_a_check(session, case, item, bundle.item(item.code), at)
    about = f"{item.number}/{case.revision}"  # an item that is opened again is decided, and told of, again
    facts = _facts(session, bundle, case, item, items)
    in_writing = decision.act is not Act.GRANT or bool(decision.conditions)  # art. 38
    queue_notice(session, case, Event.ITEM_DECIDED, about=about, facts=facts, at=at, statutory=in_writing)


def undo(
    session: Session, case: Case, item: Item, act: Act, *, by: str, at: datetime, reason: str = ""
) -> None:
    """The item will be decided anew: nothing of the decision stands, and its result proves nothing any more."""
    item.decided_at, item.decided_by, item.lane, item.reason = None, "", None, ""
    item.conditions, item.conditions_until, item.transferred_to = "", None, ""
    item.result_number, item.urged_at = "", None
    bundle = bundle_of_version(session, case.bundle_digest)
    item.step, item.assignee, item.handled_by = bundle.item(item.code).steps[0], "", ""
    move_item(session, case, item, act, by=by, at=at, reason=reason)
    stop_clocks(session, case, item, at=at)
    revoke_documents(
        session, item.case_number, item.number, DECISIONS, because=reason or f"{act.label}。", at=at
    )
    for opinion in open_opinions(session, item.number):
        opinion.cancelled_at = at  # an advice that never came belongs to the decision that is undone
    for material in materials_of(session, case.number):
        if bundle.material(material.spec_id).from_item == item.code:
            material.state, material.file_name, material.supplied_at = MaterialState.AWAITED, "", None


def _told_in_the_record(decision: Decision) -> dict[str, Any]:
    until = decision.conditions_until
    told = {
        "lane": decision.lane.value if decision.lane else "",
        "conditions": decision.conditions,
        "conditions_until": until.isoformat() if until else "",
        "transferred_to": decision.transferred_to,
    }
    return {name: value for name, value in told.items() if value}


def _hand_on_result(session: Session, bundle: Bundle, case: Case, item: Item, at: datetime) -> None:
    """The certificate is due to the applicant, and a material of those who waited for it: nobody types its number."""
    result = bundle.item(item.code).result
    if not result:
        return
    start_delivery_clock(session, case, item, at=at)
    hand_on_papers(session, bundle, case, item, at=at)


def hand_on_papers(session: Session, bundle: Bundle, case: Case, item: Item, *, at: datetime) -> None:
    """The result of a granted item becomes a material of those who wait for it."""
    result, number = bundle.item(item.code).result, result_number(item.number)
    made_of_it = {spec.id for spec in bundle.materials if spec.from_item == item.code}
    with session.no_autoflush:  # no decision changes which papers there are
        papers = materials_of(session, case.number) if made_of_it else []
    for material in papers:
        if material.state is MaterialState.AWAITED and material.spec_id in made_of_it:
            material.state, material.supplied_at = MaterialState.SHARED, at
            material.file_name = f"{result[: FILE_NAME - len(number) - 1]} {number}"


def _expect_a_check(session: Session, case: Case, item: Item, spec: ItemSpec, at: datetime) -> None:
    """告知承诺: decided at once on the applicant's word, which is checked within so many days."""
    if spec.commitment is None or not is_commitment(spec, case.answers):
        return
    check = session.get(PostCheck, item.number) or PostCheck(
        item_number=item.number, case_number=case.number, department_code=item.department_code
    )
    check.department_code = item.department_code
    check.commitment = "；".join(spec.conditions) or f"符合“{item.name}”的办理条件"
    check.passed, check.finding, check.checked_by, check.checked_at = None, "", "", None
    session.add(check)
    limit = Limit(spec.commitment.post_check_wd, Unit.WORKING_DAY, "告知承诺事后核查", "assumption")
    start_clock(session, case, item, ClockKind.POST_CHECK, limit, at=at)


def _facts(session: Session, bundle: Bundle, case: Case, item: Item, items: list[Item]) -> dict[str, object]:
    """What the applicant is told of the decision; those it stops are not left to wait for."""
    states = {other.code: other.state for other in items}
    stopped = {
        code for code, _ in consequences(needs_of(bundle, case, items), states, block_all(bundle)).stop
    }
    granted = item.state is ItemState.GRANTED
    left = [other for other in items if other.state not in ITEM_FINAL and other.code not in stopped]
    names = short_names(session)
    return {
        "item": item.name,
        "department": names[item.department_code],
        "granted": granted,
        "reason": "" if granted else item.reason,
        "conditions": item.conditions,
        "conditions_until": item.conditions_until.isoformat() if item.conditions_until else None,
        "transferred_to": item.transferred_to,
        "left": len(left),
        "still_with": list(dict.fromkeys(names[other.department_code] for other in left)),
    }
