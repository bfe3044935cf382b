"""交接班: a clerk leaves drafts and what is not done with to the next one, who sees what is owed and takes it over."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from actions.permitting import must_be_allowed
from models.account import Account, account_named, lock_account
from models.shift import ShiftChange, give_cases_to, in_hand_of, in_open_changes, lock_shift_change
from rules.answering import UNSTORABLE
from rules.districts import reaches
from rules.errors import AlreadyDone, Faulty, NotYourDesk, WrongState
from rules.moments import china_text
from rules.people import Role
from rules.states import Act

LONGEST_NOTE = 2000
ANYBODY = "*"  # whoever has the next shift: to be chosen, never taken for granted
NOTHING = "请选择要交接的办件或未提交的表，或写一句交接的话。"


def hand_over(
    session: Session,
    *,
    cases: Iterable[str],
    drafts: Iterable[str],
    to: str,
    note: str,
    by: Account,
    at: datetime,
) -> ShiftChange:
    """Lay these out for the next clerk; they stay the giver's until somebody takes them. `to` may be ANYBODY.

    `drafts` are tokens of the giver's own forms, as the caller has found them.
    """
    must_be_allowed(by, Act.SUBMIT)
    note = note.strip()
    lock_account(session, by.username)  # of two clicks the second finds laid out what the first has
    laid_cases, laid_drafts = in_open_changes(session, by.username)
    own = {case.number for case in in_hand_of(session, by.username)} - laid_cases
    chosen = sorted(own & set(cases))
    forms = sorted(set(drafts) - laid_drafts)
    faults = _faults_of_note(note) | _faults_of_successor(session, to, by)
    if not (chosen or forms or note):
        faults["cases"] = NOTHING
    if faults:
        raise Faulty(faults)
    given_to = "" if to == ANYBODY else to
    change = ShiftChange(
        given_by=by.username, given_to=given_to, note=note, cases=chosen, drafts=forms, given_at=at
    )
    session.add(change)
    session.flush()
    return change


def take_over(session: Session, change_id: UUID, *, by: Account, at: datetime) -> ShiftChange:
    """From now on they are this clerk's. What was accepted meanwhile and owes nothing needs nobody any more."""
    must_be_allowed(by, Act.SUBMIT)
    change = lock_shift_change(session, change_id)
    if by.username == change.given_by or change.given_to not in ("", by.username):
        raise NotYourDesk("这次交接不是交给您的。")
    _must_be_open(session, change)
    change.taken_by, change.taken_at = by.username, at
    give_cases_to(session, change.cases, by.username)
    return change


def recall(session: Session, change_id: UUID, *, by: Account, at: datetime) -> ShiftChange:
    """收回: the giver keeps what nobody has taken yet."""
    change = lock_shift_change(session, change_id)
    if by.username != change.given_by:
        raise NotYourDesk("只有交出的人可以收回。")
    _must_be_open(session, change)
    change.recalled_at = at
    return change


def _must_be_open(session: Session, change: ShiftChange) -> None:
    if change.taken_at:
        taker = session.get(Account, change.taken_by)
        name = taker.name if taker else change.taken_by
        raise AlreadyDone(f"这次交接已于 {china_text(change.taken_at)} 由 {name} 接手。", "")
    if change.recalled_at:
        raise WrongState(f"这次交接已于 {china_text(change.recalled_at)} 收回。")


def _faults_of_note(note: str) -> dict[str, str]:
    if UNSTORABLE.search(note):
        return {"note": "交接的话里有控制字符，请删去。"}
    return {"note": f"交接的话请不超过 {LONGEST_NOTE} 字。"} if len(note) > LONGEST_NOTE else {}


def _faults_of_successor(session: Session, to: str, by: Account) -> dict[str, str]:
    if to in ("", ANYBODY):
        return {} if to else {"to": "请选择交给谁。"}
    try:
        successor = account_named(session, to)
    except NotYourDesk:
        successor = None
    if successor is None or successor.role is not Role.CLERK or to == by.username:
        return {"to": "请选择另一位窗口人员。"}
    if not reaches(successor.district, by.district):
        return {"to": f"{successor.name}看不到您的办件（行政区划不同），请选择别人。"}
    return {}
