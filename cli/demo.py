"""`yjs demo`: one application of each bundle through the running platform, departments deciding in parallel."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from sqlmodel import Session

from actions.accepting import accept
from actions.applying import submit
from actions.deciding import grant
from actions.desk_work import pass_on
from actions.gatherings import Minutes, arrange, hold, wanting
from actions.readying import spec_of
from cli.application_file import read_application_file
from cli.cases import CLERK
from config.settings import settings
from models.account import account_named, officer_of, responsible_for
from models.case import find_case, items_of
from models.database import transaction
from models.together import GatheringKind
from rules.errors import Refused, WrongState
from rules.states import ITEM_FINAL, DeskStep, ItemState

EXAMPLES = Path(__file__).parent.parent / "examples"
THINKING = (0.2, 1.0)  # seconds an officer of the demo looks at a case
PATIENCE = 120.0  # seconds we wait for Prefect to catch up


def demo(
    examples: Annotated[Path, typer.Option(help="申请文件所在的文件夹")] = EXAMPLES,
) -> None:
    """八个一件事各办一件：提交、受理、各部门并行办理、办结、制证。"""
    files = sorted(examples.glob("*.yaml"))
    if not files:
        raise Refused(f"{examples} 里没有申请文件。")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[now]}"), console=Console(stderr=True)) as progress:
        numbers = [_submit(file) for file in files]
        bars = {number: _bar(progress, number) for number in numbers}
        with ThreadPoolExecutor(max_workers=len(numbers)) as hall:
            list(hall.map(lambda number: _live(progress, bars[number], number), numbers))
    for number in numbers:
        with transaction() as session:
            case = find_case(session, number)
            typer.echo(
                f"{number}  {case.outcome.label if case.outcome else case.state.label}  查询码 {case.query_code}"
            )


def _submit(file: Path) -> str:
    with transaction() as session:
        clerk = account_named(session, CLERK)
        application, _ = read_application_file(file)
        now = datetime.now(UTC)
        case = submit(session, application, by=clerk, region=settings().region, at=now)
        accept(session, case.number, by=clerk, at=now)
        return case.number


def _bar(progress: Progress, number: str) -> TaskID:
    with transaction() as session:
        return progress.add_task(number, total=len(items_of(session, number)) + 1, now="已受理")


def _live(progress: Progress, bar: TaskID, number: str) -> None:
    """Every department decides what lies open on its desk, all at the same time, until nothing is open."""
    _visit(number)
    while open_items := _open_items(number):
        with ThreadPoolExecutor(max_workers=len(open_items)) as departments:
            done = list(departments.map(lambda code: _decide(number, code), open_items))
        if not any(done):
            raise Refused(f"办件 {number} 等待补交材料或特别程序，演示不再继续。")
        progress.update(bar, completed=_final(number), now="办理中")
    _wait_for_results(number)
    progress.update(bar, completed=_final(number) + 1, now="已办结，可以领取")


def _open_items(number: str) -> list[str]:
    with transaction() as session:
        return [item.code for item in items_of(session, number) if item.state is ItemState.IN_REVIEW]


def _final(number: str) -> int:
    with transaction() as session:
        return sum(item.state in ITEM_FINAL for item in items_of(session, number))


def _visit(number: str) -> None:
    """One joint visit for all items that need one, the window arranges and records it."""
    kind = GatheringKind.VISIT
    with transaction() as session:
        case, now = find_case(session, number), datetime.now(UTC)
        visited = [item.code for item in wanting(session, case, kind)]
        clerk = account_named(session, CLERK)
        if not visited:
            return
        planned = now + timedelta(seconds=THINKING[1])
        arrange(session, number, kind, planned, case.address, by=clerk, at=now)
    time.sleep(THINKING[1])
    with transaction() as session:
        minutes = Minutes(("王芳", "张伟"), "逐项查看，符合要求。", tuple(visited))
        hold(session, number, kind, minutes, by=account_named(session, CLERK), at=datetime.now(UTC))


def step_on(session: Session, number: str, code: str, *, at: datetime) -> None:
    """One person's part of an item: pass it on, or decide it in its last step."""
    item = next(item for item in items_of(session, number) if item.code == code)
    case = find_case(session, number)
    steps = spec_of(session, case, item).steps
    officer = officer_of(session, item.department_code, case.district)
    head = account_named(session, responsible_for(session, item.department_code, case.district))
    by = officer if len(steps) == 1 or item.step is DeskStep.HANDLE else head
    if item.step is not steps[-1]:
        pass_on(session, number, code, "材料属实，同意。", by=by, at=at)
    else:
        grant(session, number, code, by=by, at=at)


def _decide(number: str, code: str) -> bool:
    """Was there anything to do?"""
    time.sleep(random.uniform(*THINKING))  # noqa: S311  an officer of the demo thinks; nothing secret
    try:
        with transaction() as session:
            step_on(session, number, code, at=datetime.now(UTC))
    except WrongState:
        return False  # waits for another department's decision; the next round tries again
    return True


def _wait_for_results(number: str) -> None:
    """Certificates are made by the case's flow run."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with transaction() as session:
            if find_case(session, number).issued_at:
                return
        time.sleep(0.3)
    raise Refused(
        f"办件 {number} 已办结，但 Prefect 在 {PATIENCE:.0f} 秒内没有完成制证，请运行 yjs doctor 检查。"
    )
