"""Where does Prefect show something else than the record says? Compared page by page, and put right where that can be.

Speaks to Prefect's API by plain HTTP: the pages ask too, and Prefect's client would make their process twice as large.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from config.prefect_lock import prefect_auth
from config.settings import settings
from models.case import Case
from models.conducting import GIVE_UP_AFTER, forget_run, note_lost, take_back_lapsed
from models.database import transaction
from models.drifting import (
    Expecting,
    bring_up,
    cases_named,
    moved_since,
    open_cases_after,
    record_alone,
    show_anew,
)
from rules.drifting import (
    BY_ITSELF,
    FOR_PEOPLE,
    STOPPED,
    UNFINISHED,
    Drift,
    DriftKind,
    bar_differs,
    run_differs,
)
from rules.errors import Refused

SETTLED = timedelta(seconds=30)  # what happened later may still be on its way to Prefect
PAGE = 100  # cases, runs or task runs asked for at once
PATIENCE = 10.0  # seconds for one answer
OF_CASES = "办件"  # the tag of their runs


class PrefectAway(Refused):
    """连不上 Prefect，无法核对；办理不受影响，Prefect 恢复后再试。"""


@dataclass(frozen=True)
class Place:
    """How far a comparison has come: first the record's cases, then Prefect's runs."""

    case: str = ""
    run: int = -1  # -1: still among the cases

    @property
    def written(self) -> str:
        """For an address."""
        return f"run-{self.run}" if self.run >= 0 else f"case-{self.case}"


@dataclass
class Look:
    """What a comparison has found so far. `place` is where to go on; None once everything has been compared."""

    found: list[Drift] = field(default_factory=list)
    compared: int = 0
    place: Place | None = field(default_factory=Place)


def compare(begin: Place | None = None, *, at: datetime, settle: timedelta = SETTLED) -> Iterator[Look]:
    """Compare page after page; after each page the look so far, to be shown or to stop at."""
    look, place = Look(), begin or Place()
    with httpx.Client(base_url=settings().prefect_api_url, auth=prefect_auth(), timeout=PATIENCE) as http:
        if place == Place():
            with transaction() as session:
                look.found += record_alone(session, at - settle)
        while place.run < 0:
            place = _page_of_cases(http, look, place, at - settle)
            look.place = place
            yield look
        while look.place is not None:
            look.place = _page_of_runs(http, look, look.place, at - settle)
            yield look


def compare_for(seconds: float, begin: Place | None = None, *, at: datetime) -> Look:
    """As far as the comparison comes in this time."""
    deadline = time.monotonic() + seconds
    looks = compare(begin, at=at)
    look = next(looks)
    while time.monotonic() < deadline and (further := next(looks, None)):
        look = further
    return look


def place_at(written: str) -> Place | None:
    """The place that an address names; nonsense is the beginning."""
    kind, _, rest = written.partition("-")
    if kind == "run" and rest.isascii() and rest.isdigit() and len(rest) < 10:
        return Place(run=int(rest))
    return Place(case=rest[:50]) if kind == "case" and rest.isprintable() else None


def repair(drift: Drift, *, at: datetime) -> bool:
    """Put it right, or have the conductor do it; False: that needs a person, or is under way already."""
    if drift.kind in FOR_PEOPLE | BY_ITSELF:
        return False
    if drift.kind in (DriftKind.SECOND_RUN, DriftKind.NO_CASE):
        return _end_run(drift)
    with transaction() as session:
        match drift.kind:
            case DriftKind.RUN_GONE:
                forget_run(session, drift.case_number, UUID(drift.run), at)
            case DriftKind.BAR_GONE if drift.task:
                note_lost(session, drift.item, UUID(drift.task), at)
            case DriftKind.BAR_DIFFERS:
                show_anew(session, drift.item, UUID(drift.task))
            case DriftKind.LEASE_LAPSED:
                take_back_lapsed(session, at)
            case _:
                return bring_up(session, drift.case_number, at)
    return True


def flow_page(name: str) -> str | None:
    """Where Prefect's pages show the flow of this name; None if Prefect does not know it."""
    try:
        answer = httpx.get(
            f"{settings().prefect_api_url}/flows/name/{name}", auth=prefect_auth(), timeout=PATIENCE
        )
    except httpx.TransportError:
        raise PrefectAway from None
    if answer.status_code != httpx.codes.OK:
        return None
    return f"{settings().prefect_url}/flows/flow/{answer.json()['id']}"


def now() -> datetime:
    """The wall clock, which only the edges read."""
    return datetime.now(UTC)


def _page_of_cases(http: httpx.Client, look: Look, place: Place, settled: datetime) -> Place:
    """The runs of a page of open cases, and the bars of their items."""
    with transaction() as session:
        page = open_cases_after(session, place.case, PAGE)
    runs = _by_id(http, "flow_runs", [str(one.case.flow_run_id) for one in page])
    bars = _by_id(
        http, "task_runs", [str(item.task_run_id) for one in page for item in one.items if item.task_run_id]
    )
    # Of what was given up the record has said so, and its run is where the last try left it.
    found = [drift for one in page if not _given_up(one.case) for drift in _of_case(one, runs, bars, settled)]
    look.found += _without_what_moves(found, {one.case.number: one.case for one in page}, settled)
    look.compared += len(page)
    return Place(case=page[-1].case.number) if len(page) == PAGE else Place(run=0)


