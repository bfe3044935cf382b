"""The clerk's day: a form filled for somebody, sent once, accepted or not."""

import json
import re

import pytest
from httpx import Response

from config.settings import settings
from models.case import find_case, materials_of
from models.database import transaction
from rules.material import MaterialState
from rules.states import CaseState
from tests.people import CLERK, a_case, an_application
from tests.web.hall import (
    ANSWERS,
    PDF,
    PERSON,
    Browser,
    a_case_today,
    a_filled_form,
    a_form,
    at_desk,
    on_paper,
    the_only_case,
    words,
)

FORM = "/window/new/B1"


@pytest.fixture
def clerk(city: None) -> Browser:
    return at_desk(CLERK)


def sent(clerk: Browser, **changes: str) -> Response:
    return clerk.post(FORM, a_filled_form(clerk, **changes) | {"do": "submit"})


def test_an_empty_queue_says_what_to_do(clerk: Browser) -> None:
    assert "没有等待受理的办件" in clerk.text("/window")


def test_the_queue_shows_what_waits(clerk: Browser) -> None:
    waiting, accepted = a_case_today(accepted=False), a_case_today()
    page = clerk.text("/window")
    assert waiting.number in page
    assert accepted.number not in page


def test_a_case_is_found_by_number_and_by_applicant(clerk: Browser) -> None:
    case = a_case_today()
    assert case.number in clerk.text(f"/window/all?q={case.number[-8:]}")
    assert case.number in clerk.text("/window/all?q=陈一")
    assert "没有符合条件的办件" in clerk.text("/window/all?q=%25")
    assert "没有符合条件的办件" in clerk.text("/window/all?q=%00%27--")


def test_long_lists_have_pages(clerk: Browser) -> None:
    with transaction() as session:
        for _ in range(21):
            a_case(session)
    assert "第 1 / 2 页" in clerk.text("/window/all")
    assert "第 2 / 2 页" in clerk.text("/window/all?page=2")
    assert "第 2 / 2 页" in clerk.text("/window/all?page=99")
    assert "第 1 / 2 页" in clerk.text("/window/all?page=x&state=nonsense")


def test_answers_add_departments_and_materials(clerk: Browser) -> None:
    small = words(clerk.post(f"{FORM}/plan", {"form": a_form(clerk)}))
    large = words(clerk.post(f"{FORM}/plan", {"form": a_form(clerk)} | ANSWERS))
    assert "消防" not in small
    assert "消防救援" in large
    assert "烟草专卖零售许可" in large
    assert "最长路径" in large


def test_the_list_is_renewed_without_a_script_too(clerk: Browser) -> None:
    answer = clerk.post(FORM, {"form": a_form(clerk), "do": "refresh"} | ANSWERS)
    assert answer.status_code == 200
    assert "烟草专卖零售许可" in words(answer)
    assert the_only_case() is None


def test_a_question_not_asked_is_hidden(clerk: Browser) -> None:
    page = clerk.get(FORM).text
    assert 'data-question="Q6" hidden' in page
    assert 'data-question="Q2">' in page


def test_submitting_gives_a_receipt_with_the_query_code(clerk: Browser) -> None:
    answer = sent(clerk)
    assert answer.status_code == 303, words(answer)
    case = the_only_case()
    assert case is not None
    receipt = clerk.text(answer.headers["location"])
    for expected in (case.number, case.query_code, "陈一诺", "纸质已收", "户外招牌", "不予受理"):
        assert expected in receipt
    assert case.state is CaseState.SUBMITTED
    page = clerk.get(answer.headers["location"]).text
    assert f'href="/cases/{case.number}">查看办件' in page
    assert f'href="/cases/{case.number}/supplement">一次性告知补正' in page


def test_one_click_submits_and_accepts(clerk: Browser) -> None:
    answer = clerk.post(FORM, a_filled_form(clerk) | {"do": "accept"})
    case = the_only_case()
    assert case is not None
    assert case.state is CaseState.ACCEPTED
    assert "各部门已经开始办理" in clerk.text(answer.headers["location"])


def test_no_question_is_answered_before_the_applicant_did(clerk: Browser) -> None:
    form = a_form(clerk)
    page = clerk.get(f"/window/new/B1?form={form}").text
    questions = page[page.index("data-question") : page.index("</section>", page.index("data-question"))]
    assert "checked" not in questions
    assert 'value="0"' not in questions
    hasty = {"form": form} | PERSON | on_paper(clerk, a_form(clerk)) | {"do": "submit"}
    said = words(clerk.post("/window/new/B1", hasty))
    for asked in ("已经有营业执照吗", "经营场所的建筑面积", "店里卖烟吗", "直接接触食品的员工"):
        assert f"请回答“{asked}" in said
    assert "请回答“消防安全检查是否选择告知承诺" not in said, "of a small shop it is not asked"
    assert the_only_case() is None


