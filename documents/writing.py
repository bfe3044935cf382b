"""What does a paper say? Jinja2 writes it from what was so at that moment; then it is signed and never changes."""

import logging
from datetime import date
from functools import cache
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlmodel import Session

from config.catalogue import departments
from documents.signing import digest_of, sign
from models.case import Case, Item, find_case
from models.database import transaction
from models.document import Document, lock_document, unwritten
from models.version import bundle_of_version
from rules.bundle import Bundle
from rules.limits import LICENCE, PUBLIC_SERVICE
from rules.moments import china_date, china_day

log = logging.getLogger("yijianshi.documents")

TEMPLATES = Path(__file__).parent / "templates"
DAYS = frozenset(
    {"promised_due_on", "legal_due_on", "owed_due_on", "due_on", "conditions_until", "deemed_on"}
)  # facts that are ISO dates
BATCH = 100


def write(session: Session, number: str) -> Document:
    """The paper, written out and signed; whoever asks first writes it, and nobody again."""
    document = lock_document(session, number)
    if document.digest:
        return document
    case = find_case(session, document.case_number)
    document.issuer = _issuer(session, document, case)
    document.paragraphs = _paragraphs(session, document, case)
    document.digest = digest_of(document)
    document.signature = sign(document)
    return document


def write_all(seconds: float = inf) -> int:
    """Write out whatever is numbered and not written yet, until the time is up; how many.

    Each by itself: one that cannot be written holds up no other, and is tried again the next time.
    """
    until, written, last = monotonic() + seconds, 0, ""
    while waiting := _waiting(last):
        for last in waiting:
            if monotonic() > until:
                return written
            written += _written(last)
    return written


def _waiting(after: str) -> list[str]:
    with transaction() as session:
        return unwritten(session, after, BATCH)


def _written(number: str) -> bool:
    try:
        with transaction() as session:
            write(session, number)
    except Exception:
        log.exception("文书 %s 没有写成，下一次再试", number)
        return False
    return True


def _issuer(session: Session, document: Document, case: Case) -> str:
    """A department signs for its item, the lead department for the case."""
    code = bundle_of_version(session, case.bundle_digest).lead_department
    if document.item_number:
        code = session.get_one(Item, document.item_number).department_code
    return departments()[code].name


def _item_type(session: Session, document: Document, bundle: Bundle) -> str:
    """What kind of matter the paper decides, for the law it cites; '' where it speaks of the whole case."""
    if not document.item_number:
        return ""
    return bundle.item(session.get_one(Item, document.item_number).code).item_type


def _paragraphs(session: Session, document: Document, case: Case) -> list[str]:
    bundle = bundle_of_version(session, case.bundle_digest)
    known: dict[str, Any] = {
        **{name: _said(name, value) for name, value in document.facts.items()},
        "case": case,
        "issuer": document.issuer,
        "item_type": _item_type(session, document, bundle),
        "applicant": case.applicant_name,
        "bundle": bundle.name.removesuffix("“一件事”"),
        "considerate": bundle.considerate,
        "issued": china_date(china_day(document.issued_at)),
        "received": china_date(china_day(case.submitted_at)),
    }
    text = _environment().get_template(f"{document.kind.name.lower()}.j2").render(known)
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def _said(name: str, value: Any) -> Any:
    return china_date(date.fromisoformat(value)) if name in DAYS and value else value


@cache
def _environment() -> Environment:
    environment = Environment(  # noqa: S701  plain text: page and typesetter escape it themselves
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"LICENCE": LICENCE, "PUBLIC_SERVICE": PUBLIC_SERVICE}
    return environment
