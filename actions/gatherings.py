"""联合踏勘、联合会审: one date for all departments of a case that need it, its minutes, and what each item's was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from actions.acting import worded
from actions.moving import record
from actions.permitting import allowed_as, on_behalf
from models.account import Account, departments_by_code
from models.case import Case, Item, items_of, lock_case
from models.notice import queue_notice
from models.together import Gathering, GatheringKind, gatherings_of
from models.version import bundle_of_version
from rules.errors import Faulty, NotYourDesk, WrongState
from rules.moments import china_text
from rules.notices import Event
from rules.people import Role
from rules.states import ITEM_OPEN, ITEM_OPEN_AT_DESK, Act, CaseState

ARRANGE = {GatheringKind.VISIT: Act.ARRANGE_VISIT, GatheringKind.MEETING: Act.ARRANGE_MEETING}
RECORD = {GatheringKind.VISIT: Act.RECORD_VISIT, GatheringKind.MEETING: Act.RECORD_MEETING}
CANCEL = {GatheringKind.VISIT: Act.CANCEL_VISIT, GatheringKind.MEETING: Act.CANCEL_MEETING}

FEWEST = 2  # officers (行政许可法 art. 34 ¶3)
PLACE, NAME, MINUTES, FINDING = 400, 50, 4000, 500  # signs


@dataclass(frozen=True)
class Minutes:
    """What was found: who was there, the minutes, which items passed and what was found about each."""

    officers: tuple[str, ...]
    minutes: str
    passed: tuple[str, ...] = ()  # item codes
    findings: Mapping[str, str] | None = None  # item code -> what was found
    held_at: datetime | None = None


def arrange(
    session: Session,
    number: str,
    kind: GatheringKind,
    planned: datetime | None,
    place: str,
    *,
    by: Account,
    at: datetime,
    subject: str = "",
) -> Gathering:
    """安排: by the window or a head, one for all items that need it. The applicant is told of a visit."""
    case = lock_case(session, number)
    post = _allowed(session, case, ARRANGE[kind], by, at)
    _must_be_accepted(case, ARRANGE[kind])
    if open_gathering(session, number, kind):
        raise WrongState(f"{kind.label}已经安排过一次，记录或者取消后才能再安排。")
    items = wanting(session, case, kind)
    if not items:
        raise WrongState(f"没有需要{kind.label}的事项。")
    place = worded(place, "place", "请写明地点。", PLACE)
    if planned is None or planned <= at:
        raise Faulty({"planned": "请填写将来的日期和时间。"})
    gathering = Gathering(
        case_number=number,
        kind=kind,
        items=[item.number for item in items],
        planned_at=planned,
        place=place,
        arranged_by=by.username,
        arranged_at=at,
    )
    session.add(gathering)
    session.flush()
    when = f"{china_text(planned)}，{place}"
    reason = f"{when}。{subject}"[:2000] if subject else f"{when}。"
    facts = {"items": gathering.items} | on_behalf(post)
    record(session, case, ARRANGE[kind], by=by.username, at=at, reason=reason, facts=facts)
    _tell(session, case, gathering, items, at)
    return gathering


def hold(
    session: Session, number: str, kind: GatheringKind, minutes: Minutes, *, by: Account, at: datetime
) -> Gathering:
    """记录: at least two officers were there (art. 34 ¶3), the minutes, and of a visit what was found for each item."""
    case = lock_case(session, number)
    gathering, items, post = _at_hand(session, case, kind, RECORD[kind], by, at)
    held_at = minutes.held_at or at
    if held_at > at:
        raise Faulty({"held": "时间还没有到，请在结束后记录。"})
    gathering.officers = list(_officers(minutes.officers))
    gathering.minutes = worded(minutes.minutes, "minutes", "请写明记录。", MINUTES)
    gathering.findings = _findings(kind, items, minutes)
    gathering.held_at, gathering.recorded_by = held_at, by.username
    facts: dict[str, Any] = {"officers": gathering.officers, "findings": gathering.findings}
    told = gathering.minutes[:2000]
    record(session, case, RECORD[kind], by=by.username, at=at, reason=told, facts=facts | on_behalf(post))
    return gathering


def call_off(
    session: Session, number: str, kind: GatheringKind, reason: str, *, by: Account, at: datetime
) -> Gathering:
    """取消, with the reason; the applicant is told that nobody comes."""
    case = lock_case(session, number)
    gathering, items, post = _at_hand(session, case, kind, CANCEL[kind], by, at)
    reason = worded(reason, "reason", "请写明取消的理由。")
    gathering.cancelled_at, gathering.cancel_reason = at, reason
    facts = on_behalf(post)
    record(session, case, CANCEL[kind], by=by.username, at=at, reason=reason, facts=facts)
    _tell(session, case, gathering, items, at)
    return gathering


def close_gatherings(session: Session, case: Case, *, at: datetime, reason: str) -> None:
    """No visit and no meeting outlives its case; the applicant need not wait for one that was to come.

    The caller holds the lock of the case.
    """
    for gathering in gatherings_of(session, case.number):
        if gathering.held_at or gathering.cancelled_at:
            continue
        gathering.cancelled_at, gathering.cancel_reason = at, reason
        if gathering.planned_at > at:
            items = [item for item in items_of(session, case.number) if item.number in gathering.items]
            _tell(session, case, gathering, items, at)


def open_gathering(session: Session, number: str, kind: GatheringKind) -> Gathering | None:
    """The one that is arranged and neither held nor cancelled."""
    for one in gatherings_of(session, number):
        if one.kind is kind and one.held_at is None and one.cancelled_at is None:
            return one
    return None


def wanting(session: Session, case: Case, kind: GatheringKind) -> list[Item]:
    """Those that need it: for a visit each open item that the bundle says needs one and that has not passed one."""
    items = items_of(session, case.number)
    if kind is GatheringKind.MEETING:
        return [item for item in items if item.state in ITEM_OPEN_AT_DESK]
    bundle = bundle_of_version(session, case.bundle_digest)
    passed = {
        number
        for one in gatherings_of(session, case.number)
        if one.kind is GatheringKind.VISIT
        for number, found in one.findings.items()
        if found["passed"]
    }
    return [
        item
        for item in items
        if item.state in ITEM_OPEN and bundle.item(item.code).visit and item.number not in passed
    ]


def _allowed(session: Session, case: Case, act: Act, by: Account, at: datetime) -> str:
    """The window of the case, or a department with an item in it."""
    post = allowed_as(session, by, act, district=case.district, at=at)
    of_case = {item.department_code for item in items_of(session, case.number)}
    if by.role is not Role.CLERK and by.department_code not in of_case:
        raise NotYourDesk("这个办件没有您部门的事项。")
    return post


def _must_be_accepted(case: Case, act: Act) -> None:
    if case.state is not CaseState.ACCEPTED:
        raise WrongState(f"办件{case.state.label}，不能{act.label}。")


def _at_hand(
    session: Session, case: Case, kind: GatheringKind, act: Act, by: Account, at: datetime
) -> tuple[Gathering, list[Item], str]:
    post = _allowed(session, case, act, by, at)
    _must_be_accepted(case, act)
    gathering = open_gathering(session, case.number, kind)
    if gathering is None:
        raise WrongState(f"没有已经安排、等待进行的{kind.label}。")
    items = [
        item
        for item in items_of(session, case.number)
        if item.number in gathering.items and item.state in ITEM_OPEN
    ]
    return gathering, items, post


def _officers(names: tuple[str, ...]) -> tuple[str, ...]:
    officers = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if len(officers) < FEWEST:
        why = "请写明参加的工作人员，至少两名（行政许可法第三十四条第三款）。"
        raise Faulty({"officers": why})
    return tuple(worded(name, "officers", "请写明姓名。", NAME) for name in officers)


def _findings(kind: GatheringKind, items: list[Item], minutes: Minutes) -> dict[str, Any]:
    """By item number. What did not pass must be explained; a meeting only advises."""
    if kind is GatheringKind.MEETING:
        return {}
    found = {code: text.strip() for code, text in (minutes.findings or {}).items()}
    unknown = sorted({*found, *minutes.passed} - {item.code for item in items})
    if unknown:
        raise Faulty({"findings": f"这次踏勘没有事项“{'、'.join(unknown)}”。"})
    unsaid = [item.code for item in items if item.code not in minutes.passed and not found.get(item.code)]
    if unsaid:
        raise Faulty({"findings": f"没有通过的事项要写明发现：{'、'.join(unsaid)}。"})
    return {
        item.number: {
            "passed": item.code in minutes.passed,
            "finding": worded(found.get(item.code) or "合格", "findings", "请写明发现。", FINDING),
        }
        for item in items
    }


def _tell(session: Session, case: Case, gathering: Gathering, items: list[Item], at: datetime) -> None:
    """Only a visit concerns the applicant, who opens the door."""
    if gathering.kind is not GatheringKind.VISIT:
        return
    names = departments_by_code(session)
    facts = {
        "kind": gathering.kind.label,
        "departments": list(dict.fromkeys(names[item.department_code].short_name for item in items)),
        "planned": china_text(gathering.planned_at),
        "place": gathering.place,
        "cancelled": gathering.cancelled_at is not None,
    }
    about = f"{gathering.id}{'/x' if gathering.cancelled_at else ''}"
    queue_notice(session, case, Event.VISIT, about=about, facts=facts, at=at)
