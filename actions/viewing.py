"""查看完整信息: identity number, phone and address in full, after saying for what. The view is an entry of the file."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from actions.acting import worded
from actions.moving import note_view
from actions.permitting import must_be_allowed
from models.account import Account
from models.case import Case, lock_case
from rules.errors import Faulty
from rules.states import Act
from rules.viewing import CHOSEN, Purpose

WORDS = 200


def view_in_full(
    session: Session, number: str, purpose: str, words: str, *, by: Account, at: datetime
) -> Case:
    """The case, once the purpose is on the file. Who may come near the case at all is the edge's question."""
    must_be_allowed(by, Act.VIEW)
    chosen = next((one for one in CHOSEN if one.value == purpose), None)
    if chosen is None:
        raise Faulty({"purpose": "请选择查看目的。"})
    if chosen is Purpose.OTHER or words.strip():
        words = worded(words, "words", "选“其他”的，请写明查看目的。", WORDS)
    return note(session, number, chosen, words.strip(), by=by, at=at)


def note(
    session: Session,
    number: str,
    purpose: Purpose,
    words: str = "",
    *,
    by: Account,
    at: datetime,
    facts: dict[str, Any] | None = None,
) -> Case:
    """Write down that this person sees personal data of the case in full."""
    case = lock_case(session, number)
    said = f"{purpose.label}：{words}" if words else purpose.label
    note_view(
        session, case, by=by.username, at=at, reason=said, facts={"purpose": purpose.value} | (facts or {})
    )
    return case
