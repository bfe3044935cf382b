"""The conductor: compares what the record asks for with what Prefect is doing, and closes the difference.

Level-triggered: NOTIFY makes it prompt, a sweep makes it certain, and nothing depends on having seen an event.
"""

import logging
import signal
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled
from sqlalchemy.exc import SQLAlchemyError

from config.catalogue import catalogue
from flows.deployments import register
from models.case import Case
from models.conducting import (
    cases_to_ask_for,
    forget_run,
    items_out_of_step,
    listening,
    look_again,
    note_asked,
    open_runs_after,
)
from models.database import CASE_CHANNEL, transaction
from tasks.departments import settle_department
from tasks.prefect_api import prefect_client

log = logging.getLogger("yijianshi.conductor")

SWEEP = 5.0  # seconds between looks when nobody rings
ASK_AGAIN = timedelta(
    seconds=20
)  # a run that was asked for and is not being run is looked at again after this
BATCH = 100  # cases or items a round
DRIFT_EVERY = timedelta(seconds=10)
PAGE = 200  # runs compared at once, Prefect's own page
BACK_OFF = (0.5, 1.0, 2.0, 5.0)  # seconds, while Prefect or PostgreSQL is away

# An open case's run may wait (paused), be waited for (scheduled) or be run under a lease; it may not have ended.
STOPPED = frozenset({StateType.CANCELLED, StateType.CANCELLING, StateType.FAILED, StateType.CRASHED})
IN_MOTION = frozenset({StateType.PENDING, StateType.RUNNING})


class Conductor:
    """One round after another; what it remembers is only where the drift check stands."""

    def __init__(
        self, client: SyncPrefectClient, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.client = client
        self.now = now
        self.deployments = register(client)
        self.next_drift_check = now()
        self.compared_up_to = ""

    def round(self) -> None:
        """Ask for the passes that are due, settle the decided, and now and then compare everything."""
        with transaction() as session:
            due = cases_to_ask_for(session, self.now(), ASK_AGAIN, BATCH)
        for case in due:
            self._ask_for_pass(case)
        with transaction() as session:
            stale = items_out_of_step(session, BATCH)
        for item in stale:
            self._settle(item.case_number, lambda item=item: settle_department(item))  # type: ignore[misc]
        if self.now() >= self.next_drift_check:
            self._compare()
            self.next_drift_check = self.now() + DRIFT_EVERY

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
        )
        return created.id

    def _settle(self, case_number: str, settle: Callable[[], None]) -> None:
        """A task run Prefect does not know any more means that its whole run is gone."""
        try:
            settle()
        except ObjectNotFound:
            with transaction() as session:
                look_again(session, [case_number], self.now())
            log.warning("办件 %s 在 Prefect 中的部门办理不见了，将重新建立", case_number)

    def _compare(self) -> None:
        """Runs that ended or hang though their case is open; and, a page at a time, every open case's run."""
        self._bring_back(STOPPED)
        self._bring_back(IN_MOTION)
        with transaction() as session:
            page = open_runs_after(session, self.compared_up_to, PAGE)
        self.compared_up_to = page[-1][0] if len(page) == PAGE else ""
        states = self._states([run for _, run in page])
        for number, run in page:
            if run not in states:
                self._forget(number, run)
        self._look_again(number for number, run in page if states.get(run) in STOPPED | {StateType.COMPLETED})

    def _bring_back(self, states: frozenset[StateType]) -> None:
        """The few runs in these states, whatever their case's place in the pages."""
        wanted = {"state": {"type": {"any_": sorted(states)}}, "tags": {"all_": ["办件"]}}
        runs = self._runs(FlowRunFilter.model_validate(wanted))
        self._look_again(run.name for run in runs)

    def _look_again(self, numbers: Iterable[str]) -> None:
        """Only cases that are still open, without a lease and without an earlier wish are touched."""
        with transaction() as session:
            brought = look_again(session, numbers, self.now())
        if brought:
            log.warning("%d 个在办办件的运行已停止或悬空，重新安排", brought)

    def _states(self, runs: list[UUID]) -> dict[UUID, StateType | None]:
        if not runs:
            return {}
        known = self._runs(FlowRunFilter.model_validate({"id": {"any_": runs}}))
        return {run.id: run.state_type for run in known}

    def _runs(self, wanted: FlowRunFilter) -> list[FlowRun]:
        # The client sends no sort of its own, and the server refuses that.
        return self.client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.ID_DESC, limit=PAGE)

    def _forget(self, number: str, run: UUID) -> None:
        with transaction() as session:
            forget_run(session, number, run, self.now())
        log.warning("办件 %s 的运行在 Prefect 中不存在，将重新建立", number)


def main() -> None:
    """Round after round until told to stop; Prefect or PostgreSQL away costs a sentence and some patience."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    failures = 0
    while not stop.is_set():
        try:
            with listening(CASE_CHANNEL) as bell:
                conductor = Conductor(prefect_client())
                log.info("指挥就绪，%d 个部署", len(conductor.deployments))
                while not stop.is_set():
                    conductor.round()
                    failures = 0
                    bell.wait(SWEEP)
        except (SQLAlchemyError, OSError) as error:
            failures = _wait_out(error, failures, stop)
        except Exception as error:  # the Prefect client raises many kinds; every one of them may pass
            failures = _wait_out(error, failures, stop)


def _wait_out(error: Exception, failures: int, stop: threading.Event) -> int:
    pause = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
    log.warning(
        "暂时连不上 Prefect 或数据库（%s），%.0f 秒后再试", type(error).__name__, pause, exc_info=failures > 3
    )
    stop.wait(pause)
    return failures + 1


if __name__ == "__main__":
    main()
