"""What is on somebody's desk, and in which order? Read-only queries that answer for pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, and_, cast, func, or_, text
from sqlmodel import Session, col, select

from models.case import Case, Item, Material
from models.case_lists import cases_for_a_list
from models.leaf import COUNTED, PAGE, Leaf, count_of, leaf_of, leaf_out_of
from rules.errors import NotFound
from rules.material import MaterialState
from rules.moments import CHINA
from rules.states import CaseState, ItemState

AT_ONCE = 500  # rows fetched at once while a list is taken out


@dataclass(frozen=True)
class AtDesk:
    """An item on a department's desk with its case."""

    item: Item
    case: Case


@dataclass(frozen=True)
class Wanted:
    """What the manager's or the window's list is narrowed to; empty means all."""

    search: str = ""
    state: CaseState | None = None
    bundle: str = ""
    department: str = ""
    overdue: bool = False
    archived: bool | None = None
    sort: str = "newest"
    page: int = 1


ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": (col(Case.submitted_at).desc(), col(Case.number).desc()),
    "oldest": (col(Case.submitted_at), col(Case.number)),
    "due": (col(Case.promised_due_on).nulls_last(), col(Case.number)),
    "bundle": (col(Case.bundle_code), col(Case.submitted_at).desc(), col(Case.number)),
    "state": (col(Case.state), col(Case.submitted_at).desc(), col(Case.number)),
}


# What was promised for the day on which it came (即办, or within hours) goes before what has days. Spelt as in the
# index item_open_at_desk, which answers it without sorting.
PROMISED_SAME_DAY = (
    col(Item.promised_due_on) == cast(func.timezone(str(CHINA), col(Item.handed_over_at)), Date)
).is_(True)
MOST_URGENT = (PROMISED_SAME_DAY.desc(), col(Item.due_on).nulls_last(), col(Item.handed_over_at))


def reachable(session: Session) -> None:
    """Raises unless the database answers."""
    session.execute(text("SELECT 1"))


def cases_listed(session: Session, wanted: Wanted, today: date, *, exactly: bool = False) -> Leaf[Case]:
    """The cases asked for, one page of them; programs are told exactly how many there are."""
    where, order = narrowed(wanted, today), ORDERS.get(wanted.sort, ORDERS["newest"])
    if exactly:
        query = select(Case).where(*where)
        return leaf_of(session, query.order_by(*order), wanted.page, total=count_of(session, query))
    return cases_leaf(session, wanted, where, order)


def cases_written_out(session: Session, wanted: Wanted, today: date) -> Iterable[Case]:
    """All the cases asked for, read a part at a time."""
    query = select(Case).where(*narrowed(wanted, today))
    ordered = query.order_by(*ORDERS.get(wanted.sort, ORDERS["newest"]))
    return session.exec(ordered.execution_options(yield_per=AT_ONCE))


def cases_by_state(session: Session) -> dict[CaseState, int]:
    """How many cases there are in each state."""
    query = select(Case.state, func.count()).group_by(col(Case.state))
    return dict(session.execute(query).tuples().all())


def overdue_count(session: Session, today: date) -> int:
    """How many open cases have passed their date."""
    return session.exec(select(func.count()).select_from(Case).where(_overdue(today))).one()


def due_soon_count(session: Session, today: date, until: date) -> int:
    """How many open cases fall due from today to this day."""
    near = and_(
        col(Case.state) == CaseState.ACCEPTED,
        col(Case.promised_due_on) >= today,
        col(Case.promised_due_on) <= until,
    )
    return session.exec(select(func.count()).select_from(Case).where(near)).one()


def held_for_desk(session: Session, department: str, page: int = 1) -> Leaf[AtDesk]:
    """What will come to this department once others have decided."""
    mine = (col(Item.department_code) == department, col(Item.state) == ItemState.WAITING)
    return desk_leaf(session, mine, (), page)


def items_by_case(session: Session, numbers: Iterable[str]) -> dict[str, list[Item]]:
    """The items of several cases at once, in the order of their bundles."""
    found: dict[str, list[Item]] = {number: [] for number in numbers}
    query = select(Item).where(col(Item.case_number).in_(list(found))).order_by(col(Item.number))
    for item in session.exec(query):
        found[item.case_number].append(item)
    return found


def material_kept(session: Session, material_id: UUID) -> Material:
    """A material with a file."""
    material = session.get(Material, material_id)
    if material is None or not material.stored_as:
        raise NotFound("没有这份材料的文件。")
    return material


