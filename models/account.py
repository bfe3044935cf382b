"""Who may sign in, and for which department do they act?"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ColumnElement, bindparam, delete, func, or_
from sqlmodel import Field, Session, col, select

from models.columns import code, moment, one_of, sealed
from models.table import Table
from rules.districts import prefix_of, reaches
from rules.errors import NotYourDesk
from rules.people import Role


class Department(Table, table=True):
    """部门."""

    __tablename__ = "department"

    code: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=100)
    short_name: str = Field(max_length=50)


class Account(Table, table=True):
    """账号: one person in one role."""

    __tablename__ = "account"
    __table_args__ = (one_of("role", Role),)

    username: str = Field(primary_key=True, max_length=50)
    name: str = Field(max_length=100)
    role: Role = Field(sa_column=code(Role))
    department_code: str | None = Field(default=None, foreign_key="department.code", max_length=32)
    # 行政区划: '' is the whole installation; anything else is kept to by PostgreSQL (models/districts.py).
    district: str = Field(default="", max_length=9, sa_column_kwargs={"server_default": ""})
    password_hash: str = Field(max_length=200)  # Argon2id
    email: str = Field(default="", max_length=200)  # where the daily digest of supervision goes
    active: bool = True
    failed_attempts: int = 0
    locked_until: datetime | None = Field(default=None, sa_column=moment())
    must_change: bool = False  # the password was given by somebody else
    password_at: datetime | None = Field(default=None, sa_column=moment())  # since when it has this one
    # RFC 6238, sealed; '' without. The pending one is shown but not yet confirmed by a code.
    totp_secret: str = Field(default="", sa_column=sealed("account.totp_secret"))
    totp_pending: str = Field(default="", sa_column=sealed("account.totp_pending"))
    totp_step: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    identity: str | None = Field(default=None, max_length=200, unique=True)  # in the city's identity service

    @property
    def two_factors(self) -> bool:
        """Is a second factor asked for at the door?"""
        return bool(self.totp_secret)


class SignIn(Table, table=True):
    """登录会话, kept on the server so that it can be ended; the browser holds only a random token."""

    __tablename__ = "sign_in"

    token_hash: str = Field(primary_key=True, max_length=64)  # SHA-256 of the token
    username: str = Field(foreign_key="account.username", index=True, max_length=50)
    started_at: datetime = Field(sa_column=moment(nullable=False))
    seen_at: datetime = Field(sa_column=moment(nullable=False))
    awaiting: bool = False  # the second factor is still to come: opens nothing
    address: str = Field(default="", max_length=64)
    device: str = Field(default="", max_length=200)  # as the browser calls itself

    @property
    def handle(self) -> str:
        """By which a person names the session; tells nothing of the token."""
        return self.token_hash[:16]


class RecoveryCode(Table, table=True):
    """恢复码: comes in once in place of the second factor; 80 random bits, so a plain hash will do."""

    __tablename__ = "recovery_code"

    code_hash: str = Field(primary_key=True, max_length=64)  # SHA-256 of username and code
    username: str = Field(foreign_key="account.username", index=True, max_length=50)
    used_at: datetime | None = Field(default=None, sa_column=moment())


class ApiToken(Table, table=True):
    """接口令牌: lets a program act as an account until it expires; only its hash is kept."""

    __tablename__ = "api_token"

    token_hash: str = Field(primary_key=True, max_length=64)  # SHA-256 of the token
    username: str = Field(foreign_key="account.username", index=True, max_length=50)
    label: str = Field(max_length=100)  # what it is for
    made_at: datetime = Field(sa_column=moment(nullable=False))
    expires_at: datetime = Field(sa_column=moment(nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=moment())
    only_reads: bool = False  # may look and take no act


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


def sessions_of(session: Session, username: str, *, since: datetime) -> list[SignIn]:
    """Where this account is signed in, seen of late first."""
    query = select(SignIn).where(
        SignIn.username == username, col(SignIn.started_at) > since, col(SignIn.awaiting).is_(False)
    )
    return list(session.exec(query.order_by(col(SignIn.seen_at).desc())))


def end_other_sign_ins(session: Session, username: str, keep: str) -> int:
    """Every session of the account but the one of this token hash; how many there were."""
    mine = (col(SignIn.username) == username, col(SignIn.token_hash) != keep)
    return len(session.execute(delete(SignIn).where(*mine).returning(col(SignIn.token_hash))).all())


def recovery_code(session: Session, code_hash: str) -> RecoveryCode | None:
    """The code that nobody has used yet, locked so that it serves once."""
    query = select(RecoveryCode).where(
        RecoveryCode.code_hash == code_hash, col(RecoveryCode.used_at).is_(None)
    )
    return session.exec(query.with_for_update()).one_or_none()


_SIGNED_IN = (  # every page asks it: put together once
    select(SignIn, Account)
    .join(Account, col(Account.username) == col(SignIn.username))
    .where(SignIn.token_hash == bindparam("token"))
)


def sign_in_of(session: Session, token_hash: str) -> tuple[SignIn, Account] | None:
    """The session that this token began, and whose it is."""
    return session.exec(_SIGNED_IN, params={"token": token_hash}).one_or_none()


def recovery_codes_left(session: Session, username: str) -> int:
    """How many codes may still be used."""
    mine = (RecoveryCode.username == username, col(RecoveryCode.used_at).is_(None))
    return session.exec(select(func.count()).select_from(RecoveryCode).where(*mine)).one()


def drop_recovery_codes(session: Session, username: str) -> None:
    """None of the account's codes opens anything any more."""
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.username) == username))


