"""No secret lies in a tracked file: keys, tokens, passwords in addresses."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATTERNS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}",
    "token of this platform": r"\byjs_[A-Za-z0-9_-]{40,}",
    "cloud key": r"\b(?:AKIA|LTAI|AKID)[A-Za-z0-9]{12,}\b(?!\*)",
    "token of a code host": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|glpat-[\w-]{20,})",
    "chat token": r"\bxox[abprs]-[\w-]{10,}",
    "JSON web token": r"\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{15,}",
    "password in an address": r"\b(?:postgresql|https?|mailtos?|redis)://[^\s:/@'\"{}<>]+:([^\s@'\"{}<>/?=]{8,})@",
}
# Invented for tests and documentation: short words that nobody would take for a secret.
INVENTED = re.compile(
    r"^(?:[a-z]+|[a-z-]+-of-[a-z-]+|密码|口令|p[a@]ss\w*|secret\w*|%\w\w.*)$", re.IGNORECASE
)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name]


def secrets_in(text: str) -> list[str]:
    return [
        kind
        for kind, pattern in PATTERNS.items()
        for hit in re.finditer(pattern, text)
        if not (hit.groups() and INVENTED.match(hit[1]))
    ]


def test_no_tracked_file_holds_a_secret() -> None:
    faults = {}
    for path in tracked():
        if path.suffix in (".pdf", ".png", ".ico") or not path.is_file():
            continue
        if path != Path(__file__) and (
            found := secrets_in(path.read_text(encoding="utf-8", errors="replace"))
        ):
            faults[str(path.relative_to(ROOT))] = found
    assert faults == {}


def test_what_we_look_for_is_found() -> None:
    for text in (
        "-----BEGIN " + "PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIK",
        "yjs_" + "a1B2" * 11,
        "LTAI" + "5tAbCdEfGhIjKl",
        "postgresql://hall:" + "x9K!fe82Lq@db/hall",
        "eyJhbGciOiJSUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".c2lnbmF0dXJlLW9mLXRoaXM",
    ):
        assert secrets_in(text), text
    assert not secrets_in("postgresql://user:password@db/hall")


def test_every_exception_from_the_security_rules_is_named() -> None:
    """`# noqa: S…` in the product always names the rule; a bare noqa would hide more than was meant."""
    for folder in (
        "actions",
        "cli",
        "config",
        "documents",
        "flows",
        "hosting",
        "models",
        "notifications",
        "web",
    ):
        for path in (ROOT / folder).rglob("*.py"):
            assert not re.search(r"# noqa(?!:)", path.read_text(encoding="utf-8")), path.name
