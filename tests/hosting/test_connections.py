"""Connections wait in a pool for the next who asks: what if PostgreSQL was restarted meanwhile?"""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from config.settings import settings
from models import database
from models.database import transaction
from models.server import connected

WHO = text("SELECT pg_backend_pid()")


def _used_and_cut() -> int:
    with transaction() as session:
        backend = int(session.execute(WHO).scalar_one())
    with connected(settings().database_url) as other:
        other.execute(text("SELECT pg_terminate_backend(:backend, 5000)"), {"backend": backend})
    return backend


@pytest.mark.usefixtures("database")
def test_one_that_was_cut_while_it_lay_is_replaced_and_nobody_notices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = _used_and_cut()
    monkeypatch.setattr(database, "LAIN_FOR", 0.0)
    with transaction() as session:
        assert session.execute(WHO).scalar_one() != cut


def test_one_that_was_cut_at_this_moment_costs_one_try(database: Engine) -> None:
    cut = _used_and_cut()
    with pytest.raises(OperationalError), transaction() as session:
        session.execute(WHO)
    with transaction() as session:
        assert session.execute(WHO).scalar_one() != cut
    database.dispose()
