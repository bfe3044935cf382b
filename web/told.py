"""发出的通知 on the page of a case: what the applicant was told, when and how it fared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.describing_record import letter_of
from models.account import Account
from models.case import Item
from models.notice import Notice, notices_of
from rules.people import Role
from web.showing import masked


@dataclass(frozen=True)
class Told:
    """One notice as the page shows it."""

    at: datetime
    about: str  # the name of the item; '' concerns all of them
    event: str
    channel: str
    address: str  # masked
    said: str
    body: str
    error: str


def told(db: Session, number: str, items: Sequence[Item], viewer: Account) -> list[Told]:
    """All of them; a department reads of its own items and of all together, and not the letters themselves.

    A letter may tell of several departments' decisions, and the receipt bears the query code.
    """
    known = {item.number: item for item in items}
    found = [(notice, _item_of(notice, known)) for notice in notices_of(db, number)]
    if viewer.role not in (Role.OFFICER, Role.HEAD):
        return [_told(notice, item, letter_of(notice, viewer), notice.error) for notice, item in found]
    own = viewer.department_code
    return [_told(notice, item) for notice, item in found if item is None or item.department_code == own]


def _item_of(notice: Notice, known: dict[str, Item]) -> Item | None:
    """What a notice is about begins with the number of the item, where it is about one."""
    return known.get(notice.about.partition("/")[0])


def _told(notice: Notice, item: Item | None, letter: str = "", error: str = "") -> Told:
    return Told(
        notice.created_at,
        item.name if item else "",
        notice.event.label,
        notice.channel.label,
        masked(notice.address),
        notice.said,
        letter,
        error,
    )