def _of_case(
    one: Expecting, runs: dict[str, Any], bars: dict[str, Any], settled: datetime
) -> Iterator[Drift]:
    case, run = one.case, str(one.case.flow_run_id)
    known = runs.get(run)
    if kind := run_differs(case.state, known and known["state_type"], leased=case.lease_holder is not None):
        yield Drift(kind, case.number, _named(known), run)
    if known is None:
        return  # its bars are gone with it, and come again with the new one
    for item in one.items:
        if item.task_run_id is None:
            yield Drift(DriftKind.BAR_GONE, case.number, run=run, item=item.number)
            continue
        bar = bars.get(str(item.task_run_id))
        # Otherwise the record knows by itself that it is behind, or that Prefect was told a moment ago.
        told = item.shown is item.state and (item.told_at is None or item.told_at < settled)
        if told and (kind := bar_differs(item.state, bar and (bar["state_type"], bar["state_name"]))):
            yield Drift(kind, case.number, _named(bar), run, item.number, str(item.task_run_id))


def _page_of_runs(http: httpx.Client, look: Look, place: Place, settled: datetime) -> Place | None:
    """Runs that have not ended well: is their case open, and are they the case's own?"""
    wanted = {
        "tags": {"all_": [OF_CASES]},
        "state": {"type": {"any_": sorted(UNFINISHED | STOPPED)}},
        "expected_start_time": {"before_": settled.isoformat()},
    }
    runs = _asked(http, "flow_runs", wanted, offset=place.run)
    numbers = {run["id"]: str(run["parameters"].get("case_number", "")) for run in runs}
    with transaction() as session:
        cases = cases_named(session, numbers.values())
    found = [drift for run in runs if (drift := _of_run(run, numbers[run["id"]], cases))]
    look.found += _without_what_moves(found, cases, settled)
    look.compared += len(runs)
    return Place(run=place.run + PAGE) if len(runs) == PAGE else None


def _of_run(run: dict[str, Any], number: str, cases: dict[str, Case]) -> Drift | None:
    case, unfinished = cases.get(number), run["state_type"] in UNFINISHED
    if case is None:
        return Drift(DriftKind.NO_CASE, number or run["name"], _named(run), run["id"]) if unfinished else None
    if str(case.flow_run_id) != run["id"]:
        return Drift(DriftKind.SECOND_RUN, number, _named(run), run["id"]) if unfinished else None
    kind = run_differs(case.state, run["state_type"], leased=case.lease_holder is not None)
    # What is open has been compared with the cases.
    ended = kind is DriftKind.NOT_ENDED and not _given_up(case)
    return Drift(DriftKind.NOT_ENDED, number, _named(run), run["id"]) if ended else None


def _without_what_moves(found: list[Drift], cases: dict[str, Case], settled: datetime) -> list[Drift]:
    """Leave out cases on which somebody acted a moment ago, that a pass works on or that wait for one."""
    if not found:
        return []
    with transaction() as session:
        fresh = moved_since(session, [drift.case_number for drift in found], settled)
    moving = {
        number
        for number, case in cases.items()
        if case.lease_holder or case.look_at or _asked_since(case, settled)
    }
    foreign = (DriftKind.SECOND_RUN, DriftKind.NO_CASE)
    return [drift for drift in found if drift.kind in foreign or drift.case_number not in fresh | moving]


def _given_up(case: Case) -> bool:
    return case.failures >= GIVE_UP_AFTER


def _asked_since(case: Case, settled: datetime) -> bool:
    return case.asked_at is not None and case.asked_at > settled


def _by_id(http: httpx.Client, kind: str, ids: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for begin in range(0, len(ids), PAGE):
        some = _asked(http, kind, {"id": {"any_": ids[begin : begin + PAGE]}})
        found |= {one["id"]: one for one in some}
    return found


def _asked(http: httpx.Client, kind: str, wanted: dict[str, Any], offset: int = 0) -> list[dict[str, Any]]:
    body = {kind: wanted, "limit": PAGE, "offset": offset, "sort": "ID_DESC"}
    return list(_answer(http, f"/{kind}/filter", body))


def _end_run(drift: Drift) -> bool:
    """The run of nobody: it ends under the name that a pass would have given it."""
    name = "没有此办件" if drift.kind is DriftKind.NO_CASE else "已有运行"
    state = {"type": "CANCELLED", "name": name, "message": "核对时结束"}
    with httpx.Client(base_url=settings().prefect_api_url, auth=prefect_auth(), timeout=PATIENCE) as http:
        _answer(http, f"/flow_runs/{drift.run}/set_state", {"state": state, "force": True})
    return True


def _answer(http: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    try:
        answer = http.post(path, json=body)
        answer.raise_for_status()
    except (httpx.TransportError, httpx.HTTPStatusError):
        raise PrefectAway from None
    return answer.json()


def _named(state: dict[str, Any] | None) -> str:
    return f"Prefect 中为“{state['state_name']}”" if state else ""
