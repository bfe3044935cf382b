"""部门办理: one department's part of a case as one task run, as long as the department takes."""

from datetime import UTC, datetime
from uuid import UUID

from httpx import HTTPStatusError, codes
from prefect import task
from prefect.client.schemas.objects import State, StateType

from models.account import departments_by_code
from models.case import Item
from models.conducting import note_lost, note_opened, note_shown
from models.database import transaction
from rules.drifting import BARS
from rules.states import ItemState
from tasks.prefect_api import prefect_client

TYPES = {state: StateType(kind) for state, kind in BARS.items()}


@task(name="部门办理")
def handled_by_department() -> None:
    """Never called: its runs are opened and settled through Prefect's API, for they outlast every process."""


def open_department(run: UUID, item_number: str) -> None:
    """Open the department's task run from the moment of the hand-over. Opening it again finds the same one."""
    with transaction() as session:
        item = session.get_one(Item, item_number)
        department = departments_by_code(session)[item.department_code].short_name
    opened = prefect_client().create_task_run(
        handled_by_department,
        run,
        dynamic_key=item.number,
        name=f"{department}·{item.name}",
        state=_state(ItemState.IN_REVIEW),
    )
    with transaction() as session:
        note_opened(session, item.number, opened.id, ItemState.IN_REVIEW)


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


def _state(state: ItemState) -> State[None]:
    """The server stamps it when it hears of it, a moment after the record; the record's times are in the table."""
    return State(type=TYPES[state], name=state.label)
