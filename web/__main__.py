"""`python -m web`: serve the pages where the settings say."""

import uvicorn

from config.logs import set_up
from config.settings import settings
from models.heartbeat import Pulse
from web.app import create_app


def main() -> None:
    """Run until told to stop."""
    set_up("web")
    pulse = Pulse("web").start()
    uvicorn.run(
        create_app(),
        host=settings().host,
        port=settings().port,
        http="httptools",
        loop="uvloop",
        log_config=None,
        access_log=False,  # web.observing says it without what people searched for
        server_header=False,
        # Behind a proxy the visitor's address is what the proxy says; otherwise nobody may claim another one.
        proxy_headers=settings().public_url is not None,
        timeout_graceful_shutdown=5,
    )
    pulse.leave()


main()
