"""Anything anybody may do, in any order, at any time, on any bundle: nothing stuck, lost, undone or told twice."""

import os
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine
from sqlmodel import Session

from actions import applying
from actions.acting import Asked, Field, Form, Scene
from actions.doing import DOINGS, Possible, do, possible
from actions.following import block_all, needs_of
from actions.supervising import fire_due_rungs
from models.account import Account
from models.audit import timeline
from models.case import Case, find_case, items_of
from models.clock import clocks_of
from models.notice import notices_of
from models.version import bundle_of_version
from rules.application import Applicant, Application, Supplied
from rules.bundle import Bundle
from rules.clock import ClockKind
from rules.errors import Refused
from rules.joining import Consequences, consequences
from rules.moments import CHINA
from rules.notices import Event
from rules.people import ApplicantKind
from rules.states import (
    CASE_CLOSED,
    CASE_TRANSITIONS,
    ITEM_FINAL,
    ITEM_OPEN_AT_DESK,
    ITEM_TRANSITIONS,
    Act,
    CaseState,
    ItemState,
)
from tests.people import a_city, account
from tests.stories.random_bundles import DEPARTMENTS, bundles

BEGIN = datetime(2026, 3, 6, 1, 30, tzinfo=UTC)
CAST = ("linxiao", "zhaomin", "lijianguo", *DEPARTMENTS, *(f"{code}-head" for code in DEPARTMENTS))
UNDOING = {Act.REVOKE, Act.REOPEN, Act.ASK_HUMAN}
DECIDING = {Act.GRANT, Act.REFUSE, Act.TRANSFER}
# Acts that lead nowhere by themselves: a case that only these are open for is stuck.
ASIDE = {Act.WITHDRAW, Act.VOID, Act.DROP_ITEM, Act.CORRECT, Act.URGE, Act.ADD_ITEM, Act.DELIVER, Act.ARCHIVE}


