"""Does this account carry the duty, itself or as somebody's stand-in? Asked by every act before anything changes."""

from datetime import datetime

from sqlmodel import Session

from models.account import Account
from models.audit import handed_on_by
from models.case import Case, Item
from models.together import posts_of_stand_in
from rules.districts import reaches
from rules.duties import IN_PERSON, may
from rules.errors import NotYourDesk, WrongState
from rules.moments import china_day, china_text
from rules.people import Role
from rules.states import ITEM_FINAL, Act


def must_be_allowed(by: Account, act: Act, *, department: str | None = None, what: str = "") -> None:
    """Raise NotYourDesk with a sentence unless the role carries the duty for this department."""
    if not may(act, by.role):
        raise NotYourDesk(f"您的角色是“{by.role.label}”，不能办理“{act.label}”。")
    if not may(act, by.role, own_department=by.department_code, of_department=department):
        raise NotYourDesk(f"{what}不属于您的部门，请由承办部门办理。")


def allowed_as(
    session: Session,
    by: Account,
    act: Act,
    *,
    district: str,
    department: str | None = None,
    what: str = "",
    at: datetime,
) -> str:
    """Whose post carries the duty: '' the person's own, else whom they stand in for. Refuses as must_be_allowed."""
    if may(act, by.role, own_department=by.department_code, of_department=department):
        return ""
    for post in posts_held(session, by, district, at=at) if act not in IN_PERSON else ():
        if may(act, post.role, own_department=post.department_code, of_department=department):
            return post.username
    must_be_allowed(by, act, department=department, what=what)
    return ""


def posts_held(session: Session, by: Account, district: str | None = None, *, at: datetime) -> list[Account]:
    """Whose stand-in this person is today (委托代办), besides their own post.

    For what is of this `district` a post carries no further than its holder sees; None: whatever it is for.
    """
    return [
        post
        for post in posts_of_stand_in(session, by.username, china_day(at))
        if post.department_code == by.department_code
        and (district is None or reaches(post.district, district))
    ]


def must_own(session: Session, case: Case, item: Item, act: Act, *, by: Account, at: datetime) -> str:
    """The item is on the desk of this person's department; whom they act for, '' if themselves."""
    if moved := moved_away(session, item, by):
        raise NotYourDesk(moved)
    return allowed_as(
        session,
        by,
        act,
        district=case.district,
        department=item.department_code,
        what=f"事项“{item.name}”",
        at=at,
    )


def must_have(session: Session, case: Case, item: Item, act: Act, *, by: Account, at: datetime) -> str:
    """As must_own, and no colleague has claimed it."""
    return must_own(session, case, item, act, by=by, at=at) or _past_the_claim(session, case, item, by, at)


def is_head(
    session: Session, by: Account, department: str, district: str | None, *, at: datetime
) -> str | None:
    """'' for the head of the department, the head's name for a stand-in in this district, None for everybody else."""
    if by.role is Role.HEAD and by.department_code == department:
        return ""
    for post in posts_held(session, by, district, at=at):
        if post.role is Role.HEAD and post.department_code == department:
            return post.username
    return None


def on_behalf(post: str) -> dict[str, str]:
    """What the record adds where somebody acted for another: 代 X."""
    return {"for": post} if post else {}


def _past_the_claim(session: Session, case: Case, item: Item, by: Account, at: datetime) -> str:
    """An item that nobody has claimed is everybody's; a claimed one is the claimer's, the head's, a stand-in's."""
    own_head = by.role is Role.HEAD and by.department_code == item.department_code
    if item.assignee in ("", by.username) or own_head or item.state in ITEM_FINAL:
        return ""
    posts = posts_held(session, by, case.district, at=at)
    for post in sorted(posts, key=lambda post: post.username != item.assignee):
        if post.username == item.assignee or post.role is Role.HEAD:
            return post.username
    claimer = session.get(Account, item.assignee)
    name = claimer.name if claimer else item.assignee
    raise WrongState(f"“{item.name}”已由 {name} 领办。请由 {name} 办理，或请负责人放回后再办。")


def moved_away(session: Session, item: Item, by: Account) -> str:
    """What a department reads that still has an item on its screen which it has handed on."""
    if by.role not in (Role.OFFICER, Role.HEAD) or by.department_code == item.department_code:
        return ""
    entry = handed_on_by(session, item.number, by.department_code or "")
    if entry is None:
        return ""
    actor = session.get(Account, entry.actor)
    name = actor.name if actor else entry.actor
    return f"“{item.name}”已于 {china_text(entry.at)} 由 {name} 转给其他部门办理，不在您部门了。"
