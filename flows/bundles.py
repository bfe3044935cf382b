"""The flow of each bundle (一件事): plan, fan out, suspend while people work, join, conclude."""

from typing import Annotated
from uuid import UUID, uuid4

from prefect import Flow, flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.exceptions import Pause
from prefect.states import Cancelled, Completed, Failed, Suspended
from prefect.utilities.engine import propose_state_sync
from pydantic import Field

from config.catalogue import catalogue
from config.settings import settings
from models.case import Case
from models.conducting import Conducted, conducted, nothing_to_do, run_and_bundle
from models.database import transaction
from rules.bundle import Bundle
from rules.identifiers import fault_of_case_number
from rules.planning import Facts, ItemFacts, Step, StepKind, plan
from rules.states import CASE_CLOSED
from tasks.departments import open_departments, tell_of
from tasks.discretion import discreet
from tasks.issuing import issue_results
from tasks.prefect_api import prefect_client
from tasks.showing import address_of, show_progress

CaseNumber = Annotated[str, Field(description="办件编号，例如 000000-B1-20260306-000001-2", max_length=50)]


def flow_of(bundle: Bundle) -> Flow[[str], State[None]]:
    """The flow of one bundle. Its one parameter is a case number; everything else is in the record."""

    # Prefect puts there why a pass failed, and nothing else: without a folder, every pass asks where results are.
    kept = settings().prefect_home / "results"

    @flow(name=bundle.name, description=bundle.summary, persist_result=False, result_storage=kept)
    def handle_case(case_number: CaseNumber) -> State[None]:
        run = _own_run()
        with discreet(case_number):
            if stray := _stray(run.id, case_number, bundle):
                return stray
            seen = _in_step(run, case_number)
            if seen is None:
                return _not_its_own(case_number)
            closed = seen.case.state in CASE_CLOSED
            return _conclude(run.id, seen) if closed else _suspend(run.id, case_number)

    return handle_case


def _own_run() -> FlowRun:
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None  # noqa: S101, PT018  only ever called by the engine
    return context.flow_run


def _stray(run: UUID, case_number: str, bundle: Bundle) -> State[None] | None:
    """A run somebody started by hand: for no case, or beside the case's own run. It changes nothing."""
    if fault := fault_of_case_number(case_number):
        return Failed(name="编号有误", message=fault)
    with transaction() as session:
        known = run_and_bundle(session, case_number)
    if known is None:
        return Failed(name="没有此办件", message=f"没有编号为 {case_number} 的办件。")
    own, code = known
    if code != bundle.code:
        return Failed(name="不是此一件事", message=f"办件 {case_number} 属于 {code}，不属于{bundle.name}。")
    if own != run:
        return _not_its_own(case_number)
    return None


def _not_its_own(case_number: str) -> State[None]:
    return Cancelled(name="已有运行", message=f"办件 {case_number} 已有自己的运行，本次不做任何事。")


def _in_step(run: FlowRun, case_number: str) -> Conducted | None:
    """Take step after step until Prefect shows what the record says, and no news came meanwhile.

    None: Prefect had lost this run for a while, and the case is to have another.
    """
    shown = run.run_count > 1
    while True:
        with transaction() as session:
            seen = conducted(session, case_number)
        if seen.case.flow_run_id != run.id:
            return None
        if steps := plan(_facts(seen)):
            _take(run.id, seen, steps)
            continue
        show_progress(run.id, seen, first=not shown)
        shown = True
        if _seen_everything(seen.case):
            return seen


def _facts(seen: Conducted) -> Facts:
    items = [
        ItemFacts(item.number, item.state, item.handed_over_at is not None, item.task_run_id is not None)
        for item in seen.items
    ]
    return Facts(seen.case.state, seen.case.issued_at is not None, items)


def _take(run: UUID, seen: Conducted, steps: tuple[Step, ...]) -> None:
    """All departments of a wave at once."""
    if wave := {step.item for step in steps if step.kind is StepKind.OPEN}:
        open_departments(run, seen, wave)
    if any(step.kind is StepKind.ISSUE for step in steps):
        issue_results(seen.case.number)


def _seen_everything(case: Case) -> bool:
    """Nothing has come since we looked; otherwise look again rather than sleep on news."""
    with transaction() as session:
        return nothing_to_do(session, case)


def _conclude(run: UUID, seen: Conducted) -> State[None]:
    """Settle every department's task run, then end in the state named after the joint answer."""
    behind = [item for item in seen.items if item.task_run_id and item.shown is not item.state]
    if behind:
        tell_of(run, behind, seen.departments)
    case = seen.case
    name = case.outcome.label if case.outcome else case.state.label
    return Completed(name=name, message=address_of(case.number))


def _suspend(run: UUID, case_number: str) -> State[None]:
    """Give the worker back until there is news. The key is new each time: a used one would not suspend."""
    state: State[None] = Suspended(pause_key=str(uuid4()))
    state.state_details.pause_timeout = None  # a department may take months
    state.message = f"等待部门办理 {address_of(case_number)}"  # what a state says costs no request of its own
    accepted = propose_state_sync(prefect_client(), state, flow_run_id=run)
    raise Pause(state=accepted)


# A flow for each bundle under a name that prefect.yaml can point at: flows.bundles.open_a_restaurant.
FLOWS = {bundle.code: flow_of(bundle) for bundle in catalogue().values()}
globals().update({bundle.slug.replace("-", "_"): FLOWS[code] for code, bundle in catalogue().items()})
