"""特别程序与延长审批: what makes a clock stand still or gives it more days, and who may say so (domain 1.3, 2.7)."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.accepting import stated
from actions.dating import derive, hall_calendar
from actions.deciding import item_named
from actions.moving import move_item, record
from actions.permitting import must_be_allowed
from models.account import Account
from models.case import Case, Item, items_of, lock_case
from models.clock import ClockRow, SpecialProcedure, open_procedure, procedures_of, running_clocks
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.bundle import Special
from rules.clock import ClockKind, Extension, extended
from rules.errors import Faulty, NotYourDesk, Refused, WrongState
from rules.moments import china_day
from rules.notices import Event
from rules.people import Role
from rules.states import Act

LONGEST = 365  # working days; more is a slip of the finger


@dataclass(frozen=True)
class Procedure:
    """A special procedure as the head of the department approves it (art. 45: the time needed is told in writing)."""

    kind: str
    reason: str
    expected_days: int  # working days
    basis: str = ""


def start_special(
    session: Session, number: str, name: str, procedure: Procedure, *, by: Account, at: datetime
) -> Item:
    """启动特别程序: the item waits, the clocks its kind may stop stand still, the applicant learns for how long."""
    case, item, items = _at_own_desk(session, number, name, Act.START_SPECIAL, by)
    special = _allowed_kind(session, case, item, procedure)
    reason = stated(procedure.reason, "请写明启动特别程序的理由。")
    move_item(
        session, case, item, Act.START_SPECIAL, by=by.username, at=at, reason=f"{procedure.kind}：{reason}"
    )
    session.add(
        SpecialProcedure(
            case_number=case.number,
            item_number=item.number,
            kind=procedure.kind,
            reason=reason,
            basis=procedure.basis or "行政许可法第四十五条",
            approved_by=by.username,
            expected_days=procedure.expected_days,
            stops_statutory=special.stops_statutory,
            stops_promised=special.stops_promised,
            started_on=china_day(at),
        )
    )
    _derive_all(session, case, items)
    facts = {"item": item.name, "kind": procedure.kind, "days": procedure.expected_days, "reason": reason}
    about = f"{item.number}/{china_day(at)}"
    queue_notice(session, case, Event.SPECIAL_STARTED, about=about, facts=facts, at=at)
    return item


def end_special(session: Session, number: str, name: str, result: str, *, by: Account, at: datetime) -> Item:
    """结束特别程序: its result is on the file, the clocks run on with new dates."""
    case, item, items = _at_own_desk(session, number, name, Act.END_SPECIAL, by)
    result = stated(result, "请写明特别程序的结果。")
    procedure = open_procedure(session, item.number)
    if procedure is None:
        raise WrongState(f"“{item.name}”没有正在进行的特别程序。")
    move_item(
        session, case, item, Act.END_SPECIAL, by=by.username, at=at, reason=f"{procedure.kind}：{result}"
    )
    procedure.ended_on, procedure.result, procedure.ended_by = china_day(at), result, by.username
    _derive_all(session, case, items)
    facts = {
        "item": item.name,
        "kind": procedure.kind,
        "due_on": item.due_on.isoformat() if item.due_on else None,
    }
    about = f"{item.number}/{procedure.started_on}"
    queue_notice(session, case, Event.SPECIAL_ENDED, about=about, facts=facts, at=at)
    return item


def extend_item(session: Session, number: str, name: str, reason: str, *, by: Account, at: datetime) -> Item:
    """延长审批: once, before the due date, by the head of the agency, with reasons (art. 42 ¶1)."""
    case, item, items = _at_own_desk(session, number, name, Act.EXTEND, by)
    if by.role is not Role.HEAD:
        raise NotYourDesk("事项期限由本部门负责人批准延长。")
    row = _statutory(session, case, item)
    _extend(session, case, row, stated(reason, "请写明延长审批的理由。"), "", by=by, at=at)
    record(session, case, Act.EXTEND, by=by.username, at=at, item=item, reason=reason)
    _derive_all(session, case, items)
    _tell_extended(session, case, row, item.name, at)
    return item


def extend_case(
    session: Session, number: str, reason: str, document: str, *, by: Account, at: datetime
) -> Case:
    """延长联合办理: once, by the head of the government of that level, with its document number (art. 42 ¶2)."""
    must_be_allowed(by, Act.EXTEND)
    if by.role is not Role.GOVERNMENT:
        raise NotYourDesk("联合办理期限由本级人民政府负责人批准延长。")
    if not document.strip():
        raise Faulty({"document": "请填写批准文号。"})
    case = lock_case(session, number)
    items = items_of(session, number)
    row = _statutory(session, case, None)
    _extend(session, case, row, stated(reason, "请写明延长审批的理由。"), document.strip(), by=by, at=at)
    record(
        session, case, Act.EXTEND, by=by.username, at=at, reason=reason, facts={"document": document.strip()}
    )
    _derive_all(session, case, items)
    _tell_extended(session, case, row, "联合办理", at)
    return case


def _at_own_desk(
    session: Session, number: str, name: str, act: Act, by: Account
) -> tuple[Case, Item, list[Item]]:
    case = lock_case(session, number)
    items = items_of(session, number)
    item = item_named(items, name, number)
    must_be_allowed(by, act, department=item.department_code, what=f"事项“{item.name}”")
    return case, item, items


def _allowed_kind(session: Session, case: Case, item: Item, procedure: Procedure) -> Special:
    if not 1 <= procedure.expected_days <= LONGEST:
        raise Faulty({"expected_days": f"预计时间应为 1 至 {LONGEST} 个工作日。"})
    kinds = bundle_of_version(session, case.bundle_digest).item(item.code).special
    for special in kinds:
        if special.kind == procedure.kind:
            return special
    known = "、".join(special.kind for special in kinds) or "没有"
    raise Faulty({"kind": f"“{item.name}”可用的特别程序：{known}。"})


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
    procedures = procedures_of(session, case.number, row.item_number)
    extended(row.clock(procedures), extension, hall_calendar(), at=at)  # raises when it may not be
    row.extended_n, row.extended_by, row.extended_on = row.extend, by.username, china_day(at)
    row.extension_reason, row.extension_document = reason, document


def _derive_all(session: Session, case: Case, items: list[Item]) -> None:
    """A procedure of one item moves that item's clocks and the case's."""
    session.flush()
    for row in running_clocks(session, case.number):
        derive(session, case, None, row)
    for item in items:
        for row in running_clocks(session, case.number, item.number):
            derive(session, case, item, row)


def _tell_extended(session: Session, case: Case, row: ClockRow, what: str, at: datetime) -> None:
    facts = {
        "what": what,
        "days": row.extended_n,
        "reason": row.extension_reason,
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "provisional": row.provisional,
    }
    queue_notice(session, case, Event.EXTENDED, about=row.item_number, facts=facts, at=at)
