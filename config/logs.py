"""How does every process of ours write its log? One line an event: JSON for programs or text for people.

The standard library does it: Prefect, uvicorn and SQLAlchemy speak to it already; the formatter is all that is ours.
"""

import json
import logging
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from config.settings import settings
from rules.redacting import case_named, redacted

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
FIELDS = ("method", "route", "status", "ms")  # what an event may say beside its words
QUIET = ("httpx", "httpcore", "fontTools")  # they tell of every request

case_in_hand: ContextVar[str] = ContextVar("case_in_hand", default="")
request_in_hand: ContextVar[str] = ContextVar("request_in_hand", default="")


def set_up(process: str) -> None:
    """Everything that is logged in this process goes to standard error in the form that the settings ask for."""
    formatter = formatter_for(process)
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Prefect has handlers of its own for what it says on the console.
    for logger in list(logging.root.manager.loggerDict.values()):
        for own in getattr(logger, "handlers", ()):
            if isinstance(own, logging.StreamHandler):
                own.setFormatter(formatter)


def formatter_for(process: str) -> logging.Formatter:
    """As the settings ask."""
    return Lines(process) if settings().log_format == "json" else Words(TEXT)


@contextmanager
def about_case(number: str) -> Generator[None]:
    """What is logged within the block, and what it calls, is about this case."""
    token = case_in_hand.set(number)
    try:
        yield
    finally:
        case_in_hand.reset(token)


class Words(logging.Formatter):
    """For people."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; the traceback of a fault below it."""
        return redacted(super().format(record))


class Lines(logging.Formatter):
    """For programs: one JSON object a line, whatever it says."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        words = record.getMessage()
        event: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self.process,
            "logger": record.name,
            "event": redacted(words),
        }
        event |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        known = {
            "case": getattr(record, "case", "") or case_named(words) or case_in_hand.get(),
            "request": request_in_hand.get(),
            "error": redacted("".join(traceback.format_exception(*record.exc_info)))
            if record.exc_info
            else "",
        }
        return json.dumps(event | {name: value for name, value in known.items() if value}, ensure_ascii=False)
