"""版本: what would a new version of a bundle mean for the cases that run, and how does one of them go over to it?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.accepting import REASON_LIMIT
from actions.acting import Asked, Doing, Field, Form, Scene, text
from actions.changing_items import ask_for_papers, of_the_lead
from actions.dating import hall_calendar, redate
from actions.following import follow
from actions.moving import record
from actions.permitting import must_be_allowed
from actions.relimiting import GONE, change_limit, hindered, limit_by_items, running, stays
from config.catalogue import departments, digest_of, in_force
from models.account import Account
from models.case import Case, Item, items_of, lock_case, materials_of
from models.notice import queue_notice
from models.version import bundle_of_version, keep_version, open_cases_of
from rules.answering import UNSTORABLE
from rules.bundle import Bundle, Limit
from rules.clock import ClockKind
from rules.errors import Faulty, WrongState
from rules.going_over import Fate, Running, Verdict, answers_for, verdict
from rules.limits import bundle_limit, statutory_start
from rules.notices import Event
from rules.selecting import promise_of
from rules.states import CASE_CLOSED, ITEM_OPEN_AT_DESK, Act, CaseState, ItemState
from rules.versions import Change, changes_between

# What has not begun, or begins anew if it is called for again: nobody's desk has it.
MAY_BEGIN = frozenset({ItemState.PENDING, ItemState.WAITING, ItemState.NOT_NEEDED, ItemState.DROPPED})


@dataclass(frozen=True)
class Standing:
    """An open case before a version."""

    number: str
    digest: str  # the version it runs under
    verdict: Verdict


@dataclass(frozen=True)
class Report:
    """What publishing a version would mean."""

    before: str
    after: str
    changes: tuple[Change, ...]
    cases: tuple[Standing, ...]

    def of(self, fate: Fate) -> list[Standing]:
        """The cases that would fare so."""
        return [one for one in self.cases if one.verdict.fate is fate]


def report(session: Session, new: Bundle, *, at: datetime) -> Report:
    """Against the version in force; each open case against the version it runs under. Nothing changes."""
    digest = digest_of(new)
    found = in_force(new.code)
    before, changes = (found[1], changes_between(found[0], new, _names())) if found else ("", ())
    cases = tuple(
        Standing(case.number, case.bundle_digest, standing(session, case, new, at=at))
        for case in open_cases_of(session, new.code)
        if case.bundle_digest != digest
    )
    return Report(before, digest, changes, cases)


def standing(session: Session, case: Case, new: Bundle, *, at: datetime) -> Verdict:
    """Can this case go over, what would change for it, and if not, why? Versions and dates together."""
    if case.state in CASE_CLOSED:
        return Verdict(Fate.STUCK, (), (f"办件{case.state.label}，不再迁移。",))
    items = items_of(session, case.number)
    old = bundle_of_version(session, case.bundle_digest)
    found = verdict(
        old,
        new,
        Running(
            {item.code: item.state for item in items},
            {material.spec_id: material.state for material in materials_of(session, case.number)},
            case.answers,
            {item.code: item.department_code for item in items},
        ),
        _names(),
    )
    if found.fate is not Fate.MOVABLE:
        return found
    late = tuple(_late(session, case, items, new, at))
    return Verdict(Fate.STUCK, found.changes, late) if late else found


def move(session: Session, number: str, reason: str = "", *, by: Account, at: datetime) -> Verdict:
    """迁移: this one case to the version in force, by somebody's decision. Every check first; then rows, dates, gates.

    Decisions stand, answers stay, no item is lost, whatever it waits for. Told where it matters to the applicant.
    """
    must_be_allowed(by, Act.MOVE_VERSION)
    case = lock_case(session, number)
    old = bundle_of_version(session, case.bundle_digest)
    must_be_allowed(by, Act.MOVE_VERSION, department=old.lead_department, what=f"办件 {number} 的牵头")
    reason = _reason(reason)
    new, digest = _target(case)
    found = standing(session, case, new, at=at)
    if found.fate is Fate.STUCK:
        raise WrongState(f"办件不能迁移到版本 {digest}：{''.join(found.reasons)}")
    before, promised, legal = case.bundle_digest, case.promised_due_on, case.legal_due_on
    case.bundle_digest = keep_version(session, new, at=at)
    case.answers = answers_for(new, case.answers)
    _go_over(session, case, old, new, at)
    facts = {"from": before, "to": digest, "changes": list(found.changes)}
    record(session, case, Act.MOVE_VERSION, by=by.username, at=at, reason=reason, facts=facts)
    moved = (case.promised_due_on, case.legal_due_on) != (promised, legal)
    if found.changes or moved:
        _tell(session, case, found, at)
    session.flush()
    if case.state is CaseState.ACCEPTED:
        case.look_at = at  # the manager's table names items and departments
        follow(session, case, at=at)
    return found


def _names() -> dict[str, str]:
    """The departments as the applicant knows them."""
    return {code: spec.name for code, spec in departments().items()}


def _reason(reason: str) -> str:
    reason = reason.strip()
    if UNSTORABLE.search(reason) or len(reason) > REASON_LIMIT:
        raise Faulty({"reason": f"理由请不超过 {REASON_LIMIT} 字，不含控制字符。"})
    return reason


def _target(case: Case) -> tuple[Bundle, str]:
    found = in_force(case.bundle_code)
    if found is None:
        raise WrongState(f"{case.bundle_code} 不再是可以办理的一件事，没有可以迁移到的版本。")
    if found[1] == case.bundle_digest:
        raise WrongState(f"办件已经是现行版本 {found[1]}，不用迁移。")
    return found


def _go_over(session: Session, case: Case, old: Bundle, new: Bundle, at: datetime) -> None:
    """Rows bear the new names, what has not begun goes to its new department, papers from elsewhere get their rows;
    what runs is counted by the new limits, from the same start.
    """
    items = items_of(session, case.number)
    for row in items:
        spec = new.item(row.code)
        row.name = spec.name
        if row.state in MAY_BEGIN and spec.department != old.item(row.code).department:
            row.department_code = spec.department
    for paper in materials_of(session, case.number):
        paper.name = new.material(paper.spec_id).name
    session.flush()
    ask_for_papers(session, case, new, items, at)
    for item, kind, limit in _limits(case, items, new):
        start = item.handed_over_at if item and item.handed_over_at else at
        change_limit(session, case, item, kind, limit, start=start, at=at)
    session.flush()
    limit_by_items(session, case, at=at)
    redate(session, case, items_of(session, case.number))


def _limits(
    case: Case, items: list[Item], new: Bundle
) -> Iterator[tuple[Item | None, ClockKind, Limit | None]]:
    """What runs, and by which limit the new version counts it; the law's limit of the case follows its items."""
    if case.state is not CaseState.ACCEPTED:
        return
    yield None, ClockKind.PROMISED, new.promise
    for item in items:
        if item.state in ITEM_OPEN_AT_DESK:
            spec = new.item(item.code)
            if not item.added:  # it has what was left of the case's promise
                yield item, ClockKind.PROMISED, promise_of(spec, case.answers)
            yield item, ClockKind.STATUTORY, spec.legal


