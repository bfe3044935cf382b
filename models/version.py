"""Which version of a bundle was a case accepted under? A version is never changed, only followed."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, SQLModel

from config.catalogue import bundle_from_document, digest_of, document_of
from models.columns import document, moment
from rules.bundle import Bundle

_known: dict[str, Bundle] = {}  # digest -> bundle; a version never changes, so this never goes stale


class BundleVersion(SQLModel, table=True):
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
