"""`yjs calendar`, `yjs clocks`, `yjs cards` as people type them, on a real PostgreSQL."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actions.asking import Sent, send
from actions.deciding import grant
from actions.enquiring import answer as answer_letter
from actions.enquiring import appeal, extend, settle_appeal
from actions.extending import extend_case, extend_item
from actions.listing_gaps import list_gap
from actions.rating import Given, rate
from actions.rectifying import require_rectification
from actions.supervising import fire_due_rungs
from actions.supplementing import ask_supplement
from actions.suspending import Procedure, start_special
from cli import calendar
from config.settings import settings
from models.audit import timeline
from models.case import find_case, materials_of
from models.database import transaction
from models.enquiry import enquiry_of_rating, find_enquiry
from models.notice import notices_of
from models.supervision import open_dates_beyond_tables
from rules.calendar import YearTable
from rules.notices import Event
from rules.states import Act
from tests.actions.small import FORM, PLAN, a_bundle, a_case_of, an_item, working_days
from tests.commands import answer, refusal, yjs
from tests.people import CLERK, GOVERNOR, MANAGER, MORNING, a_case, a_city, account, head_of

LATE = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def city(fresh_database: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YJS_DATA", str(tmp_path / "data"))
        settings.cache_clear()
        with transaction() as session:
            a_city(session)
        yield
    settings.cache_clear()


def a_table(path: Path, year: int = 2027, **changes: Any) -> Path:
    """A fictional notice for 2027, with 元旦 three days long and a Sunday worked for it."""
    days = [
        *({"date": f"{year}-01-0{n}", "name": "元旦", "isOffDay": True} for n in (1, 2, 3)),
        {"date": f"{year}-01-10", "name": "元旦", "isOffDay": False},
    ]
    path.write_text(json.dumps({"year": year, "papers": [], "days": days} | changes), encoding="utf-8")
    return path


def a_case_into_2027() -> str:
    with transaction() as session:
        return a_case(session, at=LATE).number


def test_a_new_table_dates_open_clocks_anew_and_tells_whose_date_moved(tmp_path: Path) -> None:
    number = a_case_into_2027()
    with transaction() as session:
        count, until = open_dates_beyond_tables(session)
        assert find_case(session, number).legal_due_on == date(2027, 1, 22)
        assert find_case(session, number).due_provisional
    assert (count, until) == (1, date(2026, 12, 31))
    told = answer("calendar", "import", str(a_table(tmp_path / "2027.json")))
    assert (told["year"], told["cases"], told["moved"]) == (2027, 1, 0), (
        "a holiday and a worked Sunday: no move"
    )
    with transaction() as session:
        assert open_dates_beyond_tables(session) == (0, date(2027, 12, 31))
        assert not find_case(session, number).due_provisional
    two_days = [{"date": "2027-01-01", "name": "元旦", "isOffDay": True}]
    corrected = a_table(tmp_path / "corrected.json", days=two_days)
    assert answer("calendar", "import", str(corrected))["moved"] == 1, "nobody works on that Sunday after all"
    longer = [{"date": f"2027-01-0{n}", "name": "元旦", "isOffDay": True} for n in (1, 2, 3, 4)]
    assert answer("calendar", "import", str(a_table(tmp_path / "longer.json", days=longer)))["moved"] == 1
    assert answer("calendar", "import", str(corrected))["moved"] == 1
    assert answer("calendar", "import", str(tmp_path / "longer.json"))["moved"] == 1, "to and fro, each told"
    with transaction() as session:
        case = find_case(session, number)
        moves = [entry.facts for entry in timeline(session, number) if entry.act is Act.RECALCULATE]
        told_of = [notice for notice in notices_of(session, number) if notice.event is Event.DATE_MOVED]
    assert case.legal_due_on == date(2027, 1, 26)
    assert moves[-1] == {"clock": "法定期限", "old": "2027-01-25", "new": "2027-01-26", "provisional": False}
    assert len(told_of) == 4 * 2, "by SMS and by e-mail"


def test_a_case_accepted_while_the_table_is_being_adopted_is_dated_by_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def adopt(file: Path, table: YearTable) -> None:
        made.append(a_case_into_2027())
        adopting(file, table)

    adopting = calendar._adopt
    monkeypatch.setattr(calendar, "_adopt", adopt)
    assert answer("calendar", "import", str(a_table(tmp_path / "2027.json")))["cases"] == 1
    with transaction() as session:
        assert not find_case(session, made[0]).due_provisional


def test_a_table_with_something_odd_is_adopted_with_a_word_of_warning(tmp_path: Path) -> None:
    result = yjs("calendar", "import", str(a_table(tmp_path / "2027.json")))
    assert result.exit_code == 0
    assert "没有春节" in result.stderr
    assert "已采用 2027 年" in result.stdout
    assert [table["year"] for table in answer("calendar", "list")] == [2025, 2026, 2027]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"days": [{"date": "2027-02-30", "name": "春节", "isOffDay": True}]}, "没有“2027-02-30”这一天"),
        ({"days": [{"date": "2027-01-01", "name": "元旦", "isOffDay": True}] * 2}, "写了两次"),
        (
            {"days": [{"date": f"2027-10-0{n}", "name": "国庆节", "isOffDay": True} for n in (1, 2, 4, 5)]},
            "缺少 2027-10-03",
        ),
        ({"year": 26}, "year 应是"),
        ({"days": []}, "不能是空的"),
    ],
)
def test_a_faulty_table_is_refused_and_nothing_changes(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    number = a_case_into_2027()
    assert said in refusal("calendar", "import", str(a_table(tmp_path / "faulty.json", **changes)))
    assert [table["year"] for table in answer("calendar", "list")] == [2025, 2026]
    with transaction() as session:
        assert find_case(session, number).due_provisional
        assert Act.RECALCULATE not in [entry.act for entry in timeline(session, number)]


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "text.json").write_text("2027", encoding="utf-8")
    assert "JSON 对象" in refusal("calendar", "import", str(tmp_path / "text.json"))
    assert "读不了" in refusal("calendar", "import", str(tmp_path / "none.json"))
    assert "读不了" in refusal("calendar", "import", str(tmp_path))


def test_a_second_file_for_the_same_year_is_not_left_beside_the_first(tmp_path: Path) -> None:
    folder = settings().data / "calendar"
    folder.mkdir(parents=True)
    a_table(folder / "mine.json")
    assert "mine.json 也是 2027 年的表" in refusal("calendar", "import", str(a_table(tmp_path / "2027.json")))
    assert [file.name for file in folder.iterdir()] == ["mine.json"]


def test_a_table_of_another_region_moves_nothing_here(tmp_path: Path) -> None:
    a_case_into_2027()
    result = yjs("calendar", "import", str(a_table(tmp_path / "there.json", region="111111")))
    assert result.exit_code == 0
    assert "期限不受影响" in result.stderr
    assert "重算 0 个办件" in result.stdout


def test_a_local_holiday_of_this_year_moves_what_runs_over_it(tmp_path: Path) -> None:
    with transaction() as session:
        number = a_case(session).number
        before = find_case(session, number).promised_due_on
    local = {"region": "000000", "title": "示例市放假通知"}
    days = [{"date": "2026-03-16", "name": "本地节日", "isOffDay": True}]
    told = answer("calendar", "import", str(a_table(tmp_path / "local.json", 2026, days=days, **local)))
    assert told["moved"] == 2, "promised and statutory of the case; the item at once is done on the day"
    with transaction() as session:
        assert (before, find_case(session, number).promised_due_on) == (date(2026, 3, 25), date(2026, 3, 26))


def test_whoever_was_told_a_day_is_told_that_it_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the applicant owes, and an item whose extension they were told of; the paper's own day moves too."""
    law = replace(working_days(20, "某条例"), extend=10)
    owing = an_item(1, materials=("M-FORM", "M-PLAN"))
    bundle = a_bundle(
        owing, an_item(2, legal=law), an_item(3, "fire", rectify=working_days(5)), materials=(FORM, PLAN)
    )
    with transaction() as session:
        number = a_case_of(session, bundle, monkeypatch, deferred=("M-PLAN",)).number
        fire = account(session, "fire")
        require_rectification(session, number, "B9-3", "疏散通道堆物，须清理。", by=fire, at=MORNING)
        extend_item(session, number, "B9-2", "情况复杂。", by=head_of(session, "market"), at=MORNING)
        asked = a_case_of(session, bundle, monkeypatch, accepted=False).number
        list_gap(session, asked, "M-FORM", "缺负责人签字", by=account(session, "market"), at=MORNING)
        ask_supplement(session, asked, by=account(session, CLERK), at=MORNING)
    days = [{"date": "2026-03-12", "name": "本地节日", "isOffDay": True}]
    local = a_table(tmp_path / "local.json", 2026, days=days, region="000000", title="示例市放假通知")
    answer("calendar", "import", str(local))
    with transaction() as session:
        told = {
            (one.facts["clock"], one.facts["item"]): (one.facts["new"], one.facts["yours"])
            for case in (number, asked)
            for one in notices_of(session, case)
            if one.event is Event.DATE_MOVED
        }
        plan = next(one for one in materials_of(session, number) if one.spec_id == "M-PLAN")
    assert told == {
        ("法定期限", None): ("2026-04-21", False),  # the case, which has no other limit of the law
        ("法定期限", "事项2"): ("2026-04-21", False),
        ("整改期限", "事项3"): ("2026-03-16", True),
        ("容缺补齐期限", None): ("2026-03-16", True),
        ("补正期限", None): ("2026-03-30", True),
    }
    assert plan.promised_on == date(2026, 3, 16)


