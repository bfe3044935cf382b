"""Does each guide tell the nine elements that must be published, each with its source?"""

import re
from dataclasses import replace

import pytest

from config.catalogue import catalogue, departments
from rules.bundle import Guide
from tests.web.hall import somebody
from web.guides import MARKS, UNKNOWN, elements, source_said

NINE = ["名称", "设置依据", "办理流程", "办理期限", "所需材料", "收费情况", "受理地点", "监督电话", "责任人"]
MARK = re.compile(r"\[[CLGA]\]|assumption")
EVERY = pytest.mark.parametrize("code", list(catalogue()))


@EVERY
def test_all_nine_with_their_sources(code: str) -> None:
    found = elements(catalogue()[code])
    assert [element.name for element in found] == NINE
    for element in found:
        assert element.lines, element.name
        assert all(line.strip() and line != UNKNOWN for line in element.lines), element.name
        assert any(word in element.source for word in MARKS.values()), element.name


@EVERY
def test_the_page_shows_them_and_leads_to_the_form(code: str) -> None:
    bundle = catalogue()[code]
    page = somebody().get(f"/guides/{bundle.slug}").text
    for element in elements(bundle):
        for line in (element.name, *element.lines):
            assert line in page, line
    assert f'href="/apply/{bundle.slug}"' in page
    assert "data-print" in page
    assert not MARK.search(page), "the catalogue's marks are not for citizens"
    lead = departments()[bundle.lead_department]
    assert page.index("咨询电话") < page.index(lead.phone) < page.index("九项要素")


def test_words_still_tell_law_from_custom() -> None:
    assert source_said("[C]") == source_said("C").join("（）") == "（已核对法律原文）"
    assert source_said("安阳：5 个工作日 [L]") == "安阳：5 个工作日（外地或者地方的做法）"
    assert "尚未核实" in source_said("条例 [G]")
    for unsure in ("", "assumption", "assumption：最长 15 个工作日", "一日 [A]"):
        assert "本市尚未公布，暂按惯例" in source_said(unsure)


@EVERY
def test_telephones_are_fictional(code: str) -> None:
    assert catalogue()[code].guide.supervision_phone.startswith("000-")


def test_an_older_version_without_a_guide_says_what_is_not_published() -> None:
    old = replace(catalogue()["B1"], guide=Guide())
    said = {element.name: element.lines for element in elements(old)}
    assert said["责任人"] == (UNKNOWN,)
    assert said["监督电话"][0].startswith("000-")  # the department's own
