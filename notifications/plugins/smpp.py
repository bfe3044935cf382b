"""SMPP 3.4 短信中心: smppsms://用户:密码@主机:2775/发送号码/手机号.

Apprise's own smpp:// never waits for the centre's answer, knows no other port than 2775, and encrypts nothing.
"""

import secrets
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any, ClassVar

from smpplib import consts

from notifications.plugins.carrier import Carrier, need, yes
from notifications.plugins.smpp_line import Broken, Line, Refusal
from notifications.verdict import Delivery, never, not_now, unknown
from rules.notices import NoticeState

PORT, PORT_TLS = 2775, 3550
SINGLE, PART = 140, 134  # octets of UCS-2 in one message, and in one part of a longer one
THROTTLED = frozenset({consts.SMPP_ESME_RTHROTTLED, consts.SMPP_ESME_RMSGQFUL})
NEVER = frozenset({consts.SMPP_ESME_RINVDSTADR})
PATIENCE_WITH_THROTTLE = 3  # tries of one part, a second apart


class SmppSms(Carrier):
    """One bind, one message in as many parts as it needs, one unbind."""

    service_name = "SMPP"
    service_url = "https://smpp.org/"
    protocol = "smppsms"
    templates = (
        "{schema}://{user}:{password}@{host}/{from_phone}/{targets}",
        "{schema}://{user}:{password}@{host}:{port}/{from_phone}/{targets}",
    )
    template_tokens: ClassVar[dict[str, Any]] = dict(
        Carrier.template_tokens, from_phone={"name": "From", "type": "string", "required": True}
    )

    def __init__(self, source: str, options: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        need(self.user, "user"), need(self.password, "password")
        self.source = need(source, "the sender's number")
        self.tls = yes(options.get("tls", "no"))
        self.prefix = options.get("prefix", "")
        self.mode = "bind_transceiver" if options.get("mode") == "transceiver" else "bind_transmitter"
        self.system_type = options.get("system", "")

    @staticmethod
    def parse_url(url: str) -> dict[str, Any] | None:
        """The parts of the address, for __init__: the sender's number comes before the recipient's."""
        results: dict[str, Any] | None = Carrier.parse_url(url, verify_host=True)
        if results:
            source, *targets = Carrier.split_path(results["fullpath"]) or [""]
            results |= {"source": source, "targets": targets, "options": results["qsd"]}
        return results

    def hand_over(self, body: str) -> Delivery:
        """Every part has to be taken. What was begun and not ended may have left."""
        try:
            line = self._bound()
        except Broken as broken:
            return not_now(str(broken), silent=broken.silent)
        except Refusal as refusal:
            return not_now(f"短信中心不让登录，答复 {refusal.status:#06x}")
        with closing(line):
            return self._submitted(line, body)

    def _bound(self) -> Line:
        line = Line(
            str(self.host), self.port or (PORT_TLS if self.tls else PORT), self.request_timeout, self.tls
        )
        try:
            line.ask(self.mode, system_id=self.user, password=self.password, system_type=self.system_type)
        except BaseException:
            line.hang_up()
            raise
        return line

    def _submitted(self, line: Line, body: str) -> Delivery:
        taken: list[str] = []
        parts = parts_of(body)
        try:
            for esm_class, part in parts:
                taken.append(self._submit(line, esm_class, part))
        except Broken as broken:
            return unknown(f"{broken}，不能确定是否已经发出", silent=broken.silent)
        except Refusal as refusal:
            why = f"短信中心答复 {refusal.status:#06x}"
            if taken:
                return unknown(f"{why}，长短信的 {len(parts)} 段中已有 {len(taken)} 段被收下")
            return never(f"号码不对，{why}") if refusal.status in NEVER else not_now(why)
        return Delivery(NoticeState.HANDED_OVER, reference=taken[0][:100])

    def _submit(self, line: Line, esm_class: int, part: bytes) -> str:
        """The centre's name for this part. Refused for haste it has not left, so after a second it goes again."""
        for attempt in range(1, PATIENCE_WITH_THROTTLE + 1):
            try:
                return line.ask(
                    "submit_sm",
                    source_addr_ton=consts.SMPP_TON_UNK,
                    source_addr=self.source,
                    dest_addr_ton=consts.SMPP_TON_INTL if self.prefix else consts.SMPP_TON_UNK,
                    dest_addr_npi=consts.SMPP_NPI_ISDN,
                    destination_addr=f"{self.prefix}{self.target}",
                    short_message=part,
                    data_coding=consts.SMPP_ENCODING_ISO10646,
                    esm_class=esm_class,
                )
            except Refusal as refusal:
                if refusal.status not in THROTTLED or attempt == PATIENCE_WITH_THROTTLE:
                    raise
                time.sleep(1)
        raise AssertionError


def parts_of(text: str) -> list[tuple[int, bytes]]:
    """(esm_class, octets) of each part, in UCS-2: short messages of a Chinese hall are Chinese.

    No sign is cut in two, not even one that takes two places; a part of several says so in its header.
    """
    if len(whole := text.encode("utf-16-be")) <= SINGLE:
        return [(consts.SMPP_MSGTYPE_DEFAULT, whole)]
    pieces = [b""]
    for sign in text:
        octets = sign.encode("utf-16-be")
        if len(pieces[-1]) + len(octets) > PART:
            pieces.append(b"")
        pieces[-1] += octets
    one = secrets.randbelow(256)  # tells the parts of this message from those of another
    headers = (bytes((5, 0, 3, one, len(pieces), nth)) for nth in range(1, len(pieces) + 1))
    return [(consts.SMPP_GSMFEAT_UDHI, header + piece) for header, piece in zip(headers, pieces, strict=True)]
