"""部门办理: one department's part of a case as one task run, as long as the department takes."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

from httpx import HTTPStatusError, codes
from prefect import task
from prefect.client.schemas.objects import State, StateType, TaskRun

from models.case import Item
from models.conducting import Conducted, note_lost, note_opened, note_shown
from models.database import transaction
from rules.drifting import BARS
from rules.states import ItemState
from tasks.prefect_api import prefect_client

TYPES = {state: StateType(kind) for state, kind in BARS.items()}


@task(name="部门办理")
def handled_by_department() -> None:
    """Never called: its runs are opened and settled through Prefect's API, for they outlast every process."""


def open_departments(run: UUID, seen: Conducted, wave: Collection[str]) -> None:
    """Open the task runs of these items at once, each as it is now; opening one again finds the same one."""
    items = [item for item in seen.items if item.number in wave]
    with ThreadPoolExecutor(max_workers=len(items)) as departments:
        opened = list(departments.map(lambda item: _open(run, item, seen.departments), items))
    with transaction() as session:
        for item, task_run in zip(items, opened, strict=True):
            # One that an earlier pass had opened is in the state of that time, and has still to be settled.
            as_it_is = task_run.state is not None and task_run.state.name == item.state.label
            note_opened(session, item.number, task_run.id, item.state if as_it_is else None)


def settle_department(item: Item) -> None:
    """Bring the task run to the item's state: decided, in a special procedure, or no longer needed."""
    if item.task_run_id is None:
        return
    try:
        prefect_client().set_task_run_state(item.task_run_id, _state(item.state), force=True)
    except HTTPStatusError as error:
        if error.response.status_code != codes.NOT_FOUND:
            raise
        with transaction() as session:  # somebody deleted it, or Prefect's database is a new one
            note_lost(session, item.number, item.task_run_id, datetime.now(UTC))
        return
    with transaction() as session:
        note_shown(session, item.number, item.task_run_id, item.state)


def _open(run: UUID, item: Item, departments: dict[str, str]) -> TaskRun:
    return prefect_client().create_task_run(
        handled_by_department,
        run,
        dynamic_key=item.number,
        name=f"{departments[item.department_code]}·{item.name}",
        state=_state(item.state),
    )


def _state(state: ItemState) -> State[None]:
    """The server stamps it when it hears of it, a moment after the record; the record's times are in the table."""
    return State(type=TYPES[state], name=state.label)
