"""`python -m web`: serve the pages where the settings say."""

import logging

import uvicorn

from config.settings import settings
from web.app import create_app


def main() -> None:
    """Run until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    uvicorn.run(
        create_app(),
        host=settings().host,
        port=settings().port,
        http="httptools",
        loop="uvloop",
        log_config=None,
        server_header=False,
        # Behind a proxy the visitor's address is what the proxy says; otherwise nobody may claim another one.
        proxy_headers=settings().public_url is not None,
        timeout_graceful_shutdown=5,
    )


main()
