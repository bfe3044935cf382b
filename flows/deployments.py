"""What does Prefect know of our flows? Registers what prefect.yaml describes; doing it again changes nothing."""

from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists
from prefect.utilities.callables import parameter_schema
from ruamel.yaml import YAML

from config.settings import settings
from models.case import Case

POOL = "yijianshi"
DEFAULT_QUEUE = "default"  # Prefect makes it with the pool
DESCRIPTION = Path(__file__).parent.parent / "prefect.yaml"


def described() -> Iterator[dict[str, Any]]:
    """Every deployment of prefect.yaml."""
    yield from YAML(typ="safe", pure=True).load(DESCRIPTION.read_text(encoding="utf-8"))["deployments"]


def flow_at(entrypoint: str) -> Flow[..., Any]:
    """The flow at a dotted entrypoint: flows.bundles.open_a_restaurant."""
    module, name = entrypoint.rsplit(".", 1)
    found = getattr(import_module(module), name)
    assert isinstance(found, Flow)  # noqa: S101  a test holds prefect.yaml against the flows
    return found


def queue_of(case: Case) -> str:
    """The queue of the pool in which its runs wait: its county's, or the installation's."""
    return (case.district or settings().region)[:6]


def queues_of(client: SyncPrefectClient, districts: str) -> list[str]:
    """The queues that a worker for these districts asks for, made where they are missing; none of them is all.

    What is scheduled lies in the default queue, and belongs to every worker.
    """
    for district in districts.split():
        with suppress(ObjectAlreadyExists):
            client.create_work_queue(district, work_pool_name=POOL)
    return [*districts.split(), DEFAULT_QUEUE] if districts else []


def register(client: SyncPrefectClient) -> dict[str, UUID]:
    """Make the work pool and every deployment known; their ids by name."""
    with suppress(ObjectAlreadyExists):  # an earlier start made it
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    return {deployment["name"]: _register(client, deployment) for deployment in described()}


def _register(client: SyncPrefectClient, deployment: dict[str, Any]) -> UUID:
    flow = flow_at(deployment["entrypoint"])
    limit = deployment.get("concurrency_limit")
    return client.create_deployment(
        flow_id=client.create_flow(flow),
        name=deployment["name"],
        description=deployment["description"],
        tags=deployment["tags"],
        entrypoint=deployment["entrypoint"],
        work_pool_name=POOL,
        schedules=[
            DeploymentScheduleCreate(schedule=CronSchedule(**schedule), active=True)
            for schedule in deployment.get("schedules", [])
        ],
        concurrency_limit=limit["limit"] if limit else None,
        concurrency_options=ConcurrencyOptions(collision_strategy=limit["collision_strategy"])
        if limit
        else None,
        parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
        enforce_parameter_schema=True,
    )