def a_case_with_everything() -> str:
    with transaction() as session:
        number = a_case(session).number
        grant(session, number, "B1-1", by=account(session, "market"), at=MORNING)
        experts = Procedure("检验检测", "需抽样送检。", 9)
        start_special(session, number, "B1-2", experts, by=head_of(session, "market"), at=MORNING)
        extend_case(
            session, number, "情况复杂。", "示政批〔2026〕1号", by=account(session, GOVERNOR), at=MORNING
        )
    return number


def test_why_this_date_with_who_suspended_and_who_extended() -> None:
    number = a_case_with_everything()
    found = answer("clocks", number)
    food = next(one for one in found if one["item"] == "B1-2" and one["kind"] == "statutory")
    assert food["suspended"]
    assert food["due"] is None
    assert food["suspensions"][0]["approved_by_name"] == "market负责人"
    assert "market负责人批准" in food["trace"][-1]["why"]
    joint = next(one for one in found if one["item"] is None and one["kind"] == "statutory")
    assert joint["extended"]
    assert joint["limit"] == {"n": 45, "unit": "working_day", "text": "45个工作日"}
    assert joint["extension"] == {
        "n": 15,
        "approved_by": GOVERNOR,
        "approved_by_name": "李建国",
        "reason": "情况复杂。",
        "document": "示政批〔2026〕1号",
        "on": "2026-03-06",
    }
    text = yjs("clocks", number).stdout
    assert "暂停计时" in text
    assert "延长 15 个工作日：2026-03-06，李建国批准，示政批〔2026〕1号，情况复杂。" in text
    sign = answer("clocks", number, "--item", "B1-3")
    assert {one["item"] for one in sign} == {"B1-3"}
    assert sum(line["counted"] for line in sign[0]["trace"]) == sign[0]["limit"]["n"]


