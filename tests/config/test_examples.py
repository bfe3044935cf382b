"""Every bundle has an example application that the rules find faultless."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.catalogue import BUNDLES, catalogue
from config.reading import read
from rules.application import Agent, Applicant, Application, Supplied, check_applicant, check_materials
from rules.people import ApplicantKind
from rules.selecting import complete_answers, items_called_for, materials_called_for

EXAMPLES = BUNDLES.parent.parent / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))


def the_application(content: dict[str, Any]) -> Application:
    applicant = content["applicant"] | {"kind": ApplicantKind(content["applicant"]["kind"])}
    return Application(
        bundle=content["bundle"],
        applicant=Applicant(**applicant),
        answers=content["answers"],
        address=content["address"],
        agent=Agent(**content["agent"]) if content["agent"] else None,
        supplied=tuple(Supplied(material["id"]) for material in content["materials"]),
        deferred=tuple(content["deferred"]),
    )


def test_there_is_one_for_each_bundle() -> None:
    assert [file.name for file in FILES] == [file.name for file in sorted(BUNDLES.glob("*.yaml"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_can_be_submitted_as_it_is(file: Path) -> None:
    reading = read(file)
    assert not reading.faults
    bundle = catalogue()[reading.content["bundle"]]
    assert bundle.slug == file.stem
    application = the_application(reading.content)
    check_applicant(application, bundle, date(2026, 3, 6))
    answers = complete_answers(bundle, application.answers)
    wanted = materials_called_for(bundle, items_called_for(bundle, answers), answers)
    check_materials(application, wanted, bundle)
    brought = {supplied.spec_id for supplied in application.supplied} | set(application.deferred)
    assert brought <= {material.id for material in wanted}, "nothing is brought that nobody asks for"
    for material in reading.content["materials"]:
        assert "file" not in material or (EXAMPLES / material["file"]).is_file()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_its_people_are_fictional(file: Path) -> None:
    content = read(file).content
    people = [content["applicant"], *([content["agent"]] if content["agent"] else [])]
    for person in people:
        assert person["phone"].startswith("138000000")
        assert person["id_number"].startswith(("000000", "91000000"))


def test_the_restaurant_calls_for_six_items_of_five_departments() -> None:
    bundle = catalogue()["B1"]
    content = read(EXAMPLES / "open-a-restaurant.yaml").content
    items = items_called_for(bundle, complete_answers(bundle, content["answers"]))
    assert [item.code for item in items] == [f"B1-{number}" for number in range(1, 7)]
    assert {item.department for item in items} == {"market", "urban", "fire", "health", "tobacco"}