def _late(session: Session, case: Case, items: list[Item], new: Bundle, at: datetime) -> Iterator[str]:
    """The dates that would lie behind us, or were extended for the limit that ran."""
    limits = list(_limits(case, items, new))
    if case.accepted_at:
        start = case.reopened_at or statutory_start(case.accepted_at, case.complete_at)
        specs = [new.item(item.code) for item in items if item.state not in GONE]
        legal = bundle_limit(new, specs, start=start, calendar=hall_calendar())
        limits.append((None, ClockKind.STATUTORY, legal))
    for item, kind, limit in limits:
        row = running(session, case, item, kind)
        if row and limit and not stays(row, limit) and (why := hindered(session, case, row, limit, at)):
            yield f"{f'“{item.name}”的' if item else ''}{why}。"


def _tell(session: Session, case: Case, found: Verdict, at: datetime) -> None:
    facts = {
        "changes": list(found.changes) or ["办理期限按新的规则计算"],
        "promised_due_on": case.promised_due_on.isoformat() if case.promised_due_on else None,
        "provisional": case.due_provisional,
    }
    queue_notice(session, case, Event.VERSION_MOVED, about=f"{case.revision}", facts=facts, at=at)


def _move(asked: Asked) -> object:
    return move(asked.session, asked.number, text(asked, "reason"), by=asked.by, at=asked.at)


def _may_move(scene: Scene) -> bool:
    """There is a newer version, and this person leads the case or oversees it."""
    found = in_force(scene.case.bundle_code)
    newer = found is not None and found[1] != scene.case.bundle_digest
    return newer and scene.case.state not in CASE_CLOSED and of_the_lead(scene.session, scene.case, scene.by)


DOINGS = (
    Doing(
        "move-version",
        Act.MOVE_VERSION,
        False,
        (Field("reason", "理由", Form.TEXT, required=False),),
        _move,
        _may_move,
        confirm=True,
    ),
)
