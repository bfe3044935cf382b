"""Is the application alive, and can it reach its record? For whoever watches the installation."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from models.worklists import reachable
from web.entering import Db

router = APIRouter()


@router.get("/livez")
def alive() -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok")


@router.get("/healthz")
def healthy(db: Db) -> PlainTextResponse:
    """The process answers and reaches the database; otherwise the refusal page says 503."""
    reachable(db)
    return PlainTextResponse("ok")
