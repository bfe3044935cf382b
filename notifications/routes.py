"""Which gateways do the settings name for a channel, and what is said of an address that does not work?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from apprise import Apprise, AppriseAsset, NotifyBase
from apprise.utils.parse import is_email as _is_email
from apprise.utils.parse import parse_emails as _parse_emails

from config.settings import settings
from notifications.plugins import known
from notifications.plugins.carrier import Carrier
from rules.errors import Refused
from rules.notices import Channel

PLACEHOLDER = "{to}"
REFERENCE = "{id}"
MAIL_SCHEMES = frozenset({"mailto", "mailtos"})
TARGETS: Mapping[Channel, str] = {Channel.SMS: "target_phone", Channel.EMAIL: "target_email"}
PATIENCE = 15.0  # seconds for a gateway's answer; Apprise's own 4 make slow answers unknown ones
INSTEAD = {"smpp": "smppsms", "smpps": "smppsms"}  # Apprise's own says "sent" before the centre has answered

# app_id goes into HTTP headers: ASCII only. Not async: it runs in the thread that listens to what it logs.
asset = AppriseAsset(app_id="yijianshi", async_mode=False, storage_mode="memory")
# Apprise says nothing of its types.
is_email: Callable[[str], dict[str, str] | bool] = _is_email
parse_emails: Callable[[str], list[str]] = _parse_emails


@dataclass(frozen=True)
class Route:
    """One gateway: how it is called in the record, and what the settings say of it."""

    name: str
    channel: Channel
    setting: str
    url: str
    templates_setting: str = ""
    templates: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def scheme(self) -> str:
        """The only part of the address that is no secret."""
        return scheme_of(self.url)


def routes_of(channel: Channel) -> tuple[Route, ...]:
    """The gateways of a channel, the main one first; none: messages go to the local inbox."""
    now = settings()
    named = {
        Channel.EMAIL: (Route("mail", channel, "mail_url", now.mail_url or ""),),
        Channel.SMS: (
            Route("sms", channel, "sms_url", now.sms_url or "", "sms_templates", now.sms_templates),
            Route(
                "sms-backup",
                channel,
                "sms_backup_url",
                now.sms_backup_url or "",
                "sms_backup_templates",
                now.sms_backup_templates,
            ),
        ),
    }
    return tuple(route for route in named[channel] if route.url)


def gateway_to(route: Route, address: str, reference: str = "") -> NotifyBase:
    """The plugin that sends to this one recipient, or a sentence what is wrong with the setting."""
    placed = PLACEHOLDER in route.url or route.scheme in MAIL_SCHEMES
    url = _addressed(route, address).replace(REFERENCE, quote(reference, safe=""))
    gateway = instantiated(route.setting, route.url, url)
    if not placed and TARGETS[route.channel] not in gateway.template_tokens:
        raise Refused(
            f"设置 {route.setting}：{route.scheme}:// 的地址里没有写明收件人放在哪里，请在该处写 {PLACEHOLDER}。"
        )
    if isinstance(gateway, Carrier):
        gateway.carrier_templates, gateway.reference = route.templates, reference
    return gateway


def reads_as_written(gateway: NotifyBase, address: str) -> bool:
    """Would it write to this very address? Apprise takes an e-mail address it cannot read apart, and may find a
    stranger's in it: that of o'neil@example.com is neil@example.com."""
    if TARGETS[Channel.EMAIL] not in gateway.template_tokens or "@" not in address:
        return True
    read = [is_email(one) for one in parse_emails(address)]
    return [isinstance(one, dict) and one["full_email"] for one in read] == [address]


def instantiated(setting: str, written: str, url: str) -> NotifyBase:
    """What Apprise makes of an address; `written` is what the setting says, of which only the scheme is repeated."""
    scheme = scheme_of(written)
    gateway = None if scheme in INSTEAD else Apprise.instantiate(url, asset=asset)
    fault = ""
    if not scheme:
        fault = "不是一个 Apprise 地址，应形如 mailto://…"
    elif scheme in INSTEAD:
        fault = f"{scheme}:// 不等短信中心的答复，请改用 {INSTEAD[scheme]}://"
    elif gateway is None and scheme not in known:
        fault = f"没有名为 {scheme}:// 的发送方式，请对照 Apprise 的文档检查拼写"
    elif gateway is None:
        fault = f"{scheme}:// 的地址不完整或缺少密钥，请对照 Apprise 的文档检查"
    elif not gateway.enabled:
        fault = f"{scheme}:// 需要另外安装它的依赖包"
    if gateway is None or fault:
        raise Refused(f"设置 {setting}：{fault}。")
    gateway.retry = 0  # whatever the address says: our own retries know how the attempt before ended
    if "rto=" not in url:
        gateway.socket_read_timeout = PATIENCE
    return gateway


def scheme_of(url: str) -> str:
    """Empty when it is no address."""
    scheme, mark, _ = url.partition("://")
    return scheme.lower()[:50] if mark else ""


def _addressed(route: Route, address: str) -> str:
    """The recipient at the placeholder; else as `to=` of a mail server, or as the last part of the path."""
    recipient = quote(address, safe="")
    if PLACEHOLDER in route.url:
        return route.url.replace(PLACEHOLDER, recipient)
    place, mark, options = route.url.partition("?")
    if route.scheme in MAIL_SCHEMES:
        return f"{route.url}{'&' if mark else '?'}to={recipient}"
    return f"{place.rstrip('/')}/{recipient}{mark}{options}"
