"""What happened on a day, in numbers? Past days are counted once and kept; only today is counted anew."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from math import inf
from time import monotonic
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, SQLModel, col, select

from config.calendars import calendar_for
from config.catalogue import departments
from config.settings import settings
from models.columns import moment
from models.districts import confined
from models.table import Table
from rules.calendar import WorkCalendar
from rules.moments import CHINA, china_day
from rules.office_hours import OfficeHours
from rules.spans import Span

MIDNIGHT_PASSED = timedelta(minutes=10)
TOGETHER = 3  # days counted at once
LONGEST = 800  # days an item may have been with a department and still be measured in office hours


class DayFigure(Table, table=True):
    """One day of one bundle: of its cases ('' as department), or of its items in one department.

    A row of neither bundle nor department says that the day has been counted.
    """

    __tablename__ = "day_figure"

    day: date = Field(primary_key=True)
    bundle_code: str = Field(default="", primary_key=True, max_length=16)
    department_code: str = Field(default="", primary_key=True, max_length=32)
    received: int = 0
    closed: int = 0  # concluded, withdrawn, not accepted or void
    decided: int = 0  # cases concluded, or items decided
    in_time: int = 0  # of those, by the promised day
    timed: int = 0  # items whose office hours are known: nothing stood still meanwhile
    used_hours: float = 0.0  # their office hours, together
    promised_hours: float = 0.0  # and those that were promised
    counted_at: datetime = Field(sa_column=moment(nullable=False))


class HourFigure(Table, table=True):
    """How many cases came in within one hour of a day."""

    __tablename__ = "hour_figure"

    day: date = Field(primary_key=True)
    hour: int = Field(primary_key=True)
    received: int


def settled(at: datetime) -> date:
    """The last day whose figures do not change any more: what was under way at midnight has been written."""
    return china_day(at - MIDNIGHT_PASSED) - timedelta(days=1)


def day_figures(session: Session, span: Span, *, at: datetime) -> list[DayFigure]:
    """The figures of these days: what is kept of past days, and today counted from the record.

    What is kept is of the whole installation: a district's own are counted from its rows, each time.
    """
    if confined(session):
        return counted(session, span, at=at)
    kept = select(DayFigure).where(*_within(col(DayFigure.day), span), DayFigure.bundle_code != "")
    found, fresh = list(session.exec(kept)), _fresh(span, at)
    return [*found, *counted(session, fresh, at=at)] if fresh else found


def hour_figures(session: Session, span: Span, *, at: datetime) -> dict[date, dict[int, int]]:
    """Day -> hour -> how many came, for every day of the span that has been counted, and for today."""
    if confined(session):
        found: dict[date, dict[int, int]] = {day: {} for day in span.days}
        return _with_hours(found, _by_hour(session, span))
    found = {day: {} for day in _counted_days(session, span)}
    query = select(HourFigure).where(*_within(col(HourFigure.day), span))
    rows = [(row.day, row.hour, row.received) for row in session.exec(query)]
    if fresh := _fresh(span, at):
        found |= {day: {} for day in fresh.days}
        rows += _by_hour(session, fresh)
    return _with_hours(found, rows)


def keep_days(session: Session, span: Span, *, at: datetime, patience: float = inf) -> int:
    """Count the settled days of the span that have not been counted, the latest first, and keep them.

    Says how many. Whoever waits for a page has patience for so many seconds, and none for what somebody else counts
    just now: the rest is the patrol's, or the next look's.
    """
    begin, missing, done = monotonic(), uncounted(session, span, at=at), 0
    if not (missing and _alone(session, waiting=patience == inf)):
        return 0
    if patience == inf:
        missing = uncounted(session, span, at=at)  # those before us may have counted them
    for stretch in _stretches(missing):
        if done and monotonic() - begin > patience:
            break
        rows = counted(session, stretch, at=at) + [DayFigure(day=day, counted_at=at) for day in stretch.days]
        _keep(session, DayFigure, [row.model_dump() for row in rows])
        hours = [{"day": day, "hour": hour, "received": n} for day, hour, n in _by_hour(session, stretch)]
        _keep(session, HourFigure, hours)
        done += len(stretch.days)
    return done


def uncounted(session: Session, span: Span, *, at: datetime) -> list[date]:
    """Which settled days of the span are still to be counted, first to last; to a district nothing is kept."""
    if confined(session):
        return []  # a part, kept as the whole, would be wrong for ever
    return sorted({day for day in span.days if day <= settled(at)} - _counted_days(session, span))


def counted(session: Session, span: Span, *, at: datetime) -> list[DayFigure]:
    """Count these days from the record: four questions, each a stretch of an index."""
    found: dict[tuple[date, str, str], DayFigure] = {}
    for day, bundle, department, name, value in _everything(session, span):
        key = (day, bundle, department)
        row = found.setdefault(
            key, DayFigure(day=day, bundle_code=bundle, department_code=department, counted_at=at)
        )
        setattr(row, name, value)
    return list(found.values())


RECEIVED = """
SELECT CAST(timezone(:zone, submitted_at) AS date) AS day, bundle_code, '' AS department_code, count(*) AS received
FROM case_file WHERE submitted_at >= :begin AND submitted_at < :end GROUP BY 1, 2
"""
CLOSED = """
SELECT CAST(timezone(:zone, e.at) AS date) AS day, c.bundle_code, '' AS department_code,
    count(DISTINCT e.case_number) AS closed
