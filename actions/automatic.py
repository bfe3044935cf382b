"""秒批: a rule of the bundle grants at once what meets its condition. It never refuses; a person sees the rest."""

from datetime import datetime

from sqlmodel import Session

from actions.moving import APPLICANT, SYSTEM
from actions.needing import what_holds
from actions.settling import Decision, settle
from models.audit import timeline
from models.case import Case, Item
from models.owing import papers_in
from rules.bundle import Bundle, ItemSpec
from rules.conditions import holds, names
from rules.material import MaterialState
from rules.states import Act, ItemState, Lane


def grant_by_rule(
    session: Session, bundle: Bundle, case: Case, item: Item, items: list[Item], *, at: datetime
) -> bool:
    """Was the item, just handed over, granted by its rule? The entry says by which, and on which answers.

    What its predecessors were to produce must be there; whatever else holds a grant holds the rule too.
    """
    spec = bundle.item(item.code)
    rule = spec.automatic
    if rule is None or item.state is not ItemState.IN_REVIEW or not holds(rule.when, case.answers):
        return False
    if papers_in(session, case.number, spec.materials, MaterialState.AWAITED):
        return False
    if what_holds(session, case, item, items, at=at):
        return False
    if _came_unseen(session, case, spec):
        return False
    answers = {name: case.answers[name] for name in sorted(names(rule.when)) if name in case.answers}
    asked = {question.id: question.text for question in bundle.questions}
    said = "；".join(f"{asked[name]}{_said(value)}" for name, value in answers.items())
    reason = f"符合秒批条件，由系统按规则准予。依据：{rule.basis}。" + (f"条件：{said}。" if said else "")
    facts = {"condition": rule.when, "answers": answers, "basis": rule.basis, "source": rule.source}
    decision = Decision(Act.GRANT, Lane.RULE, reason[:2000], facts=facts)
    settle(session, case, item, items, decision, by=SYSTEM, at=at)
    return True


def _came_unseen(session: Session, case: Case, spec: ItemSpec) -> bool:
    """Did the applicant upload one of its papers after the acceptance? Nobody has looked at it: a person does."""
    return any(
        entry.act is Act.SUPPLY
        and entry.actor == APPLICANT
        and case.accepted_at is not None
        and entry.at >= case.accepted_at
        and entry.facts.get("material") in spec.materials
        for entry in timeline(session, case.number)
    )


def _said(value: object) -> str:
    return {True: "是", False: "否"}[value] if isinstance(value, bool) else str(value)
