"""补正逾期: a reminder before the end, then what the bundle says of silence; nothing is assumed (domain 1.4)."""

from datetime import datetime

from sqlmodel import Session

from actions.accepting import not_accept, take_in
from actions.acting import Asked, Doing, Scene
from actions.ending import end_case, end_item
from actions.gaps import gaps_in, lines_of, listed_names, silence_said
from actions.moving import SYSTEM, record
from actions.permitting import must_be_allowed
from actions.supplementing import close, latest, version_after
from models.account import Account
from models.case import Case, Item, items_of, lock_case
from models.clock import ClockRow
from models.notice import queue_notice
from models.supplement import Gap, SupplementNotice, open_notice
from models.version import bundle_of_version
from rules.bundle import OnSilence
from rules.errors import Refused, WrongState
from rules.gaps import FORM_PARTS
from rules.material import MaterialState
from rules.notices import Event
from rules.states import ITEM_OPEN, Act, CaseState

REASONS = 2000  # signs; the column's width
RESULTS = {
    OnSilence.WITHDRAWN: "视为撤回申请，需要时可以重新申请",
    OnSilence.ASK: "由窗口和有关部门决定，决定之前补齐仍然有效",
}


def remind(session: Session, case: Case, _item: Item | None, row: ClockRow, at: datetime) -> None:
    """期限将满: the applicant is reminded, once, of what is still to be answered and of what silence leads to."""
    notice = _unanswered(session, case, row)
    if notice is None or (row.due_at and at > row.due_at):  # a patrol that was away: too late to remind
        return
    left = gaps_in(session, notice, unanswered=True)
    facts = {
        "notice": notice.number,
        "gaps": lines_of(session, case, left),
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "provisional": row.provisional,
        "silence": silence_said(session, case),
    }
    said = f"提醒申请人补正：{listed_names(session, case, left)}。"[:REASONS]
    record(session, case, Act.REMIND, by=SYSTEM, at=at, reason=said)
    queue_notice(session, case, Event.SUPPLEMENT_REMINDED, about=notice.number, facts=facts, at=at)


def lapse(session: Session, case: Case, _item: Item | None, row: ClockRow, at: datetime) -> None:
    """期限已过: 视为撤回, 不予受理, or the window and the departments that asked decide, as the bundle says."""
    notice = _unanswered(session, case, row)
    if notice is None:
        return
    row.stop(at)
    notice.lapsed = True
    missing = listed_names(session, case, gaps_in(session, notice, unanswered=True))
    silence = bundle_of_version(session, case.bundle_digest).supplement.silence
    why = f"补正告知 {notice.number} 的期限（至 {row.due_on}）届满，没有补齐：{missing}"[: REASONS - 100]
    facts = {"notice": notice.number, "silence": silence.value}
    record(session, case, Act.LAPSE_SUPPLEMENT, by=SYSTEM, at=at, reason=f"{why}。", facts=facts)
    if silence is OnSilence.REFUSED:
        not_accept(session, case, f"{why}。", by=SYSTEM, at=at)
        return
    facts = {"notice": notice.number, "result": RESULTS[silence]}
    queue_notice(session, case, Event.SUPPLEMENT_LAPSED, about=notice.number, facts=facts, at=at)
    if silence is OnSilence.WITHDRAWN:
        _withdraw(session, case, f"{why}，视为撤回。", at)


def accept_deferring(session: Session, number: str, *, by: Account, at: datetime) -> Case:
    """容缺受理 of a case whose time to answer has passed: what is still missing may all come after acceptance."""
    must_be_allowed(by, Act.ACCEPT)
    case = lock_case(session, number)
    notice = open_notice(session, number)
    if case.state is not CaseState.CORRECTION or notice is None or not notice.lapsed:
        raise WrongState("补正逾期、由窗口决定的办件，才能这样容缺受理。")
    left = gaps_in(session, notice, unanswered=True)
    if bars := _not_deferrable(session, case, left):
        raise Refused(f"{bars}不能容缺，没有补齐不能受理。请催补，或者写明理由不予受理。")
    for spec_id in dict.fromkeys(gap.spec_id for gap in left):
        paper = latest(session, case, spec_id)
        session.add(version_after(paper, MaterialState.DEFERRED))
    session.flush()
    reason = f"{notice.number}：{listed_names(session, case, left)}容缺，受理后补交。"
    close(session, case, notice, by=by.username, at=at, reason=reason)
    take_in(session, case, by=by, at=at)
    return case


def may_accept_deferring(scene: Scene) -> bool:
    """Is the time over, and may everything that is missing come later?"""
    notice = open_notice(scene.session, scene.case.number)
    if scene.case.state is not CaseState.CORRECTION or notice is None or not notice.lapsed:
        return False
    left = gaps_in(scene.session, notice, unanswered=True)
    return not _not_deferrable(scene.session, scene.case, left)


def _unanswered(session: Session, case: Case, row: ClockRow) -> SupplementNotice | None:
    """The notice this clock stands for; a rung may be fired after the answer has come and stopped it."""
    if row.stopped_at is not None or case.state is not CaseState.CORRECTION:
        return None
    return open_notice(session, case.number)


def _withdraw(session: Session, case: Case, reason: str, at: datetime) -> None:
    for item in items_of(session, case.number):
        if item.state in ITEM_OPEN:
            end_item(session, case, item, Act.WITHDRAW, by=SYSTEM, at=at, reason=reason)
    end_case(session, case, Act.WITHDRAW, by=SYSTEM, at=at, reason=reason)


def _not_deferrable(session: Session, case: Case, left: list[Gap]) -> str:
    bundle = bundle_of_version(session, case.bundle_digest)
    bars = [gap for gap in left if gap.spec_id in FORM_PARTS or not bundle.material(gap.spec_id).deferrable]
    return listed_names(session, case, bars)


def _accept_deferring(asked: Asked) -> object:
    return accept_deferring(asked.session, asked.number, by=asked.by, at=asked.at)


DOINGS = (Doing("accept-deferring", Act.ACCEPT, False, (), _accept_deferring, may_accept_deferring),)