FROM audit_entry e JOIN case_file c ON c.number = e.case_number
WHERE e.act IN ('conclude', 'decline', 'withdraw', 'void') AND e.item_number IS NULL
    AND e.at >= :begin AND e.at < :end
GROUP BY 1, 2
"""
CONCLUDED = """
SELECT CAST(timezone(:zone, concluded_at) AS date) AS day, bundle_code, '' AS department_code, count(*) AS decided,
    count(*) FILTER (WHERE CAST(timezone(:zone, concluded_at) AS date) <= promised_due_on
        OR promised_due_on IS NULL) AS in_time
FROM case_file WHERE concluded_at >= :begin AND concluded_at < :end GROUP BY 1, 2
"""
# Office hours since the first day of :ranks up to a moment: whole working days, and of the last day what has passed.
# :ranks says for each day how many working days there have been. Where a clock stood still nothing is measured.
DECIDED = """
WITH done AS (
    SELECT c.bundle_code, i.department_code, i.promised_due_on,
        timezone(:zone, i.handed_over_at) AS began, timezone(:zone, i.decided_at) AS ended,
        EXISTS (SELECT FROM special_procedure p WHERE p.case_number = c.number AND p.item_number = i.number)
        OR EXISTS (SELECT FROM rectification r WHERE r.case_number = c.number AND r.item_number = i.number) AS stood
    FROM item i JOIN case_file c ON c.number = i.case_number
    WHERE i.department_code = ANY(:offices) AND i.decided_at >= :begin AND i.decided_at < :end
), placed AS (
    SELECT *, CAST(began AS date) - :first + 1 AS b, CAST(ended AS date) - :first + 1 AS e,
        promised_due_on - :first + 1 AS d, CAST(:ranks AS int[]) AS ranks
    FROM done
), measured AS (
    SELECT bundle_code, department_code, CAST(ended AS date) AS day,
        promised_due_on IS NULL OR CAST(ended AS date) <= promised_due_on AS in_time,
        CASE WHEN NOT stood THEN ranks[b - 1] * :length + (ranks[b] - ranks[b - 1]) * {began} END AS began_h,
        ranks[e - 1] * :length + (ranks[e] - ranks[e - 1]) * {ended} AS ended_h, ranks[d] * :length AS due_h
    FROM placed
)
SELECT day, bundle_code, department_code, count(*) AS decided, count(*) FILTER (WHERE in_time) AS in_time,
    count(ended_h - began_h + due_h) AS timed,
    CAST(coalesce(sum(ended_h - began_h) FILTER (WHERE due_h IS NOT NULL), 0) AS float) AS used_hours,
    CAST(coalesce(sum(greatest(due_h - began_h, 0)) FILTER (WHERE ended_h IS NOT NULL), 0) AS float) AS promised_hours
FROM measured GROUP BY 1, 2, 3
"""
BY_HOUR = """
SELECT CAST(timezone(:zone, submitted_at) AS date), CAST(extract(hour FROM timezone(:zone, submitted_at)) AS int),
    count(*)
