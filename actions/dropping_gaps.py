"""撤销缺件: what need not be supplied after all; the file says who dropped it and why."""

from datetime import datetime

from sqlmodel import Session

from actions.acting import REASON, Asked, Doing, Field, Form, Scene, text, worded
from actions.gaps import names_of_gaps, papers_in_use
from actions.moving import SYSTEM, record
from actions.permitting import must_be_allowed
from actions.supplementing import close_if_complete
from models.account import Account
from models.case import Case, lock_case
from models.supplement import Gap, SupplementNotice, gaps_of, open_notice
from rules.errors import NotFound, NotYourDesk, WrongState
from rules.gaps import FORM_PARTS
from rules.people import Role
from rules.states import Act, CaseState

REASONS = 1200  # signs; with the gap itself it is one entry of the record
UNUSED = "需要它的事项已撤回，不用再补"


def drop_gap(session: Session, number: str, gap_id: str, reason: str, *, by: Account, at: datetime) -> Gap:
    """撤销缺件: by the office that listed it or the window, with the reason where the department reads it."""
    must_be_allowed(by, Act.DROP_GAP)
    case = lock_case(session, number)
    gap = next((gap for gap in gaps_of(session, number) if str(gap.id) == gap_id), None)
    if gap is None:
        raise NotFound("没有这项缺件，可能已经撤销。")
    if by.role is not Role.CLERK and gap.department_code != by.department_code:
        raise NotYourDesk("这项缺件不是您部门提出的，由提出的部门或者窗口撤销。")
    notice = _droppable_in(session, case, gap)
    reason = worded(reason, "reason", "请写明撤销的理由，提出的部门会看到。", REASONS)
    _drop(session, case, gap, reason, by=by.username, at=at)
    if notice:
        close_if_complete(session, case, notice, by=by.username, at=at)
    return gap


def drop_unused(session: Session, case: Case, *, at: datetime) -> None:
    """What only items that have ended needed is not asked for any more, and silence about it leads to nothing.

    The caller holds the lock of the case, which is not accepted yet.
    """
    in_use = papers_in_use(session, case) | FORM_PARTS.keys()
    for gap in gaps_of(session, case.number):
        if gap.answered_at is None and gap.spec_id not in in_use:
            _drop(session, case, gap, UNUSED, by=SYSTEM, at=at)
    if notice := open_notice(session, case.number):
        close_if_complete(session, case, notice, by=SYSTEM, at=at)


def _drop(session: Session, case: Case, gap: Gap, reason: str, *, by: str, at: datetime) -> None:
    gap.dropped_at = at
    name = names_of_gaps(session, case).get(gap.spec_id, gap.spec_id)
    said = f"“{name}”：{gap.what}（撤销：{reason}）"
    facts = {"material": gap.spec_id, "department": gap.department_code}
    record(session, case, Act.DROP_GAP, by=by, at=at, reason=said, facts=facts)
    session.flush()


def _droppable_in(session: Session, case: Case, gap: Gap) -> SupplementNotice | None:
    """The open notice that told it, None where it is not told yet; what is answered or over stays on file."""
    if gap.notice_number is None:
        if case.state is not CaseState.SUBMITTED:
            raise WrongState(f"办件状态为“{case.state.label}”，不能{Act.DROP_GAP.label}。")
        return None
    notice = open_notice(session, case.number)
    if case.state is not CaseState.CORRECTION or notice is None or gap.notice_number != notice.number:
        raise WrongState("这项缺件已经告知过申请人，办件不在补正中，不能撤销。")
    if gap.answered_at:
        raise WrongState("申请人已经补正这一项，不能撤销。")
    return notice


def _drop_gap(asked: Asked) -> object:
    gap, reason = text(asked, "gap"), text(asked, "reason")
    return drop_gap(asked.session, asked.number, gap, reason, by=asked.by, at=asked.at)


def droppable(scene: Scene) -> list[tuple[str, str]]:
    """The gaps this person may take back now."""
    names = names_of_gaps(scene.session, scene.case)
    found = []
    for gap in gaps_of(scene.session, scene.case.number):
        if scene.by.role is not Role.CLERK and gap.department_code != scene.by.department_code:
            continue
        try:
            _droppable_in(scene.session, scene.case, gap)
        except WrongState:
            continue
        found.append((str(gap.id), f"{names.get(gap.spec_id, gap.spec_id)}：{gap.what}"))
    return found


DOINGS = (
    Doing(
        "drop-gap",
        Act.DROP_GAP,
        False,
        (Field("gap", "撤销哪一项", Form.CHOICE, choices=droppable), REASON),
        _drop_gap,
        lambda scene: bool(droppable(scene)),
    ),
)
