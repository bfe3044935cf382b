"""The page one lands on says what was done, and only to whoever did it."""

import re
from datetime import timedelta

import pytest

from actions.shifts import ANYBODY
from models.account import Account
from models.case import Case
from models.database import transaction
from models.notice import notices_of
from models.telling import Call
from rules.moments import china_day
from rules.people import Role
from tests.people import CLERK, MANAGER
from tests.web.hall import Browser, a_case_today, a_filled_form, a_form, at_desk
from tests.web.test_department import FIRE, released
from tests.web.test_enquiries import asked
from tests.web.test_supervision import late_case
from web.entering import now
from web.showing import day

NEXT = "suqing"  # 苏晴 has the next shift


@pytest.fixture
def clerk(city: None) -> Browser:
    return at_desk(CLERK)


def after(browser: Browser, path: str, **fields: str) -> str:
    """The page to which this act leads."""
    answer = browser.post(path, fields)
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.headers["location"])
    assert page.text.count('role="status"') == 1
    return browser.text(answer.headers["location"])


def test_accepting_says_by_when_it_will_be_done(clerk: Browser) -> None:
    case = a_case_today(accepted=False)
    page = after(clerk, f"/cases/{case.number}/accept")
    with transaction() as session:
        due = session.get_one(Case, case.number).promised_due_on
    assert f"已受理。承诺 {day(due)}前办结。" in page


def test_acts_say_their_word(clerk: Browser) -> None:
    case = released()
    fire, manager, page = at_desk(FIRE), at_desk(MANAGER), f"/cases/{case.number}"
    said = after(fire, f"{page}/acts/claim", item="B1-4")
    assert "”已由您领办。" in said
    assert "已办理：放回" in after(fire, f"{page}/acts/release", item="B1-4")
    assert "已办理：督办" in after(manager, f"{page}/acts/urge", item="B1-4", words="请抓紧。")
    corrected = after(clerk, f"{page}/acts/correct", phone="13800000009", reason="录错一位。")
    assert "已办理：更正。" in corrected
    where = {"item": "B1-4", "department": "tax", "reason": "属税务职责。"}
    handed_on = after(manager, f"/cases/{a_case_today().number}/acts/reassign", **where)
    assert "），现在由税务办理。" in handed_on.partition("已办理：转办（")[2]
    granted = after(
        fire, f"{page}/items/B1-4/grant", conditions="每季度自查。", conditions_until="2999-01-01"
    )
    assert "决定已经生效：附条件准予。" in granted


def test_a_link_claims_nothing_that_was_not_done(clerk: Browser) -> None:
    case = released()
    page = f"/cases/{case.number}"
    for claim in ("grant.B1-4", "correct.", "claim.B1-4", "nonsense", ".", "urge.B9-9"):
        assert 'role="status"' not in clerk.get(f"{page}?done={claim}").text, claim
    after(at_desk(FIRE), f"{page}/items/B1-4/grant")
    assert "决定已经生效" not in clerk.text(f"{page}?done=grant.B1-4"), "somebody else's"
    for strange in (f"{case.number}x", "%00", "x" * 3000):
        assert at_desk(FIRE).get(f"/desk?done=reassign.&of={strange}").status_code == 200


@pytest.fixture
def successor(city: None) -> Browser:
    with transaction() as session:
        session.add(Account(username=NEXT, name="苏晴", role=Role.CLERK, password_hash="!"))
    return at_desk(NEXT)


def of_the_shift(browser: Browser, step: str) -> str:
    found = re.search(rf"/window/shift/[0-9a-f-]+/{step}", browser.get("/window/shift").text)
    assert found
    return found[0]


def test_a_shift_says_what_went_to_whom(clerk: Browser, successor: Browser) -> None:
    number = a_case_today(accepted=False).number
    assert "已交出办件 1 件，等下一班接手。" in after(clerk, "/window/shift", case=number, to=ANYBODY)
    assert "已收回办件 1 件，仍由您经办。" in after(clerk, of_the_shift(clerk, "recall"))
    given = after(clerk, "/window/shift", case=number, to=NEXT, note="原件在窗口。")
    assert "已交出办件 1 件，等苏晴接手。" in given
    taken = after(successor, of_the_shift(successor, "take"))
    assert "已接手林晓的交接：办件 1 件。" in taken
    assert "已交出交接的话，等下一班接手。" in after(clerk, "/window/shift", note="钥匙在抽屉。", to=ANYBODY)


