"""What happened inside Apprise? It answers True or False; its log, heard in the same thread, tells why."""

import logging
import re
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

HTTP_ANSWER = re.compile(r"\berror=(\d{3})\b")  # how Apprise's plugins log a gateway's refusal


@dataclass
class Overheard:
    """The exception a plugin swallowed, or the HTTP status it was answered."""

    error: BaseException | None = None
    status: int | None = None


class _Ear(logging.Handler):
    """Plugins log inside their `except` block, so the exception is still the current one of the thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.here = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        heard: Overheard | None = getattr(self.here, "heard", None)
        if heard is None:
            return
        heard.error = heard.error or sys.exc_info()[1]
        if answer := HTTP_ANSWER.search(record.getMessage()):
            heard.status = int(answer[1])


_ear = _Ear()
_apprise = logging.getLogger("apprise")
_apprise.setLevel(logging.WARNING)
_apprise.propagate = False  # its messages carry addresses; our log carries case numbers only
_apprise.addHandler(_ear)


@contextmanager
def overhearing() -> Generator[Overheard]:
    """What Apprise logs in this thread while the block runs."""
    _ear.here.heard = heard = Overheard()
    try:
        yield heard
    finally:
        _ear.here.heard = None
