"""清除个人信息: of a case put away long ago, whose time is over; never of an open one."""

from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from actions.moving import record
from actions.permitting import must_be_allowed
from models.account import Account
from models.case import Case, lock_case
from models.erasing import archived_before, blank, files_left, has_open_letter
from models.version import bundle_of_version
from rules.errors import AlreadyDone, WrongState
from rules.moments import china_day
from rules.retention import Retention, kept_until
from rules.states import CASE_CLOSED, Act


def due(session: Session, *, at: datetime) -> list[Case]:
    """Cases whose retention is over, the oldest first; one about which a letter is still open waits for its end."""
    over = [case for case in archived_before(session, at) if _is_over(case, _retention(session, case), at)]
    return [case for case in over if not has_open_letter(session, case.number)]


def erase(session: Session, number: str, *, by: Account, at: datetime) -> Case:
    """Erase, and say so on the file. The session is that of the owner of the tables: entries lose their words."""
    must_be_allowed(by, Act.ERASE)
    case = lock_case(session, number)
    if case.erased_at:
        raise AlreadyDone(f"办件 {number} 的个人信息已经清除。", number)
    if case.archived_at is None or case.state not in CASE_CLOSED:
        raise WrongState(f"办件 {number} 没有办结归档，不能清除个人信息。")
    retention = _retention(session, case)
    if not _is_over(case, retention, at):
        until = kept_until(china_day(case.archived_at), retention)
        raise WrongState(f"办件 {number} 的个人信息要保存到 {until}，现在不能清除。")
    if has_open_letter(session, number):
        raise WrongState(f"办件 {number} 还有没有办结的来信或者差评整改，办结后再清除个人信息。")
    facts = {"years": retention.years, "source": retention.source}
    record(session, case, Act.ERASE, by=by.username, at=at, facts=facts)
    case.erased_at = at
    blank(session, number)
    return case


def remove_files(session: Session, folder: Path) -> int:
    """The papers of erased cases, after the commit; what a power cut leaves is taken up the next time."""
    left = files_left(session)
    for material, shared in left:
        if not shared:
            (folder / material.stored_as).unlink(missing_ok=True)
        material.stored_as = ""
    return len(left)


def _retention(session: Session, case: Case) -> Retention:
    return bundle_of_version(session, case.bundle_digest).retention


def _is_over(case: Case, retention: Retention, at: datetime) -> bool:
    return case.archived_at is not None and kept_until(china_day(case.archived_at), retention) <= china_day(
        at
    )
