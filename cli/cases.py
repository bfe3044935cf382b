"""`yjs apply`, `yjs case`, `yjs decide`: the same acts as the pages, for scripts."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlmodel import Session

from actions.accepting import accept
from actions.applying import submit
from actions.deciding import grant, refuse
from actions.describing import describe
from actions.storing import discard
from cli.application_file import read_application_file
from config.settings import settings
from models.account import Account
from models.case import Case, find_case
from models.database import transaction
from models.districts import acting
from models.supervision import marks
from rules.application import Application
from rules.errors import NotFound
from rules.identifiers import fault_of_case_number

CLERK = "chuangkou"  # the account of the window in the demo city

As = Annotated[str, typer.Option("--as", metavar="USER", help="以哪个账号的身份和权限办理")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出")]


class Decision(StrEnum):
    grant = "grant"
    refuse = "refuse"


def apply(
    file: Annotated[Path, typer.Argument(help="申请文件（YAML），样例见 examples/")],
    as_user: As = CLERK,
    as_json: AsJson = False,
) -> None:
    """提交一份申请；文件写明 accept: true 的，同时受理。"""
    application, accept_at_once = read_application_file(file)
    try:
        answer, label = _apply(application, accept_at_once, as_user)
    except BaseException:
        discard(application.supplied, folder=settings().uploads)
        raise
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        typer.echo(f"办件编号 {answer['case_no']}  查询码 {answer['query_code']}  {label}")


def _apply(application: Application, accept_at_once: bool, as_user: str) -> tuple[dict[str, str], str]:
    with transaction() as session:
        clerk = acting(session, as_user)
        now = datetime.now(UTC)
        case = submit(session, application, by=clerk, region=settings().region, at=now)
        if accept_at_once:
            accept(session, case.number, by=clerk, at=now)
        answer = {"case_no": case.number, "query_code": case.query_code, "state": case.state.value}
        return answer, case.state.label


def case(
    number: Annotated[str, typer.Argument(metavar="NO", help="办件编号")], as_json: AsJson = False
) -> None:
    """查看一个办件和它的各个事项。"""
    with transaction() as session:
        description = describe(session, case_called(session, number), at=datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps(description, ensure_ascii=False))
    else:
        _print(description)


def decide(
    number: Annotated[str, typer.Argument(metavar="NO", help="办件编号")],
    item: Annotated[str, typer.Argument(help="事项编号，例如 B1-2")],
    decision: Annotated[Decision, typer.Argument(help="grant 准予，refuse 不予")],
    as_user: Annotated[str, typer.Option("--as", metavar="USER", help="承办部门的账号")],
    reason: Annotated[str, typer.Option(help="不予的理由（必填），或准予的意见")] = "",
    as_json: AsJson = False,
) -> None:
    """作出一个事项的决定。"""
    with transaction() as session:
        officer = acting(session, as_user)
        found = case_called(session, number)
        decided = _decide(session, found.number, item, decision, reason, officer)
        summary = f"{decided.name}：{decided.state.label}"
        session.flush()
        description = describe(session, found, at=datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps(description, ensure_ascii=False))
    else:
        typer.echo(f"{summary}。办件{description['state_label']}{description['outcome_label']}")


def _decide(
    session: Session, number: str, item: str, decision: Decision, reason: str, officer: Account
) -> Any:
    now = datetime.now(UTC)
    if decision is Decision.grant:
        return grant(session, number, item, by=officer, at=now, opinion=reason)
    return refuse(session, number, item, reason, by=officer, at=now)


def case_called(session: Session, number: str) -> Case:
    """The case with this number; a slip of the finger is told from a case that does not exist."""
    if fault := fault_of_case_number(number):
        raise NotFound(fault)
    return find_case(session, number)


def _print(description: dict[str, Any]) -> None:
    title = f"{description['case_no']}  {description['bundle_name']}  {description['state_label']}"
    table = Table(title=f"{title} {description['outcome_label']}".strip(), title_justify="left")
    for heading in ("事项", "名称", "部门", "状态", "期限"):
        table.add_column(heading)
    for item in description["items"]:
        said = marks(item["provisional"], item["suspended"], item["extended"], item["overdue"])
        due = (item["due"] or "—") + (f"（{'、'.join(said)}）" if said else "")
        table.add_row(item["item"], item["name"], item["department_name"], item["state_label"], due)
    Console().print(table)
