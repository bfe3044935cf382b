"""The worker: runs passes and scheduled flows inside one long-lived process, and sends the notices.

A stock worker starts a Python process for every pass (4 CPU-seconds); this one has them in threads (docs/prefect.md).
"""

import logging
import os
import socket
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import TransportError
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import OrchestrationResult, WorkerFlowRunResponse
from prefect.context import SyncClientContext
from prefect.exceptions import Abort, Pause
from prefect.flow_engine import run_flow
from prefect.settings import (
    PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    temporary_settings,
)
from prefect.states import Pending

from config.logs import about_case, set_up
from config.settings import settings
from flows.deployments import POOL, described, flow_at, queues_of
from flows.paging import page_people
from flows.stopping import told_to_stop
from models.case import find_case
from models.conducting import (
    WORK_CHANNEL,
    claim_pass,
    end_pass,
    fail_pass,
    hand_back_leases,
    is_own_run,
    renew_leases,
)
from models.database import transaction
from models.heartbeat import Pulse
from models.listening import Bell, listening
from notifications.sending import keep_sending

log = logging.getLogger("yijianshi.worker")

AT_ONCE = 8  # passes; more than that only waits for the Prefect server on two cores
POLL = 2.0  # seconds between looks at the pool when nobody rings: schedules, and what is pressed in Prefect's pages
FETCH = 24  # runs asked for at once: the question costs Prefect as much as a state
FRESH = 2.0  # seconds; what was fetched longer ago is asked for anew
LEASE = timedelta(seconds=20)  # renewed while a pass runs; once it lapses the conductor takes the case back
RETRY = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))
FINISHING = 7.0  # seconds for what is in hand when the process is told to stop; it is killed after 10
BACK_OFF = (0.5, 1.0, 2.0, 4.0)  # seconds, while Prefect or PostgreSQL is away


class Worker:
    """Takes scheduled runs of our pool and runs them; a case's run under a lease in the record."""

    def __init__(self, client: SyncPrefectClient, bell: Bell, pulse: Pulse) -> None:
        self.client = client
        self.bell = bell
        self.pulse = pulse
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self.entrypoints = {deployment["name"]: deployment["entrypoint"] for deployment in described()}
        self.deployment_names: dict[UUID, str] = {}
        self.queues: list[str] = []  # of the pool; none is all of them
        self.running: dict[UUID, str] = {}  # flow run -> case number, or "" for a scheduled flow
        self.waiting: deque[FlowRun] = deque()
        self.fetched_at = float("-inf")
        self.pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="pass")

    def begin(self) -> None:
        """Begin what is scheduled, as far as there is room."""
        if len(self.running) >= AT_ONCE:
            return
        if not self.waiting or time.monotonic() - self.fetched_at > FRESH:
            self._fetch()
        while self.waiting and len(self.running) < AT_ONCE:
            run = self.waiting.popleft()
            if run.id not in self.running and self._claim(run):
                # Prefect keeps settings and client in the context, and a thread begins with an empty one.
                self.pool.submit(copy_context().run, self._run, run)

    def renew(self) -> None:
        """Keep the leases of what is running."""
        numbers = [number for number in list(self.running.values()) if number]
        if numbers:
            with transaction() as session:
                renew_leases(session, self.name, numbers, datetime.now(UTC) + LEASE)

    def close(self, deadline: float) -> bool:
        """Let the passes end until then; whatever could not is handed back. Did all of them end?"""
        self.pool.shutdown(wait=False, cancel_futures=True)
        while self.running and time.monotonic() < deadline:
            time.sleep(0.05)
        left = [number for number in list(self.running.values()) if number]
        if left:
            log.warning("停止时还没有走完，交回：%s", "、".join(left))
        with transaction() as session:
            hand_back_leases(session, self.name)
        return not self.running

    def _fetch(self) -> None:
        known = set(self.running)  # their state may not be reported yet
        answer = self.client.request(
            "POST",
            "/work_pools/{name}/get_scheduled_flow_runs",
            path_params={"name": POOL},
            json={
                "limit": FETCH,
                "scheduled_before": datetime.now(UTC).isoformat(),
                "work_queue_names": self.queues,
            },
        )
        runs = [WorkerFlowRunResponse.model_validate(entry).flow_run for entry in answer.json()]
        self.waiting = deque(run for run in runs if run.id not in known)
        self.fetched_at = time.monotonic()

    def _claim(self, run: FlowRun) -> bool:
        """A case's own run needs its lease; anything else ends by itself and needs none."""
        number = str(run.parameters.get("case_number", ""))
        with transaction() as session:
            own = bool(number) and is_own_run(session, number, run.id)
            if own and not claim_pass(session, number, run.id, self.name, datetime.now(UTC), LEASE):
                return False
        self.running[run.id] = number if own else ""
        return True

    def _run(self, run: FlowRun) -> None:
        number = self.running[run.id]
        try:
            with about_case(number):
                failure = self._pass(run, leased=bool(number))
                if number:
                    self._end(number, failure)
            self.pulse.turn(passes=1)
        except TransportError as error:  # the lease lapses, the conductor schedules the run again
            log.warning("运行 %s 没有跑完：Prefect 没有应答（%s）", run.name, type(error).__name__)
        except Exception:
            log.exception("运行 %s 没有跑完", run.name)
        finally:
            self.running.pop(run.id, None)
            if self.waiting or len(self.running) == AT_ONCE - 1:
                self.bell.press()  # there is room again

    def _pass(self, run: FlowRun, *, leased: bool) -> str:
        """Run the flow here; say why it failed, or nothing."""
        if not leased:
            # Whoever says Pending first has it. The lease says as much, and spares Prefect a state in every pass.
            claimed: OrchestrationResult[Any] = self.client.set_flow_run_state(run.id, Pending())
            if claimed.status.value != "ACCEPT" or claimed.state is None:
                return ""  # another worker was quicker, or the run was cancelled meanwhile
            run = run.model_copy(update={"state": claimed.state})
        flow = flow_at(self.entrypoints[self._deployment_name(run)])
        # Without its deployment the engine opens no websocket to watch for suspension requests: half the CPU.
        lean = run.model_copy(update={"deployment_id": None})
        try:
            state = run_flow(flow, flow_run=lean, parameters=run.parameters, return_type="state")
        except (Pause, Abort):
            return ""
        return (state.message or state.name or "") if state is not None and state.is_failed() else ""  # type: ignore[union-attr]

    def _end(self, number: str, failure: str) -> None:
        with transaction() as session:
            if not failure:
                end_pass(session, number, self.name)
                return
            pause = RETRY[min(find_case(session, number).failures, len(RETRY) - 1)]
            given_up = fail_pass(session, number, self.name, failure, datetime.now(UTC) + pause)
        log.error("办件 %s 的推进失败：%s", number, failure)
        if given_up:
            page_people(number)

    def _deployment_name(self, run: FlowRun) -> str:
        assert run.deployment_id is not None  # noqa: S101  the pool holds only runs of deployments
        if run.deployment_id not in self.deployment_names:
            self.deployment_names[run.deployment_id] = self.client.read_deployment(run.deployment_id).name
        return self.deployment_names[run.deployment_id]


