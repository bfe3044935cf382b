"""Is personal data gone when its time is over, never before, and does the chain still verify?"""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from actions.asking import Sent, judge, send
from actions.correcting import correct
from actions.enquiring import HALL, answer, assign, contact
from actions.erasing import erase
from actions.rating import Given, rate
from actions.viewing import view_in_full
from cli.main import app
from config.settings import settings
from documents.anchoring import make_anchor
from models.account import Account
from models.case import find_case, items_of, materials_of
from models.database import owner_transaction, transaction
from models.document import documents_of
from models.enquiry import course_of, enquiry_of_rating
from models.server import connected
from rules.errors import NotYourDesk, WrongState
from rules.people import Role
from rules.retention import Retention, kept_until
from rules.states import CaseState, Outcome
from tests.people import CLERK, MANAGER, MORNING, a_case, a_city, account

LONG_AGO = datetime.now(UTC) - timedelta(days=3660)
PERSONAL = (
    "陈一诺",
    "000000199001010018",
    "13800000000",
    "13900000001",
    "chen@example.com",
    "示例路1号",
    "录错一位",
)


@pytest.fixture(autouse=True)
def city(fresh_database: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_DATA", str(tmp_path / "data"))
    settings.cache_clear()
    with transaction() as session:
        a_city(session)
        session.add(Account(username="xitong", name="吴平", role=Role.ADMIN, password_hash="!"))


def put_away(at: datetime | None = LONG_AGO, state: CaseState = CaseState.CONCLUDED) -> str:
    """A case with a correction, a view, a file and a paper that was revoked; archived then."""
    settings().uploads.mkdir(parents=True, exist_ok=True)
    with transaction() as session:
        clerk = account(session, CLERK)
        case = a_case(session)
        correct(session, case.number, {"phone": "13900000001"}, "录错一位。", by=clerk, at=MORNING)
        view_in_full(session, case.number, "contact", "联系陈一诺", by=clerk, at=MORNING)
        (settings().uploads / f"file-{case.number}").write_bytes(b"%PDF-1.4")
        material = materials_of(session, case.number)[0]
        material.stored_as, material.file_name = f"file-{case.number}", "陈一诺的身份证.pdf"
        paper = documents_of(session, case.number)[0]
        paper.revoked_at, paper.revoked_because = MORNING, "陈一诺的名字写错了。"
        case.archived_at = at
        if state is CaseState.CONCLUDED:
            case.state, case.outcome, case.concluded_at = state, Outcome.ALL_GRANTED, at or MORNING
        return case.number


def complain(number: str) -> str:
    """A letter that names the case, and is answered; 陈一诺 has said nothing to the answer yet."""
    with transaction() as session:
        manager = account(session, MANAGER)
        sent = Sent("complaint", "陈一诺等了一上午。", "k" * 32, "", number, "陈一诺", "13800000000")
        letter = send(session, sent, at=MORNING).number
        assign(session, letter, HALL, by=manager, at=MORNING)
        answer(session, letter, "已向陈一诺道歉。", by=manager, at=MORNING)
        return letter


def rate_badly(number: str, *, named: bool) -> None:
    """A bad rating, called back, put right and praised."""
    with transaction() as session:
        manager = account(session, MANAGER)
        bad = Given("submission-20260306", "dissatisfied", words="陈一诺等了一上午。", named=named)
        letter = enquiry_of_rating(session, rate(session, number, bad, at=MORNING).id)
        assert letter is not None
        if named:
            contact(session, letter.number, "陈一诺接了电话。", reached=True, by=manager, at=MORNING)
        answer(session, letter.number, "已向陈一诺道歉。", "late", by=manager, at=MORNING)
        session.flush()
        good = Given("submission-20260306", "satisfied", words="陈一诺谢谢。")
        rate(session, number, good, at=MORNING)


def yjs(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def everything(number: str) -> str:
    """All that the database holds of the case, and the notices' hashes with it; '' is of every case."""
    tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    with connected(settings().owner_url) as connection:
        rows = [
            row
            for table in connection.execute(text(tables)).scalars().all()
            for row in connection.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
            if number in row
        ]
    return "\n".join(rows)


def test_after_ten_years_nothing_of_the_person_is_left(tmp_path: Path) -> None:
    number, other = put_away(), put_away(datetime.now(UTC))
    make_anchor(MORNING)
    assert "陈一诺" in everything(number)
    file = settings().uploads / f"file-{number}"
    assert json.loads(yjs("erase", "--due", "--dry-run", "--json").stdout) == [number]
    assert "陈一诺" in everything(number), "only listed"
    result = yjs("erase", "--due")
    assert (result.exit_code, "1 个办件已清除" in result.output) == (0, True), result.output
    left = everything(number)
    assert not [words for words in PERSONAL if words in left]
    assert "v1.k" not in left, "nothing sealed either"
    assert not file.exists()
    assert "陈一诺" in everything(other)
    assert (settings().uploads / f"file-{other}").exists()


@pytest.mark.parametrize("named", [True, False])
def test_what_was_written_about_the_case_goes_with_it(named: bool) -> None:
    number = put_away()
    rate_badly(number, named=named)
    letter = complain(number)
    with transaction() as session:
        judge(session, letter, satisfied=True, remark="陈一诺谢谢。", at=MORNING)
    with transaction() as session:
        course = course_of(session, letter)
    assert "1 个办件已清除" in yjs("erase", "--due").output
    left = everything("")
    assert not [words for words in PERSONAL if words in left]
    assert "v1.k" not in left, "nothing sealed either"
    with transaction() as session:
        kept = [(one.step, one.actor, one.at) for one in course_of(session, letter)]
    assert kept == [(one.step, one.actor, one.at) for one in course], "what was done stays, without the words"


def test_a_case_about_which_somebody_waits_for_an_answer_waits_too() -> None:
    number = put_away()
    letter = complain(number)
    assert "没有保存期限已满" in yjs("erase", "--due").output
    with pytest.raises(WrongState, match="没有办结的来信"), owner_transaction() as session:
        erase(session, number, by=account(session, "xitong"), at=datetime.now(UTC))
    with transaction() as session:
        judge(session, letter, satisfied=True, remark="", at=MORNING)
    assert "1 个办件已清除" in yjs("erase", "--due").output


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE enquiry_entry SET words = 'x'",
        "UPDATE enquiry_entry SET words = ''",
        "UPDATE enquiry_entry SET words = '（个人信息已到期清除）', actor = 'x'",
        "DELETE FROM enquiry_entry",
    ],
)
def test_nothing_else_of_a_letters_course_is_changed_by_the_owner_either(change: str) -> None:
    complain(put_away())
    with pytest.raises(DBAPIError, match="neither changed nor removed"), owner_transaction() as session:
        session.execute(text(change))


