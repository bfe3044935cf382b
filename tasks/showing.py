"""What does a manager read on a case's run? Its progress and a table of the departments; no personal data."""

import json
from uuid import UUID

from prefect.client.schemas.actions import ArtifactCreate

from config.settings import settings
from models.account import departments_by_code
from models.case import Case, Item, find_case, items_of
from models.database import transaction
from rules.states import ITEM_FINAL
from tasks.prefect_api import prefect_client


def show_progress(run: UUID, case_number: str) -> None:
    """Publish how far the case is and who has it until when."""
    with transaction() as session:
        case = find_case(session, case_number)
        items = items_of(session, case_number)
        names = {code: one.short_name for code, one in departments_by_code(session).items()}
    done = sum(item.state in ITEM_FINAL for item in items)
    key = case_number.lower()  # Prefect takes a-z, 0-9 and dashes
    link = f"[{case_number}]({settings().web_url}/cases/{case_number})"
    headline = f"{case.outcome.label if case.outcome else case.state.label}：{done}/{len(items)} 个事项已办结　{link}"
    _publish(run, f"progress-{key}", "progress", 100.0 * done / len(items), headline)
    rows = [_row(item, names[item.department_code]) for item in items]
    _publish(
        run,
        f"departments-{key}",
        "table",
        json.dumps(rows, ensure_ascii=False),
        f"各部门办理情况　{_due(case)}",
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


def _publish(run: UUID, key: str, kind: str, data: object, description: str) -> None:
    artifact = ArtifactCreate(key=key, type=kind, data=data, description=description, flow_run_id=run)
    prefect_client().create_artifact(artifact)
