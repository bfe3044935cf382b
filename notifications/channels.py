"""Through which gateway does a notice leave? Any Apprise URL of the settings; with none, the local inbox."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from zlib import crc32

from apprise import Apprise, NotifyBase, NotifyFormat
from apprise.utils.parse import parse_urls as _parse_urls

from config.settings import settings
from notifications.overhearing import overhearing
from notifications.plugins.carrier import Carrier
from notifications.plugins.cloud import CloudSms
from notifications.providers import book
from notifications.routes import (
    REFERENCE,
    Route,
    asset,
    gateway_to,
    instantiated,
    reads_as_written,
    routes_of,
)
from notifications.templating import template_faults
from notifications.verdict import Delivery, never, not_now, verdict
from notifications.wording import Words
from rules.errors import Refused
from rules.notices import LOCAL_INBOX, Channel, NoticeState

# To try an address without sending anything.
NOBODY: Mapping[Channel, str] = {Channel.SMS: "13800000000", Channel.EMAIL: "nobody@example.com"}
UNREADABLE = "邮箱的这种写法不能投递，请核对后更正"

parse_urls: Callable[[str], list[str]] = _parse_urls  # Apprise says nothing of its types


def deliver(channel: Channel, address: str, words: Words, reference: str = "") -> Delivery:
    """Hand one message over, and say how that went. Never raises for what a gateway or a setting does.

    `reference` is our name for the message, and decides which of two gateways takes it. One that cannot take it
    now leaves it to the other at once; one that may have taken it does not.
    """
    routes = routes_of(channel)
    delivery = Delivery(NoticeState.HANDED_OVER, via=LOCAL_INBOX)
    for route in book.order(routes, _draw(reference)):
        delivery = _through(route, address, words, reference)
        if delivery.state is not NoticeState.FAILED:
            break
    return delivery


def tell_staff(subject: str, text: str) -> Delivery:
    """One message to the groups of the staff; nobody's personal data. Again only if no group has it."""
    urls = parse_urls(settings().staff_url or "")
    if not urls:
        return Delivery(NoticeState.HANDED_OVER, via=LOCAL_INBOX)
    told = [_told(url, subject, text) for url in urls]
    told.sort(key=lambda one: (one.taken, not one.again))  # last the one that most forbids another try
    return replace(told[-1], why="；".join(one.why for one in told if one.why))


def settings_faults() -> list[str]:
    """What is wrong with the channels of this installation, one sentence each; never a secret."""
    return [fault for channel in Channel for fault in channel_faults(channel)] + staff_faults()


def channel_faults(channel: Channel) -> list[str]:
    """What is wrong with the gateways of one channel and with their templates."""
    faults = []
    if channel is Channel.SMS and settings().sms_backup_url and not settings().sms_url:
        faults.append("设置 sms_backup_url：有备用而没有主用，请先设置 sms_url。")
    if channel is Channel.SMS and not settings().sms_url:
        faults += template_faults("sms_templates", settings().sms_templates, None)
    for route in routes_of(channel):
        general = None
        try:
            gateway = gateway_to(route, NOBODY[channel])
            general = gateway.template if isinstance(gateway, CloudSms) else None
        except Refused as fault:
            faults.append(str(fault))
        if route.templates_setting:
            faults += template_faults(route.templates_setting, route.templates, general)
    return faults


def staff_faults() -> list[str]:
    """What is wrong with the groups of the staff."""
    faults = []
    for url in parse_urls(settings().staff_url or ""):
        try:
            instantiated("staff_url", url, url)
        except Refused as fault:
            faults.append(str(fault))
    return faults


def _through(route: Route, address: str, words: Words, reference: str) -> Delivery:
    with book.noted(route) as say:
        try:
            gateway = gateway_to(route, address, reference)
            delivery = never(UNREADABLE)
            if reads_as_written(gateway, address):
                delivery = _send(route.channel, gateway, words)
        except Refused as fault:  # the notice waits until the setting is put right
            delivery = not_now(str(fault))
        say(delivery)
    named = delivery.reference or (reference if REFERENCE in route.url else "")
    return replace(delivery, via=route.scheme, reference=named)


def _send(channel: Channel, gateway: NotifyBase, words: Words) -> Delivery:
    if channel is Channel.SMS:
        if isinstance(gateway, Carrier):
            gateway.words = words
        return _notified(gateway, body=words.sms, body_format=NotifyFormat.TEXT)
    if gateway.notify_format is NotifyFormat.HTML:  # multipart: Apprise puts the plain text beside it
        return _notified(gateway, body=words.html, title=words.subject, body_format=NotifyFormat.HTML)
    return _notified(gateway, body=words.text, title=words.subject, body_format=NotifyFormat.TEXT)


def _told(url: str, subject: str, text: str) -> Delivery:
    try:
        gateway = instantiated("staff_url", url, url)
    except Refused as fault:
        return not_now(str(fault))
    return _notified(gateway, body=text, title=subject, body_format=NotifyFormat.TEXT)


def _notified(gateway: NotifyBase, **message: Any) -> Delivery:
    """Our own plugins say what was answered; of the others Apprise's log tells."""
    outlet = Apprise(asset=asset)
    outlet.add(gateway)
    with overhearing() as heard:
        sent = outlet.notify(**message)
    if isinstance(gateway, Carrier) and gateway.delivery:
        return gateway.delivery
    return Delivery(NoticeState.HANDED_OVER) if sent else verdict(heard)


def _draw(reference: str) -> int:
    """A number from 0 to 99 that stays with the message."""
    return crc32(reference.encode()) % 100 if reference else secrets.randbelow(100)
