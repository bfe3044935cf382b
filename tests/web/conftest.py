"""What do tests of pages get? A city with a desk for everybody, and a folder for what is handed in."""

from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from config.settings import settings
from models.database import transaction
from tests.people import a_city


@pytest.fixture(autouse=True)
def city(fresh_database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """A record of its own with departments and accounts, uploads of its own."""
    monkeypatch.setenv("YJS_DATA", str(tmp_path))
    settings.cache_clear()
    with transaction() as session:
        a_city(session)
    yield
    settings.cache_clear()
