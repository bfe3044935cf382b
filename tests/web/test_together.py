"""Work between departments at the desks: who has it, what others ask, and a calm page for whoever comes too late."""

from datetime import UTC, datetime, timedelta

import pytest

from actions.acting import Asked
from actions.deciding import grant
from actions.doing import do
from actions.gatherings import arrange
from models.account import Account
from models.audit import timeline
from models.case import Case
from models.database import transaction
from models.together import GatheringKind
from rules.bundle import Bundle
from rules.moments import CHINA, china_text
from rules.states import ItemState
from tests.joint import FIRE, PLAIN, SECOND, STEPPED, a_joint_case, item_of, offered
from tests.people import CLERK, MANAGER, account
from tests.web.hall import Browser, a_case_today, at_desk, somebody, words

__all__ = ["offered"]  # a fixture

TODAY = datetime.now(UTC)


@pytest.fixture
def case(city: None, offered: Bundle) -> Case:
    with transaction() as session:
        return a_joint_case(session, at=TODAY - timedelta(minutes=5))


def taken(case: Case, name: str, who: str, item: str = "", **data: object) -> None:
    with transaction() as session:
        do(name, Asked(session, case.number, item, data, account(session, who), datetime.now(UTC)))


def state(case: Case, code: str) -> ItemState:
    with transaction() as session:
        return item_of(session, case, code).state


def recorded(case: Case) -> int:
    with transaction() as session:
        return len(timeline(session, case.number))


def act(browser: Browser, case: Case, name: str, item: str = "", **fields: str) -> tuple[int, str]:
    answer = browser.post(f"/cases/{case.number}/acts/{name}", {"item": item} | fields)
    return answer.status_code, words(answer)


def test_the_tabs_of_the_desk(case: Case) -> None:
    """Failure story 17: what nobody has claimed shows to everybody."""
    mine, other = at_desk("market"), at_desk(SECOND)
    for desk in (mine, other):
        assert case.number in desk.text("/desk")
        assert case.number in desk.text("/desk?whose=free")
        assert "您还没有领办的事项" in desk.text("/desk?whose=mine")
    assert act(mine, case, "claim", STEPPED)[0] == 303
    assert case.number in mine.text("/desk?whose=mine")
    page = other.text("/desk")
    assert case.number in page
    assert "market经办 领办" in page
    assert "承办环节" in page
    for tab in ("free", "mine"):
        assert case.number not in other.text(f"/desk?whose={tab}")
    assert "全部" in other.text("/desk?whose=nonsense")


def test_the_next_one_is_mine_first_then_what_nobody_has(city: None) -> None:
    first, second, third = a_case_today(), a_case_today(), a_case_today()
    with transaction() as session:
        session.add(
            Account(username="m2", name="周宁", role="officer", department_code="market", password_hash="!")
        )
    market = at_desk("market")
    taken(second, "claim", "m2", "B1-1")
    answer = market.post("/desk/next", {"after": first.number})
    assert answer.headers["location"] == f"/cases/{third.number}?done=claim.B1-1", "second is 周宁's"
    answer = market.post("/desk/next", {"after": second.number})
    assert answer.headers["location"] == f"/cases/{third.number}?done=claim.B1-1", (
        "first is open to all, third is mine by now"
    )


def test_claimed_by_a_colleague_the_text_is_kept(case: Case) -> None:
    taken(case, "claim", "market", STEPPED)
    other = at_desk(SECOND)
    assert "由您决定" not in other.text(f"/cases/{case.number}")
    status, page = act(other, case, "pass-on", STEPPED, opinion="材料属实，同意报送。")
    assert status == 409
    assert "已由 market经办 领办" in page
    assert "材料属实，同意报送。" in page


