"""`python -m web [FILE]`: serve the pages where the settings say, or at the door that is already open."""

import signal
import socket
import sys

import uvicorn

from config.logs import set_up
from config.settings import settings
from models.heartbeat import Pulse
from web.app import create_app, settle

# Seconds that a thread may compute before another may take over. At Python's own 5 ms a dozen requests at once fight
# for the interpreter: a fifth fewer acts were done. Each gives it up anyway whenever it asks PostgreSQL.
TURN = 0.02


def main() -> None:
    """Serve, and say so while it lasts."""
    set_up("web")
    sys.setswitchinterval(TURN)
    # uvicorn answers what is being asked, then raises the signal anew: with this the process goes in good order.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit())
    pulse = Pulse("web", answers=True).start()
    try:
        serve()
    finally:
        pulse.leave()


def serve() -> None:
    """Until told to stop."""
    # A proxy on this machine needs no naming where there is a public address.
    trusted = (settings().trusted_proxies or ("127.0.0.1" if settings().public_url else "")).split()
    app = create_app()
    settle()
    config = uvicorn.Config(
        app,
        host=settings().host,
        port=settings().port,
        http="httptools",
        loop="uvloop",
        log_config=None,
        access_log=False,  # web.observing says it without what people searched for
        server_header=False,
        # Behind a proxy the visitor's address is what the proxy says; otherwise nobody may claim another one.
        proxy_headers=bool(trusted),
        forwarded_allow_ips=trusted,
        timeout_keep_alive=75,  # longer than a proxy keeps it: who closes first must not be us
        timeout_graceful_shutdown=5,
    )
    doors = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    uvicorn.Server(config).run(sockets=doors or None)


main()
