"""容缺受理: a promised paper has its date, is reminded of once, and what its absence leads to is said by the bundle."""

from collections import defaultdict
from datetime import datetime

from sqlmodel import Session

from actions.dating import start_clock
from actions.ending import close_what_is_open, end_item
from actions.following import follow
from actions.moving import SYSTEM, move_item, record
from actions.relimiting import limit_by_items
from actions.settling import Decision, settle
from models.case import Case, Item, Material, items_of, materials_of
from models.clock import ClockRow, running_clocks
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.bundle import Bundle, Limit, OnSilence, Unit
from rules.clock import ClockKind
from rules.material import MaterialState
from rules.notices import Event
from rules.states import ITEM_FINAL, Act, CaseState, ItemState

# What brings an item back to where it can be refused, whatever goes on inside it.
BACK = {ItemState.SPECIAL: Act.END_SPECIAL, ItemState.RECTIFYING: Act.REINSPECT}


def promise_papers(session: Session, case: Case, *, at: datetime) -> list[Material]:
    """受理: the papers promised for later get their day; which they are. One clock serves all with as many days."""
    bundle = bundle_of_version(session, case.bundle_digest)
    by_days: dict[int, list[Material]] = defaultdict(list)
    with session.no_autoflush:  # an acceptance makes no papers, and is written in one go
        missing = _missing(session, case)
    for material in missing:
        by_days[bundle.material(material.spec_id).defer_days].append(material)
    for days, materials in sorted(by_days.items()):
        limit = Limit(days, Unit.WORKING_DAY, "容缺受理承诺", "assumption")
        row = start_clock(session, case, None, ClockKind.DEFERRAL, limit, at=at)
        for material in materials:
            material.promised_on = row.due_on
    return missing


def paper_arrived(session: Session, case: Case, material: Material, *, at: datetime) -> None:
    """补交: nobody waits for it any more; the clock stops with the last paper it stands for."""
    days = bundle_of_version(session, case.bundle_digest).material(material.spec_id).defer_days
    for row in running_clocks(session, case.number):
        if row.kind is ClockKind.DEFERRAL and row.n == days and not _owed(session, case, row):
            row.stop(at)


def move_promised(session: Session, case: Case, row: ClockRow) -> None:
    """A new holiday table has moved the clock: the papers it stands for are promised by its day."""
    for paper in _owed(session, case, row):
        paper.promised_on = row.due_on


def remind(session: Session, case: Case, _item: Item | None, row: ClockRow, at: datetime) -> None:
    """期限将满: the applicant is reminded, once, of what some open item still needs."""
    papers = _owed(session, case, row)
    late = row.due_at and at > row.due_at  # a patrol that was away: too late to remind
    if late or not _waiting_for(session, case, papers):
        return
    names = [paper.name for paper in papers]
    facts = {
        "materials": names,
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "provisional": row.provisional,
    }
    record(
        session, case, Act.REMIND, by=SYSTEM, at=at, reason=f"提醒申请人补交容缺材料：{'、'.join(names)}。"
    )
    about = f"deferral/{case.revision}"
    queue_notice(session, case, Event.DEFERRAL_REMINDED, about=about, facts=facts, at=at)


def lapse(session: Session, case: Case, _item: Item | None, row: ClockRow, at: datetime) -> None:
    """期限已过: 视为撤回, 不予, or the departments decide, as the bundle says; the clock has done its work."""
    row.stop(at)
    papers = _owed(session, case, row)
    waiting = _waiting_for(session, case, papers)
    if not waiting:
        return
    silence = bundle_of_version(session, case.bundle_digest).deferral_silence
    missing = "、".join(f"“{paper.name}”" for paper in papers)
    items = "、".join(f"“{one.name}”" for one in waiting)
    result = {
        OnSilence.WITHDRAWN: f"{items}视为撤回，需要时可以重新申请",
        OnSilence.REFUSED: f"{items}不予办理，决定另行告知",
        OnSilence.ASK: f"{items}由承办部门依法决定，请尽快补交",
    }[silence]
    why = f"容缺材料{missing}逾期未补"
    record(session, case, Act.LAPSE_DEFERRAL, by=SYSTEM, at=at, reason=f"{why}：{result}。")
    facts = {"materials": [paper.name for paper in papers], "result": result}
    about = f"deferral/{case.revision}"
    queue_notice(session, case, Event.DEFERRAL_LAPSED, about=about, facts=facts, at=at)
    if silence is OnSilence.WITHDRAWN:
        _withdraw(session, case, waiting, f"{why}，视为撤回。", at)
    elif silence is OnSilence.REFUSED:
        _refuse(session, case, waiting, f"{why}，不予办理。", at)


def _withdraw(session: Session, case: Case, waiting: list[Item], reason: str, at: datetime) -> None:
    for item in waiting:
        end_item(session, case, item, Act.WITHDRAW, by=SYSTEM, at=at, reason=reason)
    follow(session, case, at=at)
    if case.state is CaseState.ACCEPTED:
        limit_by_items(session, case, at=at)


def _refuse(session: Session, case: Case, waiting: list[Item], reason: str, at: datetime) -> None:
    """An item that has not begun cannot be refused: it is not needed any more."""
    items = items_of(session, case.number)
    for item in waiting:
        if item.state in (ItemState.PENDING, ItemState.WAITING):
            end_item(session, case, item, Act.STOP, by=SYSTEM, at=at, reason=reason)
            continue
        if back := BACK.get(item.state):
            move_item(session, case, item, back, by=SYSTEM, at=at, reason=reason)
            close_what_is_open(session, case, item, by=SYSTEM, at=at, reason=reason)
        settle(session, case, item, items, Decision(Act.REFUSE, None, reason), by=SYSTEM, at=at)
    follow(session, case, at=at)


def _missing(session: Session, case: Case) -> list[Material]:
    return [paper for paper in materials_of(session, case.number) if paper.state is MaterialState.DEFERRED]


def _owed(session: Session, case: Case, row: ClockRow) -> list[Material]:
    """The papers this clock stands for that have not come; one that nobody promised has no day (增加事项)."""
    bundle = bundle_of_version(session, case.bundle_digest)
    promised = [paper for paper in _missing(session, case) if paper.promised_on]
    return [paper for paper in promised if bundle.material(paper.spec_id).defer_days == row.n]


def _waiting_for(session: Session, case: Case, papers: list[Material]) -> list[Item]:
    """The open items that cannot be granted without one of these papers."""
    bundle: Bundle = bundle_of_version(session, case.bundle_digest)
    wanted = {paper.spec_id for paper in papers}
    return [
        item
        for item in items_of(session, case.number)
        if item.state not in ITEM_FINAL and wanted & set(bundle.item(item.code).materials)
    ]
