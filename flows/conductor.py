"""The conductor: compares what the record asks for with what Prefect is doing, and closes the difference.

Level-triggered: NOTIFY makes it prompt, a sweep makes it certain, and nothing depends on having seen an event.
Of several conductors one conducts; the others stand by and take over within seconds.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from httpx import HTTPStatusError, TransportError, codes
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed, Scheduled
from sqlalchemy.exc import SQLAlchemyError

from config.catalogue import catalogue
from config.logs import about_case, set_up
from flows.deployments import queue_of, register
from flows.paging import page_people
from flows.stopping import told_to_stop
from models.account import short_names
from models.case import Case, Item
from models.conducting import (
    asked_for,
    cases_to_ask_for,
    conducted,
    forget_run,
    look_again,
    note_asked,
    open_runs_after,
    out_of_step,
    put_off,
    take_back_lapsed,
)
from models.database import CASE_CHANNEL, transaction
from models.heartbeat import Pulse, present
from models.leading import CONDUCTING, leading
from models.listening import Bell, listening
from rules.states import CaseState
from tasks.departments import TOLD, look_up_told, tell_of
from tasks.prefect_api import prefect_client
from tasks.showing import show_progress

log = logging.getLogger("yijianshi.conductor")

SWEEP = 5.0  # seconds between looks when nobody rings
STAND_BY = 2.0  # seconds between two tries to take the place of the one that conducts
ASK_AGAIN = timedelta(seconds=20)  # for a run that was asked for and that nobody runs
BATCH = 100  # cases or items a round
# Passes asked for and not begun, at most, for each worker: twice what it runs at once. More would wait in Prefect in
# the order of their asking, and what is immediate behind them; a case that waits in the record gathers its
# decisions, and needs fewer passes. Below half of it, more are asked for.
AHEAD = 16
DRIFT_EVERY = timedelta(seconds=10)
PAGE = 200  # runs compared at once, Prefect's own page
PUT_OFF = timedelta(minutes=5)  # a case that cannot be conducted as things are
BACK_OFF = (0.5, 1.0, 2.0, 5.0)  # seconds, while Prefect or PostgreSQL is away

# A scheduled flow that is still in motion after this died with its worker. It holds the only slot of its
# deployment: until it is ended, every later run of it is cancelled.
ORPHANED_AFTER = timedelta(minutes=10)

# An open case's run may wait (paused), be waited for (scheduled) or be run under a lease; it may not have ended.
STOPPED = frozenset({StateType.CANCELLED, StateType.CANCELLING, StateType.FAILED, StateType.CRASHED})
IN_MOTION = frozenset({StateType.PENDING, StateType.RUNNING})


class Conductor:
    """One round after another; what it remembers is only where the comparison stands."""

    def __init__(
        self, client: SyncPrefectClient, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.client = client
        self.now = now
        self.deployments = register(client)
        self.next_drift_check = now()
        self.compared_up_to = ""
        self.in_motion: set[UUID] = set()

    def round(self) -> int:
        """Ask for the passes that are due (how many), now and then compare everything, and show the decisions."""
        with transaction() as session:
            if lapsed := take_back_lapsed(session, self.now()):
                log.warning("执行进程失联，重新安排：%s", "、".join(lapsed))
            ahead = AHEAD * max(1, present(session, "worker"))
            room = ahead - asked_for(session, self.now(), ASK_AGAIN, ahead)
            due = cases_to_ask_for(session, self.now(), ASK_AGAIN, room) if room >= ahead // 2 else []
        for case in due:
            self._apart(case, lambda case=case: self._ask_for_pass(case))  # type: ignore[misc]
        # Compared first: a task run whose run Prefect does not know keeps it from writing down what else it was told.
        if self.now() >= self.next_drift_check:
            self.next_drift_check = self.now() + DRIFT_EVERY
            self._compare()
            while look_up_told(self.now()) == TOLD:
                pass
        self._show_decisions()
        return len(due)

    def _apart(self, case: Case, act: Callable[[], None]) -> None:
        """One case that cannot be conducted does not hold up the others."""
        try:
            with about_case(case.number):
                act()
        except Exception as error:
            if _concerns_all(error):
                raise
            log.exception("办件 %s 无法推进，稍后再试", case.number)
            with transaction() as session:
                why = f"无法推进：{type(error).__name__}"
                given_up = put_off(session, case.number, why, self.now() + PUT_OFF)
            if given_up:
                page_people(case.number)

    def _ask_for_pass(self, case: Case) -> None:
        """Create the case's run, or bring it to Scheduled whatever state it is in: nobody holds its lease."""
        run = case.flow_run_id
        if run is None:
            run = self._create_run(case)
        else:
            try:
                if case.asked_at is None or not self.client.read_flow_run(run).state.is_scheduled():  # type: ignore[union-attr]
                    self.client.set_flow_run_state(run, Scheduled(message="有新情况"), force=True)
            except ObjectNotFound:
                self._forget(case.number, run)
                return
        with transaction() as session:
            note_asked(session, case.number, run, self.now())

    def _create_run(self, case: Case) -> UUID:
        slug = catalogue()[case.bundle_code].slug
        created = self.client.create_flow_run_from_deployment(
            self.deployments[slug],
            parameters={"case_number": case.number},
            name=case.number,
            tags=["办件", case.bundle_code],
            idempotency_key=case.number,
            work_queue_name=queue_of(case),
        )
        return created.id

    def _show_decisions(self) -> None:
        """Bring the departments' task runs and the case's table in step; a decision that opens no wave has no pass."""
        with transaction() as session:
            stale = out_of_step(session, BATCH)
            names = short_names(session) if stale else {}
        for _, of_case in groupby(stale, key=lambda pair: pair[1].number):
            items, cases = zip(*of_case, strict=True)
            self._apart(cases[0], lambda case=cases[0], items=items: self._show(case, items, names))  # type: ignore[misc]

    def _show(self, case: Case, items: Iterable[Item], names: dict[str, str]) -> None:
        """The table first: an item counts as shown once Prefect was told of its task run."""
        if case.state is CaseState.ACCEPTED and case.flow_run_id and case.look_at is None:
            with transaction() as session:
                seen = conducted(session, case.number)
            show_progress(case.flow_run_id, seen)
        if case.flow_run_id:
            tell_of(case.flow_run_id, items, names)

    def _compare(self) -> None:
        """Runs that ended or hang though their case is open; and, a page at a time, every open case's run."""
        found = self._runs(tags={"all_": ["办件"]}, state={"type": {"any_": sorted(STOPPED | IN_MOTION)}})
        moving = {run.id for run in found if run.state_type in IN_MOTION}
        # A pass that ends while we compare is no drift: only what is still in motion the next time hangs.
        self._look_again({run.id for run in found if run.state_type in STOPPED} | (moving & self.in_motion))
        self.in_motion = moving
        self._compare_page()
        self._end_orphans()

    def _compare_page(self) -> None:
        with transaction() as session:
            page = open_runs_after(session, self.compared_up_to, PAGE)
        self.compared_up_to = page[-1][0] if len(page) == PAGE else ""
        runs = [run for _, run in page]
        states = {run.id: run.state_type for run in self._runs(id={"any_": runs})} if runs else {}
        self._look_again(run for run in runs if states.get(run) in STOPPED | {StateType.COMPLETED})
        gone = [(number, run) for number, run in page if run not in states]
        for number, run in gone:
            self._forget(number, run)
        if gone and self.compared_up_to:
            self.next_drift_check = self.now()  # a new Prefect database: no waiting between pages

    def _end_orphans(self) -> None:
        moving = {"type": {"any_": sorted(IN_MOTION)}}
        for run in self._runs(tags={"all_": ["定时"]}, state=moving):
            # When it was to begin says nothing: after a stop of the platform what is late begins now.
            if run.state is None or run.state.timestamp > self.now() - ORPHANED_AFTER:
                continue
            self.client.set_flow_run_state(run.id, Crashed(message="执行它的进程已经不在"), force=True)
            log.warning("定时运行 %s 没有结束就断了", run.name)

    def _look_again(self, runs: Iterable[UUID]) -> None:
        """Only cases without a lease, without an earlier wish and not given up are touched."""
        with transaction() as session:
            brought = look_again(session, runs, self.now())
        if brought:
            log.warning("%d 个办件的运行已停止或悬空，重新安排", brought)

    def _runs(self, **wanted: Any) -> list[FlowRun]:
        # The client sends no sort of its own, and the server refuses that.
        chosen = FlowRunFilter.model_validate(wanted)
        return self.client.read_flow_runs(flow_run_filter=chosen, sort=FlowRunSort.ID_DESC, limit=PAGE)

    def _forget(self, number: str, run: UUID) -> None:
        with transaction() as session:
            forget_run(session, number, run, self.now())
        log.warning("办件 %s 的运行在 Prefect 中不存在，将重新建立", number)


