"""What do the desks show of cases before acceptance: to look through, asked for, waiting for the applicant?"""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from sqlmodel import Session

from actions.gaps import end_of_window
from models.pre_review import asked_by, in_correction, lapsed_count, received, to_look_through, waiting
from models.supplement import untold_counts
from models.version import bundle_of_version
from web.asking import page_number
from web.showing import pages_of


def pre_review_of(
    db: Session, department: str, page: str, asked_page: str, params: Mapping[str, str]
) -> dict[str, Any]:
    """预审 of a department, and what became of what it asked for; each list has pages of its own.

    `params`: what the address of the desk asks for.
    """
    leaf = to_look_through(db, department, page_number(page))
    asked = asked_by(db, department, page_number(asked_page))
    numbers = [case.number for case in leaf.rows]
    came = received(db, numbers)
    closes = {
        case.number: end_of_window(
            bundle_of_version(db, case.bundle_digest), came.get(case.number, case.submitted_at)
        )
        for case in leaf.rows
    }
    return {
        "pre": leaf,
        "pre_link": pages_of("/desk", params, "pre"),
        "closes": closes,
        "untold": untold_counts(db, numbers),
        "asked_for": asked,
        "asked_link": pages_of("/desk", params, "asked"),
        "waiting": waiting(db, [case.number for case in asked.rows]),
    }


def corrections_of(request: Request, db: Session, page: str) -> dict[str, Any]:
    """What waits for its applicants; first those on which the window must decide."""
    leaf = in_correction(db, page_number(page))
    return {
        "correcting": leaf,
        "correcting_link": pages_of("/window", request.query_params, "correcting"),
        "waiting": waiting(db, [case.number for case in leaf.rows]),
        "lapsed": lapsed_count(db),
    }
