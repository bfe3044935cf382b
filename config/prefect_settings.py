"""Where is Prefect, and which of its work is for this worker? A part of `config.settings.Settings`."""

from pydantic import Field
from pydantic_settings import BaseSettings

PORT = "1 到 65535 之间的端口号"
SERVER_URL = "形如 http://主机:端口 的网址，后面不带路径"


class PrefectSettings(BaseSettings):
    """Prefect 的地址."""

    prefect_host: str = Field(default="127.0.0.1", min_length=1, description="本机的一个地址")
    prefect_port: int = Field(default=4200, ge=1, le=65535, description=PORT)
    prefect_server: str | None = Field(default=None, pattern=r"^https?://[^/]+$", description=SERVER_URL)
    worker_districts: str = Field(
        default="", pattern=r"^(\d{6}( \d{6})*)?$", description="一个或几个 6 位行政区划代码，用空格分开"
    )

    @property
    def prefect_url(self) -> str:
        """Where managers open the Prefect UI: on this machine, unless it is said to be elsewhere."""
        return self.prefect_server or f"http://{reachable(self.prefect_host)}:{self.prefect_port}"

    @property
    def prefect_api_url(self) -> str:
        """Where flows, worker and conductor find Prefect."""
        return f"{self.prefect_url}/api"


def reachable(host: str) -> str:
    """An address that listens on everything is no address to open."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    return f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown
