"""What must be asked of the PostgreSQL server itself, before there is a record?"""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from models.districts import DISTRICT_ROLE, WHOLE_ROLE
from models.policies import state_policies
from rules.errors import Refused

OLDEST = 14  # Prefect's server needs 14
CONNECT_TIMEOUT = 5  # seconds
LOCK_TIMEOUT = "5s"  # rather fail than stop every desk

# Entries of these are added, never changed or taken away, but by the owner of the tables.
ADDED_ONLY = ("audit_entry", "audit_anchor", "audit_leaf", "enquiry_entry", "security_event")
RIGHTS = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE ALL ON {added_only}, alembic_version FROM {role};
GRANT SELECT, INSERT ON {added_only} TO {role};
GRANT SELECT ON alembic_version TO {role};
"""

# What libpq and the server say, and what it means for the person who wrote the address.
MEANINGS = {
    "password authentication failed": "用户名或密码不对",
    "no password supplied": "地址里没有写密码",
    "does not exist": "没有这个库或这个用户",
    "Connection refused": "对方没有在这个端口上应答",
    "could not translate host name": "找不到这台主机",
    "timeout expired": "等候应答超时",
    "Network is unreachable": "网络不通",
    "No route to host": "网络不通",
    "received invalid response": "对方不是 PostgreSQL",
    "expected authentication request": "对方不是 PostgreSQL",
    "server closed the connection": "对方不是 PostgreSQL，或者关掉了连接",
    "no pg_hba.conf entry": "数据库不允许从这里连接（pg_hba.conf）",
    "No such file or directory": "PostgreSQL 没有运行",
    "starting up": "PostgreSQL 正在启动",
    "too many": "数据库的连接数已满",
}


@contextmanager
def connected(url: str) -> Generator[Connection]:
    """A connection outside any pool, each statement its own transaction; or a sentence why there is none."""
    patience = {"connect_timeout": CONNECT_TIMEOUT}
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=patience)
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise Refused(f"连不上数据库 {place(url)}：{_meaning(error)}。") from None
    with connection:
        yield connection


def place(url: str) -> str:
    """The database for a message, without user and password."""
    parsed = make_url(url)
    host = parsed.host or parsed.query.get("host", "")
    return f"{host}:{parsed.port or 5432}/{parsed.database}"


def server_version(connection: Connection) -> int:
    """The major version."""
    return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def require_supported(connection: Connection) -> None:
    """Refuse a PostgreSQL that is too old."""
    version = server_version(connection)
    if version < OLDEST:
        raise Refused(f"这台 PostgreSQL 是 {version} 版，平台需要 {OLDEST} 版或更新的版本。")


def ensure_database(connection: Connection, name: str) -> None:
    """Create the database of this name on the same server, when there is none. Two may do so at the same moment."""
    if has_database(connection, name):
        return
    quoted = _quoted(connection, name)
    try:
        connection.execute(text(f"CREATE DATABASE {quoted} ENCODING 'UTF8' TEMPLATE template0"))
    except IntegrityError:
        return  # somebody else was just as fast
    except ProgrammingError:
        if has_database(connection, name):
            return
        raise Refused(f"没有名为 {name} 的库，也没有建库的权限，请数据库管理员建好它。") from None


def has_database(connection: Connection, name: str) -> bool:
    """Is there a database of this name?"""
    query = text("SELECT 1 FROM pg_database WHERE datname = :name")
    return connection.execute(query, {"name": name}).first() is not None


def ensure_role(connection: Connection, name: str) -> None:
    """Create the role of this name, that may sign in and nothing else, when there is none."""
    if not _role_exists(connection, name):
        _create_role(connection, name, "LOGIN")


def ensure_row_roles(connection: Connection) -> None:
    """The two roles that rows are shown to (models/districts.py), before a backup that names them is brought back."""
    for role in (WHOLE_ROLE, DISTRICT_ROLE):
        if _role_exists(connection, role):
            continue
        try:
            _create_role(connection, role, "NOLOGIN")
        except ProgrammingError:
            wanted = f"CREATE ROLE {WHOLE_ROLE}; CREATE ROLE {DISTRICT_ROLE};"
            raise Refused(f"没有建角色的权限，请数据库管理员执行：{wanted}") from None


def let_work(connection: Connection, role: str) -> None:
    """Let this role work in the tables, and only add to the audit; '' is the owner, who may already.

    All at once, or the audit and the other districts were open meanwhile.
    """
    role = role or str(connection.execute(text("SELECT current_user")).scalar_one())
    if not _role_exists(connection, role):
        raise Refused(f"数据库里没有名为 {role} 的用户，请数据库管理员建好它。")
    _let_show_rows(connection, role)
    connection.execute(text(f"BEGIN; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    try:
        for one in (role, DISTRICT_ROLE):
            rights = RIGHTS.format(role=_quoted(connection, one), added_only=", ".join(ADDED_ONLY))
            connection.execute(text(rights))
        state_policies(connection)
        connection.execute(text("COMMIT"))
    except OperationalError:
        connection.execute(text("ROLLBACK"))
        raise Refused("有别的程序正在使用数据表，升级等不到锁，请稍后再启动。") from None


def _let_show_rows(connection: Connection, role: str) -> None:
    """Make it a member of both roles: it sees every row, and may step down to a district."""
    member = text("SELECT bool_and(pg_has_role(:role, r, 'MEMBER')) FROM unnest(:of) r")
    given = {"role": role, "of": [WHOLE_ROLE, DISTRICT_ROLE]}
    if connection.execute(member, given).scalar_one():
        return
    grant = f"GRANT {WHOLE_ROLE}, {DISTRICT_ROLE} TO {_quoted(connection, role)}"
    try:
        connection.execute(text(grant))
    except ProgrammingError:
        raise Refused(f"没有授予角色的权限，请数据库管理员执行：{grant};") from None


def _role_exists(connection: Connection, name: str) -> bool:
    found = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name})
    return found.first() is not None


def _create_role(connection: Connection, name: str, login: str) -> None:
    connection.execute(
        text(f"CREATE ROLE {_quoted(connection, name)} {login} NOSUPERUSER NOCREATEDB NOCREATEROLE")
    )


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def may_rewrite_audit(connection: Connection) -> bool:
    """May whoever is connected change or delete entries of the audit?"""
    privileges = ("UPDATE", "DELETE", "TRUNCATE")
    query = text("SELECT bool_or(has_table_privilege(t, p)) FROM unnest(:t) t, unnest(:p) p")
    given = {"t": list(ADDED_ONLY), "p": list(privileges)}
    return bool(connection.execute(query, given).scalar_one())


def ensure_trigrams(connection: Connection) -> None:
    """Prefect's server indexes names by trigrams."""
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except IntegrityError:
        return  # somebody else was just as fast
    except (OperationalError, ProgrammingError):
        raise Refused("库里没有扩展 pg_trgm，也没有权限添加，请数据库管理员添加它。") from None


def has_trigrams(connection: Connection) -> bool:
    """Is the extension there?"""
    query = text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
    return connection.execute(query).first() is not None


def _meaning(error: OperationalError) -> str:
    said = str(error.orig).strip()
    known = (meaning for words, meaning in MEANINGS.items() if words in said)
    return next(known, said.splitlines()[-1])
