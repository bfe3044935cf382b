"""预审与补正 on the pages: what each desk sees, what the applicant does, and what happens to what was typed."""

from datetime import timedelta
from io import BytesIO

import pytest
from httpx import Response

from actions.listing_gaps import list_gap
from actions.supervising import fire_due_rungs
from actions.supplementing import Answer, answer_gap, ask_supplement
from config.settings import settings
from models.case import Case, find_case, former_versions, materials_of
from models.database import transaction
from models.supplement import Gap, gaps_of, untold_gaps
from rules.material import MaterialState
from rules.states import CaseState
from tests.people import CLERK, MANAGER, account
from tests.web.hall import PDF, Browser, a_case_today, at_desk, somebody, words
from web.entering import now

FIRE, MARKET = "fire", "market"
LAYOUT = "M-LAYOUT"


@pytest.fixture
def case(city: None) -> Case:
    return a_case_today(accepted=False)


def listed(case: Case, who: str = CLERK, spec: str = LAYOUT, what: str = "看不清，请重新提交") -> Gap:
    with transaction() as session:
        return list_gap(session, case.number, spec, what, by=account(session, who), at=now())


def asked(case: Case, *specs: str) -> None:
    for spec in specs or (LAYOUT,):
        listed(case, spec=spec)
    with transaction() as session:
        ask_supplement(session, case.number, by=account(session, CLERK), at=now())


def answered(case: Case, spec: str = LAYOUT) -> None:
    with transaction() as session:
        answer_gap(session, case.number, spec, Answer("已补"), by=None, at=now())


def lapsed(case: Case) -> None:
    with transaction() as session:
        fire_due_rungs(session, case.number, at=now() + timedelta(days=60))


def state(case: Case) -> CaseState:
    with transaction() as session:
        return find_case(session, case.number).state


def applicant_of(case: Case) -> Browser:
    browser = somebody()
    browser.post("/track", {"number": case.number, "code": case.query_code})
    return browser


def page_of(case: Case) -> str:
    return f"/cases/{case.number}/supplement"


def test_a_department_finds_the_case_before_acceptance_sees_its_papers_and_lists(case: Case) -> None:
    fire = at_desk(FIRE)
    desk = fire.text("/desk")
    assert "预审 1 件" in desk
    assert case.number in desk
    assert case.number not in at_desk("tax").text("/desk")
    assert "材料" in fire.text(f"/cases/{case.number}")
    form = fire.text(page_of(case))
    assert "提出缺件" in form
    assert "发出补正告知" not in form
    fields = {"material": "M-FIRE-TECHNICAL", "what": "缺消防平面图"}
    assert fire.post(f"{page_of(case)}/list-gap", fields).status_code == 303
    assert "缺消防平面图" in fire.text(f"/cases/{case.number}")
    assert "已提出 1 处" in fire.text("/desk")
    assert "部门已提出 1 处缺件" in at_desk(CLERK).text("/window")


def test_a_department_of_no_item_neither_sees_nor_lists(case: Case) -> None:
    tax = at_desk("tax")
    assert tax.get(page_of(case)).status_code == 403
    answer = tax.post(f"{page_of(case)}/list-gap", {"material": LAYOUT, "what": "缺"})
    assert answer.status_code == 403
    assert somebody().get(page_of(case)).headers["location"].startswith("/sign-in")


def test_a_file_may_be_opened_before_acceptance(case: Case) -> None:
    asked(case)
    browser = applicant_of(case)
    upload(browser, case)
    with transaction() as session:
        paper = next(one for one in materials_of(session, case.number) if one.spec_id == LAYOUT)
    assert state(case) is CaseState.SUBMITTED
    assert at_desk(MARKET).get(f"/materials/{paper.id}").content == PDF
    assert at_desk("tax").get(f"/materials/{paper.id}").status_code == 403
    assert "第 1 版" in at_desk(MARKET).text(f"/cases/{case.number}")


