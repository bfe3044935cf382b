"""Does somebody answer over HTTP?"""

import base64
import http.client
from urllib.parse import urlsplit

TIMEOUT = 5.0  # seconds; a busy machine answers late, not never


def answers(url: str) -> bool:
    """Is the answer 200?"""
    status, _ = ask(url)
    return status == http.client.OK


def ask(url: str, auth: tuple[str, str] | None = None) -> tuple[int, str]:
    """Status and body; status 0 when nobody answered."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path, headers=_basic(auth) if auth else {})
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def _basic(auth: tuple[str, str]) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}"}
