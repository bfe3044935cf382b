"""prefect.yaml, the catalogue and the flows say the same."""

import string
from dataclasses import replace

from prefect.exceptions import InvalidNameError

from config.catalogue import catalogue
from config.lint_references import NOT_IN_A_NAME
from config.settings import settings
from flows.bundles import flow_of
from flows.deployments import described, flow_at


def test_every_bundle_has_its_deployment_with_the_one_parameter() -> None:
    bundles = {one["name"]: one for one in described() if one["entrypoint"].startswith("flows.bundles.")}
    assert set(bundles) == {bundle.slug for bundle in catalogue().values()}
    for bundle in catalogue().values():
        flow = flow_at(bundles[bundle.slug]["entrypoint"])
        assert flow.name == bundle.name
        assert list(flow.parameters.properties) == ["case_number"]


def test_what_prefect_keeps_of_a_failed_pass_lies_in_the_data_folder() -> None:
    """The request to its server is among it, password and all: nothing to lie beside the code."""
    assert flow_of(catalogue()["B1"]).result_storage == settings().prefect_home / "results"


def test_the_linter_forbids_what_prefect_forbids_in_a_name() -> None:
    """Otherwise the next start finds a flow it cannot make, and nothing at all is conducted."""
    bundle = catalogue()["B1"]

    def is_refused(sign: str) -> bool:
        try:
            flow_of(replace(bundle, name=f"办{sign}事"))
        except InvalidNameError:
            return True
        return False

    forbidden = {sign for sign in string.printable if is_refused(sign)}
    assert forbidden == {sign for sign in string.printable if NOT_IN_A_NAME.search(sign)} - set("\r\n")
    assert forbidden


def test_every_scheduled_flow_exists_and_never_overlaps_itself() -> None:
    scheduled = [one for one in described() if one.get("schedules")]
    assert scheduled
    for deployment in scheduled:
        assert flow_at(deployment["entrypoint"])
        assert deployment["concurrency_limit"]["limit"] == 1