def upload(
    browser: Browser, case: Case, spec: str = LAYOUT, content: bytes = PDF, text: str = ""
) -> Response:
    return browser.post(
        f"/track/{case.number}/supplement/{spec}",
        {"words": text},
        files={"file": ("布局图.pdf", BytesIO(content))},
    )


def test_the_clerk_sees_one_merged_draft_and_sends_it(case: Case) -> None:
    listed(case, CLERK)
    listed(case, MARKET)
    listed(case, FIRE, "M-FIRE-TECHNICAL", "缺消防平面图")
    clerk = at_desk(CLERK)
    draft = clerk.text(page_of(case))
    assert draft.count("看不清，请重新提交 ") == 1 + 2, "once in the draft, twice to choose what to drop"
    assert "综合窗口、市场监管" in draft
    mark = clerk.get(page_of(case)).text.split('name="draft" value="')[1][:12]
    listed(case, FIRE, "address", "门牌号不全")
    late = clerk.post(f"{page_of(case)}/ask-supplement", {"draft": mark})
    assert late.status_code == 409
    assert "请看过最新的汇总" in words(late)
    mark = clerk.get(page_of(case)).text.split('name="draft" value="')[1][:12]
    assert clerk.post(f"{page_of(case)}/ask-supplement", {"draft": mark}).status_code == 303
    assert state(case) is CaseState.CORRECTION
    assert "待补正 1 件" in clerk.text("/window")
    assert f"补正告知 {case.number}-BZ" in clerk.text(f"/cases/{case.number}")


def test_what_an_officer_typed_is_not_lost_when_the_clerk_was_faster(case: Case) -> None:
    fire = at_desk(FIRE)
    asked(case)
    answer = fire.post(f"{page_of(case)}/list-gap", {"material": "M-FIRE-TECHNICAL", "what": "缺消防平面图"})
    assert answer.status_code == 409
    assert "一次发出，不能再加" in words(answer)
    assert "缺消防平面图" in words(answer)


def test_faults_stand_beside_their_fields_and_the_rest_is_kept(case: Case) -> None:
    fire = at_desk(FIRE)
    answer = fire.post(f"{page_of(case)}/list-gap", {"material": "M-FOOD-RULES", "what": "缺比例"})
    assert answer.status_code == 422
    assert "您的事项用到的材料" in words(answer)
    assert "缺比例" in answer.text
    assert fire.post(f"{page_of(case)}/nonsense", {}).status_code == 404


def test_dropping_needs_a_reason_which_the_department_reads(case: Case) -> None:
    gap = listed(case, FIRE, "M-FIRE-TECHNICAL", "缺消防平面图")
    clerk = at_desk(CLERK)
    blank = clerk.post(f"{page_of(case)}/drop-gap", {"gap": str(gap.id)})
    assert blank.status_code == 422
    done = clerk.post(f"{page_of(case)}/drop-gap", {"gap": str(gap.id), "reason": "图在第三页"})
    assert done.status_code == 303
    assert "图在第三页" in at_desk(FIRE).text(f"/cases/{case.number}")


