"""What holds for every answer and every request: headers that browsers obey, and how much may be sent."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actions.storing import TooLarge
from config.settings import settings

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
FOR_A_YEAR = "max-age=31536000; includeSubDomains"
FILES_IN_A_FORM = 10  # a form with files may be as long as so many of the largest
WITH_FILES = ("/window/", "/cases/")  # where such forms go, and only signed-in people get
ONE_FILE = re.compile(r"/track/[^/]+/(supplement|materials)/")  # applicants send one at a time
ONLINE_FORM = re.compile(r"/apply/[^/]+(/plan)?$")  # anybody may send it, so it holds less than a clerk's
FILES_ONLINE = 4
MEGABYTE = 1 << 20


def safe_headers() -> dict[str, str]:
    """Those that every answer carries. Where the world comes by https, it shall come no other way again."""
    by_https = (settings().public_url or "").startswith("https://")
    return HEADERS | ({"Strict-Transport-Security": FOR_A_YEAR} if by_https else {})


class SafeAnswers:
    """Sets the headers above, and keeps pages about people out of every cache."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in safe_headers().items():
                    headers.setdefault(name, value)
                static = scope["path"].startswith("/static/")
                headers.setdefault("Cache-Control", "max-age=31536000, immutable" if static else "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)


class LimitedBody:
    """Counts what arrives while it arrives; too much is refused before it fills the disk."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        files = FILES_IN_A_FORM if scope["path"].startswith(WITH_FILES) else 0
        if ONE_FILE.match(scope["path"]):
            files = 1
        if ONLINE_FORM.match(scope["path"]):
            files = FILES_ONLINE
        limit = (settings().upload_limit_mb * files + 1) * MEGABYTE
        announced = Headers(scope=scope).get("content-length", "0")
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > limit or (announced.isdigit() and int(announced) > limit):
                raise TooLarge(f"一次提交的内容合计不能超过 {limit // MEGABYTE} MB，请分次上传或压缩后再试。")
            return message

        await self.app(scope, counted, send)
