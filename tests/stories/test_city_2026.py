"""The demo city lives through 2026 day by day: dates, cards, deemed acceptances, a week without a patrol, 2027.

A case in fifty lives by the acts of people; the others are written as the acts would have left them, and decided
in time or late. The days are given as moments: nothing here reads or sets a clock.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import Session, col, select
from typer.testing import CliRunner

from actions.accepting import accept
from actions.dating import hall_calendar, start_case_clocks, start_item_clocks, stop_clocks
from actions.deciding import grant
from actions.delivering import deliver
from actions.extending import extend_item
from actions.issuing import issue
from actions.suspending import Procedure, end_special, start_special
from cli.main import app
from config.catalogue import catalogue
from config.settings import settings
from models.audit import AuditEntry
from models.card import Card
from models.case import Case, Item, find_case, items_of
from models.clock import ClockRow, FiredRung, SpecialProcedure
from models.database import transaction
from models.notice import Notice
from models.version import keep_version
from rules.bundle import Unit
from rules.calendar import due_date
from rules.clock import Clock, ClockKind
from rules.lights import Step, rungs
from rules.moments import CHINA, china_day
from rules.notices import Event
from rules.people import ApplicantKind
from rules.states import Act, CaseState, ItemState
from rules.thresholds import DEFAULT
from rules.tracing import trace
from tasks.patrolling import fire_what_is_due
from tests.people import CLERK, a_case, a_city, account, head_of

YEAR = 2026
CASES_A_DAY = 8  # written as rows; 248 working days
LATE_EVERY = 12  # one in so many is decided late
OFF = (date(2026, 6, 8), date(2026, 6, 14))  # the patrol is off, first and last day
TABLE_DAY = date(2026, 12, 21)  # the table of 2027 is imported


def at(day: date, hour: int = 10) -> datetime:
    return datetime.combine(day, time(hour), CHINA).astimezone(UTC)


class Agenda:
    """What people do on which day."""

    def __init__(self) -> None:
        self.days: dict[date, list[Callable[[date], None]]] = defaultdict(list)

    def on(self, day: date, act: Callable[[date], None]) -> None:
        self.days[day].append(act)

    def after(self, working_days: int, day: date, act: Callable[[date], None]) -> None:
        self.on(due_date(working_days, day, hall_calendar()), act)


@pytest.fixture(scope="module", autouse=True)
def city(cluster: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One year for all the tests of this module."""
    from tests.conftest import _named_by_the_settings

    with pytest.MonkeyPatch.context() as patch, _named_by_the_settings(cluster, "year_2026"):  # type: ignore[arg-type]
        patch.setenv("YJS_DATA", str(tmp_path_factory.mktemp("city")))
        settings.cache_clear()
        with transaction() as session:
            a_city(session)
        live_through_the_year(tmp_path_factory.mktemp("tables") / "2027.json")
        yield
    settings.cache_clear()


def live_through_the_year(table: Path) -> None:
    agenda = Agenda()
    for month in range(1, 13):
        plan_the_month(agenda, date(YEAR, month, 12))
    for day in days_of_the_year():
        if hall_calendar().is_working(day):
            write_cases(agenda, day)
        for act in agenda.days[day]:
            act(day)
        if day == TABLE_DAY:
            remember_provisional()
            import_table(table)
        if not OFF[0] <= day <= OFF[1]:
            fire_what_is_due(at(day, 18))


def days_of_the_year() -> Iterator[date]:
    day = date(YEAR, 1, 1)
    while day.year == YEAR:
        yield day
        day += timedelta(days=1)


# Five fates a month, by the acts of people.

SILENT: list[str] = []
PROVISIONAL: list[tuple[str, date | None]] = []


def plan_the_month(agenda: Agenda, about: date) -> None:
    day = due_date(1, about, hall_calendar())
    for fate in (silence, on_time, too_late, a_procedure, an_extension):
        agenda.on(day, partial(fate, agenda))


