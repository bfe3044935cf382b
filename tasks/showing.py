"""What does a manager read on a case's run? Its progress and a table of the departments; no personal data."""

import json
from dataclasses import dataclass
from uuid import UUID

from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate

from config.settings import settings
from models.account import departments_by_code
from models.case import Case, Item, find_case, items_of
from models.database import transaction
from rules.states import ITEM_FINAL
from tasks.prefect_api import prefect_client


@dataclass(frozen=True)
class Shown:
    """One artifact as it should be now."""

    key: str
    kind: str
    data: str | float
    description: str


def show_progress(run: UUID, case_number: str) -> None:
    """Show how far the case is and who has it until when. Shown before, it is brought up to date in its place."""
    wanted = _as_it_is(case_number)
    client = prefect_client()
    ids = _known(run, [artifact.key for artifact in wanted])
    for one in wanted:
        if one.key in ids:
            client.update_artifact(ids[one.key], ArtifactUpdate(data=one.data, description=one.description))
        else:
            client.create_artifact(
                ArtifactCreate(
                    key=one.key, type=one.kind, data=one.data, description=one.description, flow_run_id=run
                )
            )


def _known(run: UUID, keys: list[str]) -> dict[str, UUID]:
    # read_artifacts() sends null for what it was not given, and the server refuses that.
    wanted = {"flow_run_id": {"any_": [str(run)]}, "key": {"any_": keys}}
    found = prefect_client().request("POST", "/artifacts/filter", json={"artifacts": wanted}).json()
    return {one["key"]: UUID(one["id"]) for one in found}


def _as_it_is(case_number: str) -> tuple[Shown, Shown]:
    with transaction() as session:
        case = find_case(session, case_number)
        items = items_of(session, case_number)
        names = {code: one.short_name for code, one in departments_by_code(session).items()}
    done = sum(item.state in ITEM_FINAL for item in items)
    key = case_number.lower()  # Prefect takes a-z, 0-9 and dashes
    link = f"[{case_number}]({settings().web_url}/cases/{case_number})"
    state = case.outcome.label if case.outcome else case.state.label
    rows = [_row(item, names[item.department_code]) for item in items]
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
