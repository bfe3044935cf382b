"""How is one of our long-lived processes told to stop, also while it listens for news?"""

import signal
import threading

from models.listening import Bell


def told_to_stop(bell: Bell) -> threading.Event:
    """Set by SIGTERM or Ctrl-C; the bell wakes whoever listens, so that it ends at once."""
    stop = threading.Event()

    def tell(*_: object) -> None:
        stop.set()
        bell.press()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    return stop
