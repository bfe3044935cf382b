"""好差评: what was rated and how; the first rating is kept for ever, the second one stands beside it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, func, or_, text
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, col, select

from models.after import Delivery
from models.audit import AuditEntry
from models.case import Case
from models.columns import code, moment, one_of
from models.leaf import Leaf, leaf_of
from models.table import Table
from rules.errors import NotFound
from rules.moments import china_day
from rules.states import Act
from rules.voices import BAD, Grade, Visit, VisitKind

AT_THE_COUNTER = {
    Act.SUBMIT: VisitKind.SUBMISSION,
    Act.SUPPLY: VisitKind.SUPPLEMENT,
    Act.ANSWER_GAP: VisitKind.SUPPLEMENT,
    Act.DELIVER: VisitKind.COLLECTION,
}
FIRST, AGAIN = 1, 2


class Rating(Table, table=True):
    """评价: one a case and visit; a second round once what was bad has been put right."""

    __tablename__ = "rating"
    __table_args__ = (
        one_of("visit_kind", VisitKind),
        one_of("grade", Grade),
        CheckConstraint("round IN (1, 2)", name="first_or_again"),
        UniqueConstraint("case_number", "visit", "round", name="rated_once"),
        # What the figures ask: what was said in these days, and of whom?
        Index("rating_given", "given_at", "department_code", "grade", "round", "counted"),
        # What the list of the bad ones asks
        Index(
            "rating_bad", "given_at", postgresql_where=text("grade IN ('dissatisfied', 'very_dissatisfied')")
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_number: str = Field(foreign_key="case_file.number", max_length=50)
    visit: str = Field(max_length=32)  # the key of rules.voices.Visit
    visit_kind: VisitKind = Field(sa_column=code(VisitKind))
    round: int = FIRST
    grade: Grade = Field(sa_column=code(Grade))
    tags: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    words: str = Field(default="", max_length=500)
    department_code: str | None = Field(
        default=None, foreign_key="department.code", max_length=32
    )  # None: the hall
    person: str = Field(default="", max_length=50)  # the account that served at the counter
    named: bool = True  # False: does not want to be called back, and is shown to nobody
    at_kiosk: bool = False
    given_at: datetime = Field(sa_column=moment(nullable=False))
    counted: bool = True  # False: an appeal was upheld; it stays on record


@dataclass(frozen=True)
class OfDepartment:
    """How one department was rated; None is the hall's own window."""

    department: str | None
    rated: int
    satisfied: int

    @property
    def rate(self) -> float:
        """满意率, from 0 to 1."""
        return self.satisfied / self.rated if self.rated else 0.0


@dataclass(frozen=True)
class Figures:
    """What was said in a span of days. First ratings only, so that nobody gains by asking for a second one."""

    counts: dict[Grade, int]
    departments: list[OfDepartment]
    put_right: int  # bad at first, good once it was put right
    not_counted: int  # appeals upheld

    @property
    def rated(self) -> int:
        return sum(self.counts.values())

    @property
    def rate(self) -> float:
        """满意率 of all, from 0 to 1."""
        good = sum(number for grade, number in self.counts.items() if grade not in BAD)
        return good / self.rated if self.rated else 0.0


def figures(session: Session, since: datetime, until: datetime) -> Figures:
    """Counts a grade and the rate of satisfaction a department: given from `since`, before `until`."""
    grouped = (col(Rating.department_code), col(Rating.grade), col(Rating.round), col(Rating.counted))
    asked = columns(*grouped, func.count()).where(col(Rating.given_at) >= since, col(Rating.given_at) < until)
    said = session.execute(asked.group_by(*grouped)).tuples().all()
    rows = [(code, grade, n) for code, grade, turn, counted, n in said if turn == FIRST and counted]
    departments = sorted({code for code, _, _ in rows}, key=lambda code: (code is not None, code or ""))
    return Figures(
        {grade: sum(n for _, found, n in rows if found is grade) for grade in Grade},
        [_of_department(code, rows) for code in departments],
        sum(n for _, grade, turn, _, n in said if turn == AGAIN and grade not in BAD),
        sum(n for _, _, turn, counted, n in said if turn == FIRST and not counted),
    )


def _of_department(code: str | None, rows: list[tuple[str | None, Grade, int]]) -> OfDepartment:
    own = [(grade, n) for found, grade, n in rows if found == code]
    return OfDepartment(code, sum(n for _, n in own), sum(n for grade, n in own if grade not in BAD))


def ratings_of(session: Session, case_number: str) -> list[Rating]:
    """Every rating of a case, first to last."""
    query = select(Rating).where(Rating.case_number == case_number)
    return list(session.exec(query.order_by(col(Rating.given_at), col(Rating.round))))


def find_rating(session: Session, rating_id: UUID) -> Rating:
    """The rating, not locked."""
    rating = session.get(Rating, rating_id)
    if rating is None:
        raise NotFound("没有这条评价。")
    return rating


def counter_visits(session: Session, case: Case) -> list[Visit]:
    """When the applicant stood at the counter, and who served; what came by post or online is no visit."""
    query = select(AuditEntry).where(
        AuditEntry.case_number == case.number,
        col(AuditEntry.act).in_(list(AT_THE_COUNTER)),
        col(AuditEntry.actor).not_in(("applicant", "system")),
        or_(col(AuditEntry.act) != Act.DELIVER, _over_the_counter(case.number)),
    )
    entries = session.exec(query.order_by(col(AuditEntry.serial)))
    return [Visit(AT_THE_COUNTER[entry.act], china_day(entry.at), entry.actor) for entry in entries]


def _over_the_counter(case_number: str) -> Any:
    """A delivery noted at this very moment that no courier carried."""
    return (
        select(Delivery.id)
        .where(
            Delivery.case_number == case_number,
            Delivery.courier == "",
            col(Delivery.delivered_at) == AuditEntry.at,
        )
        .exists()
    )


@dataclass(frozen=True)
class RatingsWanted:
    """What the list of ratings is narrowed to; empty means all."""

    grade: Grade | None = None
    department: str = ""
    hall: bool = False
    since: datetime | None = None
    page: int = 1


def ratings_listed(session: Session, wanted: RatingsWanted) -> Leaf[Rating]:
    """The ratings, the newest first, one page of them."""
    where: list[Any] = []
    if wanted.grade:
        where.append(col(Rating.grade) == wanted.grade)
    if wanted.department:
        where.append(col(Rating.department_code) == wanted.department)
    if wanted.hall:
        where.append(col(Rating.department_code).is_(None))
    if wanted.since:
        where.append(col(Rating.given_at) >= wanted.since)
    query = select(Rating).where(*where).order_by(col(Rating.given_at).desc(), col(Rating.id))
    return leaf_of(session, query, wanted.page)
