"""A short bad day in every run of the tests; `make faults` makes it long."""

import pytest

from bench.faults import bad_day, table

pytestmark = pytest.mark.platform
KINDS = {
    "kill worker",
    "kill conductor",
    "kill web",
    "kill prefect",
    "kill postgres",
    "cut connections",
    "fill uploads",
    "drop prefect",
}


@pytest.mark.timeout(1500)  # three minutes on a machine that does nothing else
def test_whatever_dies_nothing_is_lost_and_nothing_happens_twice() -> None:
    run = bad_day(seed=20261121, count=2 * len(KINDS), say=print)
    assert set(run.faults) == KINDS
    assert len(run.told.cases) == 3 * len(KINDS), "everybody who came was served"
    assert run.wrong == [], table(run)
