"""结果公开: grants everybody may read (行政许可法 art. 40); nobody's number, phone or full name is on the page."""

import re
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from config.catalogue import catalogue
from models.account import departments_by_code
from models.case import Case
from models.results import MOST_FOUND, MOST_LISTED, Asked, results_listed
from models.worklists import items_by_case
from rules.masking import masked_applicant
from rules.moments import china_day
from rules.people import ApplicantKind
from rules.states import ItemState
from web.asking import page_number
from web.entering import Db, Visitor, now
from web.showing import show

router = APIRouter()

SHOWN = frozenset({ItemState.GRANTED, ItemState.REVOKED})
MONTHS = 12  # offered to choose from


@router.get("/results")
def page(
    request: Request, db: Db, _: Visitor, bundle: str = "", month: str = "", q: str = "", page: str = ""
) -> Response:
    """The list, narrowed as asked; whatever is no filter of ours is read as “all”."""
    public = {one.code: one for one in catalogue().values() if one.publication.public}
    asked = Asked(
        bundle=bundle if bundle in public else "",
        month=_month(month),
        search=q.replace("\x00", "").strip()[:100],
        page=page_number(page),
    )
    leaf = results_listed(db, asked, public)
    return show(
        request,
        "results.html",
        leaf=leaf,
        asked=asked,
        public=public,
        more=leaf.total >= (MOST_FOUND if asked.search else MOST_LISTED),
        hidden=[one for one in catalogue().values() if not one.publication.public],
        months=_months(china_day(now())),
        items={
            number: [item for item in items if item.state in SHOWN]
            for number, items in items_by_case(db, [case.number for case in leaf.rows]).items()
        },
        departments=departments_by_code(db),
        shown_name=shown_name,
    )


def shown_name(case: Case) -> str:
    """陈*诺; the name of an organisation is public."""
    if case.applicant_kind is ApplicantKind.ORGANISATION:
        return case.applicant_name
    return masked_applicant(case.applicant_name)


def _month(text: str) -> date | None:
    found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", text)
    return date(int(found[1]), int(found[2]), 1) if found else None


def _months(today: date) -> list[date]:
    first = today.year * 12 + today.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(first, first - MONTHS, -1)]
