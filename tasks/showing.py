"""What does a manager read on a case's run? Its progress and a table of the departments; no personal data."""

import json
from dataclasses import dataclass
from uuid import UUID

from httpx import HTTPStatusError, codes

from config.settings import settings
from models.case import Case, Item
from models.conducting import Conducted
from rules.states import ITEM_FINAL
from tasks.prefect_api import prefect_client


@dataclass(frozen=True)
class Shown:
    """One artifact as it should be now."""

    key: str
    kind: str
    data: str | float
    description: str

    @property
    def content(self) -> dict[str, str | float]:
        """What changes of it."""
        return {"data": self.data, "description": self.description}


def address_of(number: str) -> str:
    """Where our own pages show the case: the way back from Prefect's."""
    return f"{settings().web_url}/cases/{number}"


REMEMBERED = 10_000  # runs whose artifacts this process has made or asked for, the latest
_remembered: dict[UUID, dict[str, UUID]] = {}


def show_progress(run: UUID, seen: Conducted, *, first: bool = False) -> None:
    """Show how far the case is and who has it until when. Shown before, it is brought up to date in its place.

    `first`: the run has never run, so that Prefect need not be asked what it shows already.
    """
    ids = {} if first else _shown(run)
    for one in _as_it_is(seen):
        if not (one.key in ids and _update(ids[one.key], one)):
            ids[one.key] = _create(run, one)
    _remember(run, ids)


# The client's own methods would send an event of each besides, which nobody reads.
def _create(run: UUID, one: Shown) -> UUID:
    wanted = {"key": one.key, "type": one.kind, "flow_run_id": str(run)}
    return UUID(prefect_client().request("POST", "/artifacts/", json=wanted | one.content).json()["id"])


def _update(artifact: UUID, one: Shown) -> bool:
    """False: it is gone."""
    try:
        prefect_client().request("PATCH", "/artifacts/{id}", path_params={"id": artifact}, json=one.content)
    except HTTPStatusError as error:
        if error.response.status_code != codes.NOT_FOUND:
            raise
        return False
    return True


def _shown(run: UUID) -> dict[str, UUID]:
    """The run's artifacts by their keys."""
    if run in _remembered:
        return _remembered[run]
    # read_artifacts() sends null for what it was not given, and the server refuses that.
    wanted = {"flow_run_id": {"any_": [str(run)]}}
    found = prefect_client().request("POST", "/artifacts/filter", json={"artifacts": wanted}).json()
    return {one["key"]: UUID(one["id"]) for one in found}


def _remember(run: UUID, ids: dict[str, UUID]) -> None:
    _remembered[run] = ids
    while len(_remembered) > REMEMBERED:
        _remembered.pop(next(iter(_remembered)), None)


def _as_it_is(seen: Conducted) -> tuple[Shown, Shown]:
    case, items = seen.case, seen.items
    done = sum(item.state in ITEM_FINAL for item in items)
    key = case.number.lower()  # Prefect takes a-z, 0-9 and dashes
    link = f"[{case.number}]({address_of(case.number)})"
    state = case.outcome.label if case.outcome else case.state.label
    rows = [_row(item, seen.departments[item.department_code]) for item in items]
    return (
        Shown(
            f"progress-{key}",
            "progress",
            100.0 * done / len(items),
            f"{state}：{done}/{len(items)} 个事项已办结　{link}",
        ),
        Shown(
            f"departments-{key}",
            "table",
            json.dumps(rows, ensure_ascii=False),
            f"各部门办理情况　{_due(case)}",
        ),
    )


def _row(item: Item, department: str) -> dict[str, str]:
    due = item.due_on.isoformat() if item.due_on else "—"
    return {
        "事项": item.name,
        "部门": department,
        "状态": item.state.label,
        "期限": f"{due}（暂定）" if item.due_on and item.due_provisional else due,
    }


def _due(case: Case) -> str:
    return f"承诺办结 {case.promised_due_on}" if case.promised_due_on else ""