@pytest.mark.parametrize("area", ["0", "-3", "0.4"])
def test_a_restaurant_has_some_floor(clerk: Browser, area: str) -> None:
    answer = sent(clerk, **{"answers.Q2": area})
    assert answer.status_code == 422
    assert "应填写不小于 1 的数字" in words(answer)


def test_what_was_not_asked_is_neither_kept_nor_shown(clerk: Browser) -> None:
    """Seen: a file of 120 square metres said 告知承诺 是."""
    answer = sent(clerk, **{"answers.Q2": "120", "answers.Q6": "yes"})
    assert answer.status_code == 303, words(answer)
    number = answer.headers["location"].split("/")[2]
    with transaction() as session:
        answers = find_case(session, number).answers
    assert answers.keys() == {"Q1", "Q2", "Q3", "Q4", "Q5", "Q7"}
    assert "告知承诺" not in clerk.text(f"/cases/{number}")


def test_all_faults_are_shown_at_once_and_nothing_typed_is_lost(clerk: Browser) -> None:
    wrong = {
        "applicant.id_number": "000000199001010019",
        "applicant.phone": "12345",
        "applicant.email": "chen",
        "answers.Q2": "很大",
        "how.M-LAYOUT": "",
    }
    answer = sent(clerk, **wrong)
    assert answer.status_code == 422
    page = words(answer)
    for expected in ("校验位不对", "手机号应为 11 位", "电子邮箱格式不对", "应填写不小于 1 的数字"):
        assert expected in page
    for value in ("000000199001010019", "12345", "很大", "示例市示例区示例路1号"):
        assert f'value="{value}"' in answer.text
    assert the_only_case() is None


def test_a_missing_material_is_named(clerk: Browser) -> None:
    fields = {name: value for name, value in a_filled_form(clerk).items() if not name.startswith("how.")}
    answer = clerk.post(FORM, fields | {"do": "submit"})
    assert answer.status_code == 422
    assert "缺少材料“经营场所平面布局和操作流程图”，请提交。" in words(answer)


def test_a_core_material_cannot_be_deferred(clerk: Browser) -> None:
    answer = sent(clerk, **{"how.M-LAYOUT": "later"})
    assert answer.status_code == 422
    assert "不能容缺" in words(answer)


def test_an_organisation_needs_its_credit_code_and_a_contact(clerk: Browser) -> None:
    answer = sent(clerk, **{"applicant.kind": "organisation", "applicant.id_number": "91000000000000000X"})
    assert answer.status_code == 422
    assert "统一社会信用代码" in words(answer)
    assert "请填写联系人姓名" in words(answer)
    good = {"applicant.kind": "organisation", "applicant.id_number": "91000000000000000k"}
    assert sent(clerk, **good, **{"applicant.contact_name": "陈一诺"}).status_code == 303


def test_an_agent_is_checked_only_when_there_is_one(clerk: Browser) -> None:
    assert "代理人" in words(sent(clerk, **{"agent.on": "yes", "agent.name": "林一"}))
    assert sent(clerk, **{"agent.name": "林一"}).status_code == 303


def test_the_same_form_sent_twice_is_one_case(clerk: Browser) -> None:
    fields = a_filled_form(clerk) | {"do": "submit"}
    assert clerk.post(FORM, fields).status_code == 303
    again = clerk.post(FORM, fields)
    case = the_only_case()
    assert case is not None
    assert again.status_code == 409
    assert f"/cases/{case.number}" in again.text
    assert clerk.get(f"{FORM}?form={fields['form']}").status_code == 409


def test_an_unknown_bundle_is_one_sentence(clerk: Browser) -> None:
    answer = clerk.get("/window/new/B99")
    assert answer.status_code == 404
    assert "没有编号为“B99”的一件事" in words(answer)
    assert clerk.post("/window/new/B99", {"form": "0" * 32}).status_code == 404


def test_a_form_with_a_made_up_token_is_refused(clerk: Browser) -> None:
    for token in ("", "../../etc/passwd", "x" * 32):
        assert clerk.post(FORM, {"form": token, "do": "submit"}).status_code == 403


def with_file(
    clerk: Browser, content: bytes, name: str = "布局图.pdf", **changes: str
) -> tuple[dict[str, str], Response]:
    fields = a_filled_form(clerk, **changes) | {"how.M-LAYOUT": "file", "do": "submit"}
    return fields, clerk.post(FORM, fields, files={"file.M-LAYOUT": (name, content)})


