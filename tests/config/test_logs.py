"""One line an event, with the case, and with nobody's number."""

import json
import logging
from collections.abc import Generator
from io import StringIO

import pytest

from config.logs import Lines, Words, about_case, formatter_for, request_in_hand
from config.settings import settings

CASE = "000000-B1-20260306-000001-2"


@pytest.fixture
def said() -> Generator[StringIO]:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines("conductor"))
    logger = logging.getLogger("test.logs")
    logger.addHandler(handler)
    logger.propagate = False
    yield stream
    logger.removeHandler(handler)


def lines(stream: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_names_the_case_it_speaks_of(said: StringIO) -> None:
    log = logging.getLogger("test.logs")
    log.warning("办件 %s 无法推进，稍后再试", CASE)
    with about_case(CASE):
        log.warning("暂时连不上")
    log.warning("与办件无关")
    first, second, third = lines(said)
    assert (first["case"], second["case"], "case" in third) == (CASE, CASE, False)
    assert (first["process"], first["level"], first["event"]) == (
        "conductor",
        "warning",
        f"办件 {CASE} 无法推进，稍后再试",
    )
    assert str(first["at"]).endswith("+00:00")


def test_a_fault_is_one_line_too_and_a_request_has_its_name(said: StringIO) -> None:
    token = request_in_hand.set("abcd1234")
    try:
        raise ValueError("first line\nsecond line of 13800000000")
    except ValueError:
        logging.getLogger("test.logs").exception("broke")
    finally:
        request_in_hand.reset(token)
    [event] = lines(said)
    assert event["request"] == "abcd1234"
    assert "ValueError: first line\nsecond line of <手机号>" in str(event["error"])


def test_what_belongs_to_the_event_stays_apart_from_its_words(said: StringIO) -> None:
    facts = {"method": "GET", "route": "/cases/{number}", "status": 200, "ms": 12}
    logging.getLogger("test.logs").warning("GET", extra=facts)
    [event] = lines(said)
    assert {name: event[name] for name in facts} == facts


def test_the_settings_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, kind in (("json", Lines), ("text", Words)):
        monkeypatch.setenv("YJS_LOG_FORMAT", value)
        settings.cache_clear()
        assert isinstance(formatter_for("web"), kind)
    monkeypatch.undo()
    settings.cache_clear()


def test_text_hides_as_much() -> None:
    record = logging.makeLogRecord({"msg": "to chen@example.com", "levelname": "INFO"})
    assert Words("%(message)s").format(record) == "to <邮箱>"
