"""我的账号: change one's password, see where one is signed in, and end it."""

from datetime import datetime

from sqlmodel import Session

from actions.signing_in import hashed, password_matches
from config.passwords import common_passwords
from models.account import Account, SignIn, end_other_sign_ins, lock_account, sessions_of
from models.security import keep_event
from rules.errors import Faulty, NotFound
from rules.passwords import fault_of_password
from rules.security import SecurityKind


def change_password(
    session: Session,
    account: Account,
    old: str,
    new: str,
    again: str,
    *,
    token_hash: str,
    at: datetime,
    address: str = "",
) -> None:
    """修改密码: the other sessions end, this one goes on."""
    mine = lock_account(session, account.username) or account
    faults = {}
    if not password_matches(mine.password_hash, old):
        faults["old"] = "原密码不对。"
    elif old == new:
        faults["new"] = "新密码不能与原密码相同。"
    if fault := fault_of_password(new, mine.username, common_passwords()):
        faults["new"] = fault
    if new != again:
        faults["again"] = "两次输入的新密码不一样。"
    if faults:
        raise Faulty(faults)
    mine.password_hash, mine.password_at, mine.must_change = hashed(new), at, False
    end_other_sign_ins(session, mine.username, token_hash)
    keep_event(session, SecurityKind.PASSWORD, mine.username, at=at, by=mine.username, address=address)


def end_session(
    session: Session, username: str, handle: str, *, since: datetime, by: str, at: datetime, address: str = ""
) -> None:
    """结束会话: one of the account's, named by its handle."""
    mine = sessions_of(session, username, since=since)
    found: SignIn | None = next((one for one in mine if one.handle == handle), None)
    if found is None:
        raise NotFound("这个会话已经结束。")
    session.delete(found)
    keep_event(session, SecurityKind.ENDED, username, at=at, by=by, address=address)


def end_others(
    session: Session, username: str, keep: str, *, by: str, at: datetime, address: str = ""
) -> int:
    """结束其他会话; with '' for `keep`, all of them. How many there were."""
    ended = end_other_sign_ins(session, username, keep)
    keep_event(session, SecurityKind.ENDED, username, at=at, by=by, address=address, detail=f"{ended} 个")
    return ended
