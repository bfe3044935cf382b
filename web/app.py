"""Which pages are there, and what surrounds them all?"""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from web import (
    acts,
    api,
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
    health,
    leaving,
    ledger,
    manage,
    manage_tables,
    messages,
    new_case,
    online,
    online_proof,
    public,
    rating,
    ratings,
    receipts,
    refusing,
    results,
    search,
    shifts,
    signing_in,
    supplement,
    together,
    track,
    track_results,
    track_supplement,
    voices,
    window,
    withdrawal,
)
from web.guarding import LimitedBody, SafeAnswers
from web.showing import STATIC

PAGES = (
    public,
    signing_in,
    together,
    shifts,
    window,
    new_case,
    search,
    case_page,
    clocks,
    acts,
    supplement,
    cards,
    deciding,
    department,
    manage,
    manage_tables,
    figures,
    drift,
    ledger,
    messages,
    documents,
    files,
    track,
    track_supplement,
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
    api,
)


def create_app() -> FastAPI:
    """The web application: every desk, the public pages, the health checks."""
    app = FastAPI(title="一件事", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    for pages in PAGES:
        app.include_router(pages.router, include_in_schema=pages is api)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(LimitedBody)
    app.add_middleware(SafeAnswers)  # outermost
    refusing.install(app)
    return app
