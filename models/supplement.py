"""一次性告知: what is missing, who found it missing, in which notice it was told, and how it was answered."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint, func, text
from sqlmodel import Field, Session, col, select

from models.columns import moment
from models.table import Table


class SupplementNotice(Table, table=True):
    """补正告知书: one numbered notice of everything that is missing; a second one needs a leader's reasons."""

    __tablename__ = "supplement_notice"
    __table_args__ = (UniqueConstraint("case_number", "serial", name="supplement_serial_once"),)

    number: str = Field(primary_key=True, max_length=56)  # "<case>-BZ3", as a paper
    case_number: str = Field(foreign_key="case_file.number", max_length=50)
    serial: int
    sent_by: str = Field(max_length=50)
    sent_at: datetime = Field(sa_column=moment(nullable=False))
    override_reason: str = Field(default="", max_length=2000)  # why one was not enough (art. 72(4))
    closed_at: datetime | None = Field(default=None, sa_column=moment())
    lapsed: bool = False  # the applicant did not answer in time


class Gap(Table, table=True):
    """缺件: one thing that is missing or wrong, as one department or the window lists it."""

    __tablename__ = "gap"
    __table_args__ = (
        # What the departments' and the clerk's lists ask: what is not told yet?
        Index("gap_untold", "case_number", postgresql_where=text("notice_number IS NULL")),
        # What a department's desk asks: what became of what we asked for?
        Index("gap_told", "department_code", postgresql_where=text("notice_number IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    department_code: str | None = Field(
        default=None, foreign_key="department.code", max_length=32
    )  # None: window
    spec_id: str = Field(max_length=32)  # the material, or the part of the form (rules.gaps.FORM_PARTS)
    what: str = Field(max_length=500)  # what must be supplied or put right
    existed: bool = True  # False: a defect of what was supplied after an earlier notice
    override_reason: str = Field(default="", max_length=2000)  # why it was not told once, as the leader says
    listed_by: str = Field(max_length=50)
    listed_at: datetime = Field(sa_column=moment(nullable=False))
    dropped_at: datetime | None = Field(default=None, sa_column=moment())
    notice_number: str | None = Field(default=None, foreign_key="supplement_notice.number", max_length=56)
    answer: str = Field(default="", max_length=2000)
    answered_at: datetime | None = Field(default=None, sa_column=moment())


def gaps_of(session: Session, case_number: str) -> list[Gap]:
    """Every gap of a case that was not dropped, in the order they were listed."""
    query = select(Gap).where(Gap.case_number == case_number, col(Gap.dropped_at).is_(None))
    return list(session.exec(query.order_by(col(Gap.listed_at), col(Gap.id))))


def supplement_notices_of(session: Session, case_number: str) -> list[SupplementNotice]:
    """The notices of a case, first to last."""
    query = select(SupplementNotice).where(SupplementNotice.case_number == case_number)
    return list(session.exec(query.order_by(col(SupplementNotice.serial))))


def untold_gaps(session: Session, case_number: str) -> list[Gap]:
    """What was listed and is in no notice yet."""
    return [gap for gap in gaps_of(session, case_number) if gap.notice_number is None]


def open_notice(session: Session, case_number: str) -> SupplementNotice | None:
    """The notice the applicant has still to answer, in time or late."""
    notices = supplement_notices_of(session, case_number)
    return notices[-1] if notices and notices[-1].closed_at is None else None


def untold_counts(session: Session, numbers: Iterable[str]) -> dict[str, int]:
    """How many gaps of these cases are listed and not told yet?"""
    cases = list(numbers)
    if not cases:
        return {}
    query = (
        select(Gap.case_number, func.count())
        .where(
            col(Gap.case_number).in_(cases),
            col(Gap.notice_number).is_(None),
            col(Gap.dropped_at).is_(None),
        )
        .group_by(col(Gap.case_number))
    )
    return dict(session.execute(query).tuples().all())


def told_again_by_department(session: Session) -> dict[str | None, int]:
    """How many second notices each department caused by a gap it should have told at once (art. 72(4)).

    None stands for the window.
    """
    query = (
        select(Gap.department_code, func.count(func.distinct(Gap.notice_number)))
        .where(col(Gap.override_reason) != "", col(Gap.notice_number).is_not(None))
        .group_by(col(Gap.department_code))
    )
    return dict(session.execute(query).tuples().all())
