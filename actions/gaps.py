"""What is missing in this case, what is it called, and until when may it be listed?"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from actions.accepting import received_at
from actions.dating import hall_calendar
from models.case import Case, items_of, materials_of
from models.clock import ClockRow, running_clocks
from models.supplement import Gap, SupplementNotice, gaps_of
from models.version import bundle_of_version
from rules.bundle import Bundle
from rules.clock import Clock, ClockKind, due_of
from rules.gaps import FORM_PARTS, SILENCE_SAID, Entry, merged
from rules.states import ITEM_OPEN

NAME_LIMIT = 60  # signs of a material's name in a list


def names_of_gaps(session: Session, case: Case) -> dict[str, str]:
    """The name of everything that may be missing, by material id or part of the form."""
    papers = {paper.spec_id: paper.name for paper in materials_of(session, case.number)}
    return papers | dict(FORM_PARTS)


def papers_in_use(session: Session, case: Case) -> set[str]:
    """The material ids that an open item uses; for any other paper nobody waits."""
    bundle = bundle_of_version(session, case.bundle_digest)
    going_on = [item for item in items_of(session, case.number) if item.state in ITEM_OPEN]
    return {spec for item in going_on for spec in bundle.item(item.code).materials}


def gaps_in(session: Session, notice: SupplementNotice, *, unanswered: bool = False) -> list[Gap]:
    """What this notice told; on request only what is still to be answered."""
    told = [gap for gap in gaps_of(session, notice.case_number) if gap.notice_number == notice.number]
    return [gap for gap in told if not (unanswered and gap.answered_at)]


def lines_of(session: Session, case: Case, gaps: Iterable[Gap]) -> list[str]:
    """One line a material, as the applicant reads it."""
    names = names_of_gaps(session, case)
    return [f"{names.get(entry.spec_id, entry.spec_id)}：{entry.text}" for entry in merged(gaps)]


def listed_names(session: Session, case: Case, gaps: Iterable[Gap]) -> str:
    """The names of what is missing, for a sentence of the record."""
    names = names_of_gaps(session, case)
    entries: tuple[Entry, ...] = merged(gaps)
    return "、".join(f"“{names.get(entry.spec_id, entry.spec_id)[:NAME_LIMIT]}”" for entry in entries)


def window_closes(session: Session, case: Case) -> datetime | None:
    """Until when the departments may list what is missing, from receipt of the papers looked through."""
    return end_of_window(bundle_of_version(session, case.bundle_digest), received_at(session, case))


def end_of_window(bundle: Bundle, received: datetime) -> datetime | None:
    """The close of the departments' window for papers that came in at this moment."""
    return due_of(Clock(bundle.supplement.window, received), hall_calendar()).at


def silence_said(session: Session, case: Case) -> str:
    """What the applicant is told beforehand of what silence leads to."""
    return SILENCE_SAID[bundle_of_version(session, case.bundle_digest).supplement.silence]


def draft_mark(gaps: Iterable[Gap]) -> str:
    """A short name for this very list: the clerk sends what the clerk has read."""
    ids = ",".join(sorted(str(gap.id) for gap in gaps))
    return hashlib.sha256(ids.encode()).hexdigest()[:12]


def supplement_clock(session: Session, case: Case) -> ClockRow | None:
    """The clock of the applicant, while it runs."""
    running = running_clocks(session, case.number)
    return next((row for row in running if row.kind is ClockKind.SUPPLEMENT), None)