def test_the_applicant_answers_part_by_part(case: Case) -> None:
    asked(case, LAYOUT, "address")
    browser = applicant_of(case)
    assert "请补正材料：还差 2 项" in browser.text(f"/track/{case.number}")
    page = browser.text(f"/track/{case.number}/supplement")
    assert "还差 2 项，共 2 项" in page
    assert "剩 15 个工作日" in page
    assert "由窗口和有关部门决定" in page
    assert "24 点前" in page
    for name in ("林晓", CLERK, "经办"):
        assert name not in page
    assert upload(browser, case).status_code == 303
    page = browser.text(f"/track/{case.number}/supplement")
    assert "还差 1 项，共 2 项" in page
    assert "布局图.pdf" in page
    assert state(case) is CaseState.CORRECTION
    browser.post(f"/track/{case.number}/supplement/address", {"words": "示例路1号2楼"})
    assert state(case) is CaseState.SUBMITTED
    assert "已经收齐" in browser.text(f"/track/{case.number}/supplement")
    assert "已经补齐，请再预审" not in at_desk(FIRE).text("/desk"), "fire asked for nothing"
    with transaction() as session:
        [old] = former_versions(session, case.number)
        assert old.state is MaterialState.ON_PAPER


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"MZ\x90 not a paper", 415, "类型不接受"),
        (b"", 415, "是空的"),
        (b"%PDF-1.4" + b"0" * (2 << 20), 413, "1 MB"),
    ],
)
def test_a_file_that_may_not_be_is_said_beside_it_and_leaves_nothing(
    case: Case, content: bytes, status: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YJS_UPLOAD_LIMIT_MB", "1")
    settings.cache_clear()
    asked(case)
    browser = applicant_of(case)
    if status == 413:
        content = content[: (1 << 20) + 10]
    answer = upload(browser, case, content=content, text="这是新图")
    assert answer.status_code == status
    assert sentence in words(answer)
    assert "这是新图" in answer.text
    assert not [path for path in settings().uploads.glob("*") if path.is_file()]
    with transaction() as session:
        assert not former_versions(session, case.number)


def test_a_refused_answer_keeps_no_file(case: Case) -> None:
    asked(case, "address")
    answer = upload(applicant_of(case), case, "address", text="示例路2号")
    assert "请用文字答复" in words(answer)
    assert "示例路2号" in answer.text
    assert not [path for path in settings().uploads.glob("*") if path.is_file()]


def test_strangers_are_asked_for_the_code_and_their_files_are_not_read(case: Case) -> None:
    asked(case)
    stranger = somebody()
    form = f"/track?no={case.number}"
    for answer, asks in (
        (stranger.get(f"/track/{case.number}/supplement"), form),
        (upload(stranger, case), f"{form}&closed=1"),
    ):
        assert (answer.status_code, answer.headers["location"]) == (303, asks)
    assert not settings().uploads.exists() or not list(settings().uploads.iterdir())
    other = a_case_today(accepted=False)
    assert upload(applicant_of(other), case).status_code == 303
    with transaction() as session:
        assert gaps_of(session, case.number)[0].answered_at is None


def test_a_form_from_elsewhere_is_refused(case: Case) -> None:
    asked(case)
    browser = applicant_of(case)
    answer = browser.client.post(f"/track/{case.number}/supplement/{LAYOUT}", data={"words": "x"})
    assert answer.status_code == 403


def test_too_much_at_once_is_cut_off(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_UPLOAD_LIMIT_MB", "1")
    settings.cache_clear()
    asked(case)
    answer = upload(applicant_of(case), case, content=PDF + b"0" * (3 << 20))
    assert answer.status_code == 413


def test_the_page_stays_open_while_papers_are_looked_for(case: Case) -> None:
    asked(case)
    answer = applicant_of(case).get(f"/track/{case.number}/supplement")
    assert "yjs_case=" in answer.headers["set-cookie"]
    assert "Max-Age=900" in answer.headers["set-cookie"]


def test_a_late_click_meets_a_calm_page(case: Case) -> None:
    asked(case)
    browser = applicant_of(case)
    answered(case)
    answer = browser.post(f"/track/{case.number}/supplement/{LAYOUT}", {"words": "再补"})
    assert answer.status_code == 409
    assert "已经齐全，窗口正在核对" in words(answer)


def test_the_window_takes_paper_in(case: Case) -> None:
    asked(case)
    clerk = at_desk(CLERK)
    blank = clerk.post(f"{page_of(case)}/answers/{LAYOUT}", {})
    assert blank.status_code == 422
    done = clerk.post(f"{page_of(case)}/answers/{LAYOUT}", {"on_paper": "yes"})
    assert done.status_code == 303
    assert state(case) is CaseState.SUBMITTED
    assert at_desk(FIRE).post(f"{page_of(case)}/answers/{LAYOUT}", {"on_paper": "yes"}).status_code == 403


def test_when_everything_is_in_the_page_says_so_and_accepts(case: Case) -> None:
    asked(case)
    clerk = at_desk(CLERK)
    assert "可以受理" not in clerk.text(page_of(case))
    last = clerk.post(f"{page_of(case)}/answers/{LAYOUT}", {"on_paper": "yes"})
    page = clerk.get(last.headers["location"])
    assert "材料已经齐全，可以受理。" in words(page)
    assert "已办理：提交补正。" in words(page)
    assert f'action="/cases/{case.number}/accept"' in page.text
    assert "由综合窗口受理" in at_desk(FIRE).text(page_of(case))
    assert clerk.post(f"/cases/{case.number}/accept").status_code == 303


def test_nobody_answered_stands_on_the_desks_of_those_who_decide(case: Case) -> None:
    listed(case, FIRE, "M-FIRE-TECHNICAL", "缺消防平面图")
    asked(case)
    fire, clerk = at_desk(FIRE), at_desk(CLERK)
    assert "本部门提出过补正的 1 件" in fire.text("/desk")
    lapsed(case)
    assert "补正逾期，请决定" in fire.text("/desk")
    assert "1 件逾期待决定" in clerk.text("/window")
    assert "补正逾期，请决定" in clerk.text(page_of(case))
    assert "补正逾期，请决定" in clerk.text(f"/cases/{case.number}")
    assert "现在补齐仍然有效" in applicant_of(case).text(f"/track/{case.number}/supplement")
    blank = clerk.post(f"{page_of(case)}/decline", {})
    assert blank.status_code == 422
    done = clerk.post(f"{page_of(case)}/decline", {"reason": "逾期未补正。", "confirmed": "yes"})
    assert done.headers["location"] == f"/cases/{case.number}?done=decline."
    assert "已办理：不予受理。" in clerk.text(done.headers["location"])
    desk = fire.text("/desk")
    assert "不予受理" in desk
    assert "逾期未补正。" in desk


def test_the_leaders_page_asks_why_it_was_missed_and_the_manager_reads_the_count(case: Case) -> None:
    asked(case)
    answered(case)
    head = at_desk("market-head")
    assert "首次告知为什么漏掉" in head.text(page_of(case))
    assert "首次告知为什么漏掉" not in at_desk(MARKET).text(page_of(case))
    fields = {"material": "M-FOOD-RULES", "what": "缺签字", "missed": "经办人漏看了", "office": FIRE}
    assert head.post(f"{page_of(case)}/list-gap", fields).status_code == 303
    assert "再次告知" not in at_desk(MANAGER).text("/manage")
    with transaction() as session:
        assert untold_gaps(session, case.number)[0].override_reason == "经办人漏看了"
        ask_supplement(session, case.number, by=account(session, CLERK), at=now())
    page = at_desk(MANAGER).text("/manage")
    assert "再次告知" in page
    assert "1 消防救援" in page
    assert "经办人漏看了" in at_desk(CLERK).text(f"/cases/{case.number}")


def test_pre_review_has_pages_of_its_own(city: None) -> None:
    for _ in range(21):
        a_case_today(accepted=False)
    fire = at_desk(FIRE)
    assert "第 1 / 2 页" in fire.text("/desk")
    assert "第 2 / 2 页" in fire.text("/desk?pre=2")
    assert "第 1 / 2 页" in fire.text("/desk?pre=nonsense")


def test_the_window_may_accept_with_gaps_when_all_may_wait(case: Case) -> None:
    listed(case, MARKET, "M-FOOD-RULES", "缺签字")
    with transaction() as session:
        ask_supplement(session, case.number, by=account(session, CLERK), at=now())
    lapsed(case)
    clerk = at_desk(CLERK)
    assert "容缺受理" in clerk.text(page_of(case))
    assert clerk.post(f"{page_of(case)}/accept-deferring", {}).status_code == 303
    assert state(case) is CaseState.ACCEPTED