def test_an_uploaded_file_is_kept_outside_the_pages_under_a_random_name(clerk: Browser) -> None:
    _, answer = with_file(clerk, PDF, "../../布局图.pdf")
    assert answer.status_code == 303, words(answer)
    case = the_only_case()
    assert case is not None
    with transaction() as session:
        [layout] = [row for row in materials_of(session, case.number) if row.spec_id == "M-LAYOUT"]
    assert layout.file_name == "布局图.pdf"
    assert (settings().uploads / layout.stored_as).read_bytes() == PDF
    assert layout.media_type == "application/pdf"
    assert not list((settings().uploads / "drafts").glob("*"))


def test_a_file_survives_a_fault_elsewhere(clerk: Browser) -> None:
    fields, answer = with_file(clerk, PDF, **{"applicant.phone": "1"})
    assert answer.status_code == 422
    assert "已上传：布局图.pdf" in words(answer)
    again = clerk.post(FORM, fields | {"applicant.phone": "13800000000"})
    assert again.status_code == 303, words(again)
    assert "已提交（布局图.pdf）" in clerk.text(again.headers["location"])


def test_a_file_too_large_is_refused_in_one_sentence(clerk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_UPLOAD_LIMIT_MB", "1")
    settings.cache_clear()
    _, answer = with_file(clerk, PDF + b" " * (1 << 20))
    assert answer.status_code == 413
    assert "文件“布局图.pdf”超过 1 MB，请压缩后再上传。" in words(answer)
    assert 'value="陈一诺"' in answer.text
    assert the_only_case() is None
    assert [path.name for path in settings().uploads.iterdir()] == ["drafts"]


def test_a_body_too_large_is_refused_before_it_is_read(
    clerk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YJS_UPLOAD_LIMIT_MB", "1")
    settings.cache_clear()
    _, answer = with_file(clerk, PDF + b" " * (12 << 20))
    assert answer.status_code == 413
    assert "一次提交的内容合计不能超过" in words(answer)


def test_a_form_without_files_may_not_be_long(clerk: Browser) -> None:
    answer = clerk.client.post("/track", data={"number": "x" * (2 << 20)})
    assert answer.status_code == 413
    assert "合计不能超过 1 MB" in words(answer)


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"", "是空的"), (b"<html><script>alert(1)</script>", "类型不接受")]
)
def test_a_file_of_another_kind_is_refused(clerk: Browser, content: bytes, sentence: str) -> None:
    _, answer = with_file(clerk, content)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert the_only_case() is None


def test_an_unfinished_form_is_offered_again_to_its_clerk_only(clerk: Browser) -> None:
    form = a_form(clerk)
    clerk.post(f"{FORM}/plan", {"form": form, "applicant.name": "陈一诺"})
    assert "陈一诺" in clerk.text("/window")
    assert 'value="陈一诺"' in clerk.get(f"{FORM}?form={form}").text
    path = settings().uploads / "drafts" / f"{form}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"owner": "other"}))
    assert "陈一诺" not in clerk.text("/window")
    assert "陈一诺" not in clerk.get(f"{FORM}?form={form}").text
    assert clerk.post(f"{FORM}/plan", {"form": form}).status_code == 403


def test_a_form_thrown_away_takes_its_files_along(clerk: Browser) -> None:
    form = a_form(clerk)
    clerk.post(FORM, {"form": form, "do": "refresh"}, files={"file.M-LAYOUT": ("a.pdf", PDF)})
    assert len(list(settings().uploads.iterdir())) == 2
    assert clerk.post(f"{FORM}/discard", {"form": form}).status_code == 303
    assert [path.name for path in settings().uploads.iterdir()] == ["drafts"]
    assert not list((settings().uploads / "drafts").iterdir())


def test_forms_nobody_came_back_to_are_swept_away_but_never_the_files_of_a_case(clerk: Browser) -> None:
    fields, answer = with_file(clerk, PDF)
    old = {"owner": CLERK, "bundle": "B1", "fields": {}, "saved_at": "2026-01-01T00:00:00+00:00"}
    stored = next(path for path in settings().uploads.iterdir() if path.is_file())
    layout = {
        "spec_id": "M-LAYOUT",
        "file_name": "a.pdf",
        "stored_as": stored.name,
        "media_type": "",
        "size": 1,
        "sha256": "",
    }
    (settings().uploads / "orphan").touch()
    for token, name in ((fields["form"], stored.name), ("0" * 32, "orphan")):
        content = old | {"token": token, "files": {"M-LAYOUT": layout | {"stored_as": name}}}
        (settings().uploads / "drafts" / f"{token}.json").write_text(json.dumps(content))
    clerk.get("/window/new")
    assert answer.status_code == 303
    assert stored.exists()
    assert {path.name for path in settings().uploads.iterdir()} == {stored.name, "drafts"}
    assert not list((settings().uploads / "drafts").iterdir())


