"""How long may an answer take here, and which reasons are offered with a rating? Read from voices.yaml, once."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from config.reading import read
from rules.errors import Refused
from rules.voices import Limit, Limits, VoiceKind

FILE = Path(__file__).parent / "voices.yaml"
MOST_DAYS = 366


@lru_cache(maxsize=1)
def limits() -> Limits:
    """The limits of this installation, each with its source."""
    return read_limits(FILE)


@lru_cache(maxsize=1)
def tags() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What may be praised, what may be blamed."""
    return _words("praise"), _words("blame")


def read_limits(path: Path) -> Limits:
    """The limits in this file, or one sentence about what is wrong with it."""
    content = _content(path)

    def single(name: str) -> Limit:
        return _limit(content.get(name), name)

    def each(name: str) -> dict[VoiceKind, Limit]:
        return {kind: _limit(_table(content, name).get(kind.value), f"{name}.{kind}") for kind in VoiceKind}

    return Limits(
        answer=each("answer"),
        extension=each("extension"),
        contact=single("contact"),
        appeal=single("appeal"),
        silence=single("silence"),
        rate_within=single("rate_within"),
    )


def _content(path: Path) -> dict[str, Any]:
    reading = read(path)
    if reading.faults or not isinstance(reading.content, dict):
        raise Refused(f"{path.name} 读不了：{reading.faults[0] if reading.faults else '应是一张表'}")
    return reading.content


def _table(content: dict[str, Any], name: str) -> dict[str, Any]:
    found = content.get(name)
    return found if isinstance(found, dict) else {}


def _limit(given: Any, name: str) -> Limit:
    days = given.get("days") if isinstance(given, dict) else None
    source = given.get("source") if isinstance(given, dict) else None
    if type(days) is not int or not 1 <= days <= MOST_DAYS:
        raise Refused(f"{FILE.name} 的 {name} 应写明天数（1 至 {MOST_DAYS} 的整数）。")
    if not isinstance(source, str) or not source.strip():
        raise Refused(f"{FILE.name} 的 {name} 应写明出处（source）。")
    return Limit(days, source)


def _words(name: str) -> tuple[str, ...]:
    return tuple(str(word) for word in _content(FILE).get(name) or ())
