"""期限: every clock's budget and ledger; dates in it are derived by rules.clock and kept only as an index."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, Session, SQLModel, col, select

from models.columns import code, moment, one_of
from rules.bundle import Limit, Unit
from rules.clock import Clock, ClockKind, Extension
from rules.suspending import Suspension


class ClockRow(SQLModel, table=True):
    """One clock of a case (item_number '') or of one of its items."""

    __tablename__ = "clock"
    __table_args__ = (
        one_of("kind", ClockKind),
        one_of("unit", Unit),
        UniqueConstraint("case_number", "item_number", "kind", name="one_clock_of_a_kind"),
        # What the patrol asks: whose next rung has come?
        Index("clock_next_rung", "next_rung_at", postgresql_where=text("next_rung_at IS NOT NULL")),
        # What a new holiday table asks: which open clocks rest on a year that had none?
        Index("clock_open_due", "due_on", postgresql_where=text("stopped_at IS NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_number: str = Field(foreign_key="case_file.number", max_length=50)
    item_number: str = Field(default="", max_length=54)
    kind: ClockKind = Field(sa_column=code(ClockKind))
    n: int
    unit: Unit = Field(sa_column=code(Unit))
    basis: str = Field(default="", max_length=200)
    source: str = Field(default="", max_length=200)
    extend: int = 0  # how many more units the law lets be added, once
    started_at: datetime = Field(sa_column=moment(nullable=False))
    extended_n: int = 0
    extended_by: str = Field(default="", max_length=100)
    extension_reason: str = Field(default="", max_length=2000)
    extension_document: str = Field(default="", max_length=100)
    extended_on: date | None = None
    stopped_at: datetime | None = Field(default=None, sa_column=moment())
    due_on: date | None = None  # None while suspended
    due_at: datetime | None = Field(default=None, sa_column=moment())
    provisional: bool = False
    next_rung_at: datetime | None = Field(default=None, sa_column=moment())  # NULL: no rung left

    @property
    def limit(self) -> Limit:
        return Limit(self.n, self.unit, self.basis, self.source, self.extend)

    def clock(self, procedures: Iterable["SpecialProcedure"]) -> Clock:
        """The value the rules know: the limit, its start, what was added and what does not count."""
        return Clock(
            limit=self.limit,
            start=self.started_at,
            extension=self._extension() if self.extended_n else None,
            suspensions=tuple(procedure.suspension() for procedure in procedures),
            kind=self.kind,
        )

    def _extension(self) -> Extension:
        return Extension(
            self.extended_n,
            self.extended_by,
            self.extension_reason,
            self.extension_document,
            self.extended_on,
        )


class SpecialProcedure(SQLModel, table=True):
    """特别程序 (行政许可法 art. 45 and local kinds): why an item's clock stood still, from when to when."""

    __tablename__ = "special_procedure"
    __table_args__ = (
        # An item has at most one that is still open.
        Index("one_open_procedure", "item_number", unique=True, postgresql_where=text("ended_on IS NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    item_number: str = Field(foreign_key="item.number", max_length=54)
    kind: str = Field(max_length=50)
    reason: str = Field(max_length=2000)
    basis: str = Field(default="", max_length=200)
    approved_by: str = Field(max_length=50)
    expected_days: int  # working days, told to the applicant in writing
    stops_statutory: bool
    stops_promised: bool
    started_on: date
    ended_on: date | None = None
    result: str = Field(default="", max_length=2000)
    ended_by: str = Field(default="", max_length=50)

    def suspension(self) -> Suspension:
        return Suspension(
            self.started_on,
            self.ended_on,
            self.kind,
            self.approved_by,
            self.stops_statutory,
            self.stops_promised,
        )


class FiredRung(SQLModel, table=True):
    """A rung of a clock's ladder that has been fired: once, however often or late the patrol comes."""

    __tablename__ = "fired_rung"

    clock_id: UUID = Field(foreign_key="clock.id", primary_key=True)
    code: str = Field(primary_key=True, max_length=32)
    fired_at: datetime = Field(sa_column=moment(nullable=False))


def fired_rungs(session: Session, clock_id: UUID) -> set[str]:
    """The codes of the rungs this clock has fired."""
    return set(session.exec(select(FiredRung.code).where(FiredRung.clock_id == clock_id)))


def cases_with_a_rung_due(session: Session, at: datetime, limit: int) -> list[str]:
    """Cases of which some clock's next rung has come, the longest waiting first; costs what is due, not what is open."""
    due = (
        select(ClockRow.case_number, ClockRow.next_rung_at)
        .where(col(ClockRow.next_rung_at) <= at)
        .order_by(col(ClockRow.next_rung_at))
        .limit(limit)
    )
    return list(dict.fromkeys(number for number, _ in session.exec(due)))


def clocks_of(session: Session, case_number: str) -> list[ClockRow]:
    """All clocks of a case and its items."""
    query = select(ClockRow).where(ClockRow.case_number == case_number)
    return list(session.exec(query.order_by(col(ClockRow.item_number), col(ClockRow.started_at))))


def running_clocks(session: Session, case_number: str, item_number: str = "") -> list[ClockRow]:
    """The clocks of the case, or of one item, that have not been stopped."""
    query = select(ClockRow).where(
        ClockRow.case_number == case_number,
        ClockRow.item_number == item_number,
        col(ClockRow.stopped_at).is_(None),
    )
    return list(session.exec(query))


def all_running_clocks(session: Session, case_number: str) -> list[ClockRow]:
    """The clocks of the case and of its items that have not been stopped."""
    query = select(ClockRow).where(ClockRow.case_number == case_number, col(ClockRow.stopped_at).is_(None))
    return list(session.exec(query))


def procedures_of(session: Session, case_number: str, item_number: str = "") -> list[SpecialProcedure]:
    """The special procedures of one item; of all items of the case when none is named."""
    query = select(SpecialProcedure).where(SpecialProcedure.case_number == case_number)
    if item_number:
        query = query.where(SpecialProcedure.item_number == item_number)
    return list(session.exec(query.order_by(col(SpecialProcedure.started_on))))


def open_procedure(session: Session, item_number: str) -> SpecialProcedure | None:
    """The special procedure of the item that has not ended."""
    query = select(SpecialProcedure).where(
        SpecialProcedure.item_number == item_number, col(SpecialProcedure.ended_on).is_(None)
    )
    return session.exec(query).one_or_none()


def cases_with_provisional_dates(session: Session) -> list[str]:
    """Open cases with a date that rests on a year whose holiday table had not been published."""
    query = (
        select(ClockRow.case_number)
        .where(col(ClockRow.stopped_at).is_(None), col(ClockRow.provisional))
        .distinct()
        .order_by(ClockRow.case_number)
    )
    return list(session.exec(query))