def silence(agenda: Agenda, day: date) -> None:
    with transaction() as session:
        SILENT.append(a_case(session, accepted=False, at=at(day)).number)


def on_time(agenda: Agenda, day: date) -> None:
    number = new_case(day)
    for wait, codes in ((0, ["B1-1"]), (2, ["B1-5"]), (3, ["B1-2", "B1-3", "B1-4", "B1-6"])):
        agenda.after(wait, day, partial(decide, number, codes)) if wait else decide(number, codes, day)
    agenda.after(4, day, partial(finish, number))


def too_late(agenda: Agenda, day: date) -> None:
    number = new_case(day)
    agenda.after(2, day, partial(decide, number, ["B1-1"]))
    agenda.after(12, day, partial(decide, number, ["B1-5"]))
    agenda.after(30, day, partial(decide, number, ["B1-2", "B1-3", "B1-4", "B1-6"]))


def a_procedure(agenda: Agenda, day: date) -> None:
    number = new_case(day)
    decide(number, ["B1-1"], day)
    agenda.after(3, day, partial(start, number))
    agenda.after(15, day, partial(end, number))
    agenda.after(18, day, partial(decide, number, ["B1-5", "B1-2", "B1-3", "B1-4", "B1-6"]))


def an_extension(agenda: Agenda, day: date) -> None:
    number = new_case(day)
    decide(number, ["B1-1", "B1-5"], day)
    agenda.after(10, day, partial(extend, number))
    agenda.after(28, day, partial(decide, number, ["B1-2", "B1-3", "B1-4", "B1-6"]))


def new_case(day: date) -> str:
    with transaction() as session:
        return a_case(session, at=at(day)).number


def decide(number: str, codes: list[str], day: date) -> None:
    for code in codes:
        with transaction() as session:
            item = next(item for item in items_of(session, number) if item.code == code)
            grant(session, number, code, by=account(session, item.department_code), at=at(day))


def finish(number: str, day: date) -> None:
    with transaction() as session:
        issue(session, number, at=at(day))
        deliver(session, number, by=account(session, CLERK), at=at(day, 11))


def start(number: str, day: date) -> None:
    experts = Procedure("检验检测", "需抽样送检。", 9)
    with transaction() as session:
        start_special(session, number, "B1-2", experts, by=head_of(session, "market"), at=at(day))


def end(number: str, day: date) -> None:
    with transaction() as session:
        end_special(session, number, "B1-2", "合格。", by=head_of(session, "market"), at=at(day))


def extend(number: str, day: date) -> None:
    with transaction() as session:
        extend_item(session, number, "B1-2", "情况复杂。", by=head_of(session, "market"), at=at(day))


# The volume: one item a case, as the acts would have left it.


def write_cases(agenda: Agenda, day: date) -> None:
    numbers = []
    with transaction() as session:
        digest = keep_version(session, catalogue()["B1"], at=at(day))
        rows = [a_row(digest, f"{day:%m%d}-{n:02d}", day) for n in range(CASES_A_DAY)]
        session.add_all(case for case, _ in rows)
        session.flush()
        session.add_all(item for _, item in rows)
        session.flush()
        for case, item in rows:
            start_case_clocks(session, case, catalogue()["B1"], [item], at=at(day))
            start_item_clocks(session, case, item, catalogue()["B1"].item("B1-2"), at=at(day))
            item.state = ItemState.IN_REVIEW
            numbers.append(case.number)
    for place, number in enumerate(numbers):
        late = (day.toordinal() * CASES_A_DAY + place) % LATE_EVERY == 0
        agenda.after(9 + place if late else 1 + place % 6, day, partial(conclude, [number]))