class EveryWay(RuleBasedStateMachine):
    """One case, everybody around it, and a clock."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect()
        self.outer = self.connection.begin()
        self.session = Session(
            self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        self.at = BEGIN
        self.taken: list[str] = []
        self.granted: dict[str, int] = {}  # item -> how many entries the record had when it was seen granted
        self.numbers: set[str] = set()

    def teardown(self) -> None:
        self.session.close()
        self.outer.rollback()
        self.connection.close()

    @initialize(bundle=bundles(), q1=st.booleans(), deferred=st.booleans())
    def apply(self, bundle: Bundle, q1: bool, deferred: bool) -> None:
        a_city(self.session)
        applying.catalogue = lambda: {bundle.code: bundle}  # type: ignore[assignment]
        application = Application(
            bundle="B9",
            applicant=Applicant(
                ApplicantKind.PERSON, "陈一诺", "000000199001010018", "13800000000", "chen@example.com"
            ),
            answers={"Q1": q1},
            address="示例市示例区示例路1号",
            supplied=(Supplied("M-FORM"),) if deferred else (Supplied("M-FORM"), Supplied("M-PLAN")),
            deferred=("M-PLAN",) if deferred else (),
        )
        clerk = account(self.session, "linxiao")
        self.number = applying.submit(self.session, application, by=clerk, region="000000", at=self.at).number
        self.session.flush()

    @rule(data=st.data())
    def somebody_acts(self, data: st.DataObject) -> None:
        """Somebody takes an act that the system offers, filled in as its form asks."""
        offers = [
            (who, one) for who in CAST for one in possible(self.session, self.number, self._person(who))
        ]
        if offers:
            who, one = data.draw(st.sampled_from(offers), label="who and what")
            self._try(who, one, {field.name: self._fill(field, who, one, data) for field in one.doing.fields})

    @rule(data=st.data(), who=st.sampled_from(CAST), name=st.sampled_from(sorted(DOINGS)))
    def somebody_tries_anything(self, data: st.DataObject, who: str, name: str) -> None:
        """Also what is not offered, half filled in: it is refused in a sentence, or it was allowed."""
        items = items_of(self.session, self.number)
        item = data.draw(st.sampled_from(items)) if DOINGS[name].on_item else None
        words = {field.name: data.draw(st.sampled_from(("", "某某", "3"))) for field in DOINGS[name].fields}
        self._try(who, Possible(DOINGS[name], item), words)

    @rule(hours=st.sampled_from((1, 5, 24, 72, 240, 600)))
    def time_passes(self, hours: int) -> None:
        """The patrol comes, late or not, and once more for nothing."""
        self.at += timedelta(hours=hours)
        fire_due_rungs(self.session, self.number, at=self.at)
        self.session.flush()
        assert fire_due_rungs(self.session, self.number, at=self.at) == [], "fired again"
        self.session.flush()

    def _person(self, who: str) -> Account:
        return account(self.session, who)

    def _try(self, who: str, one: Possible, words: dict[str, Any]) -> None:
        given = {name: word for name, word in words.items() if word not in ("", None, [])}
        asked = Asked(
            self.session, self.number, one.item.code if one.item else "", given, self._person(who), self.at
        )
        with suppress(Refused), self.session.begin_nested():
            do(one.doing.name, asked)
            self.session.flush()
            self.taken.append(f"{self.at:%m-%d %H} {who} {one.doing.name} {asked.item}")
        self.session.expire_all()

    def _fill(self, field: Field, who: str, one: Possible, data: st.DataObject) -> Any:
        if not field.required and data.draw(st.booleans(), label=f"leave out {field.name}"):
            return ""
        scene = Scene(self.session, self._case, one.item, self._person(who))
        match field.form:
            case Form.CHOICE | Form.SEVERAL:
                values = [value for value, _ in field.choices(scene)] if field.choices else []
                chosen = data.draw(st.sampled_from(values), label=field.name) if values else ""
                return [chosen] if field.form is Form.SEVERAL and chosen else chosen
            case Form.NUMBER:
                return data.draw(st.integers(1, 10), label=field.name)
            case Form.DATE:
                later = self.at + timedelta(days=data.draw(st.integers(0, 60), label=field.name))
                return f"{later.astimezone(CHINA):%Y-%m-%d}"
            case Form.MOMENT:
                return f"{(self.at + timedelta(days=2)).astimezone(CHINA):%Y-%m-%dT%H:%M}"
            case _:
                return data.draw(st.sampled_from(("情况属实", "张伟、王芳", "12")), label=field.name)

    @property
    def _case(self) -> Case:
        return find_case(self.session, self.number)

    @invariant()
    def no_item_vanishes(self) -> None:
        numbers = {item.number for item in items_of(self.session, self.number)}
        assert self.numbers <= numbers, self.taken
        self.numbers = numbers

    @invariant()
    def no_grant_is_undone_but_by_an_act_on_that_very_item(self) -> None:
        entries = timeline(self.session, self.number)
        items = {item.number: item for item in items_of(self.session, self.number)}
        for number, seen in list(self.granted.items()):
            if items[number].state is not ItemState.GRANTED:
                undone = {entry.act for entry in entries[seen:] if entry.item_number == number}
                assert undone & UNDOING, (number, self.taken)
                del self.granted[number]
        for item in items.values():
            if item.state is ItemState.GRANTED:
                self.granted.setdefault(item.number, len(entries))

    @invariant()
    def an_open_case_has_an_owner_or_a_timer(self) -> None:
        if self._case.state in CASE_CLOSED:
            return
        timers = [row for row in clocks_of(self.session, self.number) if row.next_rung_at]
        owners = [
            one
            for who in CAST
            for one in possible(self.session, self.number, self._person(who))
            if one.doing.act not in ASIDE
        ]
        assert owners or timers, ("nobody can go on", self._case.state, self.taken)
        # A timer alone would do, but a department's item is always on a person's desk.
        for item in items_of(self.session, self.number):
            if item.state in ITEM_OPEN_AT_DESK:
                assert any(one.item and one.item.number == item.number for one in owners), (
                    item.code,
                    item.state,
                    self.taken,
                )

    @invariant()
    def the_rules_have_been_followed_to_the_end(self) -> None:
        case = self._case
        if case.state is not CaseState.ACCEPTED:
            return
        items = items_of(self.session, self.number)
        bundle = bundle_of_version(self.session, case.bundle_digest)
        states = {item.code: item.state for item in items}
        left = consequences(needs_of(bundle, case, items), states, block_all(bundle))
        assert left == Consequences((), (), (), None), self.taken

    @invariant()
    def a_closed_case_is_closed(self) -> None:
        case, items = self._case, items_of(self.session, self.number)
        assert (case.state is CaseState.CONCLUDED) == (case.outcome is not None), self.taken
        if case.state in CASE_CLOSED:
            assert all(item.state in ITEM_FINAL for item in items), self.taken

    @invariant()
    def nobody_is_told_twice(self) -> None:
        told = Counter(
            (notice.event, notice.about, notice.channel, notice.address)
            for notice in notices_of(self.session, self.number)
        )
        assert not [one for one, times in told.items() if times > 1], self.taken
        entries = timeline(self.session, self.number)
        decided = Counter(entry.item_number for entry in entries if entry.act in DECIDING)
        letters = Counter(
            about.split("/")[0]
            for (event, about, channel, _), _ in told.items()
            if event is Event.ITEM_DECIDED and channel.value == "sms"
        )
        assert letters == decided, self.taken

    @invariant()
    def what_is_over_does_not_run(self) -> None:
        final = {i.number for i in items_of(self.session, self.number) if i.state in ITEM_FINAL}
        running = [row for row in clocks_of(self.session, self.number) if row.stopped_at is None]
        for row in running:
            if row.kind in (ClockKind.PROMISED, ClockKind.STATUTORY):
                assert row.item_number not in final, (row.kind, row.item_number, self.taken)
                assert row.item_number or self._case.state is CaseState.ACCEPTED, self.taken

    @invariant()
    def every_state_is_explained_by_the_record(self) -> None:
        state: dict[str | None, str] = {}
        for entry in timeline(self.session, self.number):
            if not entry.after:
                continue
            before = state.get(entry.item_number)
            assert before is None or entry.before == before, (entry, self.taken)
            table = ITEM_TRANSITIONS if entry.item_number else CASE_TRANSITIONS
            if entry.before:
                assert (entry.before, entry.act) in {(s.value, a) for s, a in table}, (entry, self.taken)
            state[entry.item_number] = entry.after
        assert state[None] == self._case.state.value
        for item in items_of(self.session, self.number):
            assert state.get(item.number, "pending") == item.state.value, (item.code, self.taken)


@pytest.fixture
def machine(database: Engine) -> Generator[type[EveryWay]]:
    EveryWay.engine = database
    catalogue = applying.catalogue
    yield EveryWay
    applying.catalogue = catalogue


@pytest.mark.timeout(1200)
def test_any_acts_in_any_order_on_any_bundle(machine: type[EveryWay]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("EVERY_WAY", "25")),  # more by hand: EVERY_WAY=1000
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
