"""The certificates of this machine, read once a process. Apprise reads them anew for every letter: 50 ms of CPU each,
also where the letter travels unencrypted."""

import ssl
from functools import cache
from types import SimpleNamespace
from typing import Any

from apprise.plugins.email import base as mail


class LateContext:
    """Stands where Apprise makes an SSL context; the real one is there when a connection needs it."""

    def __init__(self) -> None:
        self.check_hostname = True
        self.verify_mode = ssl.CERT_REQUIRED

    def wrap_socket(self, *given: Any, **named: Any) -> ssl.SSLSocket:
        """What smtplib asks of a context."""
        return _context(self.verify_mode).wrap_socket(*given, **named)


def spare_certificates() -> None:
    """From now on Apprise's mails share their certificates; asked again it changes nothing."""
    vars(mail)["ssl"] = SimpleNamespace(create_default_context=LateContext, CERT_NONE=ssl.CERT_NONE)


@cache
def _context(verify: ssl.VerifyMode) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if verify is ssl.CERT_NONE:  # verify=no in the address
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
