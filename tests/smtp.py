"""A real SMTP server for tests: keeps what it receives in order, can refuse, go down, or fall silent."""

import asyncio
import email
import email.policy
import socket
import ssl
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

SENDER = "yijianshi@example.com"


@dataclass(frozen=True)
class Letter:
    """A message as it arrived."""

    to: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        body = self.message.get_body((kind,))
        return str(body.get_content()) if body else ""


@dataclass
class MailServer:
    """Starts and stops on one port, so that a test can take it down and bring it back."""

    port: int
    refused: dict[str, str] = field(default_factory=dict)  # recipient -> reply, "550 5.1.1 …"
    silent_after: int | None = None  # takes so many letters, then keeps the next without ever answering
    delay: float = 0.0  # seconds before a letter is taken
    tls: ssl.SSLContext | None = None  # speaks TLS from the first byte on, with the certificate in here
    begun: int = 0  # letters whose text has come in, taken or not
    letters: list[Letter] = field(default_factory=list)  # in the order they came
    _controller: Controller | None = None

    @property
    def url(self) -> str:
        """What YJS_MAIL_URL says. cto is Apprise's time-out in seconds."""
        secure = "s://localhost:{}?mode=ssl&" if self.tls else "://127.0.0.1:{}?"
        return f"mailto{secure.format(self.port)}from={SENDER}&cto=2"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ssl_context=self.tls)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def to(self, address: str) -> list[Letter]:
        return [letter for letter in self.letters if letter.to == address]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.begun += 1
        await asyncio.sleep(self.delay)
        self.letters += [Letter(address, message) for address in envelope.rcpt_tos]
        if self.silent_after is not None and len(self.letters) > self.silent_after:
            await asyncio.sleep(3600)
        return "250 OK"


@contextmanager
def mail_server(**given: Any) -> Generator[MailServer]:
    """A running mail server on a free port of this machine."""
    server = MailServer(free_port(), **given)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def silent_server() -> Generator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield int(listening.getsockname()[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Return as soon as it is true; fail when it does not become true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
