"""Which of several processes does what only one may do? Who has its place; the others wait to take it over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from models.database import engine

CONDUCTING = 796_151  # an advisory lock of our database; nobody else uses a number alone

# A machine that vanishes says no goodbye: PostgreSQL asks after it, and frees the place after 25 seconds.
ASK_AFTER = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"


class Place:
    """Ours as long as its connection lives, however the process ends."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def require(self) -> None:
        """Raises when the connection is gone, and with it the place."""
        self.connection.execute(text("SELECT 1"))

    def try_to_take(self, role: int) -> bool:
        """Is it ours now?"""
        answer = self.connection.execute(text("SELECT pg_try_advisory_lock(:role)"), {"role": role})
        return bool(answer.scalar_one())


@contextmanager
def leading(role: int, wait: Callable[[], bool]) -> Iterator[Place | None]:
    """Within the block this process alone leads. Until it may, `wait` is called; False from it gives up, with None."""
    connection = engine().connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.execute(text(ASK_AFTER))
        place = Place(connection)
        while not (ours := place.try_to_take(role)) and wait():
            pass
        yield place if ours else None
    finally:
        connection.invalidate()  # it must not go back to the pool with the place
        connection.close()
