"""Who may sign in, and for which department do they act?"""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Field, Session, SQLModel, col, select

from models.columns import code, moment, one_of
from rules.errors import NotYourDesk
from rules.people import Role


class Department(SQLModel, table=True):
    """部门."""

    __tablename__ = "department"

    code: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=100)
    short_name: str = Field(max_length=50)


class Account(SQLModel, table=True):
    """账号: one person in one role."""

    __tablename__ = "account"
    __table_args__ = (one_of("role", Role),)

    username: str = Field(primary_key=True, max_length=50)
    name: str = Field(max_length=100)
    role: Role = Field(sa_column=code(Role))
    department_code: str | None = Field(default=None, foreign_key="department.code", max_length=32)
    password_hash: str = Field(max_length=200)  # Argon2id
    email: str = Field(default="", max_length=200)  # where the daily digest of supervision goes
    active: bool = True
    failed_attempts: int = 0
    locked_until: datetime | None = Field(default=None, sa_column=moment())


class SignIn(SQLModel, table=True):
    """登录会话, kept on the server so that it can be ended; the browser holds only a random token."""

    __tablename__ = "sign_in"

    token_hash: str = Field(primary_key=True, max_length=64)  # SHA-256 of the token
    username: str = Field(foreign_key="account.username", index=True, max_length=50)
    started_at: datetime = Field(sa_column=moment(nullable=False))
    seen_at: datetime = Field(sa_column=moment(nullable=False))


class ApiToken(SQLModel, table=True):
    """接口令牌: lets a program act as an account until it expires; only its hash is kept."""

    __tablename__ = "api_token"

    token_hash: str = Field(primary_key=True, max_length=64)  # SHA-256 of the token
    username: str = Field(foreign_key="account.username", index=True, max_length=50)
    label: str = Field(max_length=100)  # what it is for
    made_at: datetime = Field(sa_column=moment(nullable=False))
    expires_at: datetime = Field(sa_column=moment(nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=moment())


def tokens_of(session: Session, username: str = "") -> list[ApiToken]:
    """The tokens of an account, or of all, the newest first."""
    query = select(ApiToken).order_by(col(ApiToken.made_at).desc())
    return list(session.exec(query.where(ApiToken.username == username) if username else query))


def account_named(session: Session, username: str) -> Account:
    """The active account, or a refusal that does not say whether the name exists."""
    account = session.get(Account, username)
    if account is None or not account.active:
        raise NotYourDesk(f"没有名为 {username} 的可用账号。")
    return account


def name_of(session: Session, username: str) -> str:
    """The person's name; what is no account is called as it is."""
    account = session.get(Account, username)
    return account.name if account else username


def lock_account(session: Session, username: str) -> Account | None:
    """The account, locked so that failed sign-ins at the same moment are all counted."""
    query = select(Account).where(Account.username == username).with_for_update()
    return session.exec(query).one_or_none()


def end_sign_ins(session: Session, username: str, *, before: datetime) -> None:
    """Forget the sessions of this account that began before this moment; they have run out."""
    old = col(SignIn.started_at) < before
    session.execute(delete(SignIn).where(col(SignIn.username) == username, old))


def end_all_sign_ins(session: Session, username: str) -> None:
    """Whoever is signed in under this name is so no more."""
    session.execute(delete(SignIn).where(col(SignIn.username) == username))


def departments_by_code(session: Session) -> dict[str, Department]:
    """All departments."""
    return {department.code: department for department in session.exec(select(Department))}


def accounts(session: Session) -> list[Account]:
    """All accounts, by role."""
    return list(session.exec(select(Account).order_by(col(Account.role), col(Account.username))))


def officer_of(session: Session, department_code: str) -> Account:
    """Some active officer of the department."""
    query = select(Account).where(
        Account.department_code == department_code, Account.role == Role.OFFICER, col(Account.active)
    )
    officer = session.exec(query.order_by(col(Account.username)).limit(1)).one_or_none()
    if officer is None:
        raise NotYourDesk(f"部门 {department_code} 没有可用的经办账号。")
    return officer


def colleagues(session: Session, department_code: str) -> list[Account]:
    """Who works in this department, by name of the account."""
    query = select(Account).where(Account.department_code == department_code, col(Account.active))
    return list(session.exec(query.order_by(col(Account.username))))


def responsible_for(session: Session, department_code: str) -> str:
    """The account that answers for a department's work: its head, or an officer where it has none."""
    query = select(Account).where(Account.department_code == department_code, col(Account.active))
    people = sorted(session.exec(query), key=lambda one: (one.role is not Role.HEAD, one.username))
    return people[0].username if people else ""


def managers(session: Session) -> list[Account]:
    """Who watches over the hall."""
    query = select(Account).where(Account.role == Role.MANAGER, col(Account.active))
    return list(session.exec(query.order_by(col(Account.username))))
