"""Connections wait in a pool for the next who asks: what if PostgreSQL was restarted meanwhile, or is gone?"""

import os
import socket

import pytest
from sqlalchemy import text

from config.settings import settings
from models.database import _engine, transaction
from models.server import connected
from tests.clusters import postgres_over_tcp

WHO = text("SELECT pg_backend_pid()")


@pytest.mark.usefixtures("fresh_database")
def test_one_that_was_cut_while_it_lay_is_replaced_and_nobody_notices() -> None:
    with transaction() as session:
        cut = session.execute(WHO).scalar_one()
    with connected(settings().database_url) as other:
        other.execute(text("SELECT pg_terminate_backend(:backend, 5000)"), {"backend": cut})
    with transaction() as session:
        assert session.execute(WHO).scalar_one() != cut


def test_one_whose_machine_is_gone_is_given_up_within_seconds() -> None:
    """Its cable was pulled: no farewell comes, and TCP alone would wait a quarter of an hour for an answer."""
    with postgres_over_tcp() as (address, _, _):
        made = _engine(address)
        with made.connect() as connection:
            door = connection.connection.driver_connection.fileno()  # type: ignore[union-attr]
            with socket.socket(fileno=os.dup(door)) as line:
                limit = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
                idle = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        made.dispose()
    assert (limit, idle) == (20_000, 10)
