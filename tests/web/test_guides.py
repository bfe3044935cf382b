"""Does each guide tell the nine elements that must be published, each with its source?"""

import re
from dataclasses import replace

import pytest

from config.catalogue import catalogue
from rules.bundle import Guide
from tests.web.hall import somebody
from web.guides import UNKNOWN, elements

NINE = ["名称", "设置依据", "办理流程", "办理期限", "所需材料", "收费情况", "受理地点", "监督电话", "责任人"]
MARK = re.compile(r"\[[CLGA]\]")
EVERY = pytest.mark.parametrize("code", list(catalogue()))


@EVERY
def test_all_nine_with_their_sources(code: str) -> None:
    found = elements(catalogue()[code])
    assert [element.name for element in found] == NINE
    for element in found:
        assert element.lines, element.name
        assert all(line.strip() and line != UNKNOWN for line in element.lines), element.name
        assert MARK.search(element.source), element.name


@EVERY
def test_the_page_shows_them_and_leads_to_the_form(code: str) -> None:
    bundle = catalogue()[code]
    page = somebody().get(f"/guides/{bundle.slug}").text
    for element in elements(bundle):
        for line in (element.name, *element.lines):
            assert line in page, line
    assert f'href="/apply/{bundle.slug}"' in page
    assert "data-print" in page
    assert "assumption" not in page


@EVERY
def test_telephones_are_fictional(code: str) -> None:
    assert catalogue()[code].guide.supervision_phone.startswith("000-")


def test_an_older_version_without_a_guide_says_what_is_not_published() -> None:
    old = replace(catalogue()["B1"], guide=Guide())
    said = {element.name: element.lines for element in elements(old)}
    assert said["责任人"] == (UNKNOWN,)
    assert said["监督电话"][0].startswith("000-")  # the department's own
