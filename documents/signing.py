"""Is a paper what we issued? A digest over everything it says, an Ed25519 signature over that, both in its QR code."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from config.settings import settings
from documents.keys import private_key
from models.document import Document
from rules.documents import DocumentKind, signed_text
from rules.errors import Refused
from rules.moments import china_day

PATH = "/verify/"
CODE = 8  # signs of the digest


def digest_of(document: Document) -> str:
    """Of number, kind, case, issuer, day and every paragraph (SHA-256)."""
    content: dict[str, Any] = {
        "number": document.number,
        "kind": document.kind.value,
        "case": document.case_number,
        "issuer": document.issuer,
        "issued_on": china_day(document.issued_at).isoformat(),
        "paragraphs": document.paragraphs,
    }
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def sign(document: Document) -> str:
    """The signature of this installation."""
    return urlsafe_b64encode(private_key().sign(_signed(document).encode())).decode().rstrip("=")


def short_code(document: Document) -> str:
    """核验码: what is typed beside the number where nothing can be scanned; not to be guessed from the number."""
    return document.digest[:CODE].upper()


def matches(document: Document, typed: str) -> bool:
    """Is this its 核验码? However it was typed; a paper that is not written yet has none."""
    signs = "".join(typed.split()).upper()
    return bool(document.digest) and hmac.compare_digest(signs.encode(), short_code(document).encode())


def where_to_check() -> str:
    """The page on which number and 核验码 are typed."""
    return f"{settings().web_url.rstrip('/')}{PATH.rstrip('/')}"


def qr_text(document: Document) -> str:
    """What the QR code says: the address to look it up, and all that is needed to check it without us."""
    facts = {
        "t": document.kind.value,
        "u": document.issuer,
        "d": china_day(document.issued_at).isoformat(),
        "h": document.digest,
        "s": document.signature,
    }
    home = settings().web_url.rstrip("/")
    return f"{home}{PATH}{quote(document.number)}?{urlencode(facts)}"


def check(text: str, key: Ed25519PublicKey) -> dict[str, str]:
    """What a QR code vouches for, checked with the published key alone. Refused when it does not hold."""
    try:
        parts = urlsplit(text.strip())
        given = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        number = parts.path.rpartition("/")[2]
        kind, day = DocumentKind(given["t"]), date.fromisoformat(given["d"])
        signature = urlsafe_b64decode(given["s"] + "=" * (-len(given["s"]) % 4))
        signed = signed_text(number, kind.label, given["u"], day, given["h"])
    except (KeyError, ValueError):
        raise Refused("这不是本平台文书上的二维码内容，或者不完整。") from None
    try:
        key.verify(signature, signed.encode())
    except InvalidSignature:
        raise Refused("签名不对：这份文书不是本平台出具的，或者内容被改动过。") from None
    return {
        "number": number,
        "title": kind.label,
        "issuer": given["u"],
        "issued_on": given["d"],
        "digest": given["h"],
    }


def _signed(document: Document) -> str:
    day = china_day(document.issued_at)
    return signed_text(document.number, document.kind.label, document.issuer, day, document.digest)
