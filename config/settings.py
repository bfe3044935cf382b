"""What does this installation look like? Environment (YJS_…) over settings file over defaults."""

import hashlib
import os
import tomllib
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from config.door import DoorSettings
from config.prefect_settings import PORT, PrefectSettings, reachable
from rules.errors import Faulty, Refused

PREFIX = "YJS_"
DEFAULT_FILE = "yijianshi.toml"
DATABASE = "yijianshi"  # the embedded database and its owner
APPLICATION = "yijianshi_app"  # who works in it: may add to the audit, never change or delete
DEMO_PASSWORD = "yijianshi"  # noqa: S105  of every account of the demo city; production has none
SOCKET_PORT = 5432  # only names the socket file; the embedded PostgreSQL listens on no network port
SEALING_KEYS = "keys/sealing.json"  # below the data folder: what seals personal data
SOCKET_PATH_LIMIT = 107  # bytes in sun_path, without the closing zero
SECRET = (
    "dsn",
    "owner_dsn",
    "prefect_dsn",
    "mail_url",
    "sms_url",
    "sms_backup_url",
    "staff_url",
    "receipt_secret",
    "metrics_token",
    "oidc_client_secret",
)  # may carry passwords: never repeated in a message

TEMPLATES = '事由到模板的对照表，例如 accepted = "SMS_123456 number due"'
POSTGRESQL_URL = "形如 postgresql://用户:密码@主机:5432/库名 的地址"


class Settings(PrefectSettings, DoorSettings):
    """安装设置."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    data: Path = Field(default=Path("data"), description="一个文件夹路径")
    dsn: str | None = Field(default=None, description=POSTGRESQL_URL)
    owner_dsn: str | None = Field(default=None, description=POSTGRESQL_URL)  # makes and owns the tables
    prefect_dsn: str | None = Field(default=None, description=POSTGRESQL_URL)
    host: str = Field(default="127.0.0.1", min_length=1, description="本机的一个地址")
    port: int = Field(default=8000, ge=1, le=65535, description=PORT)
    web_processes: int = Field(
        default_factory=lambda: min(4, os.cpu_count() or 1),
        ge=1,
        le=32,
        description="1 到 32 之间的整数（进程数）",
    )
    key_file: Path | None = Field(default=None, description="一个文件路径")  # of config.keys
    region: str = Field(default="000000", pattern=r"^\d{6}$", description="6 位行政区划代码")
    demo: bool = Field(default_factory=lambda known: not known["production"], description="true 或 false")
    # How offices count where the law leaves room (assumptions both; the first of each is the strict reading).
    receipt_mode: Literal["strict", "next_working_day"] = Field(
        default="strict", description="strict（当日收件）或 next_working_day（休息日收到的算下一个工作日）"
    )
    suspension_rounding: Literal["half_open", "ceil"] = Field(
        default="half_open", description="half_open（特别程序开始当日计入）或 ceil（开始当日也不计入）"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="text（给人看）或 json（给程序读）"
    )
    mail_url: str | None = Field(default=None, description="一个 Apprise 地址")
    sms_url: str | None = Field(default=None, description="一个 Apprise 地址")
    sms_receipts: bool = Field(default=False, description="true 或 false")  # does the gateway send receipts?
    receipt_secret: str | None = Field(default=None, min_length=16, description="至少 16 个字的密钥")
    sms_backup_url: str | None = Field(default=None, description="一个 Apprise 地址")
    staff_url: str | None = Field(default=None, description="一个或几个 Apprise 地址，用空格分开")
    sms_templates: dict[str, str] = Field(default={}, description=TEMPLATES)
    sms_backup_templates: dict[str, str] = Field(default={}, description=TEMPLATES)
    sms_main_share: int = Field(default=80, ge=0, le=100, description="0 到 100 之间的整数（百分之几）")
    sms_per_second: int | None = Field(
        default=None, ge=1, le=1000, description="1 到 1000 之间的整数（每秒几条）"
    )
    sms_daily_limit: int = Field(
        default=10, ge=1, le=1000, description="1 到 1000 之间的整数（每人每天几条）"
    )
    sms_signature: str = Field(
        default="一件事", pattern=r"^[^\s【】]{2,12}$", description="2 到 12 个字的短信签名"
    )
    # Whoever tries the system out wants to see a message now, at night as well.
    quiet_hours: bool = Field(default_factory=lambda known: not _on_trial(known), description="true 或 false")
    merge_minutes: int = Field(
        default_factory=lambda known: 0 if _on_trial(known) else 10,
        ge=0,
        le=240,
        description="0 到 240 之间的整数（分钟）",
    )

    @field_validator("data", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("dsn", "owner_dsn", "prefect_dsn", mode="after")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        if value is not None:
            _parsed(value)
        return value

    @property
    def embedded(self) -> bool:
        """Does the platform bring its own PostgreSQL?"""
        return self.dsn is None

    @cached_property  # every transaction asks
    def database_url(self) -> str:
        """The record, for SQLAlchemy with psycopg2, as the role that works in it."""
        return _psycopg2(_parsed(self.dsn) if self.dsn else self._socket_url(DATABASE, APPLICATION))

    @property
    def owner_url(self) -> str:
        """The record, as the role that makes and owns the tables; with one DSN only it is the same."""
        owner = self.owner_dsn or self.dsn
        return _psycopg2(_parsed(owner) if owner else self._socket_url(DATABASE, DATABASE))

    @property
    def application_role(self) -> str:
        """Who works in the record; '' where that is its owner."""
        works, owns = make_url(self.database_url).username or "", make_url(self.owner_url).username or ""
        return works if works != owns else ""

    @property
    def prefect_database_url(self) -> str:
        """Prefect's own database, for its server with asyncpg."""
        if self.prefect_dsn:
            url = _parsed(self.prefect_dsn)
        else:
            beside = make_url(self.owner_url)
            url = beside.set(database=f"{beside.database}_prefect")
        # asyncpg knows libpq's sslmode as ssl, and refuses every other libpq option.
        query = {{"sslmode": "ssl"}.get(name, name): value for name, value in url.query.items()}
        query = {name: value for name, value in query.items() if name in ("host", "port", "ssl")}
        return url.set(drivername="postgresql+asyncpg", query=query).render_as_string(hide_password=False)

    @property
    def web_url(self) -> str:
        """Where people open the pages."""
        return self.public_url or self.local_url

    @property
    def local_url(self) -> str:
        """Where this machine finds the pages, whatever name the world knows them by."""
        return f"http://{reachable(self.host)}:{self.port}"

    @cached_property
    def calendars(self) -> Path:
        """Where the holiday tables lie that were imported."""
        return self.data / "calendar"

    @cached_property
    def sealing_keys(self) -> Path:
        """Where the keys lie that seal personal data: in the data folder, or where the settings say."""
        return self.key_file or self.data / SEALING_KEYS

    @property
    def uploads(self) -> Path:
        """Where the materials people hand in are kept."""
        return self.data / "uploads"

    @property
    def web_counts(self) -> Path:
        """Where the web processes count together what Prometheus asks of any of them."""
        return self.data / "counts"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.data / "logs"

    @property
    def prefect_home(self) -> Path:
        """What Prefect keeps outside its database."""
        return self.data / "prefect"

    @property
    def postgres(self) -> Path:
        """The embedded cluster."""
        return self.data / "postgres"

    @property
    def socket_folder(self) -> Path:
        """Where the embedded PostgreSQL's socket lies: whoever enters this folder is let in, so it is 0700.

        Started by root it runs as another user, who may not reach the data folder; and a deep data folder
        makes a path longer than a socket address holds. Both get a short folder named after the data folder.
        """
        name = f"yijianshi-{hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]}"
        if os.geteuid() == 0:
            return Path("/run") / name
        beside = self.data / "run"
        if len(os.fsencode(beside / f".s.PGSQL.{SOCKET_PORT}")) <= SOCKET_PATH_LIMIT:
            return beside
        return Path("/tmp") / f"{name}-{os.geteuid()}"  # noqa: S108  hosting.postgres refuses it if it is not ours

    def _socket_url(self, database: str, user: str) -> URL:
        # The port is said aloud because PGPORT in the environment would change it.
        query = {"host": str(self.socket_folder), "port": str(SOCKET_PORT)}
        return URL.create("postgresql", username=user, database=database, query=query)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then the settings file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, settings_file())


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process; `settings.cache_clear()` reads them anew."""
    return read_settings()


def read_settings(**given: Any) -> Settings:
    """Read environment and settings file, or say in Chinese what is wrong with them."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise Faulty(_sentences(error)) from None
    except SettingsError:  # an environment variable that should hold a table
        raise Refused(
            f"环境变量里的对照表不是正确的 JSON，应该是{TEMPLATES}（在环境变量里写成 JSON）。"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"设置文件 {settings_file()} 不是正确的 TOML：{error}。") from None
    except OSError as error:
        raise Refused(f"设置文件 {settings_file()} 读不了：{error.strerror}。") from None


