"""Whose cases are these? By number, name, identity number or phone; each way of looking is one function here."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlmodel import Session, col, select

from models.case import Case, Item, Material
from models.together import Opinion
from models.worklists import Leaf, leaf_of
from rules.material import MaterialState
from rules.people import ApplicantKind
from rules.searching import Kind, Sought
from rules.states import CASE_CLOSED, ITEM_OPEN_AT_DESK, ItemState

MOST = 1000  # hits that are counted; beyond it the words must say more
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
    return or_(col(Case.applicant_id_number) == identity_number, col(Case.agent_id_number) == identity_number)


def of_applicant(identity_number: str) -> ColumnElement[bool]:
    """Cases whose applicant bears this number."""
    return col(Case.applicant_id_number) == identity_number


def of_phone(phone: str) -> ColumnElement[bool]:
    """Cases whose applicant or agent is called at this number. The one place that compares phones."""
    return or_(col(Case.phone) == phone, col(Case.agent_phone) == phone)


def of_name(beginning: str) -> ColumnElement[bool]:
    """Cases whose applicant's name begins so; % and _ are plain signs here."""
    return func.lower(col(Case.applicant_name)).like(_beginning(beginning.lower()))


def of_tail(digits: str) -> ColumnElement[bool]:
    """Cases whose number ends so."""
    return func.reverse(col(Case.number)).like(_beginning(digits[::-1]))


def seen_by(seer: Seer) -> list[ColumnElement[bool]]:
    """As web.case_page.case_seen_by says for one case: those with an item or an open opinion of the department."""
    if seer.department is None:
        return []
    own = exists().where(col(Item.case_number) == Case.number, col(Item.department_code) == seer.department)
    asked = exists().where(
        col(Opinion.case_number) == Case.number,
        col(Opinion.department_code) == seer.department,
        col(Opinion.answered_at).is_(None),
        col(Opinion.cancelled_at).is_(None),
        col(Opinion.item_number) == col(Item.number),
        col(Item.state).in_(ITEM_OPEN_AT_DESK),
    )
    return [or_(own, asked)]


def cases_found(session: Session, wanted: Sought, seer: Seer, page: int = 1) -> Leaf[Case]:
    """One page of the cases that this viewer may see, the newest first; at most MOST of them are counted."""
    where = [_meant(wanted), *seen_by(seer)]
    counted = select(col(Case.number)).where(*where).limit(MOST).subquery()
    total = session.execute(select(func.count()).select_from(counted)).scalar_one()
    query = select(Case).where(*where).order_by(col(Case.submitted_at).desc(), col(Case.number).desc())
    return leaf_of(session, query, total, page)


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


def _beginning(words: str) -> str:
    plain = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{plain}%"
