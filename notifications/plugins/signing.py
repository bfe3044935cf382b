"""How do Aliyun and Tencent Cloud want a request signed? Both: hash the canonical request, then HMAC-SHA256."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote


def aliyun_v3(
    key_id: str, secret: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes = b""
) -> str:
    """`Authorization` by ACS3-HMAC-SHA256 (V3). Signed are `host` and every x-acs header."""
    canonical, names = canonical_request(canonical_query(query), headers, body)
    to_sign = f"ACS3-HMAC-SHA256\n{sha256(canonical.encode())}"
    signature = _hmac(secret.encode(), to_sign).hex()
    return f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}"


def tencent_v3(
    key_id: str, secret: str, headers: Mapping[str, str], body: bytes, *, service: str, timestamp: int
) -> str:
    """`Authorization` by TC3-HMAC-SHA256. The key is derived for one day (UTC) and one service."""
    canonical, names = canonical_request("", headers, body)
    day = datetime.fromtimestamp(timestamp, UTC).date().isoformat()
    scope = f"{day}/{service}/tc3_request"
    to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{sha256(canonical.encode())}"
    key = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        key = _hmac(key, part)
    signature = _hmac(key, to_sign).hex()
    return f"TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"


def canonical_request(query: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """The POST of / as both vendors write it down, and the list of the headers in it."""
    low = sorted((name.lower(), value.strip()) for name, value in headers.items())
    names = ";".join(name for name, _ in low)
    lines = "".join(f"{name}:{value}\n" for name, value in low)
    return f"POST\n/\n{query}\n{lines}\n{names}\n{sha256(body)}", names


def canonical_query(query: Mapping[str, str]) -> str:
    """Sorted by name; all but letters, digits and -_.~ escaped, the space as %20."""
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(query.items()))


def sha256(content: bytes) -> str:
    """In small hex, as both write it."""
    return hashlib.sha256(content).hexdigest()


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")


def _hmac(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()