def test_cards_calls_and_letters_say_what_was_done(clerk: Browser) -> None:
    case, cards = late_case()
    card = next(one for one in cards if one.department_code == "market")
    explained = after(at_desk("market"), f"/cards/{card.number}/explain", explanation="设备故障，已修复。")
    assert f"已办理：监察说明（{case.number}）。" in explained
    closed = after(at_desk(MANAGER), f"/cards/{card.number}/close")
    assert f"已办理：监察销号（{case.number}）。" in closed
    with transaction() as session:
        notice = notices_of(session, case.number)[0].id
        session.add(Call(notice_id=notice, case_number=case.number, opened_at=now()))
    called = after(clerk, f"/calls/{notice}", note="本人接听。", outcome="reached")
    assert f"已办理：电话联系（{case.number}）。" in called
    letter, officer = asked(), at_desk("market")
    assert f"已办理：领办（{letter.number}）。" in after(officer, f"/enquiries/{letter.number}/take")
    handed_on = after(officer, f"/enquiries/{letter.number}/transfer", department="hall", reason="窗口的事")
    assert f"已办理：转办（{letter.number}），现在由综合窗口办理。" in handed_on
    answered = after(clerk, f"/enquiries/{letter.number}/answer", words="带身份证到一楼 A01。")
    assert f"已办理：答复（{letter.number}）。" in answered


def test_a_delegation_says_who_stands_in_until_when(city: None) -> None:
    with transaction() as session:
        zhou = Account(username="zhouning", name="周宁", role=Role.OFFICER, password_hash="!")
        zhou.department_code = "fire"
        session.add(zhou)
    officer, today = at_desk(FIRE), china_day(now())
    until = today + timedelta(days=3)
    fields = {"from": today.isoformat(), "until": until.isoformat(), "reason": "休假"}
    made = after(officer, "/delegations", username=FIRE, stand_in="zhouning", **fields)
    assert f"{day(today)} 至 {day(until)} 由 周宁 代办。" in made
    found = re.search(r"/delegations/[0-9a-f-]+/end", officer.get("/delegations").text)
    assert found
    assert "委托已经结束：周宁 不再代" in after(officer, found[0])


def test_stock_opinions_say_what_was_done(city: None) -> None:
    fire = at_desk(FIRE)
    form = {"used_for": "grant", "title": "材料齐全", "words": "材料齐全，准予。"}
    assert "已添加常用意见。" in after(fire, "/desk/opinions", **form)
    found = re.search(r"/desk/opinions/[0-9a-f-]{36}", fire.get("/desk/opinions").text)
    assert found
    assert "已修改常用意见。" in after(fire, found[0], **form | {"title": "符合条件"})
    assert "已删除常用意见。" in after(fire, f"{found[0]}/delete")


def test_a_form_thrown_away_is_said_once_it_is(clerk: Browser) -> None:
    form = a_form(clerk)
    clerk.post("/window/new/B1/plan", {"form": form})
    assert "已丢弃这份未提交的表。" in after(clerk, "/window/new/B1/discard", form=form)
    again = clerk.post("/window/new/B1/discard", {"form": form})
    assert again.headers["location"] == "/window", "there was nothing to throw away"
    fields = a_filled_form(clerk)
    assert clerk.post("/window/new/B1", fields).status_code == 303
    sent = clerk.post("/window/new/B1/discard", {"form": fields["form"]})
    assert sent.headers["location"] == "/window", "it is a case"


def test_a_mark_of_one_browser_says_nothing_in_another(clerk: Browser) -> None:
    form = a_form(clerk)
    clerk.post("/window/new/B1/plan", {"form": form})
    link = clerk.post("/window/new/B1/discard", {"form": form}).headers["location"]
    marked = 'role="status"'
    assert marked in clerk.get(link).text
    assert marked not in at_desk(CLERK).get(link).text, "the same person's, elsewhere"
    for claim in (
        link.replace("discarded", "dropped"),
        link[:-1],
        "/window?done=discarded.",
        "/window?done=discarded.字",
    ):
        assert marked not in clerk.get(claim).text, claim


def test_no_link_claims_what_somebody_did_at_another_desk(clerk: Browser, successor: Browser) -> None:
    number = a_case_today(accepted=False).number
    given = clerk.post("/window/shift", {"case": number, "to": ANYBODY}).headers["location"]
    letter = asked()
    at_desk("market").post(f"/enquiries/{letter.number}/take")
    marked = 'role="status"'
    assert marked in clerk.get(given).text
    assert marked not in successor.get(given).text, "somebody else's"
    for claim in ("taken", "recalled", "given<b>"):
        assert marked not in clerk.get(given.replace("given", claim)).text, claim
    assert marked not in at_desk("market-head").get(f"/enquiries?done=take.{letter.number}").text
    assert marked not in at_desk("market").get(f"/enquiries?done=answer.{letter.number}").text
    desks = {"/window": clerk, "/window/shift": clerk, "/enquiries": clerk, "/calls": clerk}
    for path, browser in (desks | {"/cards": at_desk(FIRE), "/delegations": at_desk(FIRE)}).items():
        for made_up in (
            "已办结",
            "given.",
            "taken.00000000",
            "call.&of=x",
            "take.ZX1",
            "%00.%00",
            "a" * 3000,
        ):
            page = browser.get(f"{path}?done={made_up}")
            assert (page.status_code, marked in page.text) == (200, False), (path, made_up)
