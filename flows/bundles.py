"""The flow of each bundle (一件事): plan, fan out, suspend while people work, join, conclude."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated
from uuid import UUID, uuid4

from prefect import Flow, flow
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.exceptions import Pause
from prefect.states import Cancelled, Completed, Failed, Suspended
from prefect.utilities.engine import propose_state_sync
from pydantic import Field

from config.catalogue import catalogue
from models.case import Case, find_case, items_of
from models.conducting import nothing_to_do
from models.database import transaction
from rules.bundle import Bundle
from rules.errors import NotFound
from rules.identifiers import fault_of_case_number
from rules.planning import Facts, ItemFacts, Step, StepKind, plan
from rules.states import CASE_CLOSED
from tasks.departments import open_department, settle_department
from tasks.discretion import discreet
from tasks.issuing import issue_results
from tasks.prefect_api import prefect_client
from tasks.showing import show_progress

CaseNumber = Annotated[str, Field(description="办件编号，例如 000000-B1-20260306-000001-2", max_length=50)]


def flow_of(bundle: Bundle) -> Flow[[str], State[None]]:
    """The flow of one bundle. Its one parameter is a case number; everything else is in the record."""

    @flow(name=bundle.name, description=bundle.summary, persist_result=False)
    def handle_case(case_number: CaseNumber) -> State[None]:
        run = _own_run()
        with discreet(case_number):
            if stray := _stray(run, case_number, bundle):
                return stray
            case = _in_step(run, case_number)
            return _conclude(case) if case.state in CASE_CLOSED else _suspend(run)

    return handle_case


def _own_run() -> UUID:
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None  # noqa: S101, PT018  only ever called by the engine
    return context.flow_run.id


def _stray(run: UUID, case_number: str, bundle: Bundle) -> State[None] | None:
    """A run somebody started by hand: for no case, or beside the case's own run. It changes nothing."""
    if fault := fault_of_case_number(case_number):
        return Failed(name="编号有误", message=fault)
    try:
        with transaction() as session:
            case = find_case(session, case_number)
    except NotFound as missing:
        return Failed(name="没有此办件", message=str(missing))
    if case.bundle_code != bundle.code:
        return Failed(
            name="不是此一件事", message=f"办件 {case_number} 属于 {case.bundle_code}，不属于{bundle.name}。"
        )
    if case.flow_run_id != run:
        return Cancelled(name="已有运行", message=f"办件 {case_number} 已有自己的运行，本次不做任何事。")
    return None


def _in_step(run: UUID, case_number: str) -> Case:
    """Take step after step until Prefect shows what the record says, and no news came meanwhile."""
    while True:
        case, facts = _facts(case_number)
        if steps := plan(facts):
            _take(run, case_number, steps)
            continue
        show_progress(run, case_number)
        if _seen_everything(case):
            return case


def _facts(case_number: str) -> tuple[Case, Facts]:
    with transaction() as session:
        case = find_case(session, case_number)
        items = [
            ItemFacts(item.number, item.state, item.handed_over_at is not None, item.task_run_id is not None)
            for item in items_of(session, case_number)
        ]
    return case, Facts(case.state, case.issued_at is not None, items)


def _take(run: UUID, case_number: str, steps: tuple[Step, ...]) -> None:
    """All departments of a wave at once."""
    taking: dict[StepKind, Callable[[Step], object]] = {
        StepKind.OPEN: lambda step: open_department(run, step.item),
        StepKind.ISSUE: lambda _: issue_results(case_number),
    }
    waves = [step for step in steps if step.kind is StepKind.OPEN]
    with ThreadPoolExecutor(max_workers=max(1, len(waves))) as departments:
        list(departments.map(taking[StepKind.OPEN], waves))
    for step in steps:
        if step.kind is not StepKind.OPEN:
            taking[step.kind](step)


def _seen_everything(case: Case) -> bool:
    """No act has come since we looked; otherwise look again rather than sleep on news."""
    with transaction() as session:
        return nothing_to_do(session, case.number, case.revision)


def _conclude(case: Case) -> State[None]:
    """Settle every department's task run, then end in the state named after the joint answer."""
    with transaction() as session:
        items = items_of(session, case.number)
    for item in items:
        if item.shown is not item.state:
            settle_department(item)
    return Completed(name=case.outcome.label if case.outcome else case.state.label)


def _suspend(run: UUID) -> State[None]:
    """Give the worker back until there is news. The key is new each time: a used one would not suspend."""
    state: State[None] = Suspended(pause_key=str(uuid4()))
    state.state_details.pause_timeout = None  # a department may take months
    state.message = "等待部门办理"
    accepted = propose_state_sync(prefect_client(), state, flow_run_id=run)
    raise Pause(state=accepted)


# A flow for each bundle under a name that prefect.yaml can point at: flows.bundles.open_a_restaurant.
FLOWS = {bundle.code: flow_of(bundle) for bundle in catalogue().values()}
globals().update({bundle.slug.replace("-", "_"): FLOWS[code] for code, bundle in catalogue().items()})