def test_too_late_for_an_item_that_was_handed_on(case: Case) -> None:
    """Failure story 18: the task is still on the screen of somebody who no longer owns it."""
    health = at_desk("health")
    assert "由您决定" in health.text(f"/cases/{case.number}")
    taken(case, "reassign", MANAGER, PLAIN, department="archives", reason="属城建档案职责。")
    for path, field in (("grant", "opinion"), ("refuse", "reason")):
        answer = health.post(f"/cases/{case.number}/items/{PLAIN}/{path}", {field: "写了很久的意见"})
        assert answer.status_code == 403
        page = words(answer)
        assert "由 赵敏 转给其他部门办理，不在您部门了" in page
        assert "写了很久的意见" in page
    status, page = act(health, case, "ask-opinion", PLAIN, kind="advice", department="fire", question="写了")
    assert (status, "不在您部门了" in page, "写了" in page) == (403, True, True)
    assert "不在您部门了" in words(health.get(f"/cases/{case.number}"))
    done = health.text("/desk/done")
    assert "已转出" in done
    assert "转给城建档案" in done
    archives = at_desk("archives")
    assert case.number in archives.text("/desk")
    assert "属城建档案职责。" in archives.text(f"/cases/{case.number}")
    assert state(case, PLAIN) is ItemState.IN_REVIEW


def test_nothing_is_chosen_for_anybody(case: Case) -> None:
    head = at_desk("health-head")
    page = head.get(f"/cases/{case.number}/acts").text
    for label in ("转给哪个部门", "方式"):
        field = page.partition(f">{label} <")[2].partition("</select>")[0]
        assert field.partition("<option")[2].startswith(' value="">请选择'), label
    asked = page.partition(f'action="/cases/{case.number}/acts/ask-opinion"')[2].partition("</form>")[0]
    assert 'value="tax"' in asked
    assert 'value="health"' not in asked, "one's own department is not asked from outside"
    before = recorded(case)
    for name, fields, sentence in (
        ("reassign", {"department": "", "reason": "属城建档案职责。"}, "请选择“转给哪个部门”。"),
        ("ask-opinion", {"kind": "", "department": "tax", "question": "有无欠税？"}, "请选择“方式”。"),
        ("ask-opinion", {"kind": "advice", "department": "", "question": "有无欠税？"}, "请选择其他部门"),
    ):
        status, page = act(head, case, name, PLAIN, **fields)
        assert (status, sentence in page) == (422, True), name
    assert recorded(case) == before


def test_the_head_hands_on_and_comes_back_to_the_desk(case: Case) -> None:
    head = at_desk("health-head")
    answer = head.post(
        f"/cases/{case.number}/acts/reassign",
        {"item": PLAIN, "department": "archives", "reason": "属城建档案职责。"},
    )
    where = f"/desk?done=reassign.&of={case.number}"
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    assert f"已办理：转办（{case.number}），现在由城建档案办理。" in head.text(where)
    assert "已办理" not in at_desk("tax").text(where), "only whoever did it"


def test_steps_on_the_case_page(case: Case) -> None:
    officer, head = at_desk("market"), at_desk("market-head")
    page = f"/cases/{case.number}"
    assert "由您决定" not in officer.text(page)
    assert act(officer, case, "pass-on", STEPPED, opinion="材料属实。")[0] == 303
    assert act(at_desk(SECOND), case, "pass-on", STEPPED, opinion="同意。")[0] == 303
    assert "由您决定" not in officer.text(page)
    assert "由您决定：规划核实" in head.text(page)
    assert "待批准" in head.text("/desk")
    assert act(head, case, "send-back", STEPPED, step="review", reason="请再核对。")[0] == 303
    assert "审核 " in head.text(page)
    status, text = act(head, case, "send-back", STEPPED, step="approve", reason="请再核对。")
    assert (status, "可以退回到" in text) == (422, True)


