"""What Prometheus reads: how much waits, for how long, which processes are at work, and how requests fare."""

import hmac
import os
import threading
import time
from collections.abc import Iterable
from ipaddress import ip_address

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from config.settings import settings
from models.database import transaction
from models.heartbeat import GONE_AFTER, seen
from models.measures import Measures, measures
from rules.errors import NotFound

router = APIRouter()
KEPT = 5.0  # seconds: several who ask at once cost the record one look
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
KINDS = ("conductor", "worker", "sender", "web")

REGISTRY = CollectorRegistry()
# Several web processes count in files that all of them read: whichever is asked answers for all.
COUNTED_TOGETHER = "PROMETHEUS_MULTIPROC_DIR" in os.environ
ANSWERS = CollectorRegistry() if COUNTED_TOGETHER else REGISTRY
REQUESTS = Counter("yjs_requests", "Requests answered", ("method", "route", "status"), registry=ANSWERS)
SECONDS = Histogram(
    "yjs_request_seconds",
    "How long answers took",
    ("route",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
    registry=ANSWERS,
)
if COUNTED_TOGETHER:
    MultiProcessCollector(REGISTRY)  # type: ignore[no-untyped-call]
else:
    ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """One more answer. Words of the visitor's own making are no label: each label is kept for ever."""
    REQUESTS.labels(method if method in METHODS else "other", route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """For this machine, or whoever has the token; others learn not even that it is there."""
    if not _may_read(request):
        raise NotFound("没有这个页面，请检查网址，或从首页进入。")
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _may_read(request: Request) -> bool:
    token, given = settings().metrics_token, request.headers.get("authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    passed_on = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return not passed_on and _is_here(request.client.host if request.client else "")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class RecordCollector:
    """Asks the record when Prometheus asks us; without the record it says so, and the rest all the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._answer: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        """The families, a few seconds old at most."""
        with self._lock:
            if time.monotonic() - self._asked > KEPT:
                self._answer = _families()
                self._asked = time.monotonic()
            return self._answer

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: that would ask the record when the program starts."""
        return ()


def _families() -> list[Metric]:
    try:
        with transaction() as session:
            found, processes = measures(session), seen(session)
    except Exception:
        return [_gauge("yjs_record_up", "Does the record answer?", 0)]
    return [
        _gauge("yjs_record_up", "Does the record answer?", 1),
        *_queues(found),
        *_processes(processes),
    ]


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, says, value=value)


def _queues(found: Measures) -> Iterable[Metric]:
    cases = GaugeMetricFamily("yjs_cases", "Open cases", labels=("state",))
    for state, count in found.cases.items():
        cases.add_metric((state,), count)
    notices = GaugeMetricFamily("yjs_notices", "Notices to leave or in doubt", labels=("channel", "state"))
    for channel, state, count in found.notices:
        notices.add_metric((channel, state), count)
    waiting = GaugeMetricFamily("yjs_waiting", "How many wait", labels=("what",))
    oldest = GaugeMetricFamily("yjs_oldest_due_seconds", "How long the oldest is due", labels=("what",))
    for what, one in found.waiting.items():
        waiting.add_metric((what,), one.count)
        oldest.add_metric((what,), one.oldest)
    return cases, notices, waiting, oldest


def _processes(processes: list[tuple[str, str, float, float, float, dict[str, int]]]) -> Iterable[Metric]:
    up = GaugeMetricFamily("yjs_processes_up", "Processes heard of lately", labels=("kind",))
    for kind in KINDS:
        up.add_metric((kind,), sum(one[0] == kind and one[2] < GONE_AFTER for one in processes))
    silent = GaugeMetricFamily("yjs_process_silent_seconds", "Since its last word", labels=("process",))
    idle = GaugeMetricFamily(
        "yjs_process_turn_seconds", "Since its work last went round", labels=("process",)
    )
    done = CounterMetricFamily("yjs_done", "What it did since it started", labels=("process", "what"))
    for _, name, since_word, since_turn, _, counts in processes:
        silent.add_metric((name,), float(since_word))
        idle.add_metric((name,), float(since_turn))
        for what, count in counts.items():
            done.add_metric((name, what), count)
    return up, silent, idle, done


REGISTRY.register(RecordCollector())
