"""What does `yjs notices` say?"""

import json

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from cli.main import app
from models.case import lock_case
from models.database import transaction
from models.notice import queue_notice
from notifications.sending import send_due
from rules.notices import RETRY_AFTER, Event
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON, NUMBER, TOLD, tell
from tests.smtp import free_port, mail_server


@pytest.fixture(autouse=True)
def _record(fresh_database: Engine) -> None:
    """Real commits: the command opens its own connection."""


def yjs(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["notices", *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_ledger_of_a_case_for_scripts(channels: Channels) -> None:
    tell(phone="13812341234", email="chen@example.com", events=[Event.RECEIPT, Event.READY])
    with mail_server() as server:
        channels(mail_url=server.url)
        send_due(at=NOON)
    code, out, _ = yjs(NUMBER, "--json")
    entries = json.loads(out)
    assert code == 0
    assert [(one["event"], one["channel"], one["state"]) for one in entries] == [
        ("receipt", "sms", "handed_over"),
        ("receipt", "email", "handed_over"),
        ("ready", "sms", "handed_over"),
        ("ready", "email", "handed_over"),
    ]
    assert [one["via"] for one in entries] == ["本地收件箱", "mailto"] * 2
    assert {one["address"] for one in entries} == {"138****1234", "c***@example.com"}
    assert entries[0]["body"].startswith("【一件事】")
    assert [one["segments"] for one in entries] == [2, None, 1, None]
    assert {one["nature"] for one in entries} == {"便民提醒"}
    assert len({one["template"] for one in entries}) == 4, "each text has its version"
    assert entries[0]["receipts"] == entries[0]["calls"] == []
    assert entries[1]["sent_at"] == NOON.isoformat()
    assert "13812341234" not in out


def test_the_ledger_for_people_says_why(channels: Channels) -> None:
    tell(email="chen@example.com", events=[Event.RECEIPT])
    channels(mail_url=f"mailto://127.0.0.1:{free_port()}?from=a@example.com")
    send_due(at=NOON)
    code, out, _ = yjs(NUMBER)
    assert code == 0
    for words in ("收件回执", "暂时失败", "连接不上"):
        assert words in out.replace("\n", "")
    _, out, _ = yjs(NUMBER, "--json")
    assert json.loads(out)[0]["next_try_at"] == (NOON + RETRY_AFTER[0]).isoformat()


@pytest.mark.parametrize("number", ["000000-B1-20260306-000009-0", "nonsense", "000000-B1-20260306-000001-4"])
def test_a_case_that_is_not_there_gets_one_sentence(number: str) -> None:
    code, out, error = yjs(number)
    assert code == 1
    assert out == ""
    assert error.count("\n") == 1


def test_what_the_law_wants_told_and_what_was_merged_are_told_apart(channels: Channels) -> None:
    channels(quiet_hours="true", merge_minutes="10")
    granted = TOLD[Event.ITEM_DECIDED] | {"granted": True, "reason": ""}
    tell(phone="13812341234", events=[Event.ACCEPTED])
    with transaction() as session:
        case = lock_case(session, NUMBER)
        for nth in ("1", "2"):
            case.revision += 1  # as every act does
            facts = granted | {"item": f"许可{nth}"}
            queue_notice(session, case, Event.ITEM_DECIDED, about=nth, facts=facts, at=NOON)
    _, out, _ = yjs(NUMBER, "--json")
    accepted, first, second = json.loads(out)
    assert (accepted["nature"], first["nature"]) == ("法定告知", "便民提醒")
    assert (first["state"], second["state"]) == ("queued", "merged")
    assert second["merged_into"] == first["serial"]
    _, out, _ = yjs(NUMBER)
    assert "并入第" in out.replace("\n", "")
