"""What is still owed on cases at the window: papers promised for a day, answers awaited, results to be handed out?"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, bindparam, exists, union
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.after import delivery_dates
from models.case import Case, Item, Material
from models.case_lists import cases_for_a_list
from models.clock import ClockRow
from models.pre_review import Waiting, waiting
from rules.clock import ClockKind
from rules.material import MaterialState
from rules.states import CaseState, ItemState


@dataclass(frozen=True)
class Owing:
    """What somebody must still follow up on one case."""

    answer: Waiting | None = None  # 补正: the applicant has been asked
    papers: tuple[Material, ...] = ()  # 容缺
    results: tuple[tuple[Item, date | None], ...] = ()  # 待发放, and by when each must have left

    def __bool__(self) -> bool:
        return bool(self.answer or self.papers or self.results)


# Every decision asks it: three columns, put together once, and no row becomes an object.
_STATES = (
    select(Material.spec_id, Material.name, Material.state)
    .where(Material.case_number == bindparam("number"))
    .distinct(col(Material.spec_id))
    .order_by(col(Material.spec_id), col(Material.version).desc())
)


def papers_in(
    session: Session, case_number: str, materials: Collection[str], *states: MaterialState
) -> list[str]:
    """The names of those of these materials that are, in their latest version, in one of these states."""
    if not materials:
        return []
    found = session.exec(_STATES, params={"number": case_number})
    return [name for material, name, state in found if material in materials and state in states]


def accepted_and_owing(session: Session, username: str, most: int) -> list[Case]:
    """Cases of this clerk that are accepted and not done with at the window, the longest there first.

    Found by what is owed, of which there is little, and not among all that the clerk has ever taken in.
    """
    query = cases_for_a_list().where(Case.window_clerk == username, owes())
    return list(session.exec(query.order_by(col(Case.submitted_at), col(Case.number)).limit(most)))


def owes() -> ColumnElement[bool]:
    """A promised paper has not come, or a result was made and has not left.

    One list of numbers: beside an OR PostgreSQL would go through every case instead.
    """
    accepted = aliased(Case)
    promised = (
        select(Material.case_number)
        .join(accepted, col(accepted.number) == Material.case_number)
        .where(Material.state == MaterialState.DEFERRED, accepted.state == CaseState.ACCEPTED)
    )
    made = (
        exists()
        .where(
            col(Item.number) == ClockRow.item_number,
            col(Item.state) == ItemState.GRANTED,
            col(Item.result_number) != "",
        )
        .correlate(ClockRow)
    )
    ready = select(ClockRow.case_number).where(
        ClockRow.kind == ClockKind.DELIVERY, col(ClockRow.stopped_at).is_(None), made
    )
    return col(Case.number).in_(union(promised, ready))


def owing_of(session: Session, numbers: Iterable[str]) -> Mapping[str, Owing]:
    """What these cases owe, by number; a few queries for all of them, and nothing of those that owe nothing."""
    cases = sorted(set(numbers))
    if not cases:
        return {}
    asked, papers, results = waiting(session, cases), _papers(session, cases), _results(session, cases)
    found = {
        number: Owing(asked.get(number), tuple(papers.get(number, ())), tuple(results.get(number, ())))
        for number in cases
    }
    return {number: owing for number, owing in found.items() if owing}


def _papers(session: Session, cases: list[str]) -> dict[str, list[Material]]:
    query = (
        select(Material)
        .join(Case, col(Case.number) == Material.case_number)
        .where(
            col(Material.case_number).in_(cases),
            Material.state == MaterialState.DEFERRED,
            Case.state == CaseState.ACCEPTED,
        )
        .order_by(col(Material.promised_on).nulls_last(), col(Material.spec_id))
    )
    found: dict[str, list[Material]] = {}
    for paper in session.exec(query):
        found.setdefault(paper.case_number, []).append(paper)
    return found


def _results(session: Session, cases: list[str]) -> dict[str, list[tuple[Item, date | None]]]:
    due = delivery_dates(session, cases)
    query = select(Item).where(
        col(Item.number).in_(list(due)), Item.state == ItemState.GRANTED, Item.result_number != ""
    )
    found: dict[str, list[tuple[Item, date | None]]] = {}
    for item in session.exec(query.order_by(col(Item.number))):
        found.setdefault(item.case_number, []).append((item, due[item.number]))
    return found
