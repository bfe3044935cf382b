"""特别程序: what makes a clock stand still, and who may say so (domain 1.3, 2.7)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from actions.accepting import stated
from actions.acting import REASON, Asked, Doing, Field, Form, Scene, number, text
from actions.dating import redate, start_step_clock, stop_clocks
from actions.deciding import item_named
from actions.moving import move_item
from actions.needing import must_be_open_to_objection
from actions.permitting import must_have, on_behalf
from actions.relimiting import move_the_whole
from config.settings import settings
from models.account import Account
from models.case import Case, Item, items_of, lock_case
from models.clock import SpecialProcedure, open_procedure
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.bundle import Limit, Special, Unit
from rules.clock import ClockKind
from rules.errors import Faulty, Refused, WrongState
from rules.moments import china_day
from rules.notices import Event
from rules.states import Act, item_after
from rules.suspending import ARTICLE_45

BASIS_LIMIT = 200  # signs; the column's width
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
    case, item, items, post = at_own_desk(session, number, name, Act.START_SPECIAL, by, at)
    item_after(item.state, Act.START_SPECIAL)  # who comes too late reads that, not what else is wrong
    must_be_open_to_objection(session, case, item, items, at=at)
    special = _allowed_kind(session, case, item, procedure)
    reason, basis = stated(procedure.reason, "请写明启动特别程序的理由。"), _basis(procedure)
    told = f"{procedure.kind}：{reason}"
    facts: dict[str, Any] = on_behalf(post)
    move_item(session, case, item, Act.START_SPECIAL, by=by.username, at=at, reason=told, facts=facts)
    session.add(
        SpecialProcedure(
            case_number=case.number,
            item_number=item.number,
            kind=procedure.kind,
            reason=reason,
            basis=basis,
            approved_by=by.username,
            expected_days=procedure.expected_days,
            stops_statutory=special.stops_statutory,
            stops_promised=special.stops_promised,
            started_on=china_day(at),
            rounded_up=settings().suspension_rounding == "ceil",
        )
    )
    told_length = Limit(procedure.expected_days, Unit.WORKING_DAY, f"{procedure.kind}告知的时间")
    start_step_clock(session, case, item, told_length, at=at)
    redate(session, case, items)
    facts = {
        "item": item.name,
        "kind": procedure.kind,
        "days": procedure.expected_days,
        "reason": reason,
        "basis": basis,
        "stops_statutory": special.stops_statutory,
        "stops_promised": special.stops_promised,
    }
    _tell(session, case, item, Event.SPECIAL_STARTED, facts, at)
    return item


def end_special(session: Session, number: str, name: str, result: str, *, by: Account, at: datetime) -> Item:
    """结束特别程序: its result is on the file, the clocks run on with new dates."""
    case, item, items, post = at_own_desk(session, number, name, Act.END_SPECIAL, by, at)
    result = stated(result, "请写明特别程序的结果。", "result", "结果")
    procedure = open_procedure(session, item.number)
    if procedure is None:
        raise WrongState(f"“{item.name}”没有正在进行的特别程序。")
    if china_day(at) < procedure.started_on:
        raise Refused(f"特别程序的结束日期 {china_day(at)} 早于开始日期 {procedure.started_on}，请核对。")
    told = f"{procedure.kind}：{result}"
    by_whom = on_behalf(post)
    move_item(session, case, item, Act.END_SPECIAL, by=by.username, at=at, reason=told, facts=by_whom)
    procedure.ended_on, procedure.result, procedure.ended_by = china_day(at), result, by.username
    stop_clocks(session, case, item, at=at, kind=ClockKind.STEP)
    move_the_whole(session, case, items, redate(session, case, items), at)
    due_on = item.due_on.isoformat() if item.due_on else None
    facts = {"item": item.name, "kind": procedure.kind, "due_on": due_on, "provisional": item.due_provisional}
    _tell(session, case, item, Event.SPECIAL_ENDED, facts, at)
    return item


def at_own_desk(
    session: Session, number: str, name: str, act: Act, by: Account, at: datetime
) -> tuple[Case, Item, list[Item], str]:
    """The case, locked, the item of this person's department, all items, and whom the person acts for."""
    case = lock_case(session, number)
    items = items_of(session, number)
    item = item_named(items, name, number)
    return case, item, items, must_have(session, case, item, act, by=by, at=at)


def _basis(procedure: Procedure) -> str:
    """What was typed; else the article, for the kinds that it names, and nothing for others."""
    named = "行政许可法第四十五条" if procedure.kind in ARTICLE_45 else ""
    basis = procedure.basis.strip() or named
    if len(basis) > BASIS_LIMIT:
        raise Faulty({"basis": f"依据请不超过 {BASIS_LIMIT} 字。"})
    return basis


def _tell(
    session: Session, case: Case, item: Item, event: Event, facts: dict[str, Any], at: datetime
) -> None:
    """Each procedure is told of by itself, also a second one on the same day."""
    queue_notice(session, case, event, about=f"{item.number}/{case.revision}", facts=facts, at=at)


def _allowed_kind(session: Session, case: Case, item: Item, procedure: Procedure) -> Special:
    if not 1 <= procedure.expected_days <= LONGEST:
        raise Faulty({"expected_days": f"预计时间应为 1 至 {LONGEST} 个工作日。"})
    kinds = bundle_of_version(session, case.bundle_digest).item(item.code).special
    for special in kinds:
        if special.kind == procedure.kind:
            return special
    known = "、".join(special.kind for special in kinds) or "没有"
    raise Faulty({"kind": f"“{item.name}”可用的特别程序：{known}。"})


def _start_special(asked: Asked) -> object:
    procedure = Procedure(
        text(asked, "kind"),
        text(asked, "reason"),
        number(asked, "expected_days", "应填写工作日的天数。"),
        text(asked, "basis"),
    )
    return start_special(asked.session, asked.number, asked.item, procedure, by=asked.by, at=asked.at)


def _end_special(asked: Asked) -> object:
    result = text(asked, "result")
    return end_special(asked.session, asked.number, asked.item, result, by=asked.by, at=asked.at)


def _kinds(scene: Scene) -> list[tuple[str, str]]:
    assert scene.item is not None  # noqa: S101  it is an act on an item
    spec = bundle_of_version(scene.session, scene.case.bundle_digest).item(scene.item.code)
    return [(special.kind, special.kind) for special in spec.special]


DOINGS = (
    Doing(
        "start-special",
        Act.START_SPECIAL,
        True,
        (
            Field("kind", "特别程序种类", Form.CHOICE, choices=_kinds),
            REASON,
            Field("expected_days", "预计需要的工作日", Form.NUMBER),
            Field(
                "basis",
                "依据",
                required=False,
                hint="听证、检验检测、鉴定、专家评审等不填即行政许可法第四十五条",
            ),
        ),
        _start_special,
    ),
    Doing("end-special", Act.END_SPECIAL, True, (Field("result", "结果", Form.TEXT),), _end_special),
)