def papers_overdue(session: Session, numbers: Iterable[str], today: date) -> dict[str, set[str]]:
    """容缺: what was promised to these cases for a day that has passed, by case."""
    query = select(Material).where(
        col(Material.case_number).in_(list(numbers)),
        Material.state == MaterialState.DEFERRED,
        col(Material.promised_on) < today,
    )
    found: dict[str, set[str]] = {}
    for material in session.exec(query):
        found.setdefault(material.case_number, set()).add(material.spec_id)
    return found


def latest_case(session: Session) -> Case | None:
    """The case that came last."""
    return session.exec(select(Case).order_by(col(Case.submitted_at).desc()).limit(1)).one_or_none()


def cases_since(session: Session, moment: datetime) -> int:
    """How many cases came in since this moment."""
    query = select(func.count()).select_from(Case).where(col(Case.submitted_at) >= moment)
    return session.exec(query).one()


def _overdue(today: date) -> ColumnElement[bool]:
    return and_(col(Case.state) == CaseState.ACCEPTED, col(Case.promised_due_on) < today)


def narrowed(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    """The conditions of what a list is narrowed to."""
    where: list[ColumnElement[bool]] = []
    if wanted.search:
        where.append(_found(wanted.search))
    if wanted.state:
        where.append(col(Case.state) == wanted.state)
    if wanted.bundle:
        where.append(col(Case.bundle_code) == wanted.bundle)
    if wanted.department:
        of_department = select(Item.case_number).where(Item.department_code == wanted.department)
        where.append(col(Case.number).in_(of_department))
    if wanted.overdue:
        where.append(_overdue(today))
    if wanted.archived is not None:
        put_away = col(Case.archived_at)
        where.append(put_away.is_not(None) if wanted.archived else put_away.is_(None))
    return where


def _found(search: str) -> ColumnElement[bool]:
    """By any part of the number, or a name; % and _ are plain signs here.

    Each by an index of its own: the numbers are read one after the other there, in capitals as they all are.
    """
    by_number = select(Case.number).where(col(Case.number).contains(search.upper(), autoescape=True))
    return col(Case.number).in_(by_number.union(select(Case.number).where(of_name(search))))


def of_name(beginning: str) -> ColumnElement[bool]:
    """Cases whose applicant, person to call or agent has a name that begins so; % and _ are plain signs here."""

    def begins(column: Any) -> ColumnElement[bool]:
        return func.lower(col(column)).startswith(beginning.lower(), autoescape=True)

    # Most cases name one person only: the indexes hold no empty names.
    others = [and_(col(one) != "", begins(one)) for one in (Case.contact_name, Case.agent_name)]
    return or_(begins(Case.applicant_name), *others)


def desk_leaf(
    session: Session,
    where: Sequence[ColumnElement[bool]],
    order: tuple[Any, ...],
    page: int,
    size: int = PAGE,
) -> Leaf[AtDesk]:
    """One page of items with their cases, in this order of the items: only the cases on the page are fetched."""
    query = select(Item).where(*where).order_by(*order, col(Item.number))
    leaf: Leaf[Item] = leaf_of(session, query, page, size=size)
    if not leaf.rows:
        return leaf.of([])
    of_page = cases_for_a_list().where(col(Case.number).in_({item.case_number for item in leaf.rows}))
    cases = {case.number: case for case in session.exec(of_page)}
    return leaf.of([AtDesk(item, cases[item.case_number]) for item in leaf.rows])


def cases_leaf(
    session: Session, wanted: Wanted, where: Sequence[ColumnElement[bool]], order: tuple[Any, ...]
) -> Leaf[Case]:
    """One page of the cases, in this order.

    What is searched for is looked for in all numbers: once, for how many there are and for those on the page.
    """
    if not wanted.search:
        return leaf_of(session, cases_for_a_list().where(*where).order_by(*order), wanted.page)
    most = max(COUNTED, wanted.page * PAGE)
    numbers = session.exec(select(Case.number).where(*where).order_by(*order).limit(most + 1)).all()
    leaf = leaf_out_of(numbers[:most], wanted.page, beyond=len(numbers) > most)
    return leaf.of(in_this_order(session, leaf.rows))


def in_this_order(session: Session, numbers: Sequence[str]) -> list[Case]:
    """The cases of these numbers."""
    if not numbers:
        return []
    query = cases_for_a_list().where(col(Case.number).in_(numbers))
    cases = {case.number: case for case in session.exec(query)}
    return [cases[number] for number in numbers]