def test_the_chain_still_verifies_and_tells_who_erased() -> None:
    number = put_away()
    make_anchor(MORNING)
    before = yjs("audit", "verify")
    assert before.exit_code == 0, before.output
    yjs("erase", "--due")
    after = yjs("audit", "verify")
    assert after.exit_code == 0, after.output
    exported = [json.loads(line) for line in yjs("audit", "export", number).stdout.splitlines()]
    last = [row for row in exported if row["kind"] == "entry"][-1]
    assert (last["act"], last["actor"]) == ("erase", "xitong")
    assert last["facts"] == {"years": 10, "source": "assumption"}
    assert "没有保存期限已满" in yjs("erase", "--due").output


def test_the_skeleton_stays() -> None:
    number = put_away()
    with transaction() as session:
        known = [(item.code, item.state) for item in items_of(session, number)]
    yjs("erase", "--due")
    with transaction() as session:
        case = find_case(session, number)
        assert case.erased_at is not None
        assert (case.outcome, case.phone, case.answers) == (Outcome.ALL_GRANTED, "", {})
        assert [(item.code, item.state) for item in items_of(session, number)] == known


@pytest.mark.parametrize(
    ("at", "state", "says"),
    [
        (None, CaseState.ACCEPTED, "没有办结归档"),
        (None, CaseState.CONCLUDED, "没有办结归档"),
        (LONG_AGO, CaseState.ACCEPTED, "没有办结归档"),
        (datetime.now(UTC) - timedelta(days=3600), CaseState.CONCLUDED, "要保存到"),
    ],
)
def test_never_an_open_case_nor_one_whose_time_is_not_over(
    at: datetime | None, state: CaseState, says: str
) -> None:
    number = put_away(at, state)
    before = everything(number)
    with pytest.raises(WrongState, match=says), owner_transaction() as session:
        erase(session, number, by=account(session, "xitong"), at=datetime.now(UTC))
    yjs("erase", "--due")
    assert everything(number) == before


def test_only_the_system_administrator() -> None:
    number = put_away()
    with pytest.raises(NotYourDesk), owner_transaction() as session:
        erase(session, number, by=account(session, CLERK), at=datetime.now(UTC))
    assert yjs("erase", "--due", "--as", CLERK).exit_code == 1
    assert "陈一诺" in everything(number)


def test_a_file_left_by_a_power_cut_is_removed_the_next_time() -> None:
    number = put_away()
    with owner_transaction() as session:
        erase(session, number, by=account(session, "xitong"), at=datetime.now(UTC))
    assert (settings().uploads / f"file-{number}").exists()
    yjs("erase", "--due")
    assert not (settings().uploads / f"file-{number}").exists()


def test_a_case_put_away_on_29_february() -> None:
    assert kept_until(date(2024, 2, 29), Retention(years=1)) == date(2025, 3, 1)
    assert kept_until(date(2024, 2, 29), Retention(years=4)) == date(2028, 2, 29)


def test_without_due_it_asks_what_is_meant() -> None:
    result = yjs("erase")
    assert (result.exit_code, "--due" in result.output) == (1, True)