def main() -> None:
    """Run what is scheduled until told to stop."""
    set_up("worker")
    # Every pass would say that it began and ended, here and on the run's page: only what is wrong is said.
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).setLevel(logging.WARNING)
    bell = Bell()
    stop = told_to_stop(bell)
    sending, working = Pulse("sender").start(), Pulse("worker").start()
    sender = threading.Thread(target=keep_sending, args=(stop, sending.turn), name="notices")
    sender.start()
    # A pass lasts a second and has its lease; the engine's heartbeat thread would cost it another second to join.
    # The server is not asked for its version: it may be away just now.
    ours = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED: False}
    # One client for all passes: making one costs as much CPU as half a pass.
    with temporary_settings(updates=ours), SyncClientContext.get_or_create() as shared:
        worker = Worker(shared.client, bell, working)
        threading.Thread(target=_renew, args=(worker, stop), daemon=True, name="leases").start()
        _work(worker, stop)
        _leave(worker, sender, sending)


def _leave(worker: Worker, sender: threading.Thread, sending: Pulse) -> None:
    """Finish what is in hand while there is patience; hand back the rest, and do not wait for who hangs."""
    deadline = time.monotonic() + FINISHING
    ended = worker.close(deadline)
    sender.join(max(0.0, deadline - time.monotonic()))
    for pulse in (worker.pulse, sending):
        pulse.leave()
    if sender.is_alive():
        log.warning("停止时还有通知在网关手中：到时记为结果不明，由人核实，不会重发")
    if sender.is_alive() or not ended:
        logging.shutdown()
        os._exit(
            0
        )  # their threads would keep the process, and it would be killed with the leases in its hands


def _work(worker: Worker, stop: threading.Event) -> None:
    """Prefect or PostgreSQL away costs a sentence and some patience."""
    failures = 0
    while not stop.is_set():
        try:
            with listening(WORK_CHANNEL, worker.bell) as news:
                worker.queues = queues_of(worker.client, settings().worker_districts)
                while not stop.is_set():
                    worker.begin()
                    worker.pulse.turn()
                    failures = 0
                    news.wait(POLL)
        except Exception as error:  # the Prefect client raises many kinds; every one of them may pass
            log.warning("暂时连不上 Prefect 或数据库（%s），稍后再试", type(error).__name__)
            stop.wait(BACK_OFF[min(failures, len(BACK_OFF) - 1)])
            failures += 1


def _renew(worker: Worker, stop: threading.Event) -> None:
    while not stop.wait(LEASE.total_seconds() / 4):
        try:
            worker.renew()
        except Exception as error:
            log.warning("租约没有续上（%s），稍后再试", type(error).__name__)


if __name__ == "__main__":
    main()
