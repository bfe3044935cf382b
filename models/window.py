"""What lies at the window today? Lists for the clerk's home page, each one query and its count."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, exists
from sqlmodel import Session, col, select

from models.case import Case, Material
from models.case_lists import cases_for_a_list
from models.leaf import Leaf, leaf_of
from models.supplement import SupplementNotice
from rules.material import MaterialState
from rules.states import CaseState


@dataclass(frozen=True)
class Owed:
    """A paper that the applicant promised for a day (容缺)."""

    material: Material
    case: Case


def waiting_for_acceptance(session: Session, page: int = 1) -> Leaf[Case]:
    """Received and looked at by nobody yet, the longest waiting first."""
    return _submitted(session, ~_was_asked(), page)


def back_from_supplement(session: Session, page: int = 1) -> Leaf[Case]:
    """补正回来: everything that was asked for has come, somebody must look again; the longest waiting first."""
    return _submitted(session, _was_asked(), page)


def papers_due(session: Session, until: date, page: int = 1) -> Leaf[Owed]:
    """容缺待补: what cases under way were promised for a day up to this one, overdue or not, the earliest first."""
    of_case = col(Case.number) == Material.case_number
    where = (
        Material.state == MaterialState.DEFERRED,
        col(Material.promised_on) <= until,
        Case.state == CaseState.ACCEPTED,
    )
    order = (col(Material.promised_on), col(Material.case_number), col(Material.spec_id))
    query = select(Material, Case).join(Case, of_case).where(*where).order_by(*order)
    return leaf_of(session, query, page, made=lambda row: Owed(*row))


def _submitted(session: Session, which: ColumnElement[bool], page: int) -> Leaf[Case]:
    where = (Case.state == CaseState.SUBMITTED, which)
    query = cases_for_a_list().where(*where).order_by(col(Case.submitted_at), col(Case.number))
    return leaf_of(session, query, page)


def _was_asked() -> ColumnElement[bool]:
    return exists().where(col(SupplementNotice.case_number) == Case.number)
