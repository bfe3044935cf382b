"""How do we speak to the Prefect server? One client a process, and never with anything but case numbers."""

from functools import lru_cache

from prefect.client.orchestration import SyncPrefectClient, get_client


@lru_cache(maxsize=1)
def prefect_client() -> SyncPrefectClient:
    """The client; httpx beneath it may be used by many threads."""
    return get_client(sync_client=True)
