"""How do the channels of a test get their settings?"""

from collections.abc import Callable, Generator

import pytest

from config.settings import settings
from notifications.providers import book

Channels = Callable[..., None]


@pytest.fixture
def channels(monkeypatch: pytest.MonkeyPatch) -> Generator[Channels]:
    """channels(mail_url=…, sms_url=…) is what the settings say from then on.

    What is known of gateways is forgotten first: the system gives the port of a closed one away again, and
    the shares of other tests are not this one's.
    """
    monkeypatch.setattr(book, "_known", {})
    monkeypatch.setattr(book, "_shares", {})

    def say(**given: str) -> None:
        for name, value in given.items():
            monkeypatch.setenv(f"YJS_{name.upper()}", value)
        settings.cache_clear()

    yield say
    monkeypatch.undo()
    settings.cache_clear()
