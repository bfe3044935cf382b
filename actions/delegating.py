"""委托代办: somebody of the same department fills a post from one day to another, and the record says for whom."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from actions.acting import worded
from actions.permitting import must_be_allowed
from models.account import Account, account_named
from models.together import Delegation, lock_delegations
from rules.districts import reaches
from rules.errors import AlreadyDone, Faulty, NotFound, NotYourDesk, Refused
from rules.moments import china_day
from rules.people import Role
from rules.states import Act

NO_REASON = "请写明委托的原因，例如休假、出差。"
LONGEST = 366  # days; a post that is empty for longer gets a new holder


@dataclass(frozen=True)
class Period:
    """From day to day, both included."""

    from_day: date
    until_day: date


def delegate(
    session: Session,
    username: str,
    stand_in: str,
    period: Period,
    reason: str,
    *,
    by: Account,
    at: datetime,
) -> Delegation:
    """委托: by the person or their head; the stand-in acts with the rights of the post while the period lasts."""
    post = _post(session, username, by)
    reason = worded(reason, "reason", NO_REASON)
    _must_fit(session, post, stand_in)
    _must_be_a_period(period, china_day(at))
    for other in lock_delegations(session, username):
        if other.from_day <= period.until_day and period.from_day <= other.until_day:
            name = session.get_one(Account, other.stand_in).name
            raise Refused(
                f"{post.name} {other.from_day} 至 {other.until_day} 已委托 {name} 代办，同一天只能委托一人。"
            )
    delegation = Delegation(
        username=username,
        stand_in=stand_in,
        from_day=period.from_day,
        until_day=period.until_day,
        reason=reason,
        made_by=by.username,
        made_at=at,
    )
    session.add(delegation)
    session.flush()
    return delegation


def end_delegation(session: Session, delegation_id: UUID, *, by: Account, at: datetime) -> Delegation:
    """结束委托: from now on the stand-in acts for themselves only."""
    found = session.get(Delegation, delegation_id)
    if found is None:
        raise NotFound("没有这个委托。")
    _post(session, found.username, by)
    lock_delegations(session, found.username)
    session.refresh(found)
    if found.ended_at:
        raise AlreadyDone("这个委托已经结束。", "")
    found.ended_at = at
    return found


def _post(session: Session, username: str, by: Account) -> Account:
    """The post, if this person may give it away: it is their own, or one of their department's."""
    must_be_allowed(by, Act.DELEGATE)
    post = account_named(session, username)
    heads = by.role is Role.HEAD and by.department_code == post.department_code
    heads = heads and reaches(by.district, post.district)
    if post.username != by.username and not heads:
        raise NotYourDesk("委托由本人或者本部门负责人办理。")
    if post.role not in (Role.OFFICER, Role.HEAD) or not post.department_code:
        raise NotYourDesk("只有部门的经办和负责人可以委托代办。")
    return post


def _must_fit(session: Session, post: Account, stand_in: str) -> None:
    other = session.get(Account, stand_in)
    if other is None or not other.active or other.username == post.username:
        raise Faulty({"stand_in": "请选择本部门的其他人员。"})
    if other.department_code != post.department_code or other.role not in (Role.OFFICER, Role.HEAD):
        raise Faulty({"stand_in": f"{other.name}不是本部门的人员，不能代办。"})
    if not reaches(other.district, post.district):
        raise Faulty({"stand_in": f"{other.name}看不到{post.name}的办件（行政区划不同），不能代办。"})


def _must_be_a_period(period: Period, today: date) -> None:
    if period.until_day < period.from_day:
        raise Faulty({"until": f"结束日期 {period.until_day} 早于开始日期 {period.from_day}，请核对。"})
    if period.from_day < today:
        raise Faulty({"from": f"开始日期 {period.from_day} 已经过去，最早从今天 {today} 起。"})
    if (period.until_day - period.from_day).days >= LONGEST:
        raise Faulty({"until": f"一次委托不超过 {LONGEST} 天。"})
