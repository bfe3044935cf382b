"""Which written documents does the law or good practice want, and what is signed about them?"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from rules.named import Named
from rules.notices import Event


class DocumentKind(Named):
    """文书种类. The code is part of the document's number; the articles are of the 行政许可法."""

    RECEIPT = "SJ", "收件凭证"
    ACCEPTANCE = "SL", "受理通知书"  # art. 32
    NON_ACCEPTANCE = "BY", "不予受理通知书"  # art. 32
    SUPPLEMENT = "BZ", "补正告知书"  # art. 32(4)
    SPECIAL = "TB", "特别程序告知书"  # art. 45
    EXTENSION = "YQ", "延长办理期限告知书"  # art. 42
    GRANT = "ZY", "准予决定书"  # art. 38
    REFUSAL = "BX", "不予决定书"  # art. 38
    TRANSFER = "ZB", "转报告知书"
    COMPLETION = "BJ", "办结通知书"
    REVOCATION = "CX", "撤销决定书"  # art. 69


OF_EVENT: Mapping[Event, DocumentKind] = {
    Event.RECEIPT: DocumentKind.RECEIPT,
    Event.ACCEPTED: DocumentKind.ACCEPTANCE,
    Event.NOT_ACCEPTED: DocumentKind.NON_ACCEPTANCE,
    Event.SUPPLEMENT_ASKED: DocumentKind.SUPPLEMENT,
    Event.SPECIAL_STARTED: DocumentKind.SPECIAL,
    Event.EXTENDED: DocumentKind.EXTENSION,
    Event.CONCLUDED: DocumentKind.COMPLETION,
    Event.REVOKED: DocumentKind.REVOCATION,
}
# The papers of an item's decision, and of its revocation: worth nothing once it is undone.
DECISIONS = frozenset(
    {DocumentKind.GRANT, DocumentKind.REFUSAL, DocumentKind.TRANSFER, DocumentKind.REVOCATION}
)


def document_kind(event: Event, facts: Mapping[str, Any]) -> DocumentKind | None:
    """The document that comes with this event, if one does."""
    if event is Event.ITEM_DECIDED:
        if facts.get("granted"):
            return DocumentKind.GRANT
        return DocumentKind.TRANSFER if facts.get("transferred_to") else DocumentKind.REFUSAL
    return OF_EVENT.get(event)


def signed_text(number: str, title: str, issuer: str, issued_on: date, digest: str) -> str:
    """What the signature covers: enough to know a paper by, and the digest of everything it says."""
    return "\n".join(("YJS1", number, title, issuer, issued_on.isoformat(), digest))
