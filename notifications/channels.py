"""Through which gateway does a notice leave? Any Apprise URL of the settings; with none, the local inbox."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat
from apprise.manager_plugins import NotificationManager

from config.settings import settings
from notifications.overhearing import overhearing
from notifications.verdict import Delivery, verdict
from notifications.wording import Words
from rules.errors import Refused
from rules.notices import Channel, NoticeState

LOCAL_INBOX = "本地收件箱"
PLACEHOLDER = "{to}"
MAIL_SCHEMES = frozenset({"mailto", "mailtos"})
TARGETS: Mapping[Channel, str] = {Channel.SMS: "target_phone", Channel.EMAIL: "target_email"}
PATIENCE = 15.0  # seconds for a gateway's answer; Apprise's own 4 make slow answers unknown ones
# To try an address without sending anything.
NOBODY: Mapping[Channel, str] = {Channel.SMS: "13800000000", Channel.EMAIL: "nobody@example.com"}
SETTING: Mapping[Channel, str] = {Channel.SMS: "sms_url", Channel.EMAIL: "mail_url"}

_schemes = NotificationManager()  # type: ignore[no-untyped-call]
# app_id goes into HTTP headers: ASCII only. Not async: it runs in the thread that listens to what it logs.
_asset = AppriseAsset(app_id="yijianshi", async_mode=False, storage_mode="memory")


def deliver(channel: Channel, address: str, words: Words) -> Delivery:
    """Hand one message over, and say how that went. Never raises for what a gateway or a setting does."""
    url = _url(channel)
    if not url:
        return Delivery(NoticeState.HANDED_OVER, via=LOCAL_INBOX)
    try:
        gateway = _gateway(channel, url, address)
    except Refused as fault:  # the notice waits until the setting is put right
        return Delivery(NoticeState.FAILED, why=str(fault), again=True)
    return replace(_send(channel, gateway, words), via=_scheme(url))


def settings_faults() -> list[str]:
    """What is wrong with the channels of this installation, one sentence each."""
    faults = []
    for channel in Channel:
        try:
            if url := _url(channel):
                _gateway(channel, url, NOBODY[channel])
        except Refused as fault:
            faults.append(str(fault))
    return faults


def _send(channel: Channel, gateway: NotifyBase, words: Words) -> Delivery:
    outlet = Apprise(asset=_asset)
    outlet.add(gateway)
    with overhearing() as heard:
        if channel is Channel.SMS:
            sent = outlet.notify(body=words.sms, body_format=NotifyFormat.TEXT)
        elif gateway.notify_format is NotifyFormat.HTML:  # multipart: Apprise puts the plain text beside it
            sent = outlet.notify(body=words.html, title=words.subject, body_format=NotifyFormat.HTML)
        else:
            sent = outlet.notify(body=words.text, title=words.subject, body_format=NotifyFormat.TEXT)
    return Delivery(NoticeState.HANDED_OVER) if sent else verdict(heard)


def _url(channel: Channel) -> str | None:
    return settings().sms_url if channel is Channel.SMS else settings().mail_url


def _scheme(url: str) -> str:
    """The only part of the address that is no secret; empty when it is no address."""
    scheme, mark, _ = url.partition("://")
    return scheme.lower()[:50] if mark else ""


def _gateway(channel: Channel, url: str, address: str) -> NotifyBase:
    """The plugin that sends to this one recipient, or a sentence what is wrong with the setting."""
    placed = PLACEHOLDER in url or _scheme(url) in MAIL_SCHEMES
    gateway = Apprise.instantiate(_addressed(url, address), asset=_asset)
    fault = ""
    if not _scheme(url):
        fault = "不是一个 Apprise 地址，应形如 mailto://…"
    elif gateway is None and _scheme(url) not in _schemes:
        fault = f"没有名为 {_scheme(url)}:// 的发送方式，请对照 Apprise 的文档检查拼写"
    elif gateway is None:
        fault = f"{_scheme(url)}:// 的地址不完整或缺少密钥，请对照 Apprise 的文档检查"
    elif not gateway.enabled:
        fault = f"{_scheme(url)}:// 需要另外安装它的依赖包"
    elif not placed and TARGETS[channel] not in gateway.template_tokens:
        fault = f"{_scheme(url)}:// 的地址里没有写明收件人放在哪里，请在该处写 {PLACEHOLDER}"
    if gateway is None or fault:
        raise Refused(f"设置 {SETTING[channel]}：{fault}。")
    gateway.retry = 0  # whatever the address says: our own retries know how the attempt before ended
    if "rto=" not in url:
        gateway.socket_read_timeout = PATIENCE
    return gateway


def _addressed(url: str, address: str) -> str:
    """The recipient at the placeholder; else as `to=` of a mail server, or as the last part of the path."""
    recipient = quote(address, safe="")
    if PLACEHOLDER in url:
        return url.replace(PLACEHOLDER, recipient)
    place, mark, options = url.partition("?")
    if _scheme(url) in MAIL_SCHEMES:
        return f"{url}{'&' if mark else '?'}to={recipient}"
    return f"{place.rstrip('/')}/{recipient}{mark}{options}"