def a_row(digest: str, serial: str, day: date) -> tuple[Case, Item]:
    case = Case(
        number=f"000000-B1-V-{serial}",
        query_code="X",
        submission_key=serial,
        bundle_code="B1",
        bundle_digest=digest,
        state=CaseState.ACCEPTED,
        applicant_kind=ApplicantKind.PERSON,
        applicant_name="张三",
        applicant_id_number="X",
        answers={},
        submitted_by=CLERK,
        submitted_at=at(day),
        accepted_at=at(day),
    )
    item = Item(
        number=f"{case.number}-01",
        case_number=case.number,
        code="B1-2",
        name="食品经营许可",
        department_code="market",
        state=ItemState.PENDING,
        handed_over_at=at(day),
    )
    return case, item


def conclude(numbers: list[str], day: date) -> None:
    with transaction() as session:
        for number in numbers:
            case = find_case(session, number)
            item = items_of(session, number)[0]
            stop_clocks(session, case, item, at=at(day))
            stop_clocks(session, case, None, at=at(day))


# 2027.


def import_table(table: Path) -> None:
    """A fictional notice: 元旦 from Friday to Monday, 春节 for a week."""
    off = [date(2027, 1, 1) + timedelta(days=n) for n in range(4)]
    spring = [date(2027, 2, 5) + timedelta(days=n) for n in range(8)]
    days = [{"date": day.isoformat(), "name": "元旦", "isOffDay": True} for day in off]
    days += [{"date": day.isoformat(), "name": "春节", "isOffDay": True} for day in spring]
    table.write_text(json.dumps({"year": 2027, "papers": [], "days": days}), encoding="utf-8")
    result = CliRunner().invoke(app, ["calendar", "import", str(table)])
    assert result.exit_code == 0, result.output


def remember_provisional() -> None:
    with transaction() as session:
        open_ones = select(ClockRow).where(col(ClockRow.provisional), col(ClockRow.stopped_at).is_(None))
        PROVISIONAL.extend((str(row.id), row.due_on) for row in session.exec(open_ones))


# What must be so at the end.

LAST_PATROL = at(date(YEAR, 12, 31), 18)


@pytest.fixture(scope="module")
def clocks(city: None) -> dict[str, tuple[ClockRow, Clock]]:
    """Every clock with the value the rules know."""
    with transaction() as session:
        procedures = defaultdict(list)
        for one in session.exec(select(SpecialProcedure)):
            procedures[one.case_number].append(one)
        return {
            str(row.id): (
                row,
                row.clock([p for p in procedures[row.case_number] if row.item_number in ("", p.item_number)]),
            )
            for row in session.exec(select(ClockRow))
        }


def everything(session: Session, table: type) -> list:  # type: ignore[type-arg]
    return list(session.exec(select(table)))


def test_thousands_of_cases_lived(clocks: dict[str, tuple[ClockRow, Clock]]) -> None:
    with transaction() as session:
        assert len(everything(session, Case)) > 2_000
    assert len(clocks) > 8_000


def test_every_rung_was_fired_once_and_none_was_missed(clocks: dict[str, tuple[ClockRow, Clock]]) -> None:
    """The oracle: the ladder of each clock as it stands at the end, up to where it stopped."""
    expected = set()
    warned_before_extension = set()
    for name, (row, clock) in clocks.items():
        until = min(row.stopped_at or LAST_PATROL, LAST_PATROL)
        expected |= {(name, rung.code) for rung in rungs(clock, hall_calendar()) if rung.at <= until}
        if clock.extension:
            warned_before_extension.add((name, "near_end"))
    with transaction() as session:
        fired = {(str(rung.clock_id), rung.code) for rung in everything(session, FiredRung)}
        carded = Counter(
            (str(card.clock_id), card.rule.split("-", 1)[1]) for card in everything(session, Card)
        )
        early = set(
            session.exec(
                select(AuditEntry.item_number).where(
                    AuditEntry.act == Act.ISSUE, col(AuditEntry.item_number).is_not(None)
                )
            )
        )
    left_instead = {
        (name, "near_end")
        for name, (row, _) in clocks.items()
        if row.kind is ClockKind.DELIVERY and row.item_number in early
    }
    assert left_instead, "a result that leaves before the others asks for no card"
    assert fired - warned_before_extension == expected - warned_before_extension
    assert set(carded) == fired - left_instead
    assert set(carded.values()) == {1}
    assert len(fired) > 400


