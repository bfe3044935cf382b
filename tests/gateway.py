"""A real HTTP SMS gateway for tests: it keeps what it is sent, and answers, refuses or falls silent as told."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.smtp import free_port


@dataclass
class Gateway:
    """Answers every message with `status`; None: takes it, and never says so."""

    port: int
    status: int | None = 200
    delay: float = 0.0  # seconds before it answers
    messages: list[tuple[str, str]] = field(default_factory=list)  # (mobile, text) in the order they came
    ids: list[str] = field(default_factory=list)  # our names for them, where the address says {id}
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """What YJS_SMS_URL says. rto is Apprise's time-out in seconds."""
        return f"json://127.0.0.1:{self.port}/send?:mobile={{to}}&rto=1&cto=1"

    def to(self, mobile: str) -> list[str]:
        return [text for receiver, text in self.messages if receiver == mobile]


@contextmanager
def sms_gateway(**given: Any) -> Generator[Gateway]:
    """A running gateway on a free port of this machine."""
    gateway = Gateway(free_port(), **given)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            gateway.messages.append((asked["mobile"], asked["message"]))
            gateway.ids += [asked["id"]] if "id" in asked else []
            if gateway.status is None:
                gateway.closing.wait(60)
                return
            gateway.closing.wait(gateway.delay)
            self.send_response(gateway.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", gateway.port), Answering)
    server.daemon_threads = True
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    running.start()
    try:
        yield gateway
    finally:
        gateway.closing.set()
        server.shutdown()
        server.server_close()
        running.join()
