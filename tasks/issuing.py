"""制证: the results of a concluded case get their numbers, and the applicant is told."""

from datetime import UTC, datetime

from prefect import task

from actions.issuing import issue
from models.database import transaction
from tasks.discretion import discreet


@task(
    name="制证",
    task_run_name="制证·通知领取",
    retries=3,
    retry_delay_seconds=[1, 5, 30],
    persist_result=False,
)
def issue_results(case_number: str) -> None:
    """Safe to run twice: the action looks under the lock whether it has been done."""
    with discreet(case_number), transaction() as session:
        issue(session, case_number, at=datetime.now(UTC))