def test_accepting_from_the_queue(clerk: Browser) -> None:
    case = a_case_today(accepted=False)
    assert clerk.post(f"/cases/{case.number}/accept").status_code == 303
    again = clerk.post(f"/cases/{case.number}/accept")
    assert again.status_code == 409
    assert "不能受理" in words(again)


def test_not_accepting_needs_a_reason(clerk: Browser) -> None:
    case = a_case_today(accepted=False)
    answer = clerk.post(f"/cases/{case.number}/decline", {"reason": "  "})
    assert answer.status_code == 422
    assert "必须写明理由" in words(answer)
    given = {"reason": "经营场所不在本市。", "confirmed": "yes"}
    assert clerk.post(f"/cases/{case.number}/decline", given).status_code == 303
    assert "经营场所不在本市。" in clerk.text(f"/cases/{case.number}")


def test_not_accepting_is_looked_at_before_it_is_done(clerk: Browser) -> None:
    case = a_case_today(accepted=False)
    target, reason = f"/cases/{case.number}/decline", {"reason": "经营场所不在本市。"}
    first = clerk.post(target, reason)
    assert first.status_code == 200
    for said in ("确认不予受理", "经营场所不在本市。", "已收件", "返回修改"):
        assert said in words(first)
    assert "已收件" in clerk.text(f"/cases/{case.number}"), "nothing is done yet"
    assert "经营场所不在本市。</textarea>" in clerk.post(target, reason | {"back": "yes"}).text
    too_long = clerk.post(target, {"reason": "不" * 2001})
    assert too_long.status_code == 422
    assert "理由请不超过 2000 字。" in words(too_long)
    assert "不" * 2001 in too_long.text
    done = clerk.post(target, reason | {"confirmed": "yes"})
    assert "已办理：不予受理。" in clerk.text(done.headers["location"])


def test_no_text_of_an_act_is_cut_silently(clerk: Browser) -> None:
    """The page refuses what is too long in a sentence; a browser that cuts it says nothing."""
    case, waiting = a_case_today(), a_case_today(accepted=False)
    market = at_desk("market")
    for desk, path in (
        (market, f"/cases/{case.number}"),
        (market, f"/cases/{case.number}/acts"),
        (clerk, f"/cases/{waiting.number}"),
        (clerk, f"/cases/{waiting.number}/supplement"),
    ):
        page = desk.get(path).text
        assert "<textarea" in page
        assert not re.search(r"<textarea[^>]*maxlength", page), path
    given = market.post(f"/cases/{case.number}/items/B1-1/grant", {"opinion": "好" * 6000})
    assert given.status_code == 422
    assert "不超过 2000 字" in words(given)
    assert "好" * 6000 in given.text


def test_a_decline_too_late_keeps_what_was_typed(clerk: Browser) -> None:
    case = a_case_today()
    answer = clerk.post(f"/cases/{case.number}/decline", {"reason": "经营场所不在本市。"})
    assert answer.status_code == 409
    assert "经营场所不在本市。" in answer.text
    assert case.number in answer.text


def a_case_with_a_gap() -> str:
    with transaction() as session:
        whole = an_application().supplied
        kept = tuple(supplied for supplied in whole if supplied.spec_id != "M-FOOD-RULES")
        return a_case(session, supplied=kept, deferred=("M-FOOD-RULES",)).number


def test_a_deferred_material_is_supplied_later(clerk: Browser) -> None:
    number = a_case_with_a_gap()
    target = f"/cases/{number}/materials/M-FOOD-RULES"
    wrong = clerk.post(target, files={"file": ("a.exe", b"MZ....")})
    assert wrong.status_code == 415
    assert "类型不接受" in words(wrong)
    assert clerk.post(target, files={"file": ("制度.pdf", PDF)}).status_code == 303
    with transaction() as session:
        states = {row.spec_id: row.state for row in materials_of(session, number)}
    assert states["M-FOOD-RULES"] is MaterialState.SUPPLIED
    assert clerk.post(target).status_code == 409


def test_the_clerk_does_not_decide(clerk: Browser) -> None:
    case = a_case_today()
    assert clerk.post(f"/cases/{case.number}/items/B1-1/grant").status_code == 403