def test_each_was_fired_on_its_day_or_on_the_first_day_after_the_week_off() -> None:
    back = OFF[1] + timedelta(days=1)
    made_up_for = 0
    with transaction() as session:
        found = sorted(everything(session, Card), key=lambda card: card.number)
    for card in found:
        # A click after the fifth day, and a deemed acceptance, set clocks going in the past.
        arose, opened = china_day(card.arose_at), china_day(card.opened_at)
        if OFF[0] <= arose <= OFF[1]:
            made_up_for += 1
            assert opened == back
        elif card.case_number not in SILENT:
            assert opened == arose
        assert card.opened_at >= card.arose_at
    assert made_up_for > 5


def test_every_card_is_explained_by_the_trace_of_its_clock(clocks: dict[str, tuple[ClockRow, Clock]]) -> None:
    with transaction() as session:
        found = everything(session, Card)
    for card in found:
        _, clock = clocks[str(card.clock_id)]
        lines = trace(clock, hall_calendar())
        counted = sum(line.counted for line in lines if line.day <= china_day(card.arose_at))
        if card.rule.endswith(Step.PASSED.value):
            assert lines[-1].day == china_day(card.arose_at)
            assert clock.limit.unit is Unit.IMMEDIATE or counted == clock.units
        elif not (clock.extension and card.rule.endswith("near_end")):
            assert counted >= clock.units - DEFAULT.warning_at(clock.units)


def test_silence_is_acceptance_on_the_fifth_day_dated_back_to_receipt() -> None:
    assert len(SILENT) == 12
    with transaction() as session:
        for number in SILENT:
            case = find_case(session, number)
            deemed = session.exec(
                select(AuditEntry).where(
                    AuditEntry.case_number == number, AuditEntry.act == Act.DEEM_ACCEPTED
                )
            ).all()
            fifth = due_date(5, china_day(case.submitted_at), hall_calendar())
            if fifth.year == YEAR:
                assert case.accepted_at == case.submitted_at
                late = OFF[0] <= fifth <= OFF[1]
                assert [china_day(entry.at) for entry in deemed] == [OFF[1] + timedelta(1) if late else fifth]
                red = select(Card).where(Card.case_number == number, Card.rule == "notice-passed")
                assert len(session.exec(red).all()) == 1


def test_dates_into_2027_were_provisional_until_its_table_came(
    clocks: dict[str, tuple[ClockRow, Clock]],
) -> None:
    assert len(PROVISIONAL) > 20
    moved = 0
    for name, before in PROVISIONAL:
        row, _ = clocks[name]
        if row.stopped_at is None:
            assert not row.provisional
            moved += row.due_on != before
    assert moved > 10
    with transaction() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.act == Act.RECALCULATE)).all()
        told = session.exec(select(Notice).where(Notice.event == Event.DATE_MOVED)).all()
    assert sum(entry.facts["old"] != entry.facts["new"] for entry in entries) >= moved
    assert all(entry.facts["old"] and entry.facts["new"] for entry in entries)
    assert told


def test_nothing_of_the_year_is_left_undone() -> None:
    assert fire_what_is_due(LAST_PATROL) == 0


def test_a_click_on_the_sixth_day_cannot_undo_a_deemed_acceptance() -> None:
    number = SILENT[0]
    with transaction() as session, pytest.raises(Exception, match="不能受理"):
        accept(session, number, by=account(session, CLERK), at=LAST_PATROL)


def test_every_clock_an_untroubled_case_has_took_part(clocks: dict[str, tuple[ClockRow, Clock]]) -> None:
    """Those of supplements, deferrals, opinions and so on run in test_every_way."""
    assert {row.kind for row, _ in clocks.values()} == {
        ClockKind.NOTICE,
        ClockKind.PROMISED,
        ClockKind.STATUTORY,
        ClockKind.DELIVERY,
        ClockKind.STEP,
    }
