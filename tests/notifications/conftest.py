"""How do the channels of a test get their settings?"""

from collections.abc import Callable, Generator

import pytest

from config.settings import settings

Channels = Callable[..., None]


@pytest.fixture
def channels(monkeypatch: pytest.MonkeyPatch) -> Generator[Channels]:
    """channels(mail_url=…, sms_url=…) is what the settings say from then on."""

    def say(**given: str) -> None:
        for name, value in given.items():
            monkeypatch.setenv(f"YJS_{name.upper()}", value)
        settings.cache_clear()

    yield say
    monkeypatch.undo()
    settings.cache_clear()
