"""How does one talk to an SMPP centre? Ask, and hear the answer to just that, whatever else comes meanwhile."""

import socket
import ssl
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from smpplib import consts, exceptions, smpp
from smpplib.client import Client

REQUESTS = {"enquire_link": "enquire_link_resp", "deliver_sm": "deliver_sm_resp", "unbind": "unbind_resp"}
GOODBYE = 2.0  # seconds to wait for the answer to ours


class Broken(Exception):
    """The line broke, or the centre kept silent."""

    def __init__(self, why: str, *, silent: bool = False) -> None:
        super().__init__(why)
        self.silent = silent


class Refusal(Exception):
    """The centre said no."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Line:
    """A connection to a centre."""

    def __init__(self, host: str, port: int, timeout: tuple[float, float], tls: bool) -> None:
        self.client = _Client(host, port, timeout[1], ssl.create_default_context() if tls else None)
        self.patience = timeout[1]
        self.client.reach(timeout[0])

    def ask(self, command: str, **values: Any) -> str:
        """The message id of the answer, if it has one."""
        request = smpp.make_pdu(command, client=self.client, **values)
        deadline = time.monotonic() + self.patience
        try:
            self.client.send_pdu(request)
            for answer in self._heard(deadline):
                if answer.sequence == request.sequence and answer.is_response():
                    return self._read(answer)
        except TimeoutError:
            raise Broken("等待应答超时", silent=True) from None
        except (exceptions.ConnectionError, exceptions.PDUError, OSError, struct.error, KeyError):
            raise Broken("连接中断") from None
        raise Broken("等待应答超时", silent=True)

    def _heard(self, deadline: float) -> Iterator[Any]:
        while time.monotonic() < deadline:
            pdu = self.client.read_pdu()
            if pdu.command in REQUESTS:
                self._answer(pdu)
            else:
                yield pdu

    def _answer(self, pdu: Any) -> None:
        """A request of the centre's own; one of its receipts may come too early to be of use here."""
        answer = smpp.make_pdu(REQUESTS[pdu.command], client=self.client)
        answer.sequence = pdu.sequence
        self.client.send_pdu(answer)

    def _read(self, answer: Any) -> str:
        if answer.is_error():
            raise Refusal(int(answer.status))
        said = getattr(answer, "message_id", None) or b""
        return said.decode("ascii", "replace") if isinstance(said, bytes) else str(said)

    def close(self) -> None:
        """Take leave; whatever the centre makes of it, our message is with it."""
        with suppress(Broken, Refusal):
            self.patience = min(self.patience, GOODBYE)
            self.ask("unbind")
        self.hang_up()

    def hang_up(self) -> None:
        """Without a word."""
        self.client.state = consts.SMPP_CLIENT_STATE_OPEN
        self.client.disconnect()


class _Client(Client):  # type: ignore[misc]
    """smpplib's, with the host's name in the TLS handshake and IPv6; reads no more than one answer a time-out."""

    def __init__(self, host: str, port: int, patience: float, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=patience, ssl_context=tls, allow_unknown_opt_params=True)

    def reach(self, patience: float) -> None:
        """Connect; nothing of any message has left when this fails."""
        try:
            plain = socket.create_connection((self.host, self.port), patience)
            plain.settimeout(self.timeout)
            tls = self._ssl_context
            self._socket = tls.wrap_socket(plain, server_hostname=self.host) if tls else plain
        except TimeoutError:
            raise Broken("等待应答超时", silent=True) from None
        except socket.gaierror:
            raise Broken("找不到主机") from None
        except ssl.SSLError:
            raise Broken("加密连接建立不起来") from None
        except OSError:
            raise Broken("连接不上") from None
        self.state = consts.SMPP_CLIENT_STATE_OPEN
