"""Does the database have the tables this version knows? Alembic brings it there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from models.server import connected
from rules.errors import Refused

NEWER = "请更新平台，或把升级前的备份恢复到空库"  # what helps where the tables are newer than the platform
MIGRATIONS = Path(__file__).parents[1] / "migrations"


def configuration(database_url: str) -> Config:
    """Alembic, told where the scripts and the database are."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the database to this version; does nothing when it is there."""
    require_known(database_url)
    try:
        command.upgrade(configuration(database_url), revision)
    except OperationalError as error:
        if "lock timeout" in str(error.orig):
            raise Refused("有别的程序正在使用数据表，升级等不到锁，请稍后再启动。") from None
        raise


def downgrade(database_url: str, revision: str = "base") -> None:
    """Undo migrations; with nothing said, all of them."""
    command.downgrade(configuration(database_url), revision)


def head() -> str | None:
    """The revision this version of the platform needs."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def require_known(database_url: str) -> None:
    """Refuse tables of a later version, which this one neither understands nor can take back."""
    at = current(database_url)
    if at and not knows(at):
        raise Refused(f"数据表是 {at}，比这个版本新：{NEWER}。")


def knows(revision: str) -> bool:
    """Is this one of our revisions, not one of a later version?"""
    return revision in {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}


def current(database_url: str) -> str | None:
    """The revision the database is at."""
    with connected(database_url) as connection:
        return MigrationContext.configure(connection).get_current_revision()
