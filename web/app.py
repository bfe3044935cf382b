"""Which pages are there, and what surrounds them all?"""

import gc

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from web import (
    accounts,
    acts,
    api,
    batching,
    calls,
    cards,
    case_page,
    clocks,
    deciding,
    department,
    documents,
    drift,
    enquiries,
    figures,
    files,
    full_view,
    health,
    leaving,
    ledger,
    manage,
    manage_tables,
    messages,
    metrics,
    new_case,
    online,
    online_proof,
    own_account,
    public,
    rating,
    ratings,
    receipts,
    refusing,
    results,
    search,
    security_audit,
    shifts,
    signing_in,
    signing_in_elsewhere,
    stock_opinions,
    supplement,
    together,
    track,
    track_owed,
    track_results,
    track_supplement,
    voices,
    window,
    withdrawal,
)
from web.guarding import LimitedBody, SafeAnswers
from web.knocking import OurDoor
from web.observing import Observed
from web.showing import STATIC

# The busiest first: every request asks one after the other whether the page is theirs.
PAGES = (
    deciding,
    case_page,
    department,
    window,
    public,
    signing_in,
    signing_in_elsewhere,
    own_account,
    accounts,
    security_audit,
    together,
    shifts,
    new_case,
    search,
    clocks,
    acts,
    supplement,
    cards,
    batching,
    stock_opinions,
    manage,
    manage_tables,
    figures,
    drift,
    ledger,
    messages,
    documents,
    files,
    full_view,
    track,
    track_supplement,
    track_owed,
    track_results,
    withdrawal,
    leaving,
    online,
    online_proof,
    results,
    rating,
    voices,
    enquiries,
    ratings,
    calls,
    receipts,
    health,
    metrics,
    api,
)


def create_app() -> FastAPI:
    """The web application: every desk, the public pages, the health checks."""
    app = FastAPI(title="一件事", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    for pages in PAGES:
        app.include_router(pages.router, include_in_schema=pages is api)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(LimitedBody)
    app.add_middleware(OurDoor)
    app.add_middleware(SafeAnswers)
    app.add_middleware(Observed)  # outermost
    refusing.install(app)
    return app


def settle() -> None:
    """All that is there by now stays. Python need not go through it any more in search of what can be thrown away.

    That takes a fifth of a second, in which the whole process answers nobody.
    """
    gc.collect()
    gc.freeze()
