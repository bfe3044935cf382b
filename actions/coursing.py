"""How does an enquiry go on? Here and nowhere else: its stage and the entry in its course, in one breath."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from actions.dating import hall_calendar
from config.voices import limits
from models.enquiry import Enquiry, EnquiryEntry
from rules.moments import china_day
from rules.voices import ENDED, Stage, Step, VoiceKind, stage_after

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
