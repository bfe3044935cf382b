"""电子监察: fire the rungs that are due, once each, and write, explain and close the cards."""

from datetime import datetime

from sqlmodel import Session

from actions.accepting import begin, stated
from actions.dating import derive, hall_calendar
from actions.moving import SYSTEM, move_case, record
from actions.permitting import must_be_allowed
from models.account import Account, responsible_for
from models.card import Card, lock_card, next_card_number
from models.case import Case, Item, items_of, lock_case
from models.clock import ClockRow, FiredRung, all_running_clocks, fired_rungs, procedures_of
from models.version import bundle_of_version
from rules.clock import ClockKind
from rules.errors import NotYourDesk, WrongState
from rules.lights import Rung, Step, rungs
from rules.moments import china_day
from rules.states import Act, CaseState


def fire_due_rungs(session: Session, number: str, *, at: datetime) -> list[Card]:
    """Every rung of the case's running clocks that has come and was not fired, in order of time."""
    case = lock_case(session, number)
    items = {item.number: item for item in items_of(session, number)}
    cards = []
    for row, rung in _due(session, case, at):
        session.add(FiredRung(clock_id=row.id, code=rung.code, fired_at=at))
        cards.append(_write_card(session, case, items.get(row.item_number), row, rung, at))
        if row.kind is ClockKind.NOTICE and rung.step is Step.PASSED and case.state is CaseState.SUBMITTED:
            _deem_accepted(session, case, at)
    session.flush()
    for row in all_running_clocks(session, number):
        derive(session, case, items.get(row.item_number), row)
    return cards


def explain(session: Session, number: str, explanation: str, *, by: Account, at: datetime) -> Card:
    """说明: the responsible department says why."""
    must_be_allowed(by, Act.EXPLAIN_CARD)
    card = lock_card(session, number)
    if by.department_code not in (None, card.department_code):
        raise NotYourDesk("这张监察卡由其他部门说明。")
    if card.closed_at:
        raise WrongState(f"监察卡 {number} 已经销号。")
    card.explanation = stated(explanation, "请写明原因和整改措施。")
    card.explained_by, card.explained_at = by.username, at
    return card


def close(session: Session, number: str, *, by: Account, at: datetime) -> Card:
    """销号: the manager takes the explanation and closes the card."""
    must_be_allowed(by, Act.CLOSE_CARD)
    card = lock_card(session, number)
    if card.closed_at:
        raise WrongState(f"监察卡 {number} 已经销号。")
    if not card.explanation:
        raise WrongState("责任部门还没有说明原因，不能销号。")
    card.closed_by, card.closed_at = by.username, at
    record(
        session,
        lock_case(session, card.case_number),
        Act.CLOSE_CARD,
        by=by.username,
        at=at,
        facts={"card": number},
    )
    return card


def _due(session: Session, case: Case, at: datetime) -> list[tuple[ClockRow, Rung]]:
    due = []
    for row in all_running_clocks(session, case.number):
        fired = fired_rungs(session, row.id)
        clock = row.clock(procedures_of(session, case.number, row.item_number))
        due += [
            (row, rung) for rung in rungs(clock, hall_calendar()) if rung.at <= at and rung.code not in fired
        ]
    return sorted(due, key=lambda pair: pair[1].at)


def _write_card(
    session: Session, case: Case, item: Item | None, row: ClockRow, rung: Rung, at: datetime
) -> Card:
    bundle = bundle_of_version(session, case.bundle_digest)
    department = item.department_code if item else bundle.lead_department
    what = f"事项“{item.name}”" if item else "办件"
    card = Card(
        number=next_card_number(session, f"{china_day(at):%Y%m%d}"),
        rule=f"{row.kind.value}-{rung.code}",
        level=rung.light,
        case_number=case.number,
        item_number=item.number if item else "",
        clock_id=row.id,
        department_code=department,
        responsible=responsible_for(session, department) if item else case.submitted_by,
        finding=f"{what}的{row.kind.label}（{row.limit.text}，{row.due_on or '—'}）{rung.step.label}。",
        opened_at=at,
    )
    session.add(card)
    facts = {"card": card.number, "level": card.level.value, "rule": card.rule}
    record(session, case, Act.CARD, by=SYSTEM, at=at, item=item, reason=card.finding, facts=facts)
    return card


def _deem_accepted(session: Session, case: Case, at: datetime) -> None:
    """视为受理 (art. 32): nobody said what was missing, so the case was accepted the day it was received."""
    case.accepted_at = case.submitted_at
    reason = "五个工作日内未告知补正，自收到申请材料之日起即为受理。"
    move_case(session, case, Act.DEEM_ACCEPTED, by=SYSTEM, at=at, reason=reason)
    begin(session, case, accepted_at=case.submitted_at, at=at)
