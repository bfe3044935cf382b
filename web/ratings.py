"""好差评台账: every rating, and what they add up to; for those who watch over the hall."""

from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.account import departments_by_code
from models.enquiry import enquiries_of
from models.rating import RatingsWanted, figures, ratings_listed
from rules.errors import NotYourDesk
from rules.people import Role
from rules.voices import Grade
from web.asking import page_number
from web.entering import Db, Viewer, now
from web.showing import show

router = APIRouter()

HALL = "hall"
SPANS = {"30": "近 30 天", "90": "近 90 天", "365": "近一年"}


@router.get("/ratings")
def listed(
    request: Request,
    db: Db,
    viewer: Viewer,
    days: str = "30",
    grade: str = "",
    department: str = "",
    page: str = "",
) -> Response:
    """The figures of the last days, and the ratings behind them."""
    if viewer.role not in (Role.MANAGER, Role.GOVERNMENT):
        raise NotYourDesk(f"您的角色是“{viewer.role.label}”，不能查看好差评台账。")
    departments, until = departments_by_code(db), now()
    span = days if days in SPANS else "30"
    since: datetime = until - timedelta(days=int(span))
    wanted = RatingsWanted(
        grade=Grade(grade) if grade in set(Grade) else None,
        department=department if department in departments else "",
        hall=department == HALL,
        since=since,
        page=page_number(page),
    )
    leaf = ratings_listed(db, wanted)
    return show(
        request,
        "ratings.html",
        leaf=leaf,
        wanted=wanted,
        span=span,
        spans=SPANS,
        figures=figures(db, since, until + timedelta(seconds=1)),
        grades=list(Grade),
        departments=departments,
        enquiries=enquiries_of(db, [one.id for one in leaf.rows]),
    )
