"""数据统计: the charts of the hall, each with its table, and each number with the list behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from math import inf

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from actions.dating import hall_calendar
from models.account import short_names
from models.figures import DayFigure, day_figures, hour_figures, keep_days, uncounted
from models.oversight import open_by_day, received_before_today
from models.rating import figures as rating_figures
from rules.errors import NotFound
from rules.forecasting import WEEKS, forecast
from rules.moments import china_day
from rules.spans import Span
from web import figures_built, figures_peaks
from web.asking import bundle_names
from web.entering import Db, Overseer, now
from web.exporting import exported
from web.figures_built import Figure
from web.showing import show

router = APIRouter(prefix="/manage/figures")

PERIODS = (7, 30, 90)  # days, today among them
USUAL = 30
# Seconds for which a page counts days that nobody has counted: the patrol does it each night, and what is left after a
# pause or of an installation newly filled is counted by it too.
PATIENCE = 0.5

# A picture is a document of its own: its style is inside, and nothing else may be.
PICTURE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "Cache-Control": "private, max-age=60",
}


@dataclass(frozen=True, eq=False)
class Scene:
    """What the figures are asked of."""

    db: Session
    at: datetime
    span: Span
    bundle: str
    patience: float  # seconds

    @property
    def today(self) -> date:
        return self.span.last

    @cached_property
    def counted(self) -> list[DayFigure]:
        keep_days(self.db, self.span, at=self.at, patience=self.patience)
        found = day_figures(self.db, self.span, at=self.at)
        return [row for row in found if self.bundle in ("", row.bundle_code)]

    @cached_property
    def offices(self) -> dict[str, str]:
        return short_names(self.db)

    @cached_property
    def hours(self) -> dict[date, dict[int, int]]:
        """Of the weeks that a forecast looks at, from the day on which the first case came in."""
        first = max(self.today - timedelta(weeks=WEEKS), received_before_today(self.db) or self.today)
        span = Span(first, self.today)
        keep_days(self.db, span, at=self.at, patience=self.patience)
        return hour_figures(self.db, span, at=self.at)


def _flow(scene: Scene) -> Figure:
    return figures_built.flow(scene.counted, scene.span, scene.bundle)


def _backlog(scene: Scene) -> Figure:
    by_day = open_by_day(scene.db, scene.bundle)
    return figures_built.backlog(by_day, scene.today, hall_calendar(), scene.bundle)


def _hours(scene: Scene) -> Figure:
    return figures_built.hours(scene.counted, scene.span, scene.bundle, scene.offices)


def _departments(scene: Scene) -> Figure:
    return figures_built.in_time_by_department(scene.counted, scene.span, scene.bundle, scene.offices)


def _bundles(scene: Scene) -> Figure:
    return figures_built.in_time_by_bundle(scene.counted, scene.span, bundle_names())


def _peaks(scene: Scene) -> Figure:
    return figures_peaks.peaks(scene.hours, scene.today)


def _coming(scene: Scene) -> Figure:
    return figures_peaks.coming(forecast(scene.hours, scene.today, hall_calendar()))


def _ratings(scene: Scene) -> Figure:
    return figures_peaks.rated(rating_figures(scene.db, *scene.span.moments), len(scene.span.days))


BUILT: dict[str, Callable[[Scene], Figure]] = {
    "flow": _flow,
    "backlog": _backlog,
    "hours": _hours,
    "in-time-departments": _departments,
    "in-time-bundles": _bundles,
    "peaks": _peaks,
    "coming": _coming,
    "ratings": _ratings,
}


@router.get("")
def page(request: Request, db: Db, _: Overseer) -> Response:
    """All of them."""
    scene = _scene(request, db)
    return show(
        request,
        "manage_figures.html",
        figures=[build(scene) for build in BUILT.values()],
        span=scene.span,
        days=len(scene.span.days),
        periods=PERIODS,
        bundle=scene.bundle,
        bundles=bundle_names(),
        query=request.url.query,
        left=uncounted(db, scene.span, at=scene.at),
    )


@router.get("/{name}.svg")
def picture(request: Request, db: Db, _: Overseer, name: str) -> Response:
    """One chart as a picture."""
    figure = _built(request, db, name)
    if not figure.rows or figure.draw is None:
        raise NotFound("这张图还没有数据。")
    return Response(figure.draw(), media_type="image/svg+xml", headers=PICTURE)


@router.get("/{name}.csv")
def table(request: Request, db: Db, viewer: Overseer, name: str) -> Response:
    """One chart's numbers for a table program."""
    figure = _built(request, db, name, complete=True)
    cells = [[cell.text for cell in row] for row in figure.rows]
    return exported(request, db, viewer, name, figure.title, figure.headings, lambda _: cells)


def _built(request: Request, db: Session, name: str, *, complete: bool = False) -> Figure:
    if name not in BUILT:
        raise NotFound("没有这张统计图。")
    return BUILT[name](_scene(request, db, complete=complete))


def _scene(request: Request, db: Session, *, complete: bool = False) -> Scene:
    asked, at = request.query_params, now()
    days = int(asked["days"]) if asked.get("days") in {str(n) for n in PERIODS} else USUAL
    bundle = asked.get("bundle", "")
    span = Span(china_day(at) - timedelta(days=days - 1), china_day(at))
    return Scene(db, at, span, bundle if bundle in bundle_names() else "", inf if complete else PATIENCE)
