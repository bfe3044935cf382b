"""Does each guide tell the nine elements that must be published, each with its source?"""

import re
from dataclasses import replace

import pytest

from config.catalogue import catalogue, departments
from documents import blank_forms
from rules.bundle import Guide, Limit, Unit
from rules.selecting import HOURS_A_DAY, Path
from tests.web.hall import somebody, words
from web.guides import MARKS, UNKNOWN, elements, source_said
from web.planning import path_said

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


@EVERY
def test_a_blank_form_to_be_filled_in_by_hand(code: str) -> None:
    bundle, browser = catalogue()[code], somebody()
    path = f"/guides/{bundle.slug}/form.pdf"
    assert f'href="{path}"' in browser.get(f"/guides/{bundle.slug}").text
    answer = browser.get(path)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")
    assert b"pdfaid" in answer.content, "it says that it is PDF/A"
    assert len(answer.content) < 300_000
    known = browser.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_no_form_of_what_is_not_on_offer() -> None:
    answer = somebody().get("/guides/nothing/form.pdf")
    assert (answer.status_code, "没有编号为“nothing”" in words(answer)) == (404, True)


@EVERY
def test_every_question_item_and_paper_is_on_the_blank_form(code: str) -> None:
    bundle = catalogue()[code]
    content = blank_forms._content(bundle)
    assert [one["text"] for one in content["questions"]] == [one.text for one in bundle.questions]
    assert [one["name"] for one in content["items"]] == [one.name for one in bundle.items]
    papers = [*(one["name"] for one in content["bring"]), *content["spared"]]
    assert sorted(papers) == sorted(one.name for one in bundle.materials)
    for paper in content["bring"]:
        spec = next(one for one in bundle.materials if one.name == paper["name"])
        assert bool(paper["later"]) is spec.deferrable
        assert not re.search(r"\bQ\d", paper["when"])


def test_the_form_changes_with_its_version_and_is_typeset_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = catalogue()["B1"]
    first = blank_forms.blank_form(bundle)
    monkeypatch.setattr(blank_forms.typst, "compile", None)  # it would fail
    assert blank_forms.blank_form(bundle) == first
    monkeypatch.undo()
    changed = blank_forms.blank_form(replace(bundle, name="开办小餐饮店“一件事”"))
    assert changed.mark != first.mark
    assert changed.pdf != first.pdf


def test_two_numbers_of_days_are_told_apart() -> None:
    limit = Limit(13, Unit.WORKING_DAY)
    said = path_said(Path(8 * HOURS_A_DAY, ("B1-1", "B1-2")), limit)
    assert said.startswith("8 个工作日是环环相扣的这几项")
    assert "整件事从受理到办结，以承诺的 13个工作日为准" in said
    assert "用时最长的这一项" in path_said(Path(8 * HOURS_A_DAY, ("B1-2",)), limit)
    assert path_said(Path(13 * HOURS_A_DAY, ("B1-2",)), limit) == "", "nothing to tell apart"
    assert path_said(Path(13 * HOURS_A_DAY, ("B1-2",)), Limit(13, Unit.CALENDAR_DAY))
    assert path_said(Path(0, ()), limit) == ""
    guide = somebody().text("/guides/open-a-restaurant")
    assert "事项最多时的最长路径：企业营业执照信息核验 →" in guide
