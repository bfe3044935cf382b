"""What has become of concluded cases: what everybody may read (结果公开), and how long the last ones took."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from models.case import Case
from models.leaf import PAGE, Leaf, leaf_of
from rules.moments import CHINA
from rules.people import ApplicantKind
from rules.states import Outcome

MOST = 200  # concluded cases a forecast looks back on
MOST_LISTED, MOST_FOUND = 2000, 200  # older ones are found by their month
GRANTED = (Outcome.ALL_GRANTED, Outcome.PARTLY_GRANTED)


@dataclass(frozen=True)
class Asked:
    """What the public list is narrowed to; empty means all that is public."""

    bundle: str = ""
    month: date | None = None  # its first day
    search: str = ""  # part of an organisation's name: people are not to be looked for here
    page: int = 1


def results_listed(session: Session, asked: Asked, public: Collection[str]) -> Leaf[Case]:
    """Concluded cases of these bundles with something granted, the latest first; at most so many.

    Whoever looks for a name reads every row once, so what is found is kept for the page; the list itself is counted
    as far as it goes.
    """
    query = select(Case).where(*_narrowed(asked, public))
    latest = query.order_by(col(Case.concluded_at).desc(), col(Case.number).desc())
    if asked.search:
        found = list(session.exec(latest.limit(MOST_FOUND)))
        number = min(asked.page, max(1, -(-len(found) // PAGE)))
        return Leaf(found[(number - 1) * PAGE : number * PAGE], len(found), number)
    counted = select(Case.number).where(*_narrowed(asked, public)).limit(MOST_LISTED).subquery()
    total = session.execute(select(func.count()).select_from(counted)).scalar_one()
    return leaf_of(session, latest, asked.page, total=total)


def last_concluded(session: Session, bundle: str, before: datetime) -> list[tuple[datetime, datetime]]:
    """When the last cases of this bundle were accepted and concluded; at most 200, the latest first."""
    query = (
        select(Case.accepted_at, Case.concluded_at)
        .where(
            Case.bundle_code == bundle,
            col(Case.concluded_at).is_not(None),
            col(Case.concluded_at) <= before,
            col(Case.accepted_at).is_not(None),
        )
        .order_by(col(Case.concluded_at).desc())
        .limit(MOST)
    )
    return [(begun, ended) for begun, ended in session.exec(query) if begun and ended]


def _narrowed(asked: Asked, public: Collection[str]) -> list[ColumnElement[bool]]:
    shown = {asked.bundle} & set(public) if asked.bundle else set(public)
    where: list[ColumnElement[bool]] = [
        col(Case.bundle_code).in_(sorted(shown)),
        col(Case.outcome).in_(GRANTED),
        col(Case.concluded_at).is_not(None),  # as in the index that answers it
    ]
    if asked.month:
        where.append(col(Case.concluded_at) >= datetime.combine(asked.month, time.min, CHINA))
        where.append(col(Case.concluded_at) < datetime.combine(_next_month(asked.month), time.min, CHINA))
    if asked.search:
        where.append(col(Case.applicant_kind) == ApplicantKind.ORGANISATION)
        where.append(col(Case.applicant_name).contains(asked.search, autoescape=True))
    return where


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
