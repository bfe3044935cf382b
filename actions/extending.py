"""延长审批: who may give a limit of the law more days, and to which day it then runs (domain 1.3)."""

from datetime import datetime

from sqlmodel import Session

from actions.accepting import stated
from actions.acting import REASON, Asked, Doing, Field, Scene, text
from actions.dating import hall_calendar, redate
from actions.moving import record
from actions.permitting import is_head, must_be_allowed, on_behalf
from actions.relimiting import move_the_whole, promise_as_told
from actions.suspending import at_own_desk
from models.account import Account
from models.case import Case, Item, items_of, lock_case
from models.clock import ClockRow, procedures_of, running_clocks
from models.notice import queue_notice
from models.offices import office_calendars
from rules.clock import ClockKind, Due, Extension, due_of, extended
from rules.errors import Faulty, NotYourDesk, Refused, WrongState
from rules.moments import china_date, china_day
from rules.notices import Event
from rules.people import Role
from rules.states import ITEM_OPEN_AT_DESK, Act, CaseState

DOCUMENT_LIMIT = 100  # signs; the column's width


def extend_item(session: Session, number: str, name: str, reason: str, *, by: Account, at: datetime) -> Item:
    """延长审批: once, before the due date, by the head of the agency, with reasons (art. 42 ¶1)."""
    case, item, items, _ = at_own_desk(session, number, name, Act.EXTEND, by, at)
    post = is_head(session, by, item.department_code, case.district, at=at)
    if post is None:
        raise NotYourDesk("事项期限由本部门负责人批准延长。")
    row = _statutory(session, case, item)
    reason = stated(reason, "请写明延长审批的理由。")
    _extend(session, case, row, reason, "", by=by, at=at)
    facts = on_behalf(post)
    record(session, case, Act.EXTEND, by=by.username, at=at, item=item, reason=reason, facts=facts)
    move_the_whole(session, case, items, redate(session, case, items), at)
    _tell_extended(session, case, row, item.name, at)
    return item


def extend_case(
    session: Session, number: str, reason: str, document: str, *, by: Account, at: datetime
) -> Case:
    """延长联合办理: once, by the head of the government of that level, with its document number (art. 42 ¶2)."""
    must_be_allowed(by, Act.EXTEND)
    if by.role is not Role.GOVERNMENT:
        raise NotYourDesk("联合办理期限由本级人民政府负责人批准延长。")
    reason, document = stated(reason, "请写明延长审批的理由。"), _document(document)
    case = lock_case(session, number)
    items = items_of(session, number)
    row = _statutory(session, case, None)
    _extend(session, case, row, reason, document, by=by, at=at)
    facts = {"document": document}
    record(session, case, Act.EXTEND, by=by.username, at=at, reason=reason, facts=facts)
    redate(session, case, items)
    _tell_extended(session, case, row, "联合办理", at)
    return case


def _document(document: str) -> str:
    """The number under which the government approved it."""
    document = document.strip()
    if not document:
        raise Faulty({"document": "请填写批准文号。"})
    if len(document) > DOCUMENT_LIMIT:
        raise Faulty({"document": f"批准文号请不超过 {DOCUMENT_LIMIT} 字。"})
    return document


def _statutory(session: Session, case: Case, item: Item | None) -> ClockRow:
    for row in running_clocks(session, case.number, item.number if item else ""):
        if row.kind is ClockKind.STATUTORY:
            return row
    raise WrongState("没有正在计算的法定期限，不需要延长。")


def _extend(
    session: Session, case: Case, row: ClockRow, reason: str, document: str, *, by: Account, at: datetime
) -> None:
    if not row.extend:
        raise Refused(f"{row.basis or '该期限'}没有规定可以延长。")
    extension = Extension(row.extend, by.username, reason, document, china_day(at))
    _longer(session, row, extension, at)  # raises when it may not be
    row.extended_n, row.extended_by, row.extended_on = row.extend, by.username, china_day(at)
    row.extension_reason, row.extension_document = reason, document
    promise_as_told(session, case, row, at)


def _longer(session: Session, row: ClockRow, extension: Extension, at: datetime) -> Due:
    """When the limit would run out then; refused as the rules refuse it."""
    procedures = procedures_of(session, row.case_number, row.item_number)
    offices = office_calendars(session, [row.case_number])
    calendar = offices.get(row.item_number) or hall_calendar()
    return due_of(extended(row.clock(procedures), extension, calendar, at=at), calendar)


def _foretold(scene: Scene) -> str:
    """Which day is moved to which, and by how much; '' where the act itself says why it cannot be."""
    try:
        row = _statutory(scene.session, scene.case, scene.item)
        if not row.extend or scene.at is None:
            return ""
        due = _longer(scene.session, row, Extension(row.extend), scene.at)
    except Refused:
        return ""
    added = f"延长 {row.extend} {row.unit.label}"
    if row.due_on is None or due.day is None:
        return f"在{row.kind.label}上{added}；期限现在暂停，恢复后再定日期。"
    tentative = "（暂定）" if due.provisional else ""
    return f"在{row.kind.label} {china_date(row.due_on)} 上{added}，到 {china_date(due.day)}{tentative}。"


def _tell_extended(session: Session, case: Case, row: ClockRow, what: str, at: datetime) -> None:
    facts = {
        "what": what,
        "days": row.extended_n,
        "reason": row.extension_reason,
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "provisional": row.provisional,
    }
    about = f"{row.item_number}/{case.revision}".removeprefix("/")  # reopened, it may be extended once more
    queue_notice(session, case, Event.EXTENDED, about=about, facts=facts, at=at)


def _extend_item(asked: Asked) -> object:
    reason = text(asked, "reason")
    return extend_item(asked.session, asked.number, asked.item, reason, by=asked.by, at=asked.at)


def _extend_case(asked: Asked) -> object:
    reason, document = text(asked, "reason"), text(asked, "document")
    return extend_case(asked.session, asked.number, reason, document, by=asked.by, at=asked.at)


def _head_may_extend(scene: Scene) -> bool:
    return Role.HEAD in scene.roles and scene.item is not None and scene.item.state in ITEM_OPEN_AT_DESK


def _government_may_extend(scene: Scene) -> bool:
    return scene.by.role is Role.GOVERNMENT and scene.case.state is CaseState.ACCEPTED


DOINGS = (
    Doing(
        "extend",
        Act.EXTEND,
        True,
        (REASON,),
        _extend_item,
        _head_may_extend,
        confirm=True,
        about=_foretold,
    ),
    Doing(
        "extend-case",
        Act.EXTEND,
        False,
        (REASON, Field("document", "批准文号")),
        _extend_case,
        _government_may_extend,
        confirm=True,
        about=_foretold,
    ),
)
