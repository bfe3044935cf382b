"""Is the application alive, can people work with it, does what they cause go on? For whoever watches it."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from actions.readiness import Check, all_ready, pages_ready
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


@router.get("/readyz")
def ready(db: Db) -> Response:
    """People may be sent here: the record answers, at this version. Prefect and the conductor may be away."""
    return _answer(pages_ready(db))


@router.get("/readyz/all")
def all_is_ready(db: Db) -> Response:
    """The whole platform: conductor, worker and sender are heard of, and go on. For an alarm, not for a balancer."""
    return _answer(all_ready(db))


def _answer(checks: list[Check]) -> Response:
    good = all(check.good for check in checks)
    told = {check.name: {"ok": check.good, "says": check.says} for check in checks}
    return JSONResponse({"ready": good, "checks": told}, 200 if good else 503)