def settings_file() -> Path | None:
    """The settings file in use, if there is one."""
    named = os.environ.get(f"{PREFIX}SETTINGS")
    if named and not Path(named).expanduser().is_file():
        raise Refused(f"没有设置文件 {named}，请检查环境变量 {PREFIX}SETTINGS。")
    path = Path(named or DEFAULT_FILE).expanduser()
    return path if path.is_file() else None


def unknown_variables() -> list[str]:
    """Environment variables that look like settings and are none: most likely misspelt."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{PREFIX}SETTINGS"}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def _sentences(error: ValidationError) -> dict[str, str]:
    """Field name -> sentence, for every fault pydantic found."""
    faults = {}
    for fault in error.errors():
        name = str(fault["loc"][0]) if fault["loc"] else ""
        field = Settings.model_fields.get(name)
        if field is None:
            faults[name] = f"设置文件里的 {name} 不是一项设置，请对照 docs/operating.md 检查拼写"
        elif fault["type"] != "default_factory_not_called":  # follows from another fault
            shown = "" if name in SECRET else f"“{fault['input']}”"
            faults[name] = (
                f"设置 {name}（环境变量 {PREFIX}{name.upper()}）的值{shown}不对，应该是{field.description}"
            )
    return faults


def _on_trial(known: dict[str, Any]) -> bool:
    return bool(known["demo"]) and not known["production"]


def _psycopg2(url: URL) -> str:
    return url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def _parsed(dsn: str) -> URL:
    try:
        url = make_url(dsn.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError):
        raise ValueError from None
    if url.get_backend_name() != "postgresql" or not url.database:
        raise ValueError
    return url
