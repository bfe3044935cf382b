"""容缺, by the applicant: a promised paper is uploaded on the progress page, by the rule of the window."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from actions.applying import supply
from actions.storing import TooLarge, UnknownType
from rules.application import Supplied
from rules.errors import AlreadyDone, Faulty, Refused
from web.entering import Db, now
from web.refusing import status_of
from web.supplement import throw_away, uploaded
from web.track import ask_again, progress_page, still_open
from web.track_supplement import FormIfOpened, Opened

router = APIRouter(prefix="/track/{number}/materials")


@router.post("/{spec_id}")
def brought(
    request: Request, db: Db, number: str, spec_id: str, case: Opened, form: FormIfOpened
) -> Response:
    """补交: one file for one paper. Sent twice the first one counts, and the page says which it was."""
    if case is None or form is None:
        return ask_again(number, closed=True)
    file = None
    try:
        file = uploaded(form, spec_id)
        with db.begin_nested():
            supply(db, number, file or Supplied(spec_id), by=None, at=now())
    except AlreadyDone:
        throw_away(file)
    except Refused as refused:
        throw_away(file)
        if not isinstance(refused, Faulty | TooLarge | UnknownType):
            raise
        faults = {f"material.{spec_id}": str(refused)}
        return still_open(request, progress_page(request, db, case, status=status_of(refused), faults=faults))
    return still_open(request, RedirectResponse(f"/track/{number}?brought={spec_id}", 303))
