"""Can people work here, and does what they cause go on? One list of checks for /readyz, `yjs status` and the doctor."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlmodel import Session

from models.heartbeat import GONE_AFTER, seen
from models.measures import revision

MIGRATIONS = Path(__file__).parents[1] / "migrations" / "versions"
STUCK_AFTER = 60.0  # seconds without its work going round: it waits for Prefect, or hangs
NEEDED = {"conductor": "指挥进程", "worker": "执行进程", "sender": "通知发送"}


@dataclass(frozen=True)
class Check:
    """One thing that must be so."""

    name: str
    good: bool
    says: str


@cache
def newest() -> str:
    """The migration that this version needs: they are numbered in a row."""
    return max(path.name[:4] for path in MIGRATIONS.glob("[0-9]*_*.py"))


def pages_ready(session: Session) -> list[Check]:
    """What the pages need: the record, at this version. Prefect may be away."""
    at = revision(session)
    return [
        Check("database", True, "数据库可用"),
        Check("tables", at == newest(), f"数据表 {at}，需要 {newest()}"),
    ]


def all_ready(session: Session) -> list[Check]:
    """And what takes up what people do."""
    checks, heard = pages_ready(session), seen(session)
    for kind, label in NEEDED.items():
        own = [(float(word), float(turn)) for found, _, word, turn, *_ in heard if found == kind]
        alive = [turn for word, turn in own if word < GONE_AFTER]
        if not alive:
            last = f"，最后一次是 {min(word for word, _ in own):.0f} 秒前" if own else ""
            checks.append(Check(kind, False, f"{label}：{GONE_AFTER} 秒内没有报上平安{last}"))
        elif min(alive) > STUCK_AFTER:
            checks.append(Check(kind, False, f"{label}：在，但 {min(alive):.0f} 秒没有进展"))
        else:
            checks.append(Check(kind, True, f"{label}：{len(alive)} 个"))
    return checks
