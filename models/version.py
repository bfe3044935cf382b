"""Which version of a bundle was a case accepted under? A version is never changed, only followed."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, col, func, select

from config.catalogue import bundle_from_document, digest_of, document_of
from models.case import Case
from models.columns import document, moment
from models.table import Table
from rules.bundle import Bundle
from rules.states import CASE_CLOSED

_known: dict[str, Bundle] = {}  # digest -> bundle; a version never changes, so this never goes stale


class BundleVersion(Table, table=True):
    """一件事的一个版本: the whole document, by its digest."""

    __tablename__ = "bundle_version"

    digest: str = Field(primary_key=True, max_length=64)
    code: str = Field(index=True, max_length=16)
    content: dict[str, Any] = Field(sa_column=document())
    published_at: datetime = Field(sa_column=moment(nullable=False))


def keep_version(session: Session, bundle: Bundle, *, at: datetime) -> str:
    """Keep this version if it is new, and say its digest."""
    digest = digest_of(bundle)
    row = {"digest": digest, "code": bundle.code, "content": document_of(bundle), "published_at": at}
    session.execute(insert(BundleVersion).values(row).on_conflict_do_nothing())
    return digest


def bundle_of_version(session: Session, digest: str) -> Bundle:
    """The bundle as it was when the case was accepted."""
    if digest not in _known:
        version = session.get_one(BundleVersion, digest)
        _known[digest] = bundle_from_document(version.content)
    return _known[digest]


def versions_of(session: Session, code: str) -> list[BundleVersion]:
    """Every version that was published or that a case was submitted under, the latest first."""
    query = select(BundleVersion).where(BundleVersion.code == code)
    return list(
        session.exec(query.order_by(col(BundleVersion.published_at).desc(), col(BundleVersion.digest)))
    )


def open_cases_of(session: Session, code: str) -> list[Case]:
    """The cases of a bundle that are not closed, whichever version they run under."""
    query = select(Case).where(Case.bundle_code == code, col(Case.state).not_in(list(CASE_CLOSED)))
    return list(session.exec(query.order_by(col(Case.number))))


def cases_by_version(session: Session, code: str) -> dict[str, tuple[int, int]]:
    """Digest -> how many cases run under the version, and how many of them are not closed."""
    is_open = col(Case.state).not_in(list(CASE_CLOSED))
    query = select(Case.bundle_digest, func.count(), func.count().filter(is_open))
    found = session.execute(query.where(Case.bundle_code == code).group_by(col(Case.bundle_digest)))
    return {digest: (total, still_open) for digest, total, still_open in found}
