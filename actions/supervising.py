"""电子监察: fire the rungs that are due, once each, and write, explain and close the cards."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from actions import deferring, fast_lanes, rectifying, unanswered
from actions.accepting import deem_accepted, silent_too_long, stated
from actions.acting import RungRule
from actions.dating import InPlay, in_play, reached
from actions.issuing import issue_early
from actions.moving import SYSTEM, record
from actions.permitting import must_be_allowed
from models.account import Account, name_of, responsible_for
from models.card import Card, find_card, lock_card, next_card_number
from models.case import Case, Item, items_of, lock_case
from models.clock import ClockRow, FiredRung
from models.together import asked_departments
from models.version import bundle_of_version
from rules.clock import ClockKind
from rules.errors import AlreadyDone, NotYourDesk, WrongState
from rules.lights import Rung, Step
from rules.moments import china_day, china_text
from rules.states import Act

# What a rung sets going by rule instead of a card: a reminder, what silence leads to. (docs/supervision.md)
BY_RULE: Mapping[tuple[ClockKind, Step], RungRule] = {
    (ClockKind.SUPPLEMENT, Step.NEAR_END): unanswered.remind,
    (ClockKind.SUPPLEMENT, Step.PASSED): unanswered.lapse,
    (ClockKind.DEFERRAL, Step.NEAR_END): deferring.remind,
    (ClockKind.DEFERRAL, Step.PASSED): deferring.lapse,
    (ClockKind.SILENCE, Step.PASSED): fast_lanes.consent_by_silence,
    (ClockKind.RECTIFICATION, Step.NEAR_END): rectifying.remind,
    (ClockKind.RECTIFICATION, Step.PASSED): rectifying.lapse,
}

FINDING_LIMIT = 500  # signs; the column's width


def fire_due_rungs(session: Session, number: str, *, at: datetime) -> list[Card]:
    """Every rung of the case's clocks that has been reached and was not fired, in order of time."""
    case = lock_case(session, number)
    items = {item.number: item for item in items_of(session, number)}
    cards: list[Card] = []
    ledger = in_play(session, case)
    while due := _due(ledger, at):
        for row, rung in due:
            session.add(FiredRung(clock_id=row.id, code=rung.code, fired_at=at))
            ledger.fired.setdefault(row.id, set()).add(rung.code)
            item = items.get(row.item_number)
            if rule := BY_RULE.get((row.kind, rung.step)):
                rule(session, case, item, row, at)
                session.flush()
                ledger = in_play(session, case)  # the rule may have started, stopped and moved clocks
                break
            due_to_leave = (row.kind, rung.step) == (ClockKind.DELIVERY, Step.NEAR_END)
            if due_to_leave and issue_early(session, case, item, at):
                continue  # done about it already: nobody has to explain
            cards.append(_write_card(session, case, item, row, rung, at))
            if (
                row.kind is ClockKind.NOTICE
                and rung.step is Step.PASSED
                and silent_too_long(session, case, at=at)
            ):
                deem_accepted(session, case, at=at)
                session.flush()
                ledger = in_play(
                    session, case
                )  # clocks that began in the past: their rungs may be due as well
                break
    for row in ledger.rows:
        ledger.set_next_rung(row)
    return cards


def explain(session: Session, number: str, explanation: str, *, by: Account, at: datetime) -> Card:
    """说明: the responsible department says why."""
    must_be_allowed(by, Act.EXPLAIN_CARD)
    card, case = _locked(session, number)
    if by.department_code != card.department_code and (by.department_code or card.item_number):
        raise NotYourDesk("这张监察卡由其他部门说明。")
    _must_be_open(session, card)
    explanation = stated(explanation, "请写明原因和整改措施。", "explanation", "说明")
    if card.explained_at and card.explained_by != by.username:
        who, when = name_of(session, card.explained_by), china_text(card.explained_at)
        raise AlreadyDone(f"监察卡 {number} 已于 {when} 由 {who} 说明。", card.case_number)
    card.explanation = explanation
    card.explained_by, card.explained_at = by.username, at
    facts = {"card": number}
    record(session, case, Act.EXPLAIN_CARD, by=by.username, at=at, reason=card.explanation, facts=facts)
    return card


def close(session: Session, number: str, *, by: Account, at: datetime) -> Card:
    """销号: the manager takes the explanation and closes the card."""
    must_be_allowed(by, Act.CLOSE_CARD)
    card, case = _locked(session, number)
    _must_be_open(session, card)
    if not card.explanation:
        raise WrongState("责任部门还没有说明原因，不能销号。")
    card.closed_by, card.closed_at = by.username, at
    record(session, case, Act.CLOSE_CARD, by=by.username, at=at, facts={"card": number})
    return card


def _locked(session: Session, number: str) -> tuple[Card, Case]:
    """The case first, as everywhere (docs/locking.md)."""
    case = lock_case(session, find_card(session, number).case_number)
    return lock_card(session, number), case


def _must_be_open(session: Session, card: Card) -> None:
    if card.closed_at:
        who, when = name_of(session, card.closed_by), china_text(card.closed_at)
        raise AlreadyDone(f"监察卡 {card.number} 已于 {when} 由 {who} 销号。", card.case_number)


def _due(ledger: InPlay, at: datetime) -> list[tuple[ClockRow, Rung]]:
    due = [(row, rung) for row in ledger.rows for rung in ledger.left(row) if reached(rung, at)]
    # Of two at the same moment first the one that may settle the matter: then nobody is late.
    return sorted(due, key=lambda pair: (pair[1].at, (pair[0].kind, pair[1].step) not in BY_RULE))


def _write_card(
    session: Session, case: Case, item: Item | None, row: ClockRow, rung: Rung, at: datetime
) -> Card:
    lead = bundle_of_version(session, case.bundle_digest).lead_department
    department = item.department_code if item else lead
    if row.kind is ClockKind.OPINION:  # the department that was asked is late, not the one that asked
        department = asked_departments(session, [row.id]).get(row.id, department)
    at_the_window = item is None and case.submitted_by != "applicant"
    card = Card(
        number=next_card_number(session, f"{china_day(at):%Y%m%d}"),
        rule=f"{row.kind.value}-{rung.code}",
        level=rung.light,
        case_number=case.number,
        item_number=item.number if item else "",
        clock_id=row.id,
        department_code=department,
        responsible=case.submitted_by
        if at_the_window
        else responsible_for(session, department, case.district),
        finding=_finding(item, row, rung),
        arose_at=rung.at,
        opened_at=at,
    )
    session.add(card)
    facts = {
        "card": card.number,
        "level": card.level.value,
        "rule": card.rule,
        "arose_at": rung.at.isoformat(),
    }
    record(session, case, Act.CARD, by=SYSTEM, at=at, item=item, reason=card.finding, facts=facts)
    return card


def _finding(item: Item | None, row: ClockRow, rung: Rung) -> str:
    """What is found, with the words of the law and the moment: the rest is told by the clock's trace."""
    what = f"事项“{item.name}”的" if item else "办件的"
    basis = f"，{row.basis}" if row.basis else ""
    extended = f"＋{row.extended_n}" if row.extended_n else ""
    tentative = "（暂定）" if row.provisional else ""
    until = f"，至 {row.due_on}{tentative}" if row.due_on else ""
    limit = f"{row.limit.text}{extended}{basis}{until}"
    text = f"{what}{row.kind.label}（{limit}）{rung.step.label}：{china_text(rung.at)}。"
    return text[:FINDING_LIMIT]
