"""What has become of concluded cases: what everybody may read (结果公开), and how long the last ones took."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from models.case import Case
from models.worklists import Leaf, leaf_of
from rules.moments import CHINA
from rules.people import ApplicantKind
from rules.states import Outcome

MOST = 200  # concluded cases a forecast looks back on
GRANTED = (Outcome.ALL_GRANTED, Outcome.PARTLY_GRANTED)


@dataclass(frozen=True)
class Asked:
    """What the public list is narrowed to; empty means all that is public."""

    bundle: str = ""
    month: date | None = None  # its first day
    search: str = ""  # part of an organisation's name: people are not to be looked for here
    page: int = 1


def results_listed(session: Session, asked: Asked, public: Collection[str]) -> Leaf[Case]:
    """Concluded cases of these bundles with something granted, the latest first."""
    where = _narrowed(asked, public)
    total = session.exec(select(func.count()).select_from(Case).where(*where)).one()
    query = select(Case).where(*where).order_by(col(Case.concluded_at).desc(), col(Case.number).desc())
    return leaf_of(session, query, total, asked.page)


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
    ]
    if asked.month:
        where.append(col(Case.concluded_at) >= datetime.combine(asked.month, time.min, CHINA))
        where.append(col(Case.concluded_at) < datetime.combine(_next_month(asked.month), time.min, CHINA))
    if asked.search:
        where.append(col(Case.applicant_kind) == ApplicantKind.ORGANISATION)
        where.append(col(Case.applicant_name).icontains(asked.search, autoescape=True))
    return where


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
