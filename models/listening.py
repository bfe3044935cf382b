"""How does a process hear that there is news, and how is it woken for another reason?"""

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import text

from models.database import engine


class Bell:
    """Rings from inside the process; a thread or a signal handler may press it at any time."""

    def __init__(self) -> None:
        self.heard, self.button = os.pipe()
        for end in (self.heard, self.button):
            os.set_blocking(end, False)

    def press(self) -> None:
        """Wake whoever listens."""
        with suppress(BlockingIOError):  # it is ringing already
            os.write(self.button, b"!")

    def wait(self, seconds: float) -> None:
        """Return when it was pressed, or after so many seconds."""
        select.select([self.heard], [], [], seconds)
        self.silence()

    def silence(self) -> None:
        """What has rung so far is heard."""
        with suppress(BlockingIOError):
            while os.read(self.heard, 4096):
                pass


class Listener:
    """Waits for news; without any, the caller looks anyway (a sweep makes certain what NOTIFY makes prompt)."""

    def __init__(self, connection: Any, bell: Bell) -> None:
        self.connection = connection
        self.bell = bell

    def wait(self, seconds: float) -> None:
        """Return when there is news or somebody pressed the bell, or after so many seconds."""
        select.select([self.connection, self.bell.heard], [], [], seconds)
        self.bell.silence()
        self.connection.poll()
        self.connection.notifies.clear()


@contextmanager
def listening(channel: str, bell: Bell) -> Iterator[Listener]:
    """Hear NOTIFY on the channel, on a connection of its own."""
    connection = engine().connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.execute(text(f"LISTEN {channel}"))
        yield Listener(connection.connection.driver_connection, bell)
    finally:
        connection.invalidate()  # it must not go back to the pool listening
        connection.close()
