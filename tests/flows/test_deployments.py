"""prefect.yaml, the catalogue and the flows say the same."""

from config.catalogue import catalogue
from flows.deployments import described, flow_at


def test_every_bundle_has_its_deployment_with_the_one_parameter() -> None:
    bundles = {one["name"]: one for one in described() if one["entrypoint"].startswith("flows.bundles.")}
    assert set(bundles) == {bundle.slug for bundle in catalogue().values()}
    for bundle in catalogue().values():
        flow = flow_at(bundles[bundle.slug]["entrypoint"])
        assert flow.name == bundle.name
        assert list(flow.parameters.properties) == ["case_number"]


def test_every_scheduled_flow_exists_and_never_overlaps_itself() -> None:
    scheduled = [one for one in described() if one.get("schedules")]
    assert scheduled
    for deployment in scheduled:
        assert flow_at(deployment["entrypoint"])
        assert deployment["concurrency_limit"]["limit"] == 1