FROM case_file WHERE submitted_at >= :begin AND submitted_at < :end GROUP BY 1, 2
"""


def _everything(session: Session, span: Span) -> Iterator[tuple[date, str, str, str, Any]]:
    begin, end = span.moments
    given: dict[str, Any] = {"zone": str(CHINA), "begin": begin, "end": end}
    asked = [(statement, given) for statement in (RECEIVED, CLOSED, CONCLUDED)]
    for statement, more in [*asked, *_decided(given, span)]:
        for row in session.execute(text(statement), more).mappings():
            key = (row["day"], row["bundle_code"], row["department_code"])
            for name, value in row.items():
                if name not in ("day", "bundle_code", "department_code"):
                    yield *key, str(name), value


def _decided(given: Mapping[str, Any], span: Span) -> Iterator[tuple[str, dict[str, Any]]]:
    """One question for each office hours there are: most departments keep those of the hall."""
    first = span.first - timedelta(days=LONGEST)
    calendar = calendar_for(settings().region)
    ranks = _ranks(calendar, first, span.last + timedelta(days=LONGEST))
    for hours, offices in _by_hours().items():
        statement = DECIDED.format(began=_passed("began", hours), ended=_passed("ended", hours))
        length = hours.length.total_seconds() / 3600
        yield statement, {**given, "offices": offices, "first": first, "ranks": ranks, "length": length}


def _ranks(calendar: WorkCalendar, first: date, last: date) -> list[int]:
    before, days = first - timedelta(days=1), (last - first).days + 1
    return [calendar.working_days_between(before, first + timedelta(days=n)) for n in range(days)]


def _by_hours() -> dict[OfficeHours, list[str]]:
    found: dict[OfficeHours, list[str]] = {}
    for code, spec in departments().items():
        found.setdefault(spec.office_hours, []).append(code)
    return found


def _passed(moment_of: str, hours: OfficeHours) -> str:
    """Office hours of the day up to this moment, as SQL."""
    clock = f"CAST({moment_of} AS time)"
    spans = (
        f"greatest(interval '0', least({clock}, time '{end}') - time '{begin}')" for begin, end in hours.spans
    )
    return f"(extract(epoch FROM {' + '.join(spans)}) / 3600.0)"


def _by_hour(session: Session, span: Span) -> list[tuple[date, int, int]]:
    begin, end = span.moments
    rows = session.execute(text(BY_HOUR), {"zone": str(CHINA), "begin": begin, "end": end})
    return [(row[0], row[1], row[2]) for row in rows]


def _with_hours(
    found: dict[date, dict[int, int]], rows: Iterable[tuple[date, int, int]]
) -> dict[date, dict[int, int]]:
    for day, hour, received in rows:
        found.setdefault(day, {})[hour] = received
    return found


def _counted_days(session: Session, span: Span) -> set[date]:
    marks = select(col(DayFigure.day)).where(DayFigure.bundle_code == "", *_within(col(DayFigure.day), span))
    return set(session.exec(marks))


def _fresh(span: Span, at: datetime) -> Span | None:
    """The days of the span that are not settled yet."""
    first = max(span.first, settled(at) + timedelta(days=1))
    return Span(first, span.last) if first <= span.last else None


def _within(day: Any, span: Span) -> tuple[Any, ...]:
    return day >= span.first, day <= span.last


def _stretches(days: list[date]) -> Iterator[Span]:
    """Neighbouring days together, the latest first; no more at once than somebody would wait for."""
    end = len(days)
    for place in reversed(range(len(days))):
        day, before = days[place], days[place - 1] if place else None
        if before != day - timedelta(days=1) or end - place == TOGETHER:
            yield Span(day, days[end - 1])
            end = place


def _alone(session: Session, *, waiting: bool) -> bool:
    """Nobody else counts days until this transaction ends; waiting for it, or not."""
    lock = "pg_advisory_xact_lock" if waiting else "pg_try_advisory_xact_lock"
    got = session.execute(text(f"SELECT {lock}(hashtextextended('day_figure', 0))")).scalar_one()
    return waiting or bool(got)


def _keep(session: Session, table: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    """Two who count the same day at once keep it once."""
    if kept := list(rows):
        session.execute(insert(table).on_conflict_do_nothing(), kept)
