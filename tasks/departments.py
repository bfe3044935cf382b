"""部门办理: one department's part of a case as one task run, as long as the department takes.

Prefect learns of a task run as it does from its own engine: by an event, which makes the task run or brings it to its
state, however often it comes. Its server answers before it has written them down, and may die in between: what was told
counts as shown from then on, and is looked up some seconds later.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from prefect import task
from sqlmodel import Session

from models.case import Item
from models.conducting import Conducted, note_lost, note_seen, note_told, told_before
from models.database import transaction
from models.drifting import show_anew
from rules.drifting import BARS, bar_differs
from rules.states import ITEM_FINAL
from tasks.prefect_api import prefect_client

WRITTEN = timedelta(seconds=5)  # after which Prefect has written down what it was told, or has lost it
TOLD = 100  # items looked up at once
PAGE = 200  # task runs Prefect gives at once


@task(name="部门办理")
def handled_by_department() -> None:
    """Never called: its runs are told of, for they outlast every process."""


def open_departments(run: UUID, seen: Conducted, wave: Iterable[str]) -> None:
    """Open the task runs of these items at once, each as it is now; opening one again finds the same one."""
    wanted = set(wave)
    tell_of(run, [item for item in seen.items if item.number in wanted], seen.departments)


def tell_of(run: UUID, items: Iterable[Item], departments: Mapping[str, str]) -> None:
    """Bring the task runs of these items of one case to their states: handed over, decided, in a special procedure."""
    at = datetime.now(UTC)
    told = [(item, item.task_run_id or uuid5(run, item.number)) for item in items]
    events = [_event(run, task_run, item, departments[item.department_code], at) for item, task_run in told]
    prefect_client().request("POST", "/events", json=events)
    with transaction() as session:
        for item, task_run in told:
            note_told(session, item.number, task_run, item.state, at)


def look_up_told(at: datetime) -> int:
    """Does Prefect show what it was told some seconds ago? What it does not is told again; how many were looked up."""
    with transaction() as session:
        told = told_before(session, at - WRITTEN, TOLD)
    bars = _bars({run for _, run in told}) if told else {}
    with transaction() as session:
        for item, _ in told:
            _compare(session, item, bars.get(item.number), at)
    return len(told)


def _compare(session: Session, item: Item, bar: dict[str, Any] | None, at: datetime) -> None:
    """A task run made by hand over in an earlier version has another number than ours: Prefect's counts."""
    if item.task_run_id is None or item.shown is None:
        return
    if bar is None:
        note_lost(session, item.number, item.task_run_id, at)
    elif bar_differs(item.shown, (bar["state_type"], bar["state_name"])):
        show_anew(session, item.number, item.task_run_id)
    else:
        note_seen(session, item, UUID(bar["id"]))


def _bars(runs: Iterable[UUID]) -> dict[str, dict[str, Any]]:
    """The task runs of these runs by the numbers of their items."""
    wanted = {"flow_runs": {"id": {"any_": [str(run) for run in runs]}}, "sort": "ID_DESC", "limit": PAGE}
    found: dict[str, dict[str, Any]] = {}
    for offset in range(0, TOLD * PAGE, PAGE):
        page = prefect_client().request("POST", "/task_runs/filter", json=wanted | {"offset": offset}).json()
        found |= {one["dynamic_key"]: one for one in page}
        if len(page) < PAGE:
            break
    return found


def _event(run: UUID, task_run: UUID, item: Item, department: str, at: datetime) -> dict[str, Any]:
    """What Prefect's own engine says when a task run changes its state. The bar's ends are the record's."""
    name, kind, state = f"{department}·{item.name}", BARS[item.state], item.state.label
    began = item.handed_over_at or at
    ended = (item.decided_at or at) if item.state in ITEM_FINAL else None
    return {
        "id": str(uuid4()),
        "occurred": at.isoformat(),
        "event": f"prefect.task-run.{state}",
        "resource": {
            "prefect.resource.id": f"prefect.task-run.{task_run}",
            "prefect.resource.name": name,
            "prefect.state-name": state,
            "prefect.state-type": kind,
            "prefect.orchestration": "client",  # else it is not written down
        },
        "related": [{"prefect.resource.id": f"prefect.flow-run.{run}", "prefect.resource.role": "flow-run"}],
        "payload": {
            "validated_state": {"type": kind, "name": state, "state_details": {}},
            "task_run": {
                "task_key": handled_by_department.task_key,
                "dynamic_key": item.number,
                "name": name,
                "run_count": 1,
                "expected_start_time": began.isoformat(),
                "start_time": began.isoformat(),
                "end_time": ended and ended.isoformat(),
                "total_run_time": (ended - began).total_seconds() if ended else 0,
            },
        },
    }
