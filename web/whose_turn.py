"""Where does the case stand, and whose turn is it? What the applicant reads of it, in plain sentences."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from actions.needing import needs_of
from models.account import Department, departments_by_code
from models.after import lying_ready, on_the_way
from models.case import Case, Item, Material
from rules.bundle import Bundle, Gate
from rules.states import ITEM_OPEN, CaseState, ItemState
from web.showing import moment

GOES_ON = "进行中"
FOR_YOU = frozenset({ItemState.RECTIFYING})  # waits for the applicant alone
NOT_BEGUN = frozenset({CaseState.SUBMITTED, CaseState.CORRECTION})

ITEM_WORDS: Mapping[ItemState, str] = {
    ItemState.PENDING: "正在分送",
    ItemState.WAITING: "等待前一事项的结果，之后开始",
    ItemState.IN_REVIEW: "正在办理",
    ItemState.SPECIAL: "正在进行特别程序，所需时间另行告知",
    ItemState.GRANTED: "已准予",
    ItemState.REFUSED: "不予",
    ItemState.RECTIFYING: "等您整改后复验",
    ItemState.TRANSFERRED: "已转报有权机关办理",
    ItemState.REVOKED: "原准予决定已撤销",
    ItemState.WITHDRAWN: "已按您的申请撤回",
    ItemState.NOT_NEEDED: "无需再办",
    ItemState.DROPPED: "不再需要这个事项",
}
WAITS_FOR_OTHERS = "等待其他部门的结果，之后开始"
BEFORE_ACCEPTANCE = {
    CaseState.SUBMITTED: "还没有开始，等待窗口受理",
    CaseState.CORRECTION: "还没有开始，等您补正以后受理",
}
PLAIN = {
    CaseState.SUBMITTED: "综合窗口正在核对材料，五个工作日内告知您是否受理。受理以前，各部门还没有开始办理。",
    CaseState.CORRECTION: "等您补正材料，补齐后窗口接着核对。受理以前，各部门还没有开始办理。",
    CaseState.WITHDRAWN: "这个办件已撤回，不再办理。",
    CaseState.VOID: "这个办件已作废，不再办理。",
    CaseState.NOT_ACCEPTED: "这份申请没有受理，理由见下。",
}


def item_said(case: Case, item: Item, items: Sequence[Item], bundle: Bundle, owed: Sequence[Material]) -> str:
    """What goes on with this item; a grant that only waits for a promised paper says so."""
    if item.state is ItemState.WAITING and _waits_for_others(case, item, items, bundle):
        return WAITS_FOR_OTHERS
    if item.state is ItemState.PENDING and case.state in NOT_BEGUN:
        return BEFORE_ACCEPTANCE[case.state]
    wanted = bundle.item(item.code).materials
    missing = [f"“{paper.name}”" for paper in owed if paper.spec_id in wanted]
    if item.state is ItemState.IN_REVIEW and missing:
        return f"{ITEM_WORDS[item.state]}；您补交{'、'.join(missing)}以后才能准予"
    return ITEM_WORDS[item.state]


def _waits_for_others(case: Case, item: Item, items: Sequence[Item], bundle: Bundle) -> bool:
    """Does another department still have what this item begins after?"""
    before = {need.item for need in needs_of(bundle, case, list(items))[item.code] if need.gate is Gate.START}
    return any(
        one.department_code != item.department_code
        for one in items
        if one.code in before and one.state in ITEM_OPEN
    )


def steps(case: Case, items: Sequence[Item]) -> list[tuple[str, str, str]]:
    """(step, done | now | later, when it was or what it waits for) for the strip at the top."""
    if case.state in (CaseState.NOT_ACCEPTED, CaseState.WITHDRAWN, CaseState.VOID):
        return [("提交申请", "done", moment(case.submitted_at)), (case.state.label, "done", "")]
    moments = [
        ("提交申请", case.submitted_at),
        ("窗口受理", case.accepted_at),
        ("全部办结" if case.concluded_at else "部门办理", case.concluded_at),
    ]
    found = []
    reached = True
    for word, when in moments:
        state = "done" if when else "now" if reached else "later"
        found.append((word, state, moment(when) if when else _now_said(case, items) if reached else ""))
        reached = reached and when is not None
    if case.concluded_at:
        # what was refused throughout, or revoked since, has nothing to be collected
        waits = any(item.result_number and item.state is ItemState.GRANTED for item in items)
        over = case.delivered_at or (None if waits else case.issued_at)
        found.append(("领取结果", "done", moment(over)) if over else ("领取结果", "now", GOES_ON))
    return found


def holder(case: Case, items: Sequence[Item], owed: Sequence[Material], db: Session) -> str:
    """Who has it now, in one plain sentence."""
    if case.state is CaseState.CONCLUDED:
        outcome = case.outcome.label if case.outcome else ""
        return f"全部部门已经办结：{outcome}。{_where_results_are(case, items, db)}"
    if case.state is not CaseState.ACCEPTED:
        return PLAIN[case.state]
    at_work, yours = _at_work(items, departments_by_code(db)), _yours(items, owed)
    if not yours:
        return f"{'；'.join(at_work) or '正在汇总各部门的结果'}，请等候通知。"
    return f"{'；'.join([*at_work, *yours])}。"


def _at_work(items: Sequence[Item], names: Mapping[str, Department]) -> list[str]:
    """What the departments do now, a part of a sentence for each kind of it."""
    said = {
        ItemState.IN_REVIEW: "正在办理",
        ItemState.SPECIAL: "正在进行特别程序（检验、检测、勘查等）",
        ItemState.PENDING: "正在接收",
    }
    found = []
    for state, words in said.items():
        if busy := dict.fromkeys(names[item.department_code].name for item in items if item.state is state):
            found.append(f"{'、'.join(busy)}{words}")
    return found


def _yours(items: Sequence[Item], owed: Sequence[Material]) -> list[str]:
    """What waits for the applicant."""
    right = [item for item in items if item.state is ItemState.RECTIFYING]
    found = [f"等您整改：{_named(right)}"] if right else []
    if owed:
        found.append(f"等您补交{'、'.join(f'“{paper.name}”' for paper in owed)}")
    return found


def _now_said(case: Case, items: Sequence[Item]) -> str:
    """What the step that is on waits for."""
    if case.state is CaseState.CORRECTION:
        return "等您补正"
    going = {item.state for item in items if item.state in ITEM_OPEN} - {ItemState.WAITING}
    return "等您整改" if going and going <= FOR_YOU else GOES_ON


def _where_results_are(case: Case, items: Sequence[Item], db: Session) -> str:
    """Several results may go several ways: then each is named."""
    travelling = {number for parcel in on_the_way(db, case.number) for number in parcel.items}
    posted, here = [item for item in items if item.number in travelling], lying_ready(db, case.number)
    if posted and here:
        return f"{_named(posted)}的结果已经寄出，请留意快递；{_named(here)}的结果在受理窗口，请带上身份证件领取。"
    if posted:
        return "结果已经寄出，请留意快递。"
    if here:
        return "结果已经做好，请带上身份证件到受理窗口领取。"
    return "结果已经全部送达。" if case.delivered_at else ""


def _named(items: Sequence[Item]) -> str:
    return "、".join(f"“{item.name}”" for item in items)
