"""How does a session see no more than the district of whoever uses it? PostgreSQL itself keeps it to that.

The rows of the record have policies (models/policies.py). A confined session takes, in each of its transactions, a role
to which only the rows of its district exist; the setting names the district. Without it that role sees nothing.
"""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session

from models.account import Account, account_named
from rules.districts import prefix_of

WHOLE_ROLE = "yijianshi_whole"  # sees every row; the platform's own role is a member of it
DISTRICT_ROLE = "yijianshi_district"  # sees the rows of one district
SETTING = "yjs.district"

_CONFINED = "district"  # in session.info: the prefix that its transactions are kept to
_KEEP_TO = text("SELECT set_config('role', :role, true), set_config(:setting, :prefix, true)")


def confine(session: Session, district: str) -> None:
    """From now on, and in every transaction to come, the session sees this district only; '' changes nothing."""
    prefix = prefix_of(district)
    if not prefix:
        return
    if session.in_transaction():
        _keep_to(session.connection(), DISTRICT_ROLE, prefix)
    session.info[_CONFINED] = prefix


def confined(session: Session) -> bool:
    """Does the session see a part of the installation only? Then what it counts is no figure of the whole."""
    return _CONFINED in session.info


def acting(session: Session, username: str) -> Account:
    """The account in whose name a command acts: the session sees from here on what that person may see."""
    account = account_named(session, username)
    confine(session, account.district)
    return account


@contextmanager
def seen_from(session: Session, district: str) -> Generator[None]:
    """Within the block the session reads as somebody of this district does; what was read before is as it was."""
    prefix = prefix_of(district)
    if prefix:
        _keep_to(session.connection(), DISTRICT_ROLE, prefix)
    yield
    if prefix:
        _keep_to(session.connection(), "none", "")


def _keep_to(connection: Connection, role: str, prefix: str) -> None:
    connection.execute(_KEEP_TO, {"role": role, "setting": SETTING, "prefix": prefix})


@event.listens_for(Session, "after_begin")
def _begun(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """SET LOCAL ends with its transaction, so each begins with it; a savepoint has it from the one around."""
    prefix = session.info.get(_CONFINED)
    if prefix and not transaction.nested:
        _keep_to(connection, DISTRICT_ROLE, prefix)
