"""How does an enquiry go on? Here and nowhere else: its stage and the entry in its course, in one breath."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from actions.dating import hall_calendar
from config.voices import limits
from models.enquiry import Enquiry, EnquiryEntry, course_of, lock_enquiry
from rules.moments import china_day
from rules.voices import ENDED, Stage, Step, VoiceKind, due_after_appeal, stage_after

SYSTEM = "system"  # the actor of what follows by the rules, not by a person's hand
APPLICANT = "applicant"


def go(
    session: Session,
    enquiry: Enquiry,
    step: Step,
    *,
    by: str,
    at: datetime,
    words: str = "",
    facts: dict[str, Any] | None = None,
) -> None:
    """Take the enquiry one step on. The caller holds the lock of its row."""
    before = enquiry.stage
    enquiry.stage = stage_after(enquiry.kind, before, step)
    if enquiry.stage in ENDED:
        enquiry.closed_at = at
    note(session, enquiry, step, by=by, at=at, words=words, facts=facts, before=before)


def note(
    session: Session,
    enquiry: Enquiry,
    step: Step,
    *,
    by: str,
    at: datetime,
    words: str = "",
    facts: dict[str, Any] | None = None,
    before: Stage | None = None,
) -> None:
    """Write down one step."""
    session.flush()  # a new enquiry first: the entry refers to it
    session.add(
        EnquiryEntry(
            enquiry_number=enquiry.number,
            step=step,
            actor=by,
            before=before,
            after=enquiry.stage,
            words=words,
            facts=facts or {},
            at=at,
        )
    )


def answer_due(kind: VoiceKind, at: datetime) -> date:
    """The last day of the answer, counted from this day."""
    return hall_calendar().working_day(limits().answer[kind].days, china_day(at))


def call_due(at: datetime) -> date:
    """The last day of the call-back, counted from this day."""
    return hall_calendar().working_day(limits().contact.days, china_day(at))


def date_by(enquiry: Enquiry, step: Step, at: datetime) -> None:
    """The days that begin, or move, with this step. The caller holds the lock of its row."""
    today, calendar = china_day(at), hall_calendar()
    call = None if enquiry.contacted_at else enquiry.contact_due_on
    match step:
        case Step.RECEIVE:
            enquiry.due_on = answer_due(enquiry.kind, at)
            if call:
                enquiry.contact_due_on = call_due(at)
        case Step.EXTEND:
            enquiry.due_on = calendar.working_day(limits().extension[enquiry.kind].days, enquiry.due_on)
        case Step.APPEAL:
            enquiry.appeal_left = calendar.working_days_between(today, enquiry.due_on)
            enquiry.due_on = calendar.working_day(limits().appeal.days, today)
        case Step.REJECT:
            enquiry.due_on = due_after_appeal(enquiry.appeal_left, today, calendar)
            if call:
                enquiry.contact_due_on = max(call, due_after_appeal(0, today, calendar))
        case Step.REOPEN:
            enquiry.due_on = answer_due(enquiry.kind, at)


def redate(session: Session, number: str) -> bool:
    """A new holiday table has arrived: count the days of a letter anew, step by step. Has one of them moved?"""
    enquiry = lock_enquiry(session, number)
    before = (enquiry.due_on, enquiry.contact_due_on)
    for entry in course_of(session, number):
        date_by(enquiry, entry.step, entry.at)
    return (enquiry.due_on, enquiry.contact_due_on) != before
