"""Whose cases are these? By number, name, identity number or phone; each way of looking is one function here."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from models.case import Case, Item, Material
from models.case_lists import cases_for_a_list
from models.leaf import Leaf, leaf_of
from models.sealing import lookup
from models.together import Opinion
from models.worklists import of_name
from rules.material import MaterialState
from rules.people import ApplicantKind
from rules.searching import Kind, Sought
from rules.states import CASE_CLOSED, ITEM_OPEN_AT_DESK, ItemState

MOST = 1000  # hits that are counted; beyond it the words must say more
LOOKED_THROUGH = 5000  # hits whose departments are looked at for a viewer who sees only some of them
NEWEST = (col(Case.submitted_at).desc(), col(Case.number).desc())
MOST_ALIKE = 5  # open cases a hint names
MOST_KEPT = 200  # rows of what an applicant handed in earlier
MOST_OFFERS = 3  # for one material


@dataclass(frozen=True)
class Seer:
    """Whose eyes? `department` None sees every case, '' none."""

    department: str | None


@dataclass(frozen=True)
class Kept:
    """A file that the applicant handed in with an earlier case."""

    material: Material
    case: Case


@dataclass(frozen=True)
class Licence:
    """A certificate or record that an earlier case of the applicant ended in."""

    item: Item
    case: Case


def of_identity(identity_number: str) -> ColumnElement[bool]:
    """Cases whose applicant or agent bears this number. The one place that compares identity numbers."""
    known = lookup("identity", identity_number)
    return or_(col(Case.identity_hash) == known, col(Case.agent_identity_hash) == known)


def of_applicant(identity_number: str) -> ColumnElement[bool]:
    """Cases whose applicant bears this number."""
    return col(Case.identity_hash) == lookup("identity", identity_number)


def of_phone(phone: str) -> ColumnElement[bool]:
    """Cases whose applicant or agent is called at this number. The one place that compares phones."""
    known = lookup("phone", phone)
    return or_(col(Case.phone_hash) == known, col(Case.agent_phone_hash) == known)


def of_tail(digits: str) -> ColumnElement[bool]:
    """Cases whose number ends so, or would without its check digit, which nobody reads out on the telephone."""
    ends = (digits, *(f"{digits}-{check}" for check in range(10)))
    return or_(*(func.reverse(col(Case.number)).startswith(end[::-1], autoescape=True) for end in ends))


def cases_found(session: Session, wanted: Sought, seer: Seer, page: int = 1) -> Leaf[Case]:
    """One page of the cases that this viewer may see, the newest first; at most MOST of them are counted."""
    where = [_meant(wanted)] if seer.department is None else _of_department(wanted, seer.department)
    counted = select(col(Case.number)).where(*where).limit(MOST).subquery()
    total = session.execute(select(func.count()).select_from(counted)).scalar_one()
    if total == 0:
        return Leaf([], 0, 1)
    query = cases_for_a_list().where(*where).order_by(*NEWEST)
    return leaf_of(session, query, page, total=total)


def newest_meant(wanted: Sought) -> SelectOfScalar[str]:
    """The numbers of the newest cases that are meant, as many as are looked through for one department."""
    return select(col(Case.number)).where(_meant(wanted)).order_by(*NEWEST).limit(LOOKED_THROUGH)


def is_too_common(session: Session, wanted: Sought, seer: Seer) -> bool:
    """Do the words fit so many cases that not all of them were looked at?"""
    most = MOST if seer.department is None else LOOKED_THROUGH
    query = select(col(Case.number)).where(_meant(wanted)).order_by(*NEWEST).offset(most - 1).limit(1)
    return session.exec(query).first() is not None


def _of_department(wanted: Sought, department: str) -> list[ColumnElement[bool]]:
    """As web.case_page.case_seen_by says for one case: those with an item or an open opinion of the department.

    Of the newest hits only: a beginning that half of the hall shares must not cost a look at half of the hall.
    """
    hits = newest_meant(wanted).subquery()
    # A scalar subquery: else the planner gathers all cases of the department before it looks at any.
    own = (
        select(Item.number)
        .where(col(Item.case_number) == hits.c.number, Item.department_code == department)
        .limit(1)
    )
    asked = (
        select(Opinion.case_number)
        .join(Item, col(Item.number) == Opinion.item_number)
        .where(
            Opinion.department_code == department,
            col(Opinion.answered_at).is_(None),
            col(Opinion.cancelled_at).is_(None),
            col(Item.state).in_(ITEM_OPEN_AT_DESK),
        )
    )
    may_see = or_(own.scalar_subquery().is_not(None), hits.c.number.in_(asked))
    return [col(Case.number).in_(select(hits.c.number).where(may_see))]


def open_cases_alike(
    session: Session, bundle_code: str, identity_number: str, name: str, phone: str
) -> list[Case]:
    """Could this be the same application again? Open cases of the bundle with the same number, or name and phone."""
    same = []
    if identity_number:
        same.append(of_applicant(identity_number))
    if name and phone:
        same.append(and_(of_phone(phone), col(Case.applicant_name) == name))
    if not same:
        return []
    is_open = (col(Case.bundle_code) == bundle_code, col(Case.state).not_in(CASE_CLOSED))
    query = select(Case).where(or_(*same), *is_open).order_by(col(Case.submitted_at).desc())
    return list(session.exec(query.limit(MOST_ALIKE)))


def kept_of_applicant(session: Session, identity_number: str, kind: ApplicantKind) -> dict[str, list[Kept]]:
    """Name of a material -> the files that this applicant handed in with earlier cases, the latest first."""
    query = (
        select(Material, Case)
        .join(Case, col(Case.number) == Material.case_number)
        .where(
            of_applicant(identity_number),
            Case.applicant_kind == kind,
            Material.stored_as != "",
            Material.state == MaterialState.SUPPLIED,
        )
        .order_by(col(Material.supplied_at).desc(), col(Material.id))
        .limit(MOST_KEPT)
    )
    found: dict[str, list[Kept]] = {}
    seen: set[tuple[str, str]] = set()
    for material, case in session.execute(query).tuples():
        offers = found.setdefault(material.name, [])
        # The same file again, reused or handed in twice, is offered once; of a case only its latest version.
        marks = {(material.name, material.sha256), (material.name, case.number)}
        if len(offers) < MOST_OFFERS and not marks & seen:
            offers.append(Kept(material, case))
            seen |= marks
    return found


def licences_of_applicant(session: Session, identity_number: str, kind: ApplicantKind) -> list[Licence]:
    """What was granted to this applicant and made out, the latest first; what was undone is none any more."""
    query = (
        select(Item, Case)
        .join(Case, col(Case.number) == Item.case_number)
        .where(
            of_applicant(identity_number),
            Case.applicant_kind == kind,
            Item.state == ItemState.GRANTED,
            Item.result_number != "",
        )
        .order_by(col(Item.decided_at).desc(), col(Item.number))
        .limit(MOST_KEPT)
    )
    return [Licence(item, case) for item, case in session.execute(query).tuples()]


def _meant(wanted: Sought) -> ColumnElement[bool]:
    if wanted.kind is Kind.NUMBER:
        return col(Case.number) == wanted.value
    by = {Kind.TAIL: of_tail, Kind.IDENTITY: of_identity, Kind.PHONE: of_phone, Kind.NAME: of_name}
    return by[wanted.kind](wanted.value)
