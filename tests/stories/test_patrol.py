"""The patrol, on a real PostgreSQL with real commits: once each, however often, late or at once it comes."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from prefect.settings import PREFECT_SERVER_ALLOW_EPHEMERAL_MODE, temporary_settings
from sqlmodel import col, select

from actions.accepting import accept, decline
from actions.dating import redate
from actions.deciding import grant
from actions.supervising import close, explain
from actions.suspending import Procedure, end_special, start_special
from config.catalogue import catalogue
from config.settings import settings
from models.account import Account
from models.audit import timeline
from models.card import cards, cards_of, unannounced
from models.case import find_case, items_of
from models.clock import ClockRow, FiredRung, clocks_of
from models.database import transaction
from models.digest import Digest
from models.supervision import clock_views, standings, trace_of
from models.version import keep_version
from rules.clock import ClockKind
from rules.errors import NotFound, NotYourDesk, WrongState
from rules.lights import Light
from rules.states import Act, CaseState
from rules.thresholds import Thresholds
from tasks.patrolling import announce_cards, fire_what_is_due, overdue_table, tell_people
from tests.people import CLERK, MANAGER, MORNING, a_case, a_city, account, head_of
from tests.smtp import mail_server


@pytest.fixture(autouse=True)
def city(fresh_database: object) -> None:
    with transaction() as session:
        a_city(session)


def at(day: str, hour: int = 10, minute: int = 0) -> datetime:
    """03-16 at ten in the hall."""
    month, number = (int(part) for part in day.split("-"))
    return datetime(2026, month, number, hour - 8, minute, tzinfo=UTC)


def submitted(**changes: object) -> str:
    with transaction() as session:
        return a_case(session, accepted=False, **changes).number


def accepted() -> str:
    with transaction() as session:
        return a_case(session).number


def granted(number: str, code: str, moment: datetime) -> None:
    with transaction() as session:
        item = next(item for item in items_of(session, number) if item.code == code)
        grant(session, number, code, by=account(session, item.department_code), at=moment)


def rules_of(number: str) -> list[str]:
    with transaction() as session:
        return [card.rule for card in cards_of(session, number)]


def test_two_patrols_at_once_fire_each_rung_once() -> None:
    numbers = [submitted() for _ in range(12)] + [accepted() for _ in range(12)]
    start, late = Barrier(2), at("05-20")

    def patrol(_: int) -> int:
        start.wait()
        return fire_what_is_due(late)

    with ThreadPoolExecutor(2) as pool:
        written = sum(pool.map(patrol, range(2)))
    assert fire_what_is_due(late) == 0
    with transaction() as session:
        everything = cards(session, limit=10_000)
        fired = session.exec(select(FiredRung)).all()
    assert len(everything) == written == len(fired)
    assert max(Counter((card.clock_id, card.rule) for card in everything).values()) == 1
    assert {card.case_number for card in everything} == set(numbers)


def test_one_case_that_cannot_be_dealt_with_does_not_hold_up_the_others() -> None:
    broken, sound = submitted(), submitted()
    with transaction() as session:
        clock = session.exec(select(ClockRow).where(ClockRow.case_number == broken)).one()
        clock.n = 1_000_000  # ends beyond the years we can count in
    fire_what_is_due(at("03-16"))
    assert rules_of(sound) == ["notice-near_end", "notice-passed"]
    assert rules_of(broken) == []
    with transaction() as session:
        session.exec(select(ClockRow).where(ClockRow.case_number == broken)).one().n = 5
    fire_what_is_due(at("03-17"))
    assert rules_of(broken)[:2] == ["notice-near_end", "notice-passed"]


def test_cards_say_when_it_happened_and_come_in_that_order_after_a_downtime() -> None:
    number = submitted()
    fire_what_is_due(at("07-01"))
    with transaction() as session:
        arose = [card.arose_at for card in cards_of(session, number)]
        assert {card.opened_at for card in cards_of(session, number)} == {at("07-01")}
        case = find_case(session, number)
    after_acceptance = arose[2:]
    assert arose[:2] == [at("03-12", 9), at("03-13", 17, 30)]
    assert after_acceptance == sorted(after_acceptance)
    assert {"promised-near_end", "promised-passed", "statutory-near_end"} <= set(rules_of(number)), (
        "in one go"
    )
    assert case.accepted_at == case.submitted_at


def test_a_click_after_the_fifth_day_is_the_deemed_acceptance_and_the_red_card_still_comes() -> None:
    number = submitted()
    with transaction() as session, pytest.raises(WrongState, match="不能再不予受理"):
        decline(session, number, "材料不齐。", by=account(session, CLERK), at=at("03-16"))
    with transaction() as session:
        case = accept(session, number, by=account(session, CLERK), at=at("03-16"))
        assert case.state is CaseState.ACCEPTED
        assert case.accepted_at == case.submitted_at
        assert timeline(session, number)[1].act is Act.DEEM_ACCEPTED
    fire_what_is_due(at("03-16", 11))
    assert "notice-passed" in rules_of(number)


def test_a_late_decision_while_the_patrol_was_off_still_gets_its_card() -> None:
    number = accepted()
    granted(number, "B1-1", MORNING)
    granted(number, "B1-5", at("03-10"))
    granted(number, "B1-2", at("03-19"))  # eight working days ended on the 18th
    fire_what_is_due(at("03-20"))
    with transaction() as session:
        food = next(item for item in items_of(session, number) if item.code == "B1-2")
        rules = [card.rule for card in cards_of(session, number) if card.item_number == food.number]
    assert "promised-passed" in rules
    assert "statutory-passed" not in rules


def test_a_decision_in_time_leaves_nothing_to_fire() -> None:
    number = accepted()
    granted(number, "B1-1", MORNING)
    granted(number, "B1-5", at("03-09"))
    fire_what_is_due(at("03-09", 18))
    with transaction() as session:
        health = next(item for item in items_of(session, number) if item.code == "B1-5")
        assert not [card for card in cards_of(session, number) if card.item_number == health.number]


def test_a_procedure_that_takes_longer_than_told_is_a_late_step() -> None:
    number = accepted()
    granted(number, "B1-1", MORNING)
    experts = Procedure("检验检测", "需抽样送检。", 3)
    for begin, end in (("03-09", "03-20"), ("03-20", "03-24")):
        with transaction() as session:
            start_special(session, number, "B1-2", experts, by=head_of(session, "market"), at=at(begin))
        fire_what_is_due(at(end))
        with transaction() as session:
            end_special(session, number, "B1-2", "合格。", by=head_of(session, "market"), at=at(end, 11))
    with transaction() as session:
        late = [card for card in cards_of(session, number) if card.rule == "step-passed"]
        steps = [row for row in clocks_of(session, number) if row.kind is ClockKind.STEP]
    assert [(card.level, card.arose_at) for card in late] == [(Light.WARNING, at("03-12", 17, 30))]
    assert [row.stopped_at for row in sorted(steps, key=lambda row: row.started_at)] == [
        at("03-20", 11),
        at("03-24", 11),
    ]


def test_every_card_is_explained_by_the_trace_of_its_clock() -> None:
    number = submitted()
    fire_what_is_due(at("07-01"))
    with transaction() as session:
        views = {view.row.id: view for view in clock_views(session, number, at=at("07-01"))}
        for card in cards_of(session, number):
            view = views[card.clock_id]
            lines = trace_of(view)
            assert sum(line.counted for line in lines) == view.clock.units
            if card.rule.endswith("passed"):
                assert lines[-1].day == card.arose_at.date()
                assert "已超期" in view.marks
        standing = standings(session, [number], at=at("07-02"))
    assert standing[number].light is Light.RED
    assert standing[number].marks == ("已超期",)
    assert standing[f"{number}-01"].overdue


def test_events_are_handed_over_once() -> None:
    submitted()
    fire_what_is_due(at("03-16"))
    with temporary_settings({PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}):
        assert announce_cards(at("03-16")) == 2
        assert announce_cards(at("03-17")) == 0
    with transaction() as session:
        assert unannounced(session, 10) == []


def test_the_list_of_the_overdue_names_no_person() -> None:
    number = submitted()
    fire_what_is_due(at("07-01"))
    table = overdue_table(at("07-01"))
    assert {line["办件"] for line in table} == {number}
    assert {line["期限"] for line in table} >= {"承诺期限", "法定期限"}
    assert "陈一诺" not in str(table)
    due = [line["到期日"] for line in table]
    assert due == sorted(due)


def test_one_digest_a_person_and_day_by_mail_where_there_is_an_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with mail_server() as server:
        monkeypatch.setenv("YJS_MAIL_URL", server.url)
        settings.cache_clear()
        with transaction() as session:
            session.get_one(Account, MANAGER).email = "zhaomin@example.com"
        first = submitted()
        fire_what_is_due(at("03-16", 8))
        assert tell_people(at("03-16", 8)) == 0, "the office is closed"
        with monkeypatch.context() as slow:
            slow.setattr("tasks.patrolling.PEOPLE", 0.0)
            assert tell_people(at("03-16", 9)) == 0, "its time is over: the next patrol goes on"
        assert tell_people(at("03-16", 9)) == 1
        submitted()
        fire_what_is_due(at("03-16", 18))
        assert tell_people(at("03-16", 18)) == 0, "tomorrow"
        assert tell_people(at("03-17", 9)) == 1
        assert [letter.to for letter in server.letters] == ["zhaomin@example.com"] * 2
        assert first in server.letters[0].text
        assert "陈一诺" not in server.letters[0].text
    with transaction() as session:
        kept = session.exec(select(Digest).order_by(col(Digest.day), col(Digest.username))).all()
    assert {(digest.day, digest.username) for digest in kept} >= {
        (date(2026, 3, 16), MANAGER),
        (date(2026, 3, 16), CLERK),
        (date(2026, 3, 17), MANAGER),
    }
    settings.cache_clear()


def test_a_card_is_explained_by_its_own_department_and_closed_by_the_manager() -> None:
    number = accepted()
    granted(number, "B1-1", MORNING)
    fire_what_is_due(at("03-19"))
    with transaction() as session:
        card = next(
            card for card in cards_of(session, number) if card.item_number and card.level is Light.YELLOW
        )
        with pytest.raises(NotYourDesk):
            explain(session, card.number, "说明。", by=account(session, CLERK), at=at("03-19"))
        with pytest.raises(NotFound, match="没有编号为 JC0"):
            explain(session, "JC0", "说明。", by=account(session, CLERK), at=at("03-19"))
        explain(session, card.number, "外出勘验。", by=head_of(session, card.department_code), at=at("03-19"))
        close(session, card.number, by=account(session, MANAGER), at=at("03-20"))
    with transaction() as session:
        acts = [entry.act for entry in timeline(session, number)]
        assert acts[-2:] == [Act.EXPLAIN_CARD, Act.CLOSE_CARD]
        assert not [found for found in cards(session, only_open=True) if found.number == card.number]


def test_sitting_on_a_complete_file_gains_no_days() -> None:
    waited = submitted()
    with transaction() as session:
        case = accept(session, waited, by=account(session, CLERK), at=MORNING + timedelta(days=4))
        statutory = next(row for row in clocks_of(session, waited) if row.kind is ClockKind.STATUTORY)
        promised = next(
            row
            for row in clocks_of(session, waited)
            if row.kind is ClockKind.PROMISED and not row.item_number
        )
    assert statutory.started_at == case.submitted_at == case.complete_at, "R4: complete when it came in"
    assert promised.started_at == MORNING + timedelta(days=4), "the promise counts from acceptance"


def test_a_bundle_may_warn_earlier_and_its_cases_keep_to_their_version() -> None:
    usual, early = submitted(), submitted()
    with transaction() as session:
        case = find_case(session, early)
        careful = replace(catalogue()["B1"], supervision=Thresholds(green_units=5, warning_units=4))
        case.bundle_digest = keep_version(session, careful, at=MORNING)
        redate(session, case, [])
    fire_what_is_due(at("03-09"))
    assert rules_of(early) == ["notice-near_end"]
    assert rules_of(usual) == []