def account_of_identity(session: Session, identity: str) -> Account | None:
    """The account that this identity of the city's service was linked to by an administrator."""
    query = select(Account).where(Account.identity == identity).with_for_update()
    return session.exec(query).one_or_none()


def departments_by_code(session: Session) -> dict[str, Department]:
    """All departments. No act changes them, so nothing need be written before they are read."""
    with session.no_autoflush:
        return {department.code: department for department in session.exec(select(Department))}


_SHORT_NAMES = select(Department.code, Department.short_name)


def short_names(session: Session) -> dict[str, str]:
    """What the departments are called for short, by code."""
    with session.no_autoflush:
        return dict(session.exec(_SHORT_NAMES).all())


def accounts(session: Session) -> list[Account]:
    """All accounts, by role."""
    return list(session.exec(select(Account).order_by(col(Account.role), col(Account.username))))


def accounts_found(
    session: Session, search: str, role: Role | None, limit: int, offset: int
) -> list[Account]:
    """Accounts whose username or name begins so, by username."""
    query = select(Account).where(*_sought(search, role)).order_by(col(Account.username))
    return list(session.exec(query.limit(limit).offset(offset)))


def accounts_counted(session: Session, search: str, role: Role | None) -> int:
    """How many these are."""
    return session.exec(select(func.count()).select_from(Account).where(*_sought(search, role))).one()


def _sought(search: str, role: Role | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if search:
        begins = [
            one.istartswith(search, autoescape=True) for one in (col(Account.username), col(Account.name))
        ]
        where.append(or_(*begins))
    if role:
        where.append(col(Account.role) == role)
    return where


def staff_of(session: Session, department_code: str) -> list[Account]:
    """Who works in this department, in whatever district, by name of the account."""
    query = select(Account).where(Account.department_code == department_code, col(Account.active))
    return list(session.exec(query.order_by(col(Account.username))))


def colleagues(session: Session, department_code: str, district: str) -> list[Account]:
    """Who of them sees what is of this district."""
    return [one for one in staff_of(session, department_code) if reaches(one.district, district)]


def officer_of(session: Session, department_code: str, district: str) -> Account:
    """Some active officer of the department who sees what is of this district."""
    for one in colleagues(session, department_code, district):
        if one.role is Role.OFFICER:
            return one
    raise NotYourDesk(f"部门 {department_code} 没有可用的经办账号。")


def responsible_for(session: Session, department_code: str, district: str) -> str:
    """The account that answers for a department's work there: the head of the nearest office, or an officer of it."""
    people = colleagues(session, department_code, district)
    nearest = sorted(
        people, key=lambda one: (-len(prefix_of(one.district)), one.role is not Role.HEAD, one.username)
    )
    return nearest[0].username if nearest else ""


def managers(session: Session) -> list[Account]:
    """Who watches over the hall."""
    query = select(Account).where(Account.role == Role.MANAGER, col(Account.active))
    return list(session.exec(query.order_by(col(Account.username))))
