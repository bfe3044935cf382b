"""What is written down of every request: its route, its status, how long it took; never who asked or for whom."""

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.logs import case_in_hand, request_in_hand
from rules.redacting import CASE
from web.metrics import count_request

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
HEADER = "X-Request-ID"
UNTOLD = ("/static/", "/livez", "/healthz", "/readyz", "/metrics")  # asked every few seconds, by machines
log = logging.getLogger("yijianshi.requests")


class Observed:
    """Names the request, hands the name back, and counts it by its route: a path may hold what finds a person."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 500
        given = Headers(scope=scope).get(HEADER, "")
        request = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        request_in_hand.set(request)
        found = CASE.search(scope["path"])
        case_in_hand.set(found[0] if found else "")

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).setdefault(HEADER, request)
            await send(message)

        try:
            await self.app(scope, receive, named)
        finally:
            _note(scope, status, time.monotonic() - began)


def _note(scope: Scope, status: int, seconds: float) -> None:
    method, route = scope["method"], _route(scope)
    count_request(method, route, status, seconds)
    if not scope["path"].startswith(UNTOLD):
        facts = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000)}
        log.info("%s %s %s %.0f ms", method, route, status, seconds * 1000, extra=facts)


def _route(scope: Scope) -> str:
    """As it is declared: /cases/{number}, not whose."""
    if scope["path"].startswith("/static/"):
        return "/static"
    return str(getattr(scope.get("route"), "path", "")) or "none"
