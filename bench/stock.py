"""Prefect as it comes, for comparison: a flow served by `flow.serve`, suspended for every decision.

Run as `python -m bench.stock`, with PREFECT_API_URL set: it serves until it is ended.
"""

from prefect import flow, task
from prefect.cache_policies import INPUTS
from prefect.flow_runs import suspend_flow_run

ITEMS = ("B1-1", "B1-2", "B1-3", "B1-4", "B1-5")
NAME = "stock"


@task(persist_result=True, cache_policy=INPUTS)
def department(number: str, item: str) -> str:
    """One department's part."""
    return f"{number} {item}"


@flow(name=NAME, persist_result=True)
def stock_case(number: str) -> None:
    """A case of five decisions: a suspension for each, the finished tasks taken from their results."""
    for item in ITEMS:
        department(number, item)
        suspend_flow_run(key=item, timeout=3600)


if __name__ == "__main__":
    stock_case.serve(name=NAME, limit=16, print_starting_message=False)
