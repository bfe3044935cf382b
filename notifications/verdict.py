"""Has a message left or not? Failed for good, failed for now, or unknown: by where the send broke off."""

import smtplib
import socket
import ssl
import traceback
from dataclasses import dataclass

import requests
from urllib3.exceptions import NewConnectionError

from notifications.overhearing import Overheard
from rules.notices import NoticeState
from rules.redacting import redacted

GATEWAY_SILENT = frozenset({502, 504})  # the gateway passed it on and heard nothing
COME_BACK = frozenset({401, 403, 407, 408, 425, 429})  # ours to put right, or a matter of time


@dataclass(frozen=True)
class Delivery:
    """How one attempt ended. `again` says whether another attempt can help and can do no harm."""

    state: NoticeState
    via: str = ""
    why: str = ""
    again: bool = False
    reference: str = ""  # under which the carrier will speak of it in a receipt
    silent: bool = False  # the gateway let us wait until we gave up: too much of that, and it is given a rest

    @property
    def taken(self) -> bool:
        """Has the gateway said that it has it?"""
        return self.state is NoticeState.HANDED_OVER

    @property
    def final(self) -> bool:
        """Has the gateway done its part, be it that it refused this one address?"""
        return self.state in (NoticeState.HANDED_OVER, NoticeState.REJECTED)


def verdict(heard: Overheard) -> Delivery:
    """What a False of Apprise means."""
    if heard.error is not None:
        return _of_error(heard.error)
    if heard.status is not None:
        return _of_status(heard.status)
    return not_now("网关没有接受，也没有说明原因")


def _of_status(status: int) -> Delivery:
    if status in GATEWAY_SILENT:
        return unknown(f"网关答复 {status}，不能确定是否已经发出", silent=True)
    if status in COME_BACK or status >= 500:
        return not_now(f"网关答复 {status}")
    return never(f"网关拒绝，答复 {status}")


def _of_error(error: BaseException) -> Delivery:
    """The most telling kind first: requests' and smtplib's errors are all OSError as well."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _of_reply(*next(iter(error.recipients.values())), what="收件地址被拒绝")
    if isinstance(error, smtplib.SMTPDataError):
        return _of_reply(error.smtp_code, error.smtp_error, what="邮件被拒绝")
    if isinstance(error, smtplib.SMTPResponseException):  # sender, sign-in or greeting: ours to put right
        return not_now(f"邮件服务器答复 {error.smtp_code}：{_text(error.smtp_error)}")
    if _nothing_had_left(error):
        return not_now(_in_words(error), silent=_timed_out(error))
    return unknown(f"{_in_words(error)}，不能确定是否已经发出", silent=_timed_out(error))


def _of_reply(code: int, reply: bytes | str, *, what: str) -> Delivery:
    """RFC 5321: 5yz is for good, 4yz for now."""
    why = f"{what}，邮件服务器答复 {code}：{_text(reply)}"
    return never(why) if code >= 500 else not_now(why)


def _nothing_had_left(error: BaseException) -> bool:
    """Only a break after the message was on its way leaves a doubt; before that a second try is safe."""
    if isinstance(error, requests.RequestException):
        before = requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError
        return isinstance(error, before) or _never_connected(error)
    if isinstance(error, ConnectionRefusedError | socket.gaierror | ssl.SSLError):
        return True
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    steps = {code.co_name for code in codes if code.co_filename == smtplib.__file__}
    return bool(steps) and "data" not in steps  # SMTP's DATA is where the letter itself is handed over


def _timed_out(error: BaseException) -> bool:
    return isinstance(error, TimeoutError | requests.Timeout) or isinstance(error.__context__, TimeoutError)


def _never_connected(error: BaseException) -> bool:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)


def _in_words(error: BaseException) -> str:
    """Never the error's own text: it may hold the address of the gateway with its key."""
    if _timed_out(error):
        return "等待应答超时"
    if isinstance(error, ConnectionRefusedError) or _never_connected(error):
        return "连接不上"
    if isinstance(error, socket.gaierror):
        return "找不到主机"
    if isinstance(error, ssl.SSLError | requests.exceptions.SSLError):
        return "加密连接建立不起来"
    if isinstance(error, OSError | smtplib.SMTPException):
        return "连接中断"
    return f"发送出错（{type(error).__name__}）"


def _text(reply: bytes | str) -> str:
    """Servers repeat the address; the ledger shows it to more people than may see it."""
    said = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return redacted(" ".join(said.split()))[:200]


def never(why: str) -> Delivery:
    """It did not leave, and never will to this address."""
    return Delivery(NoticeState.REJECTED, why=why)


def not_now(why: str, *, silent: bool = False) -> Delivery:
    """It did not leave; another try can help and does no harm."""
    return Delivery(NoticeState.FAILED, why=why, again=True, silent=silent)


def unknown(why: str, *, silent: bool = False) -> Delivery:
    """It may have left: a receipt or a person will say, never a second try."""
    return Delivery(NoticeState.UNKNOWN, why=why, silent=silent)
