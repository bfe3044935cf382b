"""Does compose.yaml say what the platform understands? There is no Docker here: it is read, nothing is started."""

import re
from pathlib import Path
from typing import Any

import pytest
from prefect.settings.legacy import _get_settings_fields
from prefect.settings.models.root import Settings as PrefectsSettings
from ruamel.yaml import YAML

from cli.main import COMMANDS
from config.settings import PREFIX, SECRET, Settings
from hosting.serving import NAMES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = YAML(typ="safe", pure=True).load(TEXT)
OURS = {name: one for name, one in COMPOSE["services"].items() if one["image"] == "yijianshi"}
OF_REDIS = "PREFECT_REDIS_MESSAGING_"  # of the package prefect-redis, which only the image has


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_ours(name: str) -> None:
    command, *rest = OURS[name]["command"]
    assert command in COMMANDS
    assert rest == [] if command == "migrate" else rest[0] in NAMES


def test_every_program_has_its_service() -> None:
    served = {one["command"][-1] for one in OURS.values()}
    assert served == {*NAMES, "migrate"} - {"prefect"}, "there is not one Prefect server, but several"


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_known(name: str) -> None:
    ours = {f"{PREFIX}{one.upper()}" for one in Settings.model_fields} | {f"{PREFIX}SETTINGS"}
    prefects = set(_get_settings_fields(PrefectsSettings))
    for variable in OURS[name]["environment"]:
        assert variable in ours | prefects or variable.startswith(OF_REDIS), variable


def test_no_secret_is_written_in_it() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            setting = name.removeprefix(PREFIX).lower()
            assert setting not in SECRET, f"{name} belongs in a file below secrets/"
            if "PASSWORD" in name:
                assert value.startswith(("${", "/run/secrets/")), name
    assert all(one["file"].startswith("./secrets/") for one in COMPOSE["secrets"].values())


def test_what_services_name_is_there() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= set(services), name
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"]), name
        assert set(service.get("networks", ())) <= set(COMPOSE["networks"]), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith("./") else source in COMPOSE["volumes"], (
                name
            )


def test_the_proxy_is_the_one_that_is_trusted() -> None:
    at = COMPOSE["services"]["proxy"]["networks"]["inside"]["ipv4_address"]
    assert {one["environment"]["YJS_TRUSTED_PROXIES"] for one in OURS.values()} == {at}
    asked = set(re.findall(r"http://([\w-]+):", (ROOT / "container/nginx.conf").read_text(encoding="utf-8")))
    assert asked == {"web", "prefect-api"}


def test_the_image_installs_by_the_pins() -> None:
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"YJS_(\w+)=", recipe)) <= {name.upper() for name in Settings.model_fields}
    assert "-c constraints.txt -e '.[redis]'" in recipe
    assert re.search(r"^prefect-redis==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
