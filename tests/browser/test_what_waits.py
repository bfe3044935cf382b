"""What must wait, what has ended, what is searched for: can everybody read it?"""

from datetime import UTC, datetime

from actions.accepting import accept
from actions.applying import submit
from actions.deciding import grant
from actions.extending import extend_item
from actions.opinions import Question, ask_opinion
from models.account import account_named
from models.database import transaction
from models.together import OpinionKind
from tests.browser.conftest import At
from tests.browser.test_accessible import look_at
from tests.people import an_application


def test_no_button_where_an_act_would_be_refused(at: At) -> None:
    """Also: an opinion that nobody gave, an extension, the lists narrowed."""
    now = datetime.now(UTC)
    with transaction() as session:
        clerk, market = account_named(session, "chuangkou"), account_named(session, "market")
        whole = an_application().supplied
        kept = tuple(one for one in whole if one.spec_id != "M-FOOD-RULES")
        owing = an_application(supplied=kept, deferred=("M-FOOD-RULES",))
        number = submit(session, owing, by=clerk, region="000000", at=now).number
        accept(session, number, by=clerk, at=now)
        advice = Question(OpinionKind.ADVICE, "tax", "有无欠税？")
        ask_opinion(session, number, "B1-1", advice, by=market, at=now)
        grant(session, number, "B1-1", by=market, at=now)
        head = account_named(session, "market-head")
        extend_item(session, number, "B1-2", "须送检餐具。", by=head, at=now)
        fire = account_named(session, "fire")
        ask_opinion(
            session, number, "B1-4", Question(OpinionKind.COUNTERSIGN, "tax", "有无欠税？"), by=fire, at=now
        )
    officer = at("market", f"/cases/{number}")
    officer.get_by_text("现在还不能准予").wait_for()
    assert officer.get_by_role("button", name="准予", exact=True).count() == 0
    officer.get_by_text("未反馈，已办结").wait_for()
    look_at(officer, "case-held")
    for path, name in (
        ("/desk", "desk-extended"),
        ("/desk/done?q=陈", "desk-done-found"),
        ("/desk/done?q=没有", "desk-done-none"),
    ):
        officer.goto(path)
        look_at(officer, name)
    waiting = at("fire", f"/cases/{number}")
    waiting.get_by_text("现在还不能作出决定").wait_for()
    look_at(waiting, "case-held-by-opinion")
    asked = at("tax", f"/cases/{number}/acts")
    asked.get_by_text("反馈意见期限").wait_for()
    look_at(asked, "acts-opinion")
    manager = at("guanli", f"/inbox?case={number[-8:]}&channel=email")
    look_at(manager, "inbox-found")
    manager.goto("/inbox?case=12&event=ready")
    look_at(manager, "inbox-none")
