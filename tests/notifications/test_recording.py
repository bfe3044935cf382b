"""A message has left: is that written down, whatever befalls the database or the ledger meanwhile?"""

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from models.database import transaction
from models.notice import Notice, find_notice
from notifications import sending
from notifications.sending import LEASE, send_due, settle_lapsed
from notifications.verdict import Delivery
from rules.notices import Event, NoticeState
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON, ledger, tell
from tests.smtp import MailServer, mail_server

CHEN = "chen@example.com"  # 陈一诺
HANDED_OVER = NoticeState.HANDED_OVER


@pytest.fixture(autouse=True)
def _record(fresh_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real commits on several connections, and little patience."""
    monkeypatch.setattr(sending, "PATIENCE", (0.01, 0.01))


@pytest.fixture
def mail(channels: Channels) -> Generator[MailServer]:
    with mail_server() as server:
        channels(mail_url=server.url)
        yield server


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Something happens between the claim and what is written about it."""

    def arrange(happens: Callable[[], object]) -> None:
        deliver = sending.deliver

        def delivered(*given: Any) -> Delivery:
            happens()
            return deliver(*given)

        monkeypatch.setattr(sending, "deliver", delivered)

    return arrange


def away() -> OperationalError:
    return OperationalError("COMMIT", None, Exception("server closed the connection"))


def is_kept_as_sent(mail: MailServer) -> None:
    assert len(mail.letters) == 1
    [notice] = ledger()
    assert (notice.state, notice.attempts, notice.error) == (HANDED_OVER, 1, "")
    assert (notice.sent_at, notice.next_try_at) == (NOON, None)
    assert notice.subject == mail.letters[0].subject
    assert send_due(at=NOON + LEASE) == 0


@pytest.mark.parametrize("moment", ["before_commit", "after_flush"])
def test_a_database_that_is_away_when_it_is_written(mail: MailServer, moment: str) -> None:
    tell(events=[Event.ACCEPTED], email=CHEN)
    failures = [away(), away()]

    def fail(session: Session, *_: object) -> None:
        written = [row for row in session.identity_map.values() if isinstance(row, Notice)]
        if failures and any(row.state is HANDED_OVER for row in written):
            raise failures.pop()

    event.listen(Session, moment, fail)
    try:
        assert send_due(at=NOON) == 1
    finally:
        event.remove(Session, moment, fail)
    assert not failures, "it was tried again"
    is_kept_as_sent(mail)


def test_a_database_that_is_away_when_receipts_are_looked_for(
    mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(events=[Event.ACCEPTED], email=CHEN)
    failures, match = [away()], sending.match_waiting

    def fail_once(*given: Any, **more: Any) -> int:
        if failures:
            raise failures.pop()
        return match(*given, **more)

    monkeypatch.setattr(sending, "match_waiting", fail_once)
    assert send_due(at=NOON) == 1
    assert not failures
    is_kept_as_sent(mail)


def test_a_claim_that_lapsed_while_it_was_sent_learns_the_truth(
    mail: MailServer, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    tell(events=[Event.ACCEPTED], email=CHEN)
    meanwhile(lambda: settle_lapsed(NOON + LEASE + timedelta(minutes=1)))
    assert send_due(at=NOON) == 1
    is_kept_as_sent(mail)


def test_what_was_claimed_again_meanwhile_is_left_to_that_attempt(
    mail: MailServer, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    tell(events=[Event.ACCEPTED], email=CHEN)
    [notice] = ledger()

    def claimed_again() -> None:
        with transaction() as session:
            find_notice(session, notice.id).attempts = 2

    meanwhile(claimed_again)
    send_due(at=NOON)
    [notice] = ledger()
    assert (notice.state, notice.attempts, notice.sent_at) == (NoticeState.SENDING, 2, None)
