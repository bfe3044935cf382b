"""What of a person could slip into a log, or into the reason of a failure, and what stands there instead?"""

import re

CASE = re.compile(r"[0-9]{6}-[A-Z][A-Z0-9]{0,15}-[0-9]{8}-[0-9]{6}-[0-9]")
HIDDEN = (
    (re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])"), "<身份证号>"),
    (re.compile(r"(?<![0-9A-Za-z-])(?:\+?86)?1[3-9][0-9]{9}(?![0-9A-Za-z])"), "<手机号>"),
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), "<邮箱>"),
    # PostgreSQL repeats the row that it refuses.
    (re.compile(r"DETAIL:.*"), "DETAIL: <略>"),
    (re.compile(r"://[^\s/@]+@"), "://<略>@"),  # user and password of an address
)


def redacted(words: str) -> str:
    """The same words without numbers and addresses of people."""
    for found, instead in HIDDEN:
        words = found.sub(instead, words)
    return words


def case_named(words: str) -> str:
    """The first case number in it, or nothing."""
    found = CASE.search(words)
    return found[0] if found else ""
