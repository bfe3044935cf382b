"""好差评: one rating a case and visit; a bad one is called back, put right, and may be rated once more."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from actions.asking import reopen
from actions.coursing import SYSTEM, answer_due, call_due, go, note
from actions.moving import answer_no
from config.voices import limits, tags
from models.audit import latest_entry
from models.case import Case, items_of, lock_case
from models.enquiry import Enquiry, enquiry_of_rating, lock_enquiry, next_enquiry_number
from models.notice import is_told, queue_notice
from models.rating import AGAIN, FIRST, Rating, counter_visits, ratings_of
from models.version import bundle_of_version
from rules.answering import UNSTORABLE
from rules.errors import Faulty, NotFound, WrongState
from rules.identifiers import query_code
from rules.moments import china_day
from rules.notices import Event
from rules.states import CASE_CLOSED, Act
from rules.voices import BAD, Grade, Stage, Step, Visit, VisitKind, VoiceKind, can_be_rated, visits

HALL = "hall"
ENDS = frozenset({Act.CONCLUDE, Act.DECLINE, Act.WITHDRAW, Act.VOID})
MOST_WORDS = 500


@dataclass(frozen=True)
class Given:
    """A rating as it was typed."""

    visit: str
    grade: str
    tags: tuple[str, ...] = ()
    words: str = ""
    department: str = ""  # '' : the one that answers for it by itself
    named: bool = True
    at_kiosk: bool = False


@dataclass(frozen=True)
class Rateable:
    """One visit, and what has been said of it so far."""

    visit: Visit
    first: Rating | None
    again: Rating | None
    enquiry: Enquiry | None
    fresh: bool

    @property
    def open_first(self) -> bool:
        return self.first is None and self.fresh

    @property
    def open_again(self) -> bool:
        """It was bad, it has been put right, and nothing was said since."""
        put_right = self.enquiry is not None and self.enquiry.stage is Stage.ANSWERED
        return put_right and self.again is None


def rateable(session: Session, case: Case, *, at: datetime) -> list[Rateable]:
    """Every visit of the case that is or may be rated, the latest first; what was rated stays."""
    said = {(one.visit, one.round): one for one in ratings_of(session, case.number)}
    current = {visit.key: visit for visit in _visits(session, case)}
    over = {one.visit: _visit_of(one) for one in said.values() if one.visit not in current}
    today, within = china_day(at), limits().rate_within
    found = []
    for key, visit in (current | over).items():
        first = said.get((key, FIRST))
        enquiry = enquiry_of_rating(session, first.id) if first and first.grade in BAD else None
        fresh = key in current and can_be_rated(visit, within, today)
        found.append(Rateable(visit, first, said.get((key, AGAIN)), enquiry, fresh))
    shown = [one for one in found if one.fresh or one.first]
    return sorted(shown, key=lambda one: one.visit.day, reverse=True)


def rate(session: Session, number: str, given: Given, *, at: datetime) -> Rating:
    """The applicant rates. Who has come this far holds number and query code; staff never come here."""
    case = lock_case(session, number)
    grade = _must_be_right(session, case, given)
    place = next((one for one in rateable(session, case, at=at) if one.visit.key == given.visit), None)
    if place is None:
        raise NotFound("没有这次服务，或者已经过了可以评价的时间。")
    if place.open_first:
        return _rate_first(session, case, place.visit, given, grade, at)
    if place.open_again and place.first and place.enquiry:
        return _rate_again(session, case, place.first, place.enquiry, given, grade, at)
    raise WrongState("这次服务您已经评价过了，一次服务评价一次。")


def invite(session: Session, case: Case, *, at: datetime) -> None:
    """评价邀请, once for an answer, when it is all over; the bereaved are not asked how they liked it."""
    if bundle_of_version(session, case.bundle_digest).considerate:
        return
    about = answer_no(case)
    if is_told(session, case.number, Event.RATE, about):
        return  # a refusal was handed over after everything else, or where there was nothing else
    if any(one.visit_kind is VisitKind.CASE for one in ratings_of(session, case.number)):
        return  # before it was handled anew; once is once
    facts = {"days": limits().rate_within.days}
    queue_notice(session, case, Event.RATE, about=about, facts=facts, at=at)


def _visits(session: Session, case: Case) -> list[Visit]:
    ended: date | None = None
    if case.state in CASE_CLOSED:
        last = latest_entry(session, case.number, None, ENDS)
        ended = max((china_day(one) for one in (case.delivered_at, last and last.at) if one), default=None)
    return visits(case.state, ended, counter_visits(session, case))


def _visit_of(rating: Rating) -> Visit:
    """What was rated. A case has no day any more once it is handled anew: then it is the day of the rating."""
    whole = rating.visit_kind is VisitKind.CASE
    day = china_day(rating.given_at) if whole else date.fromisoformat(rating.visit[-8:])
    return Visit(rating.visit_kind, day, rating.person)


def _must_be_right(session: Session, case: Case, given: Given) -> Grade:
    faults = {}
    grades = {grade.value: grade for grade in Grade}
    if given.grade not in grades:
        faults["grade"] = "请选择一个评价等级。"
    if unknown := set(given.tags) - {word for group in tags() for word in group}:
        faults["tags"] = f"没有“{'、'.join(sorted(unknown))[:50]}”这个选项。"
    if UNSTORABLE.search(given.words):
        faults["words"] = "文字里有控制字符，请删去。"
    elif len(given.words) > MOST_WORDS:
        faults["words"] = f"请不超过 {MOST_WORDS} 字。"
    if given.department not in {"", HALL, *(item.department_code for item in items_of(session, case.number))}:
        faults["department"] = "请从办理这件事的部门里选择。"
    if faults:
        raise Faulty(faults)
    return grades[given.grade]


def _rate_first(
    session: Session, case: Case, visit: Visit, given: Given, grade: Grade, at: datetime
) -> Rating:
    rating = _rating(case, visit, given, grade, FIRST, _responsible(session, case, visit, given), at)
    session.add(rating)
    session.flush()
    if grade in BAD:
        _open_rectification(session, case, rating, at)
    return rating


def _rate_again(
    session: Session, case: Case, first: Rating, enquiry: Enquiry, given: Given, grade: Grade, at: datetime
) -> Rating:
    """The first is kept; a second bad one has the matter taken up once more."""
    rating = _rating(case, _visit_of(first), given, grade, AGAIN, first.department_code, at)
    rating.named = first.named
    session.add(rating)
    locked = lock_enquiry(session, enquiry.number)
    remark = f"再次评价：{grade.label}。{given.words}"
    reopen(session, locked, satisfied=grade not in BAD, remark=remark, at=at)
    session.flush()
    return rating


def _rating(
    case: Case, visit: Visit, given: Given, grade: Grade, turn: int, department: str | None, at: datetime
) -> Rating:
    return Rating(
        case_number=case.number,
        visit=visit.key,
        visit_kind=visit.kind,
        round=turn,
        grade=grade,
        tags=list(given.tags),
        words=given.words.strip(),
        department_code=department,
        person=visit.person,
        named=given.named,
        at_kiosk=given.at_kiosk,
        given_at=at,
    )


def _responsible(session: Session, case: Case, visit: Visit, given: Given) -> str | None:
    """谁办理、谁负责: the window for what happened at it; else who was named, or who leads the case."""
    if visit.kind is not VisitKind.CASE or given.department == HALL:
        return None
    return given.department or bundle_of_version(session, case.bundle_digest).lead_department


def _open_rectification(session: Session, case: Case, rating: Rating, at: datetime) -> None:
    """差评整改: a call-back within its day, an answer within its own; who stays anonymous is not called."""
    today, named = china_day(at), rating.named
    phone = case.phone if named else ""
    said = "；".join([f"{rating.visit_kind.label}：{rating.grade.label}", *rating.tags, rating.words]).rstrip(
        "；"
    )
    enquiry = Enquiry(
        number=next_enquiry_number(session, VoiceKind.RATING, today),
        query_code=query_code(),
        submission_key=secrets.token_hex(
            16
        ),  # no form: whoever knows the rating must not open the letter by it
        kind=VoiceKind.RATING,
        stage=Stage.RECEIVED,
        case_number=case.number if named else "",
        rating_id=rating.id,
        district=case.district,
        words=said,
        name=(case.contact_name or case.applicant_name) if named else "",
        phone=phone,
        department_code=rating.department_code,
        due_on=answer_due(VoiceKind.RATING, at),
        contact_due_on=call_due(at) if phone else None,
        created_at=at,
    )
    session.add(enquiry)
    note(session, enquiry, Step.RECEIVE, by=SYSTEM, at=at)
    facts = {"department": rating.department_code or ""}
    go(session, enquiry, Step.ASSIGN, by=SYSTEM, at=at, facts=facts)
