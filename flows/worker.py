"""The worker: runs passes and scheduled flows inside one long-lived process, and sends the notices.

A stock worker starts a Python process for every pass (4 CPU-seconds); this one has them in threads (docs/prefect.md).
"""

import logging
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import OrchestrationResult, WorkerFlowRunResponse
from prefect.context import SyncClientContext
from prefect.exceptions import Abort, Pause
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Pending

from flows.deployments import POOL, described, flow_at
from models.case import find_case
from models.conducting import claim_pass, end_pass, fail_pass, hand_back_leases, is_own_run, renew_leases
from models.database import transaction
from notifications.sending import keep_sending
from tasks.prefect_api import prefect_client

log = logging.getLogger("yijianshi.worker")

AT_ONCE = 8  # passes; more than that only waits for the Prefect server on two cores
POLL = 0.5  # seconds between looks at the pool when it was empty
LEASE = timedelta(seconds=20)  # renewed while a pass runs; once it lapses the conductor takes the case back
RETRY = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))


class Worker:
    """Takes scheduled runs of our pool and runs them under a lease in the record."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self.client = client
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self.entrypoints = {deployment["name"]: deployment["entrypoint"] for deployment in described()}
        self.deployment_names: dict[Any, str] = {}
        self.running: dict[Any, str] = {}  # flow run -> case number, or "" for a scheduled flow
        self.pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="pass")

    def poll(self) -> int:
        """Begin what is scheduled and fits; say how many."""
        free = AT_ONCE - len(self.running)
        if free <= 0:
            return 0
        begun = 0
        for run in self._scheduled(free + len(self.running)):
            if run.id not in self.running and begun < free and self._claim(run):
                begun += 1
                self.pool.submit(self._run, run)
        return begun

    def renew(self) -> None:
        """Keep the leases of what is running."""
        numbers = [number for number in list(self.running.values()) if number]
        if numbers:
            with transaction() as session:
                renew_leases(session, self.name, numbers, datetime.now(UTC) + LEASE)

    def close(self) -> None:
        """Let the passes end; whatever could not is handed back."""
        self.pool.shutdown(wait=True, cancel_futures=True)
        with transaction() as session:
            hand_back_leases(session, self.name)

    def _scheduled(self, limit: int) -> list[FlowRun]:
        answer = self.client.request(
            "POST",
            "/work_pools/{name}/get_scheduled_flow_runs",
            path_params={"name": POOL},
            json={"limit": limit, "scheduled_before": datetime.now(UTC).isoformat()},
        )
        return [WorkerFlowRunResponse.model_validate(entry).flow_run for entry in answer.json()]

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
            with SyncClientContext.get_or_create():
                failure = self._pass(run)
            if number:
                self._end(number, failure)
        except Exception:
            log.exception("运行 %s 没有跑完", run.name)  # the lease lapses, the conductor schedules it again
        finally:
            self.running.pop(run.id, None)

    def _pass(self, run: FlowRun) -> str:
        """Run the flow here; say why it failed, or nothing."""
        claimed: OrchestrationResult[Any] = self.client.set_flow_run_state(run.id, Pending())
        if claimed.status.value != "ACCEPT" or claimed.state is None:
            return ""  # another worker was quicker, or the run was cancelled meanwhile
        flow = flow_at(self.entrypoints[self._deployment_name(run)])
        # Without its deployment the engine opens no websocket to watch for suspension requests: half the CPU.
        lean = run.model_copy(update={"deployment_id": None, "state": claimed.state})
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
            fail_pass(session, number, self.name, failure, datetime.now(UTC) + pause)
        log.error("办件 %s 的推进失败：%s", number, failure)

    def _deployment_name(self, run: FlowRun) -> str:
        if run.deployment_id not in self.deployment_names:
            assert run.deployment_id is not None  # noqa: S101  the pool holds only runs of deployments
            self.deployment_names[run.deployment_id] = self.client.read_deployment(run.deployment_id).name
        return self.deployment_names[run.deployment_id]


def main() -> None:
    """Poll until told to stop; Prefect or PostgreSQL away costs a sentence and some patience."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sender = threading.Thread(target=keep_sending, args=(stop,), name="notices")
    sender.start()
    # A pass lasts a second or two and has its lease; the engine's heartbeat thread would cost it another second.
    with temporary_settings(updates={PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        worker = Worker(prefect_client())
        threading.Thread(target=_renew, args=(worker, stop), daemon=True, name="leases").start()
        _poll(worker, stop)
        worker.close()
    sender.join()


def _poll(worker: Worker, stop: threading.Event) -> None:
    pause = POLL
    while not stop.is_set():
        try:
            pause = POLL if worker.poll() == 0 else 0.05
        except Exception as error:  # the Prefect client raises many kinds; every one of them may pass
            log.warning("暂时连不上 Prefect 或数据库（%s），稍后再试", type(error).__name__)
            pause = min(max(pause * 2, 1.0), 4.0)
        stop.wait(pause)


def _renew(worker: Worker, stop: threading.Event) -> None:
    while not stop.wait(LEASE.total_seconds() / 4):
        try:
            worker.renew()
        except Exception as error:
            log.warning("租约没有续上（%s），稍后再试", type(error).__name__)


if __name__ == "__main__":
    main()