def main() -> None:
    """Conduct, or stand by, until told to stop; Prefect or PostgreSQL away costs a sentence and some patience."""
    set_up("conductor")
    bell = Bell()
    stop = told_to_stop(bell)
    pulse = Pulse("conductor").start()
    failures = 0

    def stand_by() -> bool:
        bell.wait(STAND_BY)  # without a turn of its own: it must not hide that the one who conducts hangs
        return not stop.is_set()

    while not stop.is_set():
        try:
            with leading(CONDUCTING, stand_by) as place, listening(CASE_CHANNEL, bell) as news:
                if place is None:
                    break
                conductor = Conductor(prefect_client())
                log.info("指挥就绪，%d 个部署", len(conductor.deployments))
                while not stop.is_set():
                    place.require()
                    asked = conductor.round()
                    pulse.turn(rounds=1, asked=asked)
                    failures = 0
                    news.wait(SWEEP)
        except Exception as error:  # the Prefect client raises many kinds; every one of them may pass
            failures = _wait_out(error, failures, stop)
    pulse.leave()


def _concerns_all(error: Exception) -> bool:
    """Prefect or PostgreSQL is away, or Prefect's database is a new one without our deployments."""
    if isinstance(error, HTTPStatusError):
        status = error.response.status_code
        return status == codes.NOT_FOUND or codes.is_server_error(status)
    return isinstance(error, TransportError | SQLAlchemyError | OSError | ObjectNotFound)


def _wait_out(error: Exception, failures: int, stop: threading.Event) -> int:
    pause = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
    log.warning(
        "暂时连不上 Prefect 或数据库（%s），%.0f 秒后再试", type(error).__name__, pause, exc_info=failures > 3
    )
    stop.wait(pause)
    return failures + 1


if __name__ == "__main__":
    main()
