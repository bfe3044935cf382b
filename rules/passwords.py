"""密码规则: long, of two kinds of signs, not the name, not one that everybody tries first (等保 8.1.4.1 a)."""

import re
from collections.abc import Collection

SHORTEST, LONGEST = 12, 128  # signs
KINDS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")


def fault_of_password(password: str, username: str, common: Collection[str]) -> str | None:
    """Why this password will not do, in one sentence; None when it will."""
    if len(password) > LONGEST:
        return f"密码不能超过 {LONGEST} 位。"
    kinds = sum(bool(re.search(kind, password)) for kind in KINDS)
    named = len(username) > 2 and username.lower() in password.lower()  # two letters are in any password
    if len(password) < SHORTEST or kinds < 2 or named:
        return f"密码至少 {SHORTEST} 位，含两类以上字符，不能包含用户名。"
    if len(set(password)) < 5 or _is_common(password, common):
        return "这个密码太常见或太简单，容易被猜到，请换一个。"
    return None


def _is_common(password: str, common: Collection[str]) -> bool:
    """Also with digits or signs put around it, or written twice: what guessing programs try next."""
    plain = password.lower()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    half = plain[: len(plain) // 2]
    letters = re.sub(r"[\W_]", "", plain)
    return bool({plain, core, half if half * 2 == plain else "", letters} & set(common))
