"""整改、复验: what does not pass is put right and inspected again; the other items of the case go on (联合验收)."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from actions.acting import YES_NO, Asked, Doing, Field, Form, Scene, text, worded, yes_or_no
from actions.dating import redate, start_clock, stop_clocks
from actions.desk_work import WORDS, at_desk
from actions.moving import SYSTEM, move_item, record
from actions.needing import must_be_open_to_objection
from actions.permitting import on_behalf
from actions.readying import in_hand, spec_of
from actions.relimiting import move_the_whole
from models.account import Account, departments_by_code
from models.case import Case, Item, items_of
from models.clock import ClockRow, SpecialProcedure, open_procedure
from models.notice import queue_notice
from models.together import Rectification, open_rectification
from rules.clock import ClockKind
from rules.errors import WrongState
from rules.moments import china_day
from rules.notices import Event
from rules.states import Act, ItemState, item_after

KIND = "整改"


def require_rectification(
    session: Session, number: str, name: str, requirement: str, *, by: Account, at: datetime
) -> Item:
    """责令整改: the applicant has the time the bundle gives; the promise stands still, the law's limit runs (R7)."""
    case, item, post = at_desk(session, number, name, Act.REQUIRE_RECTIFICATION, by=by, at=at)
    item_after(item.state, Act.REQUIRE_RECTIFICATION)  # raises before anything is written
    items = items_of(session, number)
    must_be_open_to_objection(session, case, item, items, at=at)
    limit = spec_of(session, case, item).rectify
    if limit is None:
        raise WrongState(f"“{item.name}”没有规定整改期限，不能责令整改。")
    requirement = worded(requirement, "requirement", "请写明需要整改的内容。", WORDS)
    move_item(
        session,
        case,
        item,
        Act.REQUIRE_RECTIFICATION,
        by=by.username,
        at=at,
        reason=requirement,
        facts=on_behalf(post),
    )
    session.add(
        Rectification(
            case_number=number,
            item_number=item.number,
            requirement=requirement,
            required_by=by.username,
            required_at=at,
        )
    )
    session.add(_standing_still(item, requirement, limit.n, by, at))
    clock = start_clock(session, case, item, ClockKind.RECTIFICATION, limit, at=at)
    session.flush()
    redate(session, case, items)
    _tell(session, case, item, requirement, clock, at)
    return item


def reinspect(
    session: Session, number: str, name: str, finding: str, *, passed: bool, by: Account, at: datetime
) -> Item:
    """复验: what was found. The item is in review again, and decided as usual."""
    case, item, post = at_desk(session, number, name, Act.REINSPECT, by=by, at=at)
    item_after(item.state, Act.REINSPECT)
    finding = worded(finding, "finding", "请写明复验的情况。", WORDS)
    told = f"复验{'合格' if passed else '不合格'}：{finding}"
    move_item(
        session,
        case,
        item,
        Act.REINSPECT,
        by=by.username,
        at=at,
        reason=told,
        facts={"passed": passed} | on_behalf(post),
    )
    if rectification := open_rectification(session, item.number):
        rectification.finding, rectification.ended_by, rectification.ended_at = told, by.username, at
    if procedure := open_procedure(session, item.number):
        procedure.ended_on = max(china_day(at), procedure.started_on)
        procedure.result, procedure.ended_by = told, by.username
    stop_clocks(session, case, item, at=at, kind=ClockKind.RECTIFICATION)
    session.flush()
    items = items_of(session, number)
    move_the_whole(session, case, items, redate(session, case, items), at)
    due_on = item.due_on.isoformat() if item.due_on else None
    facts = {"item": item.name, "kind": KIND, "due_on": due_on, "provisional": item.due_provisional}
    about = f"{item.number}/{case.revision}"
    queue_notice(session, case, Event.SPECIAL_ENDED, about=about, facts=facts, at=at)
    return item


def remind(session: Session, case: Case, item: Item | None, row: ClockRow, at: datetime) -> None:
    """期限将满: the applicant is told once more what has to be put right, and by when."""
    rectification = open_rectification(session, item.number) if item else None
    late = row.due_at and at > row.due_at  # a patrol that was away: too late to remind
    if item is None or rectification is None or late:
        return
    record(session, case, Act.REMIND, by=SYSTEM, at=at, item=item, reason="整改期限将满，已提醒申请人。")
    _tell(session, case, item, rectification.requirement, row, at)


def lapse(session: Session, case: Case, item: Item | None, _row: ClockRow, at: datetime) -> None:
    """期限已过: the desk is told to inspect and decide; nothing is decided by itself."""
    if item is not None and item.state is ItemState.RECTIFYING:
        reason = "整改期限已过，请复验后作出决定。"
        record(session, case, Act.REMIND, by=SYSTEM, at=at, item=item, reason=reason)


def _standing_still(item: Item, requirement: str, days: int, by: Account, at: datetime) -> SpecialProcedure:
    return SpecialProcedure(
        case_number=item.case_number,
        item_number=item.number,
        kind=KIND,
        reason=requirement,
        basis="不在行政许可法第四十五条之列，法定期限照常计算",
        approved_by=by.username,
        expected_days=days,
        stops_statutory=False,
        stops_promised=True,
        started_on=china_day(at),
    )


def _tell(session: Session, case: Case, item: Item, requirement: str, clock: ClockRow, at: datetime) -> None:
    facts: dict[str, Any] = {
        "item": item.name,
        "department": departments_by_code(session)[item.department_code].short_name,
        "requirement": requirement,
        "due_on": clock.due_on.isoformat() if clock.due_on else None,
        "provisional": clock.provisional,
    }
    about = f"{item.number}/{case.revision}"
    queue_notice(session, case, Event.RECTIFICATION, about=about, facts=facts, at=at)


def _require(asked: Asked) -> object:
    requirement = text(asked, "requirement")
    return require_rectification(
        asked.session, asked.number, asked.item, requirement, by=asked.by, at=asked.at
    )


def _reinspect(asked: Asked) -> object:
    passed, finding = yes_or_no(asked, "passed", "请选择复验是否合格。"), text(asked, "finding")
    return reinspect(
        asked.session, asked.number, asked.item, finding, passed=passed, by=asked.by, at=asked.at
    )


def _may_be_required(scene: Scene) -> bool:
    item = scene.item
    if item is None or item.state is not ItemState.IN_REVIEW or not in_hand(scene):
        return False
    return spec_of(scene.session, scene.case, item).rectify is not None


DOINGS = (
    Doing(
        "require-rectification",
        Act.REQUIRE_RECTIFICATION,
        True,
        (Field("requirement", "需要整改的内容", Form.TEXT, hint="会告知申请人"),),
        _require,
        _may_be_required,
    ),
    Doing(
        "reinspect",
        Act.REINSPECT,
        True,
        (
            Field("passed", "复验是否合格", Form.CHOICE, choices=lambda _: YES_NO),
            Field("finding", "复验情况", Form.TEXT),
        ),
        _reinspect,
        lambda scene: scene.item is not None and scene.item.state is ItemState.RECTIFYING and in_hand(scene),
    ),
)