def test_clocks_of_what_is_not_there() -> None:
    number = a_case_with_everything()
    assert "没有事项" in refusal("clocks", number, "--item", "B1-9")
    assert "校验位不对" in refusal("clocks", number[:-1] + str((int(number[-1]) + 1) % 10))


def test_cards_are_listed_explained_and_closed() -> None:
    with transaction() as session:
        number = a_case(session, accepted=False).number
        fire_due_rungs(session, number, at=datetime(2026, 3, 16, 2, tzinfo=UTC))
    assert {card["level"] for card in answer("cards", "--open")} == {"warning", "red"}
    red = next(card for card in answer("cards") if card["level"] == "red")
    assert (red["rule"], red["case_no"]) == ("notice-passed", number)
    assert "还没有说明" in refusal("cards", "close", red["number"], "--as", MANAGER)
    assert "不能办理" in refusal("cards", "explain", red["number"], "--as", MANAGER, "--text", "说明")
    assert "请写明" in refusal("cards", "explain", red["number"], "--as", "linxiao", "--text", " ")
    assert "没有编号为" in refusal("cards", "close", "JC1", "--as", MANAGER)
    assert answer("cards", "explain", red["number"], "--as", "linxiao", "--text", "窗口漏办。")["explanation"]
    assert "已销号" in yjs("cards", "close", red["number"], "--as", MANAGER).stdout
    assert "由 赵敏 销号" in refusal("cards", "close", red["number"], "--as", MANAGER)
    assert [card["level"] for card in answer("cards", "--open")] == ["warning"]
    assert "红牌" in yjs("cards").stdout


def test_a_new_table_dates_letters_anew_by_their_course(tmp_path: Path) -> None:
    asked, day = datetime(2026, 12, 30, 2, tzinfo=UTC), timedelta(days=1)  # a Wednesday
    with transaction() as session:
        case = a_case(session, at=asked)
        plain, extended = (
            send(session, Sent("consult", "怎样办理？请告诉我。", key * 32, "market"), at=asked)
            for key in "ke"
        )
        extend(session, extended.number, "要请示。", by=head_of(session, "market"), at=asked)
        bad = rate(session, case.number, Given("submission-20261230", "dissatisfied"), at=asked)
        rated = enquiry_of_rating(session, bad.id)
        assert rated is not None
        appeal(session, rated.number, "malicious", "没有这回事。", by=account(session, CLERK), at=asked + day)
        settle_appeal(
            session, rated.number, "有。", upheld=False, by=account(session, MANAGER), at=asked + day
        )
        answered = send(session, Sent("consult", "怎样办理？请告诉我。", "a" * 32, "market"), at=asked)
        answer_letter(session, answered.number, "带身份证。", by=account(session, "market"), at=asked)
        numbers = [one.number for one in (plain, extended, rated, answered)]

    def days() -> list[tuple[date, date | None]]:
        with transaction() as session:
            return [(one.due_on, one.contact_due_on) for one in (find_enquiry(session, no) for no in numbers)]

    before = days()
    told = answer("calendar", "import", str(a_table(tmp_path / "2027.json")))
    assert told["letters"] == 3, "what is answered waits for nobody"
    assert told["moved"] == 3
    assert days() == [
        (date(2027, 1, 4), None),
        (date(2027, 1, 7), None),
        (date(2027, 1, 7), date(2027, 1, 4)),
        before[3],
    ]
    assert answer("calendar", "import", str(a_table(tmp_path / "2027.json")))["moved"] == 0
