"""Which settings would let in whom they should not? `yjs doctor` says so; in production the platform does not start."""

import ipaddress
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from config.settings import DEMO_PASSWORD, SECRET, Settings, settings_file
from models.server import connected, may_rewrite_audit
from rules.errors import Refused
from rules.people import Role

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Whose account opens the platform, the accounts or the audit.
ADMINISTRATORS = (Role.ADMIN, Role.SECURITY, Role.AUDITOR)
GUESSED = frozenset({DEMO_PASSWORD, "postgres", "password", "changeme", "123456", "admin"})
OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Unsafe:
    """One unsafe setting, and what to do about it."""

    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}：{self.remedy}。"


def unsafe(installation: Settings) -> list[Unsafe]:
    """What must not be so in production; each in one sentence."""
    checks = (_demo, _way_in, _door, _factors, _prefect, _secrets, _identity_service, _files)
    return [Unsafe(*one) for check in checks for one in check(installation)]


def refuse_unsafe(installation: Settings) -> None:
    """Raises with every sentence, so that all is mended in one go; outside production `yjs doctor` says it."""
    if installation.production and (found := unsafe(installation)):
        said = "\n".join(f"- {one}" for one in found)
        raise Refused(f"正式环境的设置不安全，平台没有启动：\n{said}")


def rewritable(url: str) -> bool:
    """May whoever comes in here rewrite the audit? With one DSN the platform owns its tables (docs/audit.md)."""
    with connected(url) as connection:
        return may_rewrite_audit(connection)


def _demo(installation: Settings) -> Iterator[tuple[str, str]]:
    if installation.demo:
        yield "有演示账号，密码众所周知", "去掉设置 demo"


def _way_in(installation: Settings) -> Iterator[tuple[str, str]]:
    if not (installation.public_url or "").startswith("https://"):
        yield (
            "没有 https 网址，密码会明文经过网络",
            "在反向代理上启用 https，并把 public_url 设为 https:// 网址",
        )
    exposed = installation.host not in LOOPBACK
    if exposed and not installation.trusted_proxies:
        yield (
            "网页不经反向代理直接对外监听，绕过了 https",
            "把 host 设为 127.0.0.1，或在 trusted_proxies 写明反向代理的地址",
        )


def _door(installation: Settings) -> Iterator[tuple[str, str]]:
    if not installation.hosts:
        yield "没有限定域名，伪造的域名也会得到回答", "设置 allowed_hosts 或 public_url"
    if "*" in (installation.allowed_hosts or ""):
        yield "allowed_hosts 里有通配符", "逐个写明域名"
    for one in (installation.trusted_proxies or "").split():
        try:
            wide = ipaddress.ip_network(one, strict=False).num_addresses > 2**16
        except ValueError:
            wide = True
        if wide:
            yield (
                f"trusted_proxies 里的“{one}”不是一个地址或太宽，谁都可以冒充别的地址",
                "逐个写明反向代理的地址",
            )


def _factors(installation: Settings) -> Iterator[tuple[str, str]]:
    alone = [role.label for role in ADMINISTRATORS if role not in installation.guarded_roles]
    if alone:
        yield f"{'、'.join(alone)}只凭密码就能登录", "在 second_factor 里加上这些角色，或去掉这项设置"


def _prefect(installation: Settings) -> Iterator[tuple[str, str]]:
    if not installation.prefect_locked:
        yield "Prefect 服务没有口令，本机的任何人都能操纵它", "去掉设置 prefect_locked"


def _secrets(installation: Settings) -> Iterator[tuple[str, str]]:
    if installation.sms_receipts and not installation.receipt_secret:
        yield "短信网关给回执，却没有验证回执的密钥", "设置 receipt_secret"
    for name in ("dsn", "owner_dsn", "prefect_dsn"):
        given = getattr(installation, name)
        password = make_url(given).password if given else None
        if given and str(password or "") in GUESSED:
            yield f"{name} 里的数据库密码谁都会先试", "换一个随机的密码"
    secret = installation.receipt_secret or ""
    if secret and len(set(secret)) < 8:
        yield "receipt_secret 太简单", "换成随机的密钥"


def _identity_service(installation: Settings) -> Iterator[tuple[str, str]]:
    issuer = installation.oidc_issuer
    if issuer and not issuer.startswith("https://") and urlsplit(issuer).hostname not in LOOPBACK:
        yield "统一身份服务的网址不是 https", "改正 oidc_issuer"
    if bool(issuer) != bool(installation.oidc_client_id):
        yield "统一身份服务只设置了一半", "oidc_issuer 和 oidc_client_id 要一起设置"


def _files(installation: Settings) -> Iterator[tuple[str, str]]:
    keys = installation.data / "keys"
    for path in (keys, *sorted(keys.glob("*"))) if keys.is_dir() else ():
        if _open_to_others(path):
            yield f"{path} 别的系统用户也能读", f"执行 chmod go-rwx {path}"
    file = settings_file()
    if file and _open_to_others(file) and any(f"{name}" in file.read_text("utf-8") for name in SECRET):
        yield f"设置文件 {file} 里有密码，别的系统用户也能读", f"执行 chmod go-rwx {file}"


def _open_to_others(path: Path) -> bool:
    mode = path.stat().st_mode & OTHERS_MAY
    published = path.suffix in (".pub", ".crt")
    return bool(mode) and not published
