"""Who may knock, how often, and with what? The settings of the door, a part of `config.settings.Settings`."""

import os
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from rules.people import Role

WEB_URL = "以 http:// 或 https:// 开头的网址"
NOBODY = "none"
# Whose password alone would open everything, where nothing else is set.
GUARDED = (Role.MANAGER, Role.ADMIN, Role.SECURITY, Role.AUDITOR)
PASSWORD_DAYS = 90  # source: assumption; 等保 8.1.4.1 a) says 定期更换 and no number


class DoorSettings(BaseSettings):
    """入口设置."""

    production: bool = Field(default=False, description="true 或 false")
    public_url: str | None = Field(default=None, pattern=r"^https?://", description=WEB_URL)
    allowed_hosts: str | None = Field(default=None, description="一个或几个域名，用空格分开")
    trusted_proxies: str | None = Field(default=None, description="一个或几个 IP 地址或网段，用空格分开")
    requests_per_minute: int = Field(
        default=6000, ge=60, le=1_000_000, description="60 到 1000000 之间的整数（每个地址每分钟几次）"
    )
    web_processes: int = Field(
        default_factory=lambda: min(4, os.cpu_count() or 1),
        ge=1,
        le=32,
        description="1 到 32 之间的整数（几个网页进程）",
    )
    upload_limit_mb: int = Field(default=20, ge=1, le=2000, description="1 到 2000 之间的整数（兆字节）")
    metrics_token: str | None = Field(default=None, min_length=16, description="至少 16 个字的口令")
    second_factor: str = Field(
        default_factory=lambda known: " ".join(GUARDED) if known["production"] else NOBODY,
        description=f"角色代码，用空格分开：{'、'.join(role.value for role in Role)}；或 {NOBODY}",
    )
    password_days: int = Field(
        default_factory=lambda known: PASSWORD_DAYS if known["production"] else 0,
        ge=0,
        le=3650,
        description="0 到 3650 之间的整数（天，0 为不限）",
    )
    prefect_locked: bool = Field(
        default_factory=lambda known: known["production"], description="true 或 false"
    )
    oidc_issuer: str | None = Field(default=None, pattern=r"^https?://", description=WEB_URL)
    oidc_client_id: str | None = Field(default=None, min_length=1, description="统一身份服务给的客户端编号")
    oidc_client_secret: str | None = Field(default=None, min_length=8, description="统一身份服务给的密钥")
    oidc_claim: str = Field(
        default="sub", pattern=r"^[A-Za-z_][\w.-]*$", description="身份声明的名称，例如 sub"
    )
    oidc_label: str = Field(
        default="统一身份认证", min_length=1, max_length=20, description="登录页按钮上的字"
    )

    @field_validator("second_factor", mode="after")
    @classmethod
    def _roles(cls, value: str) -> str:
        if value != NOBODY and not set(value.split()) <= {role.value for role in Role}:
            raise ValueError
        return value

    @property
    def oidc(self) -> bool:
        """Is there an identity service to sign in with?"""
        return bool(self.oidc_issuer and self.oidc_client_id)

    @property
    def hosts(self) -> frozenset[str]:
        """Under which names the pages may be asked for; empty where it does not matter."""
        named = {urlsplit(self.public_url).hostname or ""} if self.public_url else set()
        return frozenset(name.lower() for name in {*named, *(self.allowed_hosts or "").split()} if name)

    @property
    def guarded_roles(self) -> frozenset[Role]:
        """Whose password alone opens nothing."""
        return frozenset(Role(word) for word in self.second_factor.split() if word != NOBODY)
