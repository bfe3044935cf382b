"""咨询、投诉、办不成事: what anybody sends becomes an enquiry with an owner and a day; and their word on the answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.acting import worded
from actions.coursing import APPLICANT, SYSTEM, answer_due, date_by, go, note
from actions.dating import hall_calendar
from config.catalogue import departments
from config.voices import limits
from models.account import responsible_for
from models.case import Case, lock_submission
from models.enquiry import (
    Enquiry,
    answered_before,
    enquiry_of_submission,
    lock_enquiry,
    next_enquiry_number,
)
from rules.answering import UNSTORABLE
from rules.errors import Faulty, WrongState
from rules.identifiers import fault_of_case_number, fault_of_mobile, query_code
from rules.moments import china_day
from rules.voices import Stage, Step, VoiceKind, late_closing

ASKED = (VoiceKind.CONSULT, VoiceKind.COMPLAINT, VoiceKind.STUCK)  # 差评整改 comes from a rating alone
MOST_WORDS, SHORTEST, MOST_NAME, MOST_REMARK = 2000, 5, 50, 500
BATCH = 200


@dataclass(frozen=True)
class Sent:
    """What somebody wrote, as typed."""

    kind: str
    words: str
    key: str  # of the form: sent twice it is one enquiry
    department: str = ""  # '' : I do not know
    case_number: str = ""
    name: str = ""
    phone: str = ""


def send(session: Session, sent: Sent, *, at: datetime) -> Enquiry:
    """Take it in. What is asked of a named department goes there; a complaint first to the manager (assumption).

    Where nobody of the department would see it, it waits for the window, as if none were named. 办不成事 belongs to the
    hall's own window from the first minute. The same form again is the same enquiry.
    """
    lock_submission(session, sent.key)
    if known := enquiry_of_submission(session, sent.key):
        return known
    kind = _must_be_right(sent)
    district = _district_of(session, sent.case_number)
    to = sent.department if kind is VoiceKind.CONSULT else ""
    owned = kind is VoiceKind.STUCK or (to and responsible_for(session, to, district))
    enquiry = Enquiry(
        number=next_enquiry_number(session, kind, china_day(at)),
        query_code=query_code(),
        submission_key=sent.key,
        kind=kind,
        stage=Stage.RECEIVED,
        case_number=sent.case_number,
        district=district,
        words=sent.words,
        name=sent.name,
        phone=sent.phone,
        due_on=answer_due(kind, at),
        created_at=at,
    )
    session.add(enquiry)
    facts = {"about": sent.department} if sent.department else None
    note(session, enquiry, Step.RECEIVE, by=APPLICANT, at=at, facts=facts)
    if owned:
        enquiry.department_code = to or None
        go(session, enquiry, Step.ASSIGN, by=SYSTEM, at=at, facts={"department": to})
    return enquiry


def _district_of(session: Session, case_number: str) -> str:
    """Where the case that was named came in: its people answer. Of none, or of no case, the whole installation."""
    case = session.get(Case, case_number) if case_number else None
    return case.district if case else ""


def judge(session: Session, number: str, *, satisfied: bool, remark: str, at: datetime) -> Enquiry:
    """满意 or not: one who is not has it taken up again, once; the second time their word is kept and it ends."""
    remark = _clean(remark, "remark", MOST_REMARK)
    enquiry = lock_enquiry(session, number)
    if enquiry.kind is VoiceKind.RATING:
        raise WrongState("差评整改请在评价页再次评价。")
    reopen(session, enquiry, satisfied=satisfied, remark=remark, at=at)
    return enquiry


def reopen(session: Session, enquiry: Enquiry, *, satisfied: bool, remark: str, at: datetime) -> None:
    """The word on an answer; the enquiry is locked."""
    if satisfied:
        step = Step.CONFIRM
    elif enquiry.reopened:
        step = Step.END_UNHAPPY
    else:
        step = Step.REOPEN
    go(session, enquiry, step, by=APPLICANT, at=at, words=remark)
    enquiry.satisfied = satisfied
    if step is Step.REOPEN:
        enquiry.reopened = True
        date_by(enquiry, step, at)


def close_silent(session: Session, *, at: datetime) -> int:
    """Answers to which nobody has said anything for long stand; how many were closed."""
    limit, today, closed = limits().silence, china_day(at), 0
    for number in answered_before(session, at, BATCH):
        enquiry = lock_enquiry(session, number)
        if enquiry.stage is not Stage.ANSWERED or enquiry.answered_at is None:
            continue
        if not late_closing(enquiry.answered_at, limit, today, hall_calendar()):
            break  # the oldest come first
        go(session, enquiry, Step.LAPSE, by=SYSTEM, at=at)
        closed += 1
    return closed


def _must_be_right(sent: Sent) -> VoiceKind:
    """The kind, once nothing is wrong with the rest."""
    kinds = {kind.value: kind for kind in ASKED}
    found = {
        "kind": None if sent.kind in kinds else "请选择要反映的是什么。",
        "department": None if sent.department in {"", *departments()} else "请从名单里选择部门。",
        "words": _fault_of_words(sent.words),
        "case_number": fault_of_case_number(sent.case_number) if sent.case_number else None,
        "name": _fault_of_text("称呼", sent.name, MOST_NAME),
        "phone": fault_of_mobile(sent.phone) if sent.phone else None,
    }
    if faults := {field: why for field, why in found.items() if why}:
        raise Faulty(faults)
    return kinds[sent.kind]


def _fault_of_words(words: str) -> str | None:
    if len(words.strip()) < SHORTEST:
        return f"请写明情况，至少 {SHORTEST} 个字。"
    return _fault_of_text("具体情况", words, MOST_WORDS)


def _fault_of_text(field: str, words: str, limit: int) -> str | None:
    if UNSTORABLE.search(words):
        return f"{field}里有控制字符，请删去。"
    return f"{field}请不超过 {limit} 字。" if len(words) > limit else None


def _clean(words: str, field: str, limit: int) -> str:
    """What may be left out, but not be too long."""
    return worded(words, field, "", limit) if words.strip() else ""
