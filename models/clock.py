"""期限: every clock's budget and ledger; dates in it are derived by rules.clock and kept only as an index."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, and_, func, or_, text
from sqlmodel import Field, Session, col, select

from models.case import Item
from models.columns import code, moment, one_of
from models.table import Table
from rules.bundle import Limit, Unit
from rules.clock import APPLICANTS, Clock, ClockKind, Extension
from rules.moments import CHINA, china_day
from rules.states import ItemState
from rules.suspending import Suspension

# What a special procedure of an item makes stand still. It comes after the notice and before the delivery,
# and a step is the procedure itself.
STOPPABLE = frozenset({ClockKind.PROMISED, ClockKind.STATUTORY})
IN_PROCEDURE = frozenset({ItemState.SPECIAL, ItemState.RECTIFYING})


class ClockRow(Table, table=True):
    """One clock of a case (item_number '') or of one of its items."""

    __tablename__ = "clock"
    __table_args__ = (
        one_of("kind", ClockKind),
        one_of("unit", Unit),
        # Of a kind there is one at a time; a case that is opened again, or told twice what is missing, has it anew.
        # Opinions are asked of several departments at once, papers promised several at once.
        Index(
            "one_clock_of_a_kind",
            "case_number",
            "item_number",
            "kind",
            unique=True,
            postgresql_where=text("stopped_at IS NULL AND kind NOT IN ('opinion', 'deferral', 'step')"),
        ),
        Index("clock_of_case", "case_number", "item_number"),
        # What the patrol asks: whose next rung has come?
        Index("clock_next_rung", "next_rung_at", postgresql_where=text("next_rung_at IS NOT NULL")),
        # What the window asks: which results are due to applicants first? (待发放)
        Index(
            "clock_delivery_open",
            "due_on",
            "case_number",
            postgresql_where=text("stopped_at IS NULL AND kind = 'delivery'"),
            postgresql_include=["item_number"],
        ),
        # What a new holiday table and the list of the overdue ask: which open clocks end when?
        Index("clock_open_due", "due_on", postgresql_where=text("stopped_at IS NULL")),
        # What every manager page asks: how many open dates rest on a year without a table?
        Index(
            "clock_provisional", "case_number", postgresql_where=text("stopped_at IS NULL AND provisional")
        ),
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
        stops = procedures if self.kind in STOPPABLE else ()
        return Clock(
            limit=self.limit,
            start=self.started_at,
            extension=self._extension() if self.extended_n else None,
            suspensions=tuple(procedure.suspension() for procedure in stops),
            kind=self.kind,
        )

    def again(self, kind: ClockKind, *, of_case: bool = False) -> "ClockRow":
        """A clock of another kind, or of the whole case, that counts the same; its dates are still to be derived."""
        alike = self.model_dump(exclude={"id", "kind", "item_number", "due_on", "due_at", "next_rung_at"})
        return ClockRow(kind=kind, item_number="" if of_case else self.item_number, **alike)

    def stop(self, at: datetime) -> None:
        """It does not run any more; a rung reached before this moment is still to be fired."""
        self.stopped_at = at
        if self.next_rung_at and self.next_rung_at > at:
            self.next_rung_at = None

    def _extension(self) -> Extension:
        return Extension(
            self.extended_n,
            self.extended_by,
            self.extension_reason,
            self.extension_document,
            self.extended_on,
        )


class SpecialProcedure(Table, table=True):
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
    rounded_up: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})

    def suspension(self) -> Suspension:
        return Suspension(
            self.started_on,
            self.ended_on,
            self.kind,
            self.approved_by,
            self.stops_statutory,
            self.stops_promised,
            self.rounded_up,
        )


class FiredRung(Table, table=True):
    """A rung of a clock's ladder that has been fired: once, however often or late the patrol comes."""

    __tablename__ = "fired_rung"

    clock_id: UUID = Field(foreign_key="clock.id", primary_key=True)
    code: str = Field(primary_key=True, max_length=32)
    fired_at: datetime = Field(sa_column=moment(nullable=False))


def fired_in(session: Session, case_number: str) -> dict[UUID, set[str]]:
    """The codes of the rungs that the clocks of a case have fired."""
    query = (
        select(FiredRung.clock_id, FiredRung.code)
        .join(ClockRow, col(ClockRow.id) == FiredRung.clock_id)
        .where(ClockRow.case_number == case_number)
    )
    fired: dict[UUID, set[str]] = defaultdict(set)
    for clock_id, rung in session.exec(query):
        fired[clock_id].add(rung)
    return fired


def cases_with_a_rung_due(
    session: Session, at: datetime, limit: int, after: tuple[datetime, str] | None = None
) -> list[tuple[datetime, str]]:
    """The next rungs that have come, with their cases, the longest waiting first, beyond `after`.

    Costs what is due, not what is open: a stretch of the index clock_next_rung.
    """
    place = (col(ClockRow.next_rung_at), col(ClockRow.case_number))
    query = select(*place).where(place[0] <= at).order_by(*place).limit(limit)
    if after:
        moment, number = after
        query = query.where(place[0] >= moment, or_(place[0] > moment, place[1] > number))
    return [(rung, number) for rung, number in session.execute(query)]


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


def clocks_in_play(session: Session, case_number: str) -> list[ClockRow]:
    """Those of the case and its items that run, or stopped before a rung they had reached was fired."""
    in_play = or_(col(ClockRow.stopped_at).is_(None), col(ClockRow.next_rung_at).is_not(None))
    query = select(ClockRow).where(ClockRow.case_number == case_number, in_play)
    return list(session.exec(query.order_by(col(ClockRow.item_number), col(ClockRow.kind))))


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


def open_procedures(session: Session, items: Iterable[Item]) -> dict[str, SpecialProcedure]:
    """The special procedures of these items that have not ended, by item number."""
    waiting = [item.number for item in items if item.state in IN_PROCEDURE]
    if not waiting:
        return {}
    query = select(SpecialProcedure).where(
        col(SpecialProcedure.item_number).in_(waiting), col(SpecialProcedure.ended_on).is_(None)
    )
    return {one.item_number: one for one in session.exec(query)}


def cases_a_table_may_move(session: Session, year: int) -> list[str]:
    """Open cases with a clock that runs into this year, stands still, or rests on a year without a table."""
    runs_into = and_(col(ClockRow.due_on) >= date(year, 1, 1), col(ClockRow.started_at) < _new_year(year + 1))
    touched = or_(runs_into, col(ClockRow.due_on).is_(None), col(ClockRow.provisional))
    query = (
        select(ClockRow.case_number)
        .where(col(ClockRow.stopped_at).is_(None), touched)
        .distinct()
        .order_by(ClockRow.case_number)
    )
    return list(session.exec(query))


def provisional_count(session: Session) -> int:
    """How many open dates rest on a year whose holiday table has not been published?"""
    open_ones = (col(ClockRow.stopped_at).is_(None), col(ClockRow.provisional))
    return session.exec(select(func.count()).select_from(ClockRow).where(*open_ones)).one()


def overdue_clocks(session: Session, at: datetime, limit: int) -> list[ClockRow]:
    """The clocks that have run out and still run, the longest overdue first; costs the rows it returns."""
    late = (
        col(ClockRow.stopped_at).is_(None),
        col(ClockRow.due_on) <= china_day(at),
        col(ClockRow.due_at) < at,
        col(ClockRow.kind).not_in(APPLICANTS),
    )
    return list(session.exec(select(ClockRow).where(*late).order_by(col(ClockRow.due_on)).limit(limit)))


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=CHINA)
