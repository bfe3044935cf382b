"""Where do the record and Prefect differ, and what follows? The kinds, and what makes a run or a bar differ."""

from dataclasses import dataclass

from rules.named import Named
from rules.states import CASE_CLOSED, CaseState, ItemState

# What Prefect calls the types of its states.
STOPPED = frozenset({"CANCELLED", "CANCELLING", "FAILED", "CRASHED"})
MOVING = frozenset({"PENDING", "RUNNING"})
UNFINISHED = frozenset({"SCHEDULED", "PAUSED"}) | MOVING

# What the timeline draws. A refusal is a department's decision, never a technical failure.
# An item that was dropped or stopped and comes back may have to wait anew, and has its bar already.
BARS = {
    ItemState.WAITING: "PENDING",
    ItemState.IN_REVIEW: "RUNNING",
    ItemState.SPECIAL: "RUNNING",
    ItemState.RECTIFYING: "RUNNING",
    ItemState.GRANTED: "COMPLETED",
    ItemState.REFUSED: "COMPLETED",
    ItemState.TRANSFERRED: "COMPLETED",
    ItemState.REVOKED: "COMPLETED",
    ItemState.WITHDRAWN: "CANCELLED",
    ItemState.NOT_NEEDED: "CANCELLED",
    ItemState.DROPPED: "CANCELLED",
}


class DriftKind(Named):
    """差异. What can be repaired is repaired by the conductor, once it is told."""

    NO_RUN = "no_run", "办件已受理，没有运行，也没有安排"
    RUN_GONE = "run_gone", "办件没有结束，它的运行在 Prefect 中不存在"
    RUN_STOPPED = "run_stopped", "办件没有结束，运行却停止了"
    RUN_ENDED = "run_ended", "办件没有结束，运行却完成了"
    RUN_HANGS = "run_hangs", "运行显示正在执行，却没有进程在执行它"
    NOT_ENDED = "not_ended", "办件已经结束，运行却没有完成"
    BAR_BEHIND = "bar_behind", "事项的状态还没有告诉 Prefect"
    BAR_DIFFERS = "bar_differs", "事项在 Prefect 中的状态与记录不同"
    BAR_GONE = "bar_gone", "事项在 Prefect 中的任务不存在"
    SECOND_RUN = "second_run", "同一办件还有另一个没有结束的运行"
    NO_CASE = "no_case", "运行所说的办件不存在"
    LEASE_LAPSED = "lease_lapsed", "执行它的进程失联，租约已过期"
    WAITING = "waiting", "早该推进，没有进程来做"
    FAILING = "failing", "推进出错，系统稍后会再试"
    GIVEN_UP = "given_up", "推进多次出错，已经停下，需要人来看"


# What no process of ours can put right: somebody must look at the processes, or at the case.
FOR_PEOPLE = frozenset({DriftKind.WAITING, DriftKind.GIVEN_UP})
BY_ITSELF = frozenset({DriftKind.BAR_BEHIND, DriftKind.FAILING})  # the conductor is at it already


@dataclass(frozen=True)
class Drift:
    """One difference."""

    kind: DriftKind
    case_number: str
    found: str = ""  # what was met instead, in words
    run: str = ""
    item: str = ""
    task: str = ""

    @property
    def said(self) -> str:
        """A line for people."""
        what = f"{self.kind.label}（{self.found}）" if self.found else self.kind.label
        return f"{self.item or self.case_number}：{what}"


def run_differs(state: CaseState, run_type: str | None, *, leased: bool) -> DriftKind | None:
    """Is this how the run of a case in this state should be? None as type: Prefect does not know the run."""
    if state in CASE_CLOSED:
        return None if run_type in (None, "COMPLETED") or leased else DriftKind.NOT_ENDED
    if run_type is None:
        return DriftKind.RUN_GONE
    if run_type in STOPPED:
        return DriftKind.RUN_STOPPED
    if run_type == "COMPLETED":
        return DriftKind.RUN_ENDED
    return DriftKind.RUN_HANGS if run_type in MOVING and not leased else None


def bar_differs(state: ItemState, bar: tuple[str, str] | None) -> DriftKind | None:
    """Is the task run (type and name of its state) as an item in this state should be?"""
    if bar is None:
        return DriftKind.BAR_GONE
    return None if bar == (BARS.get(state), state.label) else DriftKind.BAR_DIFFERS