def test_an_opinion_asked_of_a_department_without_an_item(case: Case) -> None:
    tax, page = at_desk("tax"), f"/cases/{case.number}"
    assert tax.get(page).status_code == 403
    asked = {"kind": "countersign", "department": "tax", "question": "有无欠税？"}
    assert act(at_desk("health"), case, "ask-opinion", PLAIN, **asked)[0] == 303
    desk = tax.text("/desk")
    assert "待反馈意见 1 件" in desk
    assert "有无欠税？" in desk
    assert "会签：税务" in tax.text(page)
    answer = at_desk("health").post(f"{page}/items/{PLAIN}/grant", {"opinion": "同意发证"})
    assert answer.status_code == 409
    assert "还在等税务的会签意见" in words(answer)
    assert "同意发证" in words(answer)
    assert tax.post(f"{page}/items/{PLAIN}/grant").status_code == 403
    link = f"{page}/acts?open=give-opinion.{PLAIN}#give-opinion.{PLAIN}"
    assert f'href="{link}"' in tax.get("/desk").text
    form = tax.get(link)
    opened = form.text.split("<details")[1:]
    assert [" open>" in one.split("\n")[0] for one in opened if f'id="give-opinion.{PLAIN}"' in one] == [True]
    assert "health经办 于 " in words(form)
    assert "提出会签（您反馈以前，对方不能作出决定）：有无欠税？" in words(form)
    assert '<option value="">请选择</option>' in form.text
    assert " selected" not in form.text.split('name="agrees"')[1].split("</select>")[0]
    assert "请选择“是否同意”" in act(tax, case, "give-opinion", PLAIN, agrees="", answer="没有欠税。")[1]
    given = tax.post(f"{page}/acts/give-opinion", {"item": PLAIN, "agrees": "yes", "answer": "没有欠税。"})
    assert given.headers["location"] == f"/desk?done=give_opinion.&of={case.number}"
    assert "已办理：反馈意见" in tax.text(given.headers["location"])
    assert tax.get(page).status_code == 403, "only while asked"
    assert "待反馈意见" not in tax.text("/desk")
    shown = at_desk("health").text(page)
    assert "没有欠税。" in shown
    assert "同意" in shown
    assert at_desk("health").post(f"{page}/items/{PLAIN}/grant").status_code == 303


def test_a_visit_is_seen_by_all_who_go(case: Case) -> None:
    clerk = at_desk(CLERK)
    soon = (datetime.now(CHINA) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    assert act(clerk, case, "arrange-visit", planned=soon, place="示例路1号")[0] == 303
    for who in ("fire", "urban"):
        desk = at_desk(who).text("/desk")
        assert "联合踏勘" in desk
        assert "示例路1号" in desk
    assert "示例路1号" not in at_desk("health").text("/desk")
    status, page = act(clerk, case, "record-visit", officers="张伟", minutes="看过。")
    assert (status, "至少两名" in page) == (422, True)
    found = {"officers": "张伟、王芳", "minutes": "逐项查看。", "findings": "B9-3：招牌超出屋檐。"}
    assert act(clerk, case, "record-visit", passed=FIRE, **found)[0] == 303
    page = at_desk("urban").text(f"/cases/{case.number}")
    assert "招牌验收：未通过，招牌超出屋檐。" in page
    assert "张伟、王芳" in page
    assert at_desk("fire").post(f"/cases/{case.number}/items/{FIRE}/grant").status_code == 303


def test_put_right(case: Case) -> None:
    fire = at_desk("fire")
    assert act(fire, case, "require-rectification", FIRE, requirement="补装应急照明。")[0] == 303
    page = fire.text(f"/cases/{case.number}")
    assert "整改中" in page
    assert "补装应急照明。" in page
    assert act(fire, case, "reinspect", FIRE, passed="yes", finding="已装好。")[0] == 303
    assert "复验合格：已装好。" in fire.text(f"/cases/{case.number}")


def test_overdue_the_desk_is_told_to_inspect(city: None, offered: Bundle) -> None:
    long_ago = TODAY - timedelta(days=40)
    with transaction() as session:
        case = a_joint_case(session, at=long_ago)
        fire = account(session, "fire")
        do(
            "require-rectification",
            Asked(session, case.number, FIRE, {"requirement": "补装。"}, fire, long_ago),
        )
    assert "整改逾期，请复验后决定" in at_desk("fire").text("/desk")
    assert "整改逾期，请复验后决定" in at_desk("fire").text(f"/cases/{case.number}")
    assert state(case, FIRE) is ItemState.RECTIFYING


def test_urged(case: Case) -> None:
    manager = at_desk(MANAGER)
    assert act(manager, case, "urge", PLAIN, words="请本周办结。")[0] == 303
    status, page = act(manager, case, "urge", PLAIN, words="再催一次")
    assert (status, "今天已经督办过" in page, "再催一次" in page) == (409, True, True)
    health, number = at_desk("health"), f"/cases/{case.number}"
    assert "赵敏 督办：请本周办结。" in health.text("/desk")
    said = f"督办“档案验收”： 请本周办结。 赵敏 {china_text(datetime.now(UTC))[:10]}"
    assert said in health.text(number).partition("由您决定")[0], "above what is to be done"
    assert said not in at_desk("fire").text(number), "another department's"
    with transaction() as session:
        item_of(session, case, PLAIN).urged_at = None  # as an item that is handled anew begins
    assert said not in health.text(number), "it was about the earlier round"
    assert act(manager, case, "urge", PLAIN, words="请本周办结。")[0] == 303
    assert said in health.text(number)
    assert health.post(f"{number}/items/{PLAIN}/grant").status_code == 303
    assert said not in health.text(number), "it is done"


def test_delegations(case: Case) -> None:
    officer, second = at_desk("market"), at_desk(SECOND)
    today = datetime.now(CHINA).date()
    given = {
        "username": "market",
        "stand_in": SECOND,
        "from": today.isoformat(),
        "until": (today + timedelta(days=3)).isoformat(),
        "reason": "休假",
    }
    assert "现在没有委托" in officer.text("/delegations")
    wrong = officer.post("/delegations", given | {"until": (today - timedelta(days=1)).isoformat()})
    assert wrong.status_code == 422
    assert "早于开始日期" in words(wrong)
    assert 'value="休假"' in wrong.text
    assert officer.post("/delegations", given | {"from": "下周"}).status_code == 422
    page = officer.get("/delegations").text
    stand_ins = page.partition('<select id="stand_in"')[2].partition("</select>")[0]
    assert "请选择" in stand_ins
    assert f'value="{SECOND}"' in stand_ins
    assert 'value="market"' not in stand_ins, "nobody stands in for herself"
    empty = officer.post("/delegations", {"username": "market"})
    assert empty.status_code == 422
    for missing in ("请选择由谁代办。", "请写明委托的原因", f"请填写日期，例如 {today}。"):
        assert missing in words(empty)
    assert "有 4 处需要修改" in words(empty)
    made = officer.post("/delegations", given)
    assert made.status_code == 303
    assert "已委托：market经办" in officer.text(made.headers["location"])
    again = officer.post("/delegations", given)
    assert (again.status_code, "同一天只能委托一人" in words(again)) == (409, True)
    taken(case, "claim", "market", STEPPED)
    assert "您现在代 market经办" in second.text("/delegations")
    assert case.number in second.text("/desk?whose=mine")
    assert act(second, case, "pass-on", STEPPED, opinion="材料属实。")[0] == 303
    assert "周宁（代 market经办）" in second.text(f"/cases/{case.number}")
    link = next(line for line in officer.get("/delegations").text.splitlines() if "/end" in line)
    path = link.split('action="')[1].split('"')[0]
    assert second.post(path).status_code == 403
    assert "/end" not in second.get("/delegations").text
    assert officer.post(path).status_code == 303
    assert officer.post("/delegations/nonsense/end").status_code == 404
    assert "现在没有委托" in officer.text("/delegations")
    assert at_desk(CLERK).get("/delegations").status_code == 403


def test_nothing_of_it_in_a_case_without(city: None) -> None:
    case = a_case_today()
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=datetime.now(UTC))
    assert "部门协作" not in at_desk("fire").text(f"/cases/{case.number}")


