"""缺件 as pages show them: merged by material, with who asked, what was answered, and what silence leads to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.gaps import draft_mark, names_of_gaps, silence_said, supplement_clock, window_closes
from models.account import departments_by_code
from models.case import Case, Material, materials_of
from models.clock import ClockRow
from models.supplement import Gap, SupplementNotice, gaps_of, supplement_notices_of
from rules.gaps import FORM_PARTS, merged
from rules.states import CaseState

WINDOW = "综合窗口"


@dataclass(frozen=True)
class EntryShown:
    """One material, or part of the form: what is missing of it, who says so, how it was answered."""

    spec_id: str
    name: str
    remarks: tuple[tuple[str, str], ...]  # what, and who asked
    answered_at: datetime | None
    answer: str
    paper: Material | None  # what was handed in anew
    takes_files: bool


@dataclass(frozen=True)
class NoticeShown:
    """A notice with everything it told."""

    notice: SupplementNotice
    entries: tuple[EntryShown, ...]

    @property
    def left(self) -> int:
        return sum(entry.answered_at is None for entry in self.entries)


@dataclass(frozen=True)
class SupplementShown:
    """Everything about what is missing in a case."""

    draft: tuple[EntryShown, ...]  # listed, not told yet
    mark: str  # of this very draft
    told: tuple[NoticeShown, ...]
    clock: ClockRow | None  # the applicant's, while it runs
    window_closes: datetime | None  # for the departments, while the case may be looked through
    silence: str

    @property
    def waits(self) -> NoticeShown | None:
        """The notice the applicant has still to answer."""
        return next((one for one in self.told if one.notice.closed_at is None), None)

    @property
    def all_in(self) -> bool:
        """Everything that was told has come in, and nothing new is found missing."""
        return bool(self.told) and self.waits is None and not self.draft


def supplement_shown(session: Session, case: Case) -> SupplementShown:
    """What is missing in this case, and what was."""
    gaps, notices = gaps_of(session, case.number), supplement_notices_of(session, case.number)
    untold = [gap for gap in gaps if gap.notice_number is None]
    return SupplementShown(
        _entries(session, case, untold),
        draft_mark(untold),
        tuple(NoticeShown(one, _entries(session, case, _of(one, gaps))) for one in notices),
        supplement_clock(session, case),
        window_closes(session, case) if case.state is CaseState.SUBMITTED else None,
        silence_said(session, case),
    )


def _of(notice: SupplementNotice, gaps: Iterable[Gap]) -> list[Gap]:
    return [gap for gap in gaps if gap.notice_number == notice.number]


def _entries(session: Session, case: Case, gaps: list[Gap]) -> tuple[EntryShown, ...]:
    if not gaps:
        return ()
    names, offices = names_of_gaps(session, case), departments_by_code(session)
    papers = {paper.spec_id: paper for paper in materials_of(session, case.number)}

    def office(code: str | None) -> str:
        return offices[code].short_name if code else WINDOW

    shown = []
    for entry in merged(gaps):
        answered = [gap for gap in gaps if gap.spec_id == entry.spec_id]
        at = max((gap.answered_at for gap in answered if gap.answered_at), default=None)
        paper = papers.get(entry.spec_id)
        shown.append(
            EntryShown(
                entry.spec_id,
                names.get(entry.spec_id, entry.spec_id),
                tuple(
                    (one.what, "、".join(office(code) for code in one.departments)) for one in entry.remarks
                ),
                at if all(gap.answered_at for gap in answered) else None,
                next((gap.answer for gap in answered if gap.answer), ""),
                paper if at and paper and paper.version > 1 and paper.supplied_at == at else None,
                entry.spec_id not in FORM_PARTS,
            )
        )
    return tuple(shown)
