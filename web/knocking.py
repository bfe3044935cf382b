"""Who is let as far as the application? Requests for our own names, and not too many from one address."""

from collections import Counter
from collections.abc import Callable
from threading import Lock
from time import monotonic
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from config.settings import settings

WATCHED = ("/livez", "/healthz", "/readyz", "/metrics")  # asked for on this machine by its own name
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MINUTE = 60.0  # seconds
API = "/api/"
WRONG_HOST = "网址中的域名不是本平台的，请检查网址。"
TOO_MANY = "请求太频繁，请一分钟后再试。"


class Pace:
    """How many requests came from each address in this minute; forgotten with it."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._minute, self._seen = 0, Counter[str]()

    def too_many(self, address: str, most: int) -> bool:
        """Count one more; is it beyond what an address may ask?"""
        minute = int(self._clock() / MINUTE)
        with self._lock:
            if minute != self._minute:
                self._minute, self._seen = minute, Counter()
            self._seen[address] += 1
            return self._seen[address] > most


class OurDoor:
    """Refuses foreign names (a forged Host writes foreign links) and floods, before anything is read.

    The zero sign, which PostgreSQL can neither keep nor look for, goes no further: nothing of ours is named by it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.pace = app, Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if not _for_us(scope):
                await _refusal(scope, 400, WRONG_HOST)(scope, receive, send)
                return
            address = (scope.get("client") or ("", 0))[0]
            if self.pace.too_many(address, settings().requests_per_minute):
                await _refusal(scope, 429, TOO_MANY)(scope, receive, send)
                return
            scope["path"] = scope["path"].replace("\x00", "\ufffd")
        await self.app(scope, receive, send)


def _for_us(scope: Scope) -> bool:
    """Is the name asked for one of ours? Any will do where the settings name none."""
    ours = settings().hosts
    if not ours:
        return True
    try:
        name = (urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or "").lower()
    except ValueError:
        return False
    return name in ours or (name in LOOPBACK and scope["path"] in WATCHED)


def _refusal(scope: Scope, status: int, sentence: str) -> Response:
    headers = {"Retry-After": "60"} if status == 429 else None
    if scope["path"].startswith(API):
        return JSONResponse({"error": sentence, "faults": {}}, status, headers)
    return PlainTextResponse(sentence, status, headers)