def test_the_desk_lists_only_gatherings_to_come(case: Case) -> None:
    with transaction() as session:
        arrange(
            session,
            case.number,
            GatheringKind.MEETING,
            datetime.now(UTC) + timedelta(days=1),
            "三楼会议室",
            by=account(session, CLERK),
            at=datetime.now(UTC),
            subject="消防",
        )
    assert "三楼会议室" in at_desk("health").text("/desk")
    taken(case, "cancel-meeting", "health-head", reason="谈妥了。")
    assert "三楼会议室" not in at_desk("health").text("/desk")
    assert "谈妥了。" in at_desk("health").text(f"/cases/{case.number}")


def test_the_applicant_sees_what_to_put_right_and_when_they_come(case: Case) -> None:
    soon = (datetime.now(CHINA) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    taken(case, "arrange-visit", CLERK, planned=soon, place="示例路1号")
    taken(case, "require-rectification", "fire", FIRE, requirement="补装应急照明。")
    visitor = somebody()
    visitor.post("/track", {"number": case.number, "code": case.query_code})
    page = visitor.text(f"/track/{case.number}")
    for word in ("联合踏勘", "示例路1号", "请整改：消防验收", "补装应急照明。", "等您整改后复验"):
        assert word in page
    taken(case, "reinspect", "fire", FIRE, passed=True, finding="已装。")
    taken(case, "cancel-visit", CLERK, reason="下雨。")
    page = visitor.text(f"/track/{case.number}")
    assert "请整改" not in page
    assert "只来一次" not in page
