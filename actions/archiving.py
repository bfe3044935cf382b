"""归档: a case that is over, delivered and checked is put away; nothing is done with it any more."""

from datetime import datetime

from sqlmodel import Session

from actions.acting import Asked, Doing, Scene
from actions.moving import record
from actions.permitting import must_be_allowed
from models.account import Account
from models.after import lying_ready, on_the_way, post_checks_of
from models.case import Case, items_of, lock_case
from rules.errors import AlreadyDone, WrongState
from rules.states import CASE_CLOSED, Act, CaseState, ItemState


def archive(session: Session, number: str, *, by: Account, at: datetime) -> Case:
    """归档, by the window. Only a review by a higher authority opens it again."""
    must_be_allowed(by, Act.ARCHIVE)
    case = lock_case(session, number)
    if case.archived_at:
        raise AlreadyDone("办件已经归档。", number)
    if open_ends := _open_ends(session, case):
        raise WrongState(f"还不能归档：{'；'.join(open_ends)}。")
    case.archived_at = at
    record(session, case, Act.ARCHIVE, by=by.username, at=at)
    return case


def _open_ends(session: Session, case: Case) -> list[str]:
    """What is still to be done, in words."""
    found = []
    if case.state not in CASE_CLOSED:
        found.append(f"办件{case.state.label}")
    if case.state is CaseState.CONCLUDED and case.issued_at is None:  # the worker is on its way to it
        found.append("结果还没有制作")
    if lying_ready(session, case.number) or on_the_way(session, case.number):
        found.append("结果还没有全部送达")
    granted = {item.number for item in items_of(session, case.number) if item.state is ItemState.GRANTED}
    checks = post_checks_of(session, case.number)
    if any(check.item_number in granted and not check.passed for check in checks):
        found.append("承诺事项还没有核查相符")
    return found


def _archive(asked: Asked) -> object:
    return archive(asked.session, asked.number, by=asked.by, at=asked.at)


def _may_be_archived(scene: Scene) -> bool:
    return scene.case.archived_at is None and not _open_ends(scene.session, scene.case)


DOINGS = (Doing("archive", Act.ARCHIVE, False, (), _archive, _may_be_archived),)
