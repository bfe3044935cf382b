"""下一件: the most urgent item that this person may take up now, claimed for them."""

from datetime import datetime

from sqlmodel import Session

from actions.desk_work import claim
from actions.permitting import posts_held
from models.account import Account
from models.case import Item
from models.desk import Days, DeskWanted, next_ones
from rules.errors import NotYourDesk, Refused
from rules.people import Role


def take_next(
    session: Session, wanted: DeskWanted, days: Days, *, by: Account, at: datetime, after: str = ""
) -> Item | None:
    """The next in another case than `after`, going on from it where it is passed over; None when nothing is left.

    Whoever was a moment faster has the item; then it is the one behind it.
    """
    if not by.department_code:
        raise NotYourDesk("您的账号没有所属部门，请系统管理员设置。")
    posts = posts_held(session, by, at=at)
    people = (by.username, *(post.username for post in posts))
    head = Role.HEAD in {by.role, *(post.role for post in posts)}
    found = next_ones(session, by.department_code, people, wanted, days, head=head)
    for item in _going_on_from(found, after):
        if item.assignee:
            return item
        try:
            with session.begin_nested():
                return claim(session, item.case_number, item.code, by=by, at=at)
        except Refused:
            continue
    return None


def _going_on_from(found: list[Item], after: str) -> list[Item]:
    places = [place for place, item in enumerate(found) if item.case_number == after]
    start = places[-1] + 1 if places else 0
    return [item for item in found[start:] + found[:start] if item.case_number != after]
