"""When does a run, or the bar of an item, differ from what the record says?"""

import pytest

from rules.drifting import BARS, Drift, DriftKind, bar_differs, run_differs
from rules.states import CaseState, ItemState


@pytest.mark.parametrize(
    ("state", "run_type", "kind"),
    [
        (CaseState.ACCEPTED, "PAUSED", None),
        (CaseState.ACCEPTED, "SCHEDULED", None),
        (CaseState.ACCEPTED, None, DriftKind.RUN_GONE),
        (CaseState.ACCEPTED, "CRASHED", DriftKind.RUN_STOPPED),
        (CaseState.ACCEPTED, "CANCELLED", DriftKind.RUN_STOPPED),
        (CaseState.ACCEPTED, "COMPLETED", DriftKind.RUN_ENDED),
        (CaseState.ACCEPTED, "RUNNING", DriftKind.RUN_HANGS),
        (CaseState.CONCLUDED, "COMPLETED", None),
        (CaseState.CONCLUDED, "RUNNING", DriftKind.NOT_ENDED),
        (CaseState.VOID, "PAUSED", DriftKind.NOT_ENDED),
        (CaseState.WITHDRAWN, "CANCELLED", DriftKind.NOT_ENDED),
        (CaseState.CONCLUDED, None, None),  # Prefect forgets; the record does not
    ],
)
def test_a_run_beside_its_case(state: CaseState, run_type: str | None, kind: DriftKind | None) -> None:
    assert run_differs(state, run_type, leased=False) is kind


def test_what_a_worker_has_in_hand_is_no_drift() -> None:
    assert run_differs(CaseState.ACCEPTED, "RUNNING", leased=True) is None
    assert run_differs(CaseState.CONCLUDED, "RUNNING", leased=True) is None


def test_a_bar_beside_its_item() -> None:
    assert bar_differs(ItemState.GRANTED, ("COMPLETED", "准予")) is None
    assert bar_differs(ItemState.GRANTED, ("COMPLETED", "不予")) is DriftKind.BAR_DIFFERS
    assert bar_differs(ItemState.IN_REVIEW, ("COMPLETED", "办理中")) is DriftKind.BAR_DIFFERS
    assert bar_differs(ItemState.IN_REVIEW, None) is DriftKind.BAR_GONE


def test_every_state_that_is_shown_has_a_bar() -> None:
    """One that comes back behind a gate waits with its bar; 待受理 ends in the transaction it begins in."""
    assert set(BARS) == set(ItemState) - {ItemState.PENDING}


def test_a_line_for_people() -> None:
    drift = Drift(DriftKind.BAR_DIFFERS, "X", "Prefect 中为“失败”", item="X-01")
    assert drift.said == "X-01：事项在 Prefect 中的状态与记录不同（Prefect 中为“失败”）"
