"""A real SMPP 3.4 centre for tests, written from the specification alone: takes, refuses, falls silent as told."""

import socket
import socketserver
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER = 0x01, 0x02, 0x09
SUBMIT_SM, DELIVER_SM, UNBIND, ENQUIRE_LINK = 0x04, 0x05, 0x06, 0x15
RESPONSE, GENERIC_NACK = 0x80000000, 0x80000000
ROK, RINVSRCADR, RINVDSTADR, RINVPASWD, RMSGQFUL, RTHROTTLED = 0x00, 0x0A, 0x0B, 0x0E, 0x14, 0x58


@dataclass(frozen=True)
class Part:
    """One submit_sm as it came."""

    id: str
    source: str
    to: str
    esm_class: int
    coding: int
    octets: bytes

    @property
    def header(self) -> bytes:
        """The user data header, if esm_class says that there is one."""
        return self.octets[: self.octets[0] + 1] if self.esm_class & 0x40 else b""

    @property
    def text(self) -> str:
        assert self.coding == 8, "UCS-2"
        return self.octets[len(self.header) :].decode("utf-16-be")


@dataclass
class Centre:
    """Answers every submit_sm with the next of `answers`, then with the last again. None: takes it, says nothing."""

    port: int = 0
    answers: list[int | None] = field(default_factory=lambda: [ROK])
    bind_status: int = ROK
    asks_first: bool = False  # an enquire_link and a deliver_sm before each answer
    hangs_up_after: int | None = None  # submits, then the line breaks without an answer
    parts: list[Part] = field(default_factory=list)
    binds: list[tuple[int, str, str]] = field(default_factory=list)  # (command, system_id, password)
    heard: list[int] = field(default_factory=list)  # commands in the order they came
    closing: threading.Event = field(default_factory=threading.Event)
    lock: Any = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """What YJS_SMS_URL says."""
        return f"smppsms://hall:secret@127.0.0.1:{self.port}/106900001234/{{to}}?rto=1&cto=1"

    def texts(self, to: str) -> list[str]:
        """Whole messages to a number, put together from their parts by the header."""
        whole: dict[tuple[int, int], dict[int, str]] = {}
        for nth, part in enumerate(part for part in self.parts if part.to == to):
            if part.header:
                length, element, size, one, of, place = part.header
                assert (length, element, size) == (5, 0, 3)
                pieces = whole.setdefault((-1, one), {})
                pieces[place] = part.text
                assert place <= of
            else:
                whole[(nth, -1)] = {1: part.text}
        return ["".join(text for _, text in sorted(pieces.items())) for pieces in whole.values()]


@contextmanager
def smpp_centre(**given: Any) -> Generator[Centre]:
    """A running centre on a free port of this machine."""
    centre = Centre(**given)

    class Session(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):
                _converse(centre, self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    server = Server(("127.0.0.1", 0), Session)
    centre.port = server.server_address[1]
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    running.start()
    try:
        yield centre
    finally:
        centre.closing.set()
        server.shutdown()
        server.server_close()
        running.join()


def _converse(centre: Centre, line: socket.socket) -> None:
    bound = False
    while True:
        command, sequence, body = _read(line)
        centre.heard.append(command)
        if command in (BIND_TRANSMITTER, BIND_TRANSCEIVER, BIND_RECEIVER):
            system_id, password = (text.decode() for text in body.split(b"\0")[:2])
            centre.binds.append((command, system_id, password))
            status = centre.bind_status if password == "secret" else RINVPASWD
            bound = status == ROK
            _write(line, command | RESPONSE, status, sequence, b"CENTRE\0" if bound else b"")
        elif command == SUBMIT_SM and bound:
            if not _submitted(centre, line, sequence, body):
                return
        elif command == UNBIND:
            _write(line, UNBIND | RESPONSE, ROK, sequence)
            return
        elif not command & RESPONSE:
            _write(line, GENERIC_NACK, 0x03, sequence)


def _submitted(centre: Centre, line: socket.socket, sequence: int, body: bytes) -> bool:
    with centre.lock:
        nth = sum(command == SUBMIT_SM for command in centre.heard) - 1
        status = centre.answers[min(nth, len(centre.answers) - 1)]
        name = f"M{len(centre.parts) + 1:06d}"
        if status in (ROK, None):
            centre.parts.append(_part(name, body))
    if centre.hangs_up_after is not None and nth + 1 >= centre.hangs_up_after:
        return False
    if status is None:
        centre.closing.wait(60)
        return False
    if centre.asks_first:
        _write(line, ENQUIRE_LINK, ROK, 7001)
        _write(line, DELIVER_SM, ROK, 7002, b"\0" * 12 + b"\0" * 5)
    _write(line, SUBMIT_SM | RESPONSE, status, sequence, f"{name}\0".encode() if status == ROK else b"")
    return True


def _part(name: str, body: bytes) -> Part:
    """The mandatory fields of submit_sm in the order of the specification (4.4.1)."""
    _service, body = body.split(b"\0", 1)
    body = body[2:]  # source_addr_ton, source_addr_npi
    source, body = body.split(b"\0", 1)
    body = body[2:]  # dest_addr_ton, dest_addr_npi
    to, body = body.split(b"\0", 1)
    esm_class, body = body[0], body[3:]  # protocol_id, priority_flag
    _schedule, body = body.split(b"\0", 1)
    _validity, body = body.split(b"\0", 1)
    _registered, _replace, coding, _default, length = body[:5]
    assert len(body) == 5 + length, "sm_length says how long the message is"
    return Part(name, source.decode(), to.decode(), esm_class, coding, body[5:])


def _read(line: socket.socket) -> tuple[int, int, bytes]:
    length, command, _status, sequence = struct.unpack(">LLLL", _exactly(line, 16))
    return command, sequence, _exactly(line, length - 16)


def _exactly(line: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        if not (more := line.recv(size - len(got))):
            raise ConnectionError
        got += more
    return got


def _write(line: socket.socket, command: int, status: int, sequence: int, body: bytes = b"") -> None:
    line.sendall(struct.pack(">LLLL", 16 + len(body), command, status, sequence) + body)
