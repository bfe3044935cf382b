"""有人先办了: whoever comes second is told who did what and when, not only that it cannot be done any more."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from actions.moving import APPLICANT, SYSTEM
from models.account import Account, name_of
from models.audit import AuditEntry, latest_entry
from models.case import Item, find_case, items_of
from rules.errors import AlreadyDone, WrongState
from rules.moments import china_text
from rules.states import AFTER_ARCHIVING, CASE_TRANSITIONS, ITEM_TRANSITIONS, Act

LATELY = timedelta(hours=12)  # so long a page may have lain open while others went on
ACTORS = {SYSTEM: "系统", APPLICANT: "申请人"}
CASE_ACTS = frozenset(act for _, act in CASE_TRANSITIONS)
ITEM_ACTS = frozenset(act for _, act in ITEM_TRANSITIONS)
BESIDE_THE_WORK = frozenset(
    {
        Act.SUBMIT,
        Act.CARD,
        Act.EXPLAIN_CARD,
        Act.CLOSE_CARD,
        Act.RECALCULATE,
        Act.REMIND,
        Act.CONFIRM_NOTICE,
        Act.RESEND_NOTICE,
        Act.CALL,
    }
)
THE_WORK = frozenset(Act) - BESIDE_THE_WORK


@dataclass(frozen=True)
class Tried:
    """What somebody tries to do, to which case and which item of it ('' the whole case)."""

    number: str
    item: str
    act: Act
    by: Account
    at: datetime


@contextmanager
def saying_who(session: Session, tried: Tried) -> Generator[None]:
    """A refusal because things have moved on names the person who moved them, if it was another."""
    try:
        yield
    except (WrongState, AlreadyDone) as refused:
        with session.no_autoflush:  # what was half done is about to be taken back
            entry, moved = _what_came_between(session, tried)
        if entry and entry.actor != tried.by.username:
            who = ACTORS.get(entry.actor) or name_of(session, entry.actor)
            named = who in str(refused)
            moved = moved and entry.act is not Act.HOLD  # it has waited all the time
            refused.overtaken = refused.overtaken or moved or named
            if not named:
                what = f"{who} 已于 {china_text(entry.at)} 办理“{entry.act.label}”。"
                refused.args = (f"{refused}{what}",)
        raise


def _what_came_between(session: Session, tried: Tried) -> tuple[AuditEntry | None, bool]:
    """What brought the item, or the case, to where this act is impossible (and True); else what others did lately."""
    case, item = find_case(session, tried.number), _item(session, tried)
    if item is None:
        impossible = tried.act in CASE_ACTS and (case.state, tried.act) not in CASE_TRANSITIONS
        moving = CASE_ACTS
    else:
        impossible = tried.act in ITEM_ACTS and (item.state, tried.act) not in ITEM_TRANSITIONS
        moving = ITEM_ACTS
    name = item.number if item else None
    if case.archived_at and tried.act not in AFTER_ARCHIVING:
        return latest_entry(session, case.number, None, frozenset({Act.ARCHIVE})), True
    if impossible:
        return latest_entry(session, case.number, name, moving), True
    entry = latest_entry(session, case.number, name, THE_WORK, besides=(tried.by.username, SYSTEM))
    return (entry if entry and entry.at > tried.at - LATELY else None), False


def _item(session: Session, tried: Tried) -> Item | None:
    items = items_of(session, tried.number)
    return next((one for one in items if tried.item and tried.item in (one.code, one.number)), None)
