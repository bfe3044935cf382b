"""预计: when was it done in the cases before, and on which day would that be in this one?"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from actions.dating import hall_calendar
from models.case import Case
from models.results import last_concluded
from rules.expecting import Expectation, expectation
from rules.moments import china_day
from rules.states import CaseState


@dataclass(frozen=True)
class Forecast:
    """What the last cases of this bundle took; the days only once the case is accepted."""

    history: Expectation
    half_on: date | None = None
    most_on: date | None = None


def forecast(session: Session, case: Case, *, at: datetime) -> Forecast | None:
    """For a case that goes on; None where too few were concluded to say anything."""
    if case.state not in (CaseState.SUBMITTED, CaseState.CORRECTION, CaseState.ACCEPTED):
        return None
    calendar = hall_calendar()
    took = [
        calendar.working_days_between(china_day(begun), china_day(ended))
        for begun, ended in last_concluded(session, case.bundle_code, at)
    ]
    history = expectation(took)
    if history is None:
        return None
    if case.accepted_at is None:
        return Forecast(history)
    begun = china_day(case.accepted_at)
    half, most = (
        calendar.working_day(days, begun) if days else begun for days in (history.half, history.most)
    )
    return Forecast(history, half, most)
