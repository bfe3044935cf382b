"""Are letters sent to a mail server only if it can prove who it is? With real TLS, and an authority of our own."""

import ssl
from collections.abc import Generator
from pathlib import Path

import pytest
import trustme
from sqlalchemy import Engine

from notifications import certificates
from notifications.sending import send_due
from rules.notices import Channel, Event, NoticeState
from tests.notifications.conftest import Channels
from tests.notifications.given import NOON, NUMBER, ledger, tell
from tests.smtp import MailServer, mail_server

CHEN = "chen@example.com"  # 陈一诺


@pytest.fixture(autouse=True)
def _record(fresh_database: Engine) -> Generator[None]:
    """Real commits; and the certificates of this machine are read anew, before and after."""
    certificates._context.cache_clear()
    yield
    certificates._context.cache_clear()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine trusts: the authority, as an administrator would have it."""
    authority.cert_pem.write_to_path(str(tmp_path / "authorities.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))


def certified(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """What a mail server of this name shows."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def sent_to(server: MailServer, channels: Channels, more: str = "") -> NoticeState:
    """How a letter to this server fared."""
    channels(mail_url=server.url + more)
    tell(events=[Event.ACCEPTED], email=CHEN)
    assert send_due(at=NOON) == 1
    [notice] = ledger(NUMBER, Channel.EMAIL)
    return notice.state


@pytest.mark.usefixtures("trusted")
def test_a_server_that_proves_its_name_gets_the_letter(authority: trustme.CA, channels: Channels) -> None:
    with mail_server(tls=certified(authority, "localhost")) as server:
        assert sent_to(server, channels) is NoticeState.HANDED_OVER
    assert [letter.to for letter in server.letters] == [CHEN]


def test_nobody_answers_for_this_server(authority: trustme.CA, channels: Channels) -> None:
    with mail_server(tls=certified(authority, "localhost")) as server:
        assert sent_to(server, channels) is not NoticeState.HANDED_OVER
    assert server.begun == 0


@pytest.mark.usefixtures("trusted")
def test_a_server_with_the_certificate_of_another(authority: trustme.CA, channels: Channels) -> None:
    with mail_server(tls=certified(authority, "mail.example.com")) as server:
        assert sent_to(server, channels) is not NoticeState.HANDED_OVER
    assert server.begun == 0


def test_who_says_so_in_the_address_asks_for_no_proof(authority: trustme.CA, channels: Channels) -> None:
    with mail_server(tls=certified(authority, "mail.example.com")) as server:
        assert sent_to(server, channels, "&verify=no") is NoticeState.HANDED_OVER
    assert len(server.letters) == 1
