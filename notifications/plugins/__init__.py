"""Gateways that Apprise does not know, or not well enough: plugins of ours, registered with its manager."""

from collections.abc import Callable
from typing import Any

from apprise.manager_plugins import NotificationManager

from notifications.plugins.aliyun import AliyunSms
from notifications.plugins.smpp import SmppSms
from notifications.plugins.tencent import TencentSms

known = NotificationManager()  # type: ignore[no-untyped-call]
_add: Callable[..., Any] = known.add

for _plugin in (AliyunSms, TencentSms, SmppSms):
    if _plugin.protocol not in known:
        _add(_plugin, schemas={_plugin.protocol})
