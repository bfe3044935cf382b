"""Where do carriers tell what became of a message? A signed POST; nobody signs in, and no page of ours sends it."""

import logging

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from config.settings import settings
from notifications.receiving import NotProven, prove, receive
from rules.errors import Faulty
from web.entering import now

router = APIRouter()
log = logging.getLogger("yijianshi.web")

NOT_SET_UP = "没有设置 receipt_secret，平台不接收回执。"


@router.post("/receipts/{provider}")
async def received(request: Request, provider: str) -> Response:
    """Taken (also the second time), or one sentence why not: 401 not proven, 422 not understood, 503 no secret."""
    return await run_in_threadpool(_answer, request, provider, await request.body())


def _answer(request: Request, provider: str, body: bytes) -> Response:
    secret, at = settings().receipt_secret, now()
    if secret is None:
        return _say(503, NOT_SET_UP)
    timestamp, signature = (request.headers.get(name, "") for name in ("X-Timestamp", "X-Signature"))
    try:
        prove(secret, timestamp, signature, body, at=at)
        new = receive(provider, body, at=at)
    except NotProven as refused:
        log.warning("a receipt was refused: %s", refused)
        return _say(401, str(refused))
    except Faulty as faulty:
        log.warning("a receipt of %s was not understood", provider[:50])
        return _say(422, str(faulty))
    return _say(200, "已收到。" if new else "已收到过。")


def _say(status: int, sentence: str) -> Response:
    return JSONResponse({"message": sentence}, status)
