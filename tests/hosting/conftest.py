"""What do the tests of an installation find? No address of a database in the environment."""

import pytest


@pytest.fixture(autouse=True)
def _no_address_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that want one ask for `fresh_database`, or name it themselves."""
    for name in ("YJS_DSN", "YJS_OWNER_DSN"):
        monkeypatch.delenv(name, raising=False)
