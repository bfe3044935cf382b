"""Connections wait in a pool for the next who asks: what if PostgreSQL was restarted meanwhile?"""

import pytest
from sqlalchemy import text

from config.settings import settings
from models.database import transaction
from models.server import connected

WHO = text("SELECT pg_backend_pid()")


@pytest.mark.usefixtures("fresh_database")
def test_one_that_was_cut_while_it_lay_is_replaced_and_nobody_notices() -> None:
    with transaction() as session:
        cut = session.execute(WHO).scalar_one()
    with connected(settings().database_url) as other:
        other.execute(text("SELECT pg_terminate_backend(:backend, 5000)"), {"backend": cut})
    with transaction() as session:
        assert session.execute(WHO).scalar_one() != cut
